import { assert, describe, it } from "@effect/vitest"

import * as Arguments from "../src/cli/Arguments.ts"
import * as FlagValue from "../src/cli/FlagValue.ts"

describe("a duration", () => {
  it.each(["--window", "--lag", "--latency", "--processing-delay"])(
    "U26 needs a unit, unless it is 0: %s",
    (flag) => {
      for (const text of ["3", "1.5", "3 s", "3sec", ""]) {
        assert.throws(
          () => Arguments.read([`${flag}=${text}`]),
          `invalid value "${text}" for ${flag}: expected a duration such as 500ms, 2s or 5m`,
        )
      }
      assert.doesNotThrow(() => Arguments.read([flag, "0"]))
    },
  )

  it("U26 is read in each unit, with decimals", () => {
    const times = { "500ms": 500, "2s": 2_000, "1.5s": 1_500, "5m": 300_000, "1h": 3_600_000, 0: 0 }
    for (const [text, ms] of Object.entries(times)) {
      assert.strictEqual(FlagValue.readTime("lag", text), ms)
    }
  })
})

describe("quoted", () => {
  it("shows nothing that a terminal acts on, and cuts a long text", () => {
    assert.strictEqual(FlagValue.quoted("a\u001b[2J\u009b"), String.raw`"a\u001b[2J\u009b"`)
    assert.strictEqual(FlagValue.quoted("x".repeat(80)), `"${"x".repeat(60)}…"`)
  })
})
