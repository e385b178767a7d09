import { assert, describe, it } from "@effect/vitest"

import { rowOutcomes } from "../src/call/RunProgress.ts"
import { attemptRecord, createResult, runSummary } from "../src/testing/CallEnds.ts"

describe("attemptRecord", () => {
  it("is an attempt that the API answered with 200", () => {
    const attempt = attemptRecord()
    assert.deepInclude(attempt, { number: 1, phase: "answered", status: 200 })
    assert.notProperty(attempt, "cause")
  })

  it("has no status if it has a cause", () => {
    const attempt = attemptRecord({ cause: "ECONNRESET" })
    assert.deepInclude(attempt, { phase: "headers", cause: "ECONNRESET" })
    assert.notProperty(attempt, "status")
  })

  it("is rate limited after a 429 only", () => {
    assert.isTrue(attemptRecord({ status: 429 }).rateLimited)
    assert.notProperty(attemptRecord({ status: 503 }), "rateLimited")
  })
})

describe("createResult", () => {
  it("is the documented success (W5)", () => {
    const result = createResult()
    assert.strictEqual<string>(result.identifier, "id:test")
    assert.deepInclude(result, {
      result: "created",
      outcome: "created",
      status: 200,
      message: "Contact added successfully!",
    })
    assert.strictEqual(result.attempts[0]?.status, result.response?.status)
  })

  it("agrees with itself, whatever a test sets", () => {
    const created = createResult({ status: 201 })
    assert.deepStrictEqual(
      [created.response?.status, created.attempts.map(({ status }) => status)],
      [201, [201]],
    )
    const doubted = createResult({ result: "exists_after_doubt" })
    assert.deepInclude(doubted, { outcome: "exists_after_doubt", message: "" })
    assert.notProperty(doubted, "status")
    assert.deepStrictEqual(
      doubted.attempts.map(({ cause, number, status }) => [number, cause ?? status]),
      [
        [1, "ECONNRESET"],
        [2, 400],
      ],
    )
    const existed = createResult({ result: "existed" })
    assert.deepInclude(existed, { outcome: "existed", message: "" })
    assert.deepStrictEqual(
      existed.attempts.map(({ status }) => status),
      [400],
    )
  })

  it("has its identifier in canonical form, and takes no invalid one", () => {
    assert.strictEqual(
      createResult({ identifier: "email:Ana@Example.com" }).identifier,
      "email:Ana@Example.com",
    )
    assert.throws(() => createResult({ identifier: "ana@example.com" }))
  })
})

describe("runSummary", () => {
  it("counts its rows", () => {
    const summary = runSummary({ created: 3, existed: 2, unknown: 1, rateLimited: 4 })
    assert.strictEqual(summary.total, 6)
    assert.strictEqual(summary.rateLimited, 4)
    assert.strictEqual(summary.stopped, "completed")
    for (const outcome of rowOutcomes) assert.isNumber(summary[outcome])
  })
})
