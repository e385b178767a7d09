import { assert, describe, it } from "@effect/vitest"

import { SandboxService } from "@aelyst/sandbox/effect"
import { Effect, Stream } from "effect"

import { prepare } from "../src/send/Prepare.ts"
import { send } from "../src/send/Send.ts"
import { facts, importRows, inTime, layerJournalled } from "./journalled.ts"
import { duplicateRow, invalidRow, plannedRows, readyRow } from "./rows.ts"

const ready = (count: number) => Array.from({ length: count }, (_, index) => readyRow(index + 1))

const ledger = Effect.map(SandboxService, (sandbox) => sandbox.ledger())
const posts = Effect.map(ledger, (entries) => entries.reduce((sum, entry) => sum + entry.posts, 0))

describe("a run that continues", () => {
  it.effect("sends what is left before it has read the rows that are done", () =>
    Effect.gen(function* () {
      yield* importRows([...ready(4), invalidRow(5)], { limit: 2 })
      const { journal } = yield* prepare(Stream.empty, facts)
      const { rows, rowsFrom } = plannedRows([...ready(4), invalidRow(5)])
      const untilSent = Effect.repeat(Effect.delay(posts, 20), { until: (count) => count === 4 })
      const late = Stream.unwrap(Effect.as(untilSent, rows))
      const run = yield* send(journal, { rows: late, rowsFrom })
      const results = yield* inTime(Stream.runCollect(run.results))
      assert.sameMembers(
        results.map(({ earlier, number, outcome }) => `${number} ${outcome} ${earlier}`),
        [
          "1 created true",
          "2 created true",
          "3 created false",
          "4 created false",
          "5 invalid false",
        ],
      )
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect("knows the duplicates of rows that are done, and rows that have changed since", () =>
    Effect.gen(function* () {
      const twice = [
        readyRow(1),
        readyRow(2),
        { ...readyRow(3), identifier: "email:row1@example.com" },
      ]
      const planned = [...twice.slice(0, 2), duplicateRow(3, 1), readyRow(4)]
      yield* importRows(planned, { limit: 1 })
      // a check that begins at row 2 has not seen row 1
      const { journal } = yield* prepare(Stream.empty, facts)
      const rowsFrom = () => Stream.fromIterable([...twice.slice(1), readyRow(4)])
      const run = yield* send(journal, { rows: Stream.fromIterable(planned), rowsFrom })
      const results = yield* inTime(Stream.runCollect(run.results))
      assert.sameMembers(
        results.map(({ number, outcome }) => `${number} ${outcome}`),
        ["1 created", "2 created", "3 duplicate", "4 created"],
      )
      assert.strictEqual(yield* posts, 3)
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect.each([1, 3])("fails if row %i has changed since it was planned", (number) =>
    Effect.gen(function* () {
      yield* importRows(ready(4), { limit: 2 })
      const { journal } = yield* prepare(Stream.empty, facts)
      const changed = ready(4).with(number - 1, readyRow(number, { firstName: "Other" }))
      const run = yield* send(journal, plannedRows(changed))
      const error = yield* inTime(Effect.flip(Stream.runDrain(run.results)))
      assert.deepInclude(error, { _tag: "InputChangedError", what: "row", row: number })
      assert.isFalse(
        (yield* ledger).some(
          ({ key, posts: sent }) => key === `email:row${number}@example.com` && sent > 1,
        ),
      )
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect("does not read on through rows that are done when it is stopped", () =>
    Effect.gen(function* () {
      yield* importRows(ready(4), { limit: 2 })
      const { journal } = yield* prepare(Stream.empty, facts)
      const { rows, rowsFrom } = plannedRows(ready(4))
      const endless = Stream.forever(Stream.take(rows, 2))
      const run = yield* send(journal, { rows: endless, rowsFrom })
      yield* run.stop
      yield* inTime(Stream.runDrain(run.results))
      assert.deepInclude(yield* run.summary, { stopped: "stopped", created: 2, not_sent: 2 })
      assert.strictEqual(yield* posts, 2)
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )
})
