import { assert, describe, it } from "@effect/vitest"

import { Runs } from "@aelyst/journal"
import { Effect, Stream } from "effect"

import { prepare } from "../src/send/Prepare.ts"
import { facts, importRows, inTime, layerJournalled, otherInput } from "./journalled.ts"
import { duplicateRow, foreignRow, invalidRow, readyRow } from "./rows.ts"

const rows = Stream.make(readyRow(1), invalidRow(2), duplicateRow(3, 1), foreignRow(4), readyRow(5))

describe("prepare", () => {
  it.effect("plans every row before anything is sent", () =>
    Effect.gen(function* () {
      const { counts, isNew, locked } = yield* prepare(rows, facts)
      assert.isTrue(isNew)
      assert.deepStrictEqual(locked, [])
      const planned = { total: 4, not_sent: 2, invalid: 1, duplicate: 1, foreign: 1 }
      assert.deepInclude(counts, planned)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("finds the run of the same input, and does not read its rows again", () =>
    Effect.gen(function* () {
      const first = yield* Effect.scoped(prepare(rows, facts))
      const unread = Stream.die(new Error("read again"))
      const { counts, isNew, journal } = yield* prepare(unread, facts)
      assert.isFalse(isNew)
      assert.deepStrictEqual(counts, first.counts)
      assert.strictEqual(journal.run.id, first.journal.run.id)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("makes a run that knows nothing of earlier ones if it is told to", () =>
    Effect.gen(function* () {
      yield* importRows([readyRow(1)])
      const fresh = Effect.scoped(prepare(Stream.make(readyRow(1)), facts, { fresh: true }))
      const { counts, isNew } = yield* inTime(fresh)
      assert.isTrue(isNew)
      assert.deepInclude(counts, { total: 1, not_sent: 1, created: 0 })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("plans nothing if the rows cannot be read", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(rows, Stream.fail("the disk is gone"))
      assert.strictEqual(
        yield* Effect.flip(Effect.scoped(prepare(broken, facts))),
        "the disk is gone",
      )
      const { counts, isNew } = yield* prepare(rows, facts)
      assert.isTrue(isNew)
      assert.strictEqual(counts.total, 4)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("refuses to resume a run with another input, origin or account", () =>
    Effect.gen(function* () {
      const { journal } = yield* Effect.scoped(prepare(rows, facts))
      const resume = journal.run.id
      const changedIn = (about: typeof facts) =>
        Effect.map(
          Effect.flip(Effect.scoped(prepare(rows, about, { resume }))),
          (error) => error._tag === "InputChangedError" && error.what,
        )
      const mapping = { ...facts, input: { ...facts.input, mapping: "other" } }
      assert.strictEqual(yield* changedIn(otherInput("b")), "input")
      assert.strictEqual(yield* changedIn(mapping), "input")
      assert.strictEqual(yield* changedIn({ ...facts, origin: "https://other.example" }), "origin")
      assert.strictEqual(yield* changedIn({ ...facts, tokenClass: "other" }), "token")
      const { isNew } = yield* prepare(rows, facts, { resume })
      assert.isFalse(isNew)
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )

  it.effect("takes a changed input as a new run that passes over created rows", () =>
    Effect.gen(function* () {
      yield* importRows([readyRow(1), readyRow(2)])
      const [entry] = yield* Effect.flatMap(Runs, (runs) => runs.list)
      const changed = Stream.make(readyRow(1), readyRow(2), readyRow(3))
      const options = { resume: entry?.id, allowChanged: true }
      const { counts, isNew, journal } = yield* inTime(prepare(changed, otherInput("b"), options))
      assert.isTrue(isNew)
      assert.notStrictEqual(journal.run.id, entry?.id)
      assert.deepInclude(counts, { total: 3, created: 2, not_sent: 1 })
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect("names the runs that another process uses", () =>
    Effect.gen(function* () {
      const { journal } = yield* prepare(rows, facts)
      const { locked } = yield* prepare(rows, otherInput("b"))
      assert.deepStrictEqual(locked, [journal.run.id])
      const error = yield* Effect.flip(prepare(rows, facts))
      assert.strictEqual(error._tag === "JournalError" && error.reason, "locked")
    }).pipe(Effect.scoped, inTime, Effect.provide(layerJournalled())),
  )
})
