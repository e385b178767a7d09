import { assert, describe, it } from "@effect/vitest"

import { Runs } from "@aelyst/journal"
import { SandboxService } from "@aelyst/sandbox/effect"
import { Deferred, Effect, Layer, Stream } from "effect"

import { prepare } from "../src/send/Prepare.ts"
import { ImportRows, sendRange } from "../src/send/SendRange.ts"
import { facts, inTime, layerJournalled } from "./journalled.ts"
import { readyRow } from "./rows.ts"

const rows = Array.from({ length: 9 }, (_, index) => readyRow(index + 1))

const layerRows = Layer.succeed(ImportRows, {
  range: (_, from, to) =>
    Stream.fromIterable(rows.filter(({ row }) => row.number >= from && row.number <= to)),
})

const plan = Effect.map(
  Effect.scoped(prepare(Stream.fromIterable(rows), facts)),
  ({ journal }) => journal.run.id,
)

const posts = Effect.map(SandboxService, (sandbox) =>
  sandbox.ledger().reduce((sum, entry) => sum + entry.posts, 0),
)

const layer = Layer.merge(layerRows, layerJournalled())

describe("sendRange", () => {
  it.effect("sends the rows from one number to another, both included", () =>
    Effect.gen(function* () {
      const id = yield* plan
      const first = yield* sendRange(id, 1, 4)
      assert.deepStrictEqual(first, { created: 4, stopped: "completed" })
      assert.strictEqual(yield* posts, 4)
      const second = yield* sendRange(id, 5, 9)
      assert.deepStrictEqual(second, { created: 5, stopped: "completed" })
      const journal = yield* Effect.flatMap(Runs, (runs) => runs.open(id))
      assert.deepInclude(yield* journal.counts, { total: 9, created: 9, not_sent: 0 })
    }).pipe(Effect.scoped, inTime, Effect.provide(layer)),
  )

  it.effect("sends nothing the second time", () =>
    Effect.gen(function* () {
      const id = yield* plan
      yield* sendRange(id, 2, 5)
      assert.deepStrictEqual(yield* sendRange(id, 2, 5), { created: 4, stopped: "completed" })
      assert.strictEqual(yield* posts, 4)
    }).pipe(inTime, Effect.provide(layer)),
  )

  it.effect("reports each row, and sends no more once it is told to stop", () =>
    Effect.gen(function* () {
      const id = yield* plan
      const stop = yield* Deferred.make<void>()
      const seen: Array<number> = []
      const summary = yield* sendRange(id, 1, 9, {
        concurrency: 1,
        until: Deferred.await(stop),
        onRow: ({ number, outcome }) => {
          if (outcome === "created") seen.push(number)
          return seen.length === 3 ? Deferred.succeed(stop, undefined) : Effect.void
        },
      })
      assert.strictEqual(summary.stopped, "stopped")
      assert.isBelow(seen.length, 6)
      assert.strictEqual(yield* posts, seen.length)
      assert.deepInclude(yield* sendRange(id, 1, 9), { created: 9, stopped: "completed" })
      assert.strictEqual(yield* posts, 9)
    }).pipe(inTime, Effect.provide(layer)),
  )

  it.effect("keeps its claim for longer than one lease", () =>
    Effect.gen(function* () {
      const id = yield* plan
      const sandbox = yield* SandboxService
      sandbox.configure({ latencyMs: 900 })
      const summary = yield* sendRange(id, 1, 9, { leaseMs: 2_000, concurrency: 1, owner: "here" })
      assert.deepStrictEqual(summary, { created: 9, stopped: "completed" })
    }).pipe(inTime, Effect.provide(layer)),
  )
})
