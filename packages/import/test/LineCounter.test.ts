import { assert, describe, it } from "@effect/vitest"

import { countBreaks, LineCounter } from "../src/read/LineCounter.ts"
import { cutAt, positions, printed, runs } from "./printedTables.ts"

describe("countBreaks", () => {
  it("counts LF, CR and CRLF as one each", () => {
    assert.deepStrictEqual(
      ["", "a", "\n", "\r", "\r\n", "\n\r", "\r\r\n\n"].map(countBreaks),
      [0, 0, 1, 1, 1, 2, 3],
    )
  })
})

describe("LineCounter", () => {
  it.prop(
    "counts the same wherever the text is cut",
    [printed, positions],
    ([{ text }, at]) => {
      const lines = new LineCounter()
      for (const piece of cutAt(text, at)) lines.push(piece)
      assert.strictEqual(lines.line, text.split(/\r\n|\r|\n/).length)
    },
    runs,
  )
})
