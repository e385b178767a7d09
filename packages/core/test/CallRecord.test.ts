import { inspect } from "node:util"

import { assert, describe, it } from "@effect/vitest"

import { CallRecord, Ended } from "../src/call/CallRecord.ts"
import { makeTransportProbe } from "../src/call/TransportProbe.ts"
import type { AttemptRecord } from "../src/types.ts"

const attempt = (number: number): AttemptRecord => ({
  number,
  phase: "answered",
  startedAt: 0,
  durationMs: 1,
  waitedMs: 0,
})

describe("CallRecord", () => {
  it("reports not_sent before the first attempt", () => {
    const record = new CallRecord(5, false)
    assert.deepStrictEqual(
      [record.outcome, record.isSent, record.idleSince],
      ["not_sent", false, 5],
    )
  })

  it("is unknown from the start if the call begins in doubt, even after a rejection", () => {
    const record = new CallRecord(0, true)
    assert.strictEqual(record.outcome, "unknown")
    record.add(attempt(1), "rejected", 1)
    assert.strictEqual(record.outcome, "unknown")
  })

  it("is unknown while a request may have left, and rejected after a rejection", () => {
    const record = new CallRecord(0, false)
    const probe = makeTransportProbe()
    record.transportProbe = probe
    assert.strictEqual(record.outcome, "unknown")
    probe.watch()
    assert.strictEqual(record.outcome, "not_sent")
    probe.dispatch()
    assert.strictEqual(record.outcome, "unknown")
    record.add(attempt(1), "rejected", 7)
    assert.deepStrictEqual([record.outcome, record.idleSince], ["rejected", 7])
  })

  it("stays unknown after a later rejection, until the contact is created", () => {
    const record = new CallRecord(0, false)
    record.add(attempt(1), "unknown", 1)
    record.add(attempt(2), "rejected", 2)
    assert.strictEqual(record.outcome, "unknown")
    record.add(attempt(3), "created", 3)
    assert.strictEqual(record.outcome, "created")
    assert.strictEqual(record.attempts.length, 3)
  })
})

describe("Ended", () => {
  it("returns the head of the response, but hides it from inspection and JSON", () => {
    const response = { status: 400, headers: { "x-echo": "ana@example.com" } }
    const end = new Ended({ outcome: "rejected", attempts: [attempt(1)], response })
    assert.deepStrictEqual(end.response, response)
    const shown = inspect(end, { depth: 9, showHidden: true }) + JSON.stringify(end)
    assert.notInclude(shown, "ana@example.com")
  })
})
