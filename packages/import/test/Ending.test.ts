import { assert, describe, it } from "@effect/vitest"

import type { RowResult } from "@aelyst/core"
import { rowOutcomes } from "@aelyst/core"
import { attemptRecord, createResult, errors } from "@aelyst/core/testing"

import { endingOf, keptEnding, problemsOf } from "../src/send/Ending.ts"

const failed = (error: unknown, outcome: string) =>
  // safe: the outcome is that of the error
  ({ index: 0, row: {}, outcome, error }) as unknown as RowResult<unknown>

const attempts = [attemptRecord({ status: 500 })]

describe("endingOf", () => {
  it("has no code for rows that were created or exist", () => {
    const value = createResult()
    const created: RowResult<unknown> = { index: 0, row: {}, outcome: "created", value }
    assert.notProperty(endingOf(created), "code")
    assert.notProperty(endingOf(failed(errors.badRequest({ exists: true }), "existed")), "code")
  })

  it("names why a row was not created", () => {
    const codes = [
      endingOf(failed(errors.badRequest(), "rejected")),
      endingOf(failed(errors.internalServer(), "unknown")),
      endingOf(failed(errors.outcomeUnknown(), "unknown")),
      endingOf(failed(errors.outcomeUnknown({ last: errors.internalServer() }), "unknown")),
      endingOf(failed(errors.authentication(), "not_sent")),
      endingOf(failed(errors.rateLimit(), "not_sent")),
      endingOf(failed(errors.connection(), "not_sent")),
    ].map(({ code }) => code)
    assert.deepStrictEqual(codes, [
      "API_REJECTED",
      "SERVER_ERROR",
      "OUTCOME_UNKNOWN",
      "SERVER_ERROR",
      "UNAUTHORIZED",
      "RATE_LIMITED",
      "NETWORK",
    ])
  })

  it("has no code for a row that the run stopped before", () => {
    const closed = errors.unavailable({ reason: "closed" })
    assert.deepStrictEqual(endingOf(failed(closed, "not_sent")), { outcome: "not_sent" })
  })

  it("takes the status of the last attempt if no response is left", () => {
    assert.strictEqual(endingOf(failed(errors.outcomeUnknown({ attempts }), "unknown")).status, 500)
  })
})

describe("keptEnding", () => {
  it("is unknown for a row that was being sent", () => {
    const record = { number: 1, line: 2, doubt: true, attempts: 1 }
    assert.strictEqual(keptEnding({ ...record, state: "sending" }).outcome, "unknown")
    assert.strictEqual(keptEnding({ ...record, state: "planned" }).outcome, "unknown")
  })

  it("is the recorded end of every other row", () => {
    const record = { number: 1, line: 2, doubt: false, attempts: 1, status: 400 }
    const kept = keptEnding({ ...record, state: "rejected", code: "API_REJECTED" })
    assert.deepStrictEqual(kept, { outcome: "rejected", code: "API_REJECTED", status: 400 })
  })
})

describe("problemsOf", () => {
  it("says the same of a row whether it ended now or in an earlier process", () => {
    const now = endingOf(failed(errors.badRequest({ attempts }), "rejected"))
    const { code, outcome, status } = now
    assert.include(rowOutcomes, outcome)
    const record = { number: 1, line: 2, doubt: false, attempts: 1, state: "rejected" } as const
    const kept = keptEnding({ ...record, code, status })
    assert.deepStrictEqual(problemsOf(kept, 2), problemsOf(now, 2))
    assert.strictEqual(problemsOf(now, 2)[0]?.line, 2)
  })

  it("is empty for a code that another program recorded", () => {
    assert.deepStrictEqual(problemsOf({ outcome: "rejected", code: "TEAPOT" }, 2), [])
  })
})
