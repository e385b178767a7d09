import { assert, describe, it } from "@effect/vitest"

import { variable } from "../src/Host.ts"

describe("variable", () => {
  it("returns undefined for a variable that is absent or empty", () => {
    const env = { A: "x", B: "" }
    assert.deepStrictEqual(
      ["A", "B", "C"].map((name) => variable(env, name)),
      ["x", undefined, undefined],
    )
  })
})
