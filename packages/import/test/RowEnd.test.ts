import { assert, describe, it } from "@effect/vitest"

import type { RowResult } from "@aelyst/core"
import { attemptRecord, createResult, errors } from "@aelyst/core/testing"

import { endingOf } from "../src/send/Ending.ts"
import { passedOver, sentRow, unrecordedRow } from "../src/send/RowEnd.ts"
import { foreignRow, invalidRow, readyRow } from "./rows.ts"

const record = { number: 1, line: 2, state: "planned", doubt: false, attempts: 2 } as const
const attempts = [
  attemptRecord({ startedAt: 1_000, durationMs: 50 }),
  attemptRecord({ number: 2, startedAt: 7_000, durationMs: 40 }),
]
const created: RowResult<unknown> = {
  index: 0,
  row: {},
  outcome: "created",
  value: createResult({ attempts }),
}

describe("sentRow", () => {
  it("counts the requests of all processes, and the time from the first one of this process", () => {
    const result = sentRow(created, readyRow(1), record, endingOf(created))
    assert.deepInclude(result, { outcome: "created", attempts: 4, ms: 6_040, problems: [] })
  })

  it("names each rule that the client found broken", () => {
    const issues = [{ path: ["email"], code: "email", rule: "must be an email address" }]
    const error = errors.invalidContact({ issues })
    const invalid: RowResult<unknown> = { index: 0, row: {}, outcome: "invalid", error }
    const { problems } = sentRow(invalid, readyRow(1), record, endingOf(invalid))
    assert.deepStrictEqual(problems, [
      { code: "VALUE_INVALID", line: 2, reason: "email: must be an email address" },
    ])
  })
})

describe("unrecordedRow", () => {
  it("is unknown, whatever the API said", () => {
    const result = unrecordedRow(created, readyRow(1), record, endingOf(created))
    assert.strictEqual(result.outcome, "unknown")
    assert.strictEqual(result.problems[0]?.suggestion, "resume the import")
  })

  it("is not sent if no request left", () => {
    const error = errors.unavailable({ reason: "closed" })
    const unsent: RowResult<unknown> = { index: 0, row: {}, outcome: "not_sent", error }
    const result = unrecordedRow(unsent, readyRow(1), record, endingOf(unsent))
    assert.strictEqual(result.outcome, "not_sent")
  })
})

describe("passedOver", () => {
  it("keeps the problems of a row that was never ready", () => {
    const row = invalidRow(3)
    assert.deepInclude(passedOver(row, undefined), { outcome: "invalid", problems: row.problems })
    assert.isUndefined(passedOver(foreignRow(4), undefined))
  })
})
