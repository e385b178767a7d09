import { assert, describe, it } from "@effect/vitest"

import { Failure, file, usage } from "../src/Failure.ts"

describe("usage", () => {
  it("creates a failure with exit code 2 and its hints", () => {
    const failure = usage("wrong", "do this", "or that")
    assert.instanceOf(failure, Failure)
    assert.deepInclude(
      { ...failure, message: failure.message },
      { exit: "usage", code: "USAGE", message: "wrong", hints: ["do this", "or that"] },
    )
  })
})

describe("file", () => {
  it("creates a failure with the code FILE", () => {
    const { exit, code, hints } = file("unreadable")
    assert.deepStrictEqual([exit, code, hints], ["usage", "FILE", []])
  })
})
