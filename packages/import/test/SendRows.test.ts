import { assert, describe, it } from "@effect/vitest"

import { Effect, Stream } from "effect"

import { logOf, noLog, sendRows } from "../src/send/SendRows.ts"
import { prepare } from "../src/send/Prepare.ts"
import type { CheckedRow } from "../src/types.ts"
import { facts, importRows, inTime, layerJournalled } from "./journalled.ts"
import { duplicateRow, foreignRow, invalidRow, readyRow } from "./rows.ts"

const outcomes = (rows: Stream.Stream<CheckedRow>) =>
  Effect.gen(function* () {
    const { ended } = yield* sendRows(noLog("natural-key"), { rows }, {})
    const all = yield* Stream.runCollect(ended)
    return all.map(
      ({ moved, result }) => `${result.number} ${result.outcome} ${moved !== undefined}`,
    )
  })

// an hour; a run waits for 15 minutes at most
const longWait = { status: 429, retryAfter: 3_600 }

describe("sendRows", () => {
  it.effect(
    "reports rows that are not ready next to those that are sent, and leaves out foreign ones",
    () =>
      Effect.gen(function* () {
        const rows = Stream.make(invalidRow(1), readyRow(2), foreignRow(3), duplicateRow(4, 2))
        assert.sameMembers(yield* outcomes(rows), [
          "1 invalid false",
          "2 created true",
          "4 duplicate false",
        ])
      }).pipe(inTime, Effect.provide(layerJournalled())),
  )

  it.effect("passes over more rows than may wait to be reported", () =>
    Effect.gen(function* () {
      const rows = Stream.map(Stream.range(1, 2_000), (number) => invalidRow(number))
      assert.lengthOf(yield* outcomes(rows), 2_000)
    }).pipe(inTime, Effect.provide(layerJournalled())),
  )

  it.effect(
    "stops if row after row gets a 429 with a wait longer than maxWait, and loses none",
    () =>
      Effect.gen(function* () {
        const rows = Array.from({ length: 100 }, (_, at) => readyRow(at + 1))
        const { summary } = yield* importRows(rows, { concurrency: 1 })
        const counts = { rows: 100, created: 0, not_sent: 100, requests: 5, rateLimited: 5 }
        assert.deepInclude(summary, { ...counts, stopped: "rate_limited" })
        const again = yield* importRows(rows, { concurrency: 1 })
        assert.deepInclude(again.summary, { created: 100, requests: 100, stopped: "completed" })
      }).pipe(
        Effect.provide(layerJournalled({ sandbox: { faults: [{ ...longWait, times: 5 }] } })),
      ),
  )

  it.effect("continues after one row whose wait is longer than maxWait", () => {
    const match = { identifier: readyRow(3).identifier }
    return Effect.gen(function* () {
      const rows = Array.from({ length: 20 }, (_, at) => readyRow(at + 1))
      const { summary } = yield* importRows(rows, { concurrency: 1 })
      assert.deepInclude(summary, { created: 19, not_sent: 1, stopped: "completed" })
    }).pipe(Effect.provide(layerJournalled({ sandbox: { faults: [{ ...longWait, match }] } })))
  })

  it.effect("sends only the rows with given numbers", () =>
    Effect.gen(function* () {
      const rows = Stream.make(readyRow(1), readyRow(2), readyRow(3))
      const { journal } = yield* prepare(rows, facts)
      const claim = yield* journal.claim()
      const log = logOf(journal, () => claim)
      const { ended } = yield* sendRows(log, { rows }, { only: new Set([2]) })
      const [first, ...others] = yield* Stream.runCollect(ended)
      assert.deepInclude(first?.result, { number: 2, outcome: "created" })
      assert.isEmpty(others)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("reports a second row of the same contact as a duplicate", () =>
    Effect.gen(function* () {
      const again = {
        ...readyRow(2),
        identifier: readyRow(1).identifier,
        contact: readyRow(1).contact,
      }
      const rows = Stream.make(readyRow(1), again)
      const { counts, journal } = yield* prepare(rows, facts)
      assert.deepInclude(counts, { total: 2, duplicate: 1 })
      const claim = yield* journal.claim()
      const { ended } = yield* sendRows(
        logOf(journal, () => claim),
        { rows },
        {},
      )
      const all = (yield* Stream.runCollect(ended)).map(({ result }) => result)
      assert.sameMembers(
        all.map(({ number, outcome }) => `${number} ${outcome}`),
        ["1 created", "2 duplicate"],
      )
      assert.strictEqual(
        all.find(({ number }) => number === 2)?.problems[0]?.code,
        "DUPLICATE_IN_FILE",
      )
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )
})
