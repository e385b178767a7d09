import { assert, describe, it } from "@effect/vitest"
import { issueRules } from "@aelyst/core/adapter"
import * as Result from "effect/Result"

import { fault, ofIssue } from "../src/check/Fault.ts"

describe("faults", () => {
  it("have a code and a reason in lower case for every rule of core", () => {
    for (const [code, rule] of Object.entries(issueRules)) {
      const { code: problem, reason } = ofIssue({ path: [], code, rule })
      assert.match(problem, /^[A-Z_]+$/)
      assert.match(reason, /^[a-z]/, code)
    }
    assert.strictEqual(
      ofIssue({ path: [], code: "BODY_TOO_LARGE", rule: "R" }).code,
      "VALUE_INVALID",
    )
    assert.strictEqual(
      ofIssue({ path: [], code: "EMAIL_INVALID", rule: "R", suggestion: "s" }).suggestion,
      "s",
    )
  })

  it("are failures", () => {
    const read = fault("URL_INVALID", "no")
    assert(Result.isFailure(read))
    assert.deepStrictEqual(read.failure, { code: "URL_INVALID", reason: "no" })
  })
})
