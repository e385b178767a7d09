import { BadRequestError, UnavailableError } from "@aelyst/core"
import { errorTable, errorTags, issueRules } from "@aelyst/core/adapter"
import { assert, describe, it } from "@effect/vitest"

import { allCodes, codeOf, errorCodes } from "../src/ErrorCode.ts"
import { exitTable } from "../src/ExitCode.ts"
import { rowRules } from "../src/RowCode.ts"

const attempts: [] = []

describe("codeOf", () => {
  it("tells a contact that exists from one that was rejected", () => {
    const rejected = new BadRequestError({ attempts, status: 400, exists: false })
    assert.strictEqual(codeOf(rejected), "API_REJECTED")
    const exists = new BadRequestError({ attempts, status: 400, exists: true })
    assert.strictEqual(codeOf(exists), "CONTACT_EXISTS")
  })

  it("gives a request that was not sent the code NOT_SENT", () => {
    assert.strictEqual(codeOf(new UnavailableError({ attempts, reason: "queue" })), "NOT_SENT")
  })
})

describe("errorCodes", () => {
  it("are public: their names do not change", () => {
    assert.sameMembers(Object.keys(errorCodes), [
      "USAGE",
      "FILE",
      "MAPPING",
      "INPUT_CHANGED",
      "JOURNAL",
      "OUTBOX",
      "TOKEN_MISSING",
      "TOKEN_INVALID",
      "TOKEN_HOST",
      "CONTACT_INVALID",
      "UNAUTHORIZED",
      "API_REJECTED",
      "CONTACT_EXISTS",
      "RATE_LIMITED",
      "NOT_SENT",
      "SERVER_ERROR",
      "UNEXPECTED_RESPONSE",
      "NETWORK",
      "OUTCOME_UNKNOWN",
      "BUG",
    ])
  })

  it("have core's words for every error of a create", () => {
    const texts = Object.values(errorCodes).map(({ when }) => when)
    for (const tag of errorTags) assert.include(texts, errorTable[tag].when)
  })
})

describe("allCodes", () => {
  it("has the codes of failures, then those of the rules of a contact and of rows of a file", () => {
    assert.deepStrictEqual(
      [...allCodes.keys()],
      [...Object.keys(errorCodes), ...Object.keys(issueRules), ...Object.keys(rowRules)],
    )
  })

  it("has a full text, an exit code and sentences for each", () => {
    for (const [code, { exit, when, meaning, fix }] of allCodes) {
      assert.isDefined(exitTable[exit], code)
      assert.notStrictEqual(when, "", code)
      assert.match(meaning, /[.]$/, code)
      assert.notStrictEqual(fix, "", code)
    }
  })
})
