import { assert, describe, it } from "@effect/vitest"

import { Runs } from "@aelyst/journal"
import { SandboxService } from "@aelyst/sandbox/effect"
import { Effect, Exit, Stream } from "effect"
import { unlinkSync } from "node:fs"

import { send, sendUnplanned } from "../src/send/Send.ts"
import { prepare } from "../src/send/Prepare.ts"
import { facts, importRows, inTime, layerJournalled, otherInput, sumOf } from "./journalled.ts"
import { duplicateRow, foreignRow, invalidRow, readyRow } from "./rows.ts"

const ready = (count: number) => Array.from({ length: count }, (_, index) => readyRow(index + 1))

const ledger = Effect.map(SandboxService, (sandbox) => sandbox.ledger())
const posts = Effect.map(ledger, (entries) => entries.reduce((sum, entry) => sum + entry.posts, 0))
const created = Effect.map(ledger, (entries) =>
  entries.reduce((sum, entry) => sum + entry.created, 0),
)

describe("send", () => {
  it.effect("creates each ready row once, and accounts for every row", () =>
    Effect.gen(function* () {
      const rows = [...ready(5), invalidRow(6), duplicateRow(7, 1), foreignRow(8)]
      const { results, summary } = yield* importRows(rows)
      assert.strictEqual(yield* created, 5)
      const counts = { rows: 7, created: 5, invalid: 1, duplicate: 1, foreign: 1, earlier: 0 }
      assert.deepInclude(summary, { ...counts, stopped: "completed", requests: 5 })
      assert.strictEqual(sumOf(summary), 7)
      assert.deepStrictEqual(
        results.map(({ number, outcome }) => `${number} ${outcome}`).toSorted(),
        [
          "1 created",
          "2 created",
          "3 created",
          "4 created",
          "5 created",
          "6 invalid",
          "7 duplicate",
        ],
      )
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("sends nothing for a file that has been imported", () =>
    Effect.gen(function* () {
      yield* importRows([...ready(5), invalidRow(6)])
      const { results, summary } = yield* importRows([...ready(5), invalidRow(6)])
      assert.strictEqual(yield* posts, 5)
      assert.deepInclude(summary, { rows: 6, created: 5, earlier: 5, requests: 0 })
      assert.isTrue(results.every(({ earlier, outcome }) => earlier === (outcome === "created")))
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect(
    "sends nothing for the rows of a file that was saved again, and only the new ones of an edited one",
    () =>
      Effect.gen(function* () {
        yield* importRows(ready(5))
        const again = ready(5)
          .toReversed()
          .map(({ contact, identifier }, index) => ({
            ...readyRow(index + 1, contact),
            identifier,
          }))
        const saved = yield* importRows(again, { facts: otherInput("b") })
        assert.strictEqual(yield* posts, 5)
        assert.deepInclude(saved.summary, { rows: 5, created: 5, earlier: 5, requests: 0 })
        const edited = again.map((row, index) =>
          index < 2 ? { ...row, contact: { firstName: "New" } } : row,
        )
        const { summary } = yield* importRows(edited, { facts: otherInput("c") })
        assert.strictEqual(yield* posts, 7)
        assert.deepInclude(summary, { rows: 5, earlier: 3, existed: 2, requests: 2 })
      }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("asks again for a row whose request was under way when its process ended", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ delivery: "stall", commit: true, times: 1 })
      const cut = Effect.gen(function* () {
        const rows = Stream.make(readyRow(1))
        const { journal } = yield* prepare(rows, facts)
        const run = yield* send(journal, rows)
        yield* Stream.runDrain(run.results)
      }).pipe(Effect.scoped, Effect.timeoutOption("2 seconds"))
      yield* inTime(cut)
      assert.strictEqual(yield* created, 1)
      const began = sandbox.now()
      const { results, summary } = yield* importRows([readyRow(1)])
      assert.isAtLeast(sandbox.now() - began, 5_000)
      assert.deepInclude(summary, { rows: 1, exists_after_doubt: 1, requests: 1 })
      assert.deepInclude(results[0], { outcome: "exists_after_doubt", earlier: false, attempts: 2 })
      assert.strictEqual(yield* created, 1)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("leaves such a row to a person under report-only", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ delivery: "stall", commit: true, times: 1 })
      const about = { ...facts, delivery: "report-only" } as const
      const cut = Effect.gen(function* () {
        const rows = Stream.make(readyRow(1), readyRow(2))
        const { journal } = yield* prepare(rows, about)
        const run = yield* send(journal, rows, { concurrency: 1 })
        yield* Stream.runDrain(run.results)
      }).pipe(Effect.scoped, Effect.timeoutOption("2 seconds"))
      yield* inTime(cut)
      const { summary } = yield* importRows([readyRow(1), readyRow(2)], { facts: about })
      assert.deepInclude(summary, { rows: 2, unknown: 1, created: 1, inDoubt: 0, requests: 1 })
      assert.strictEqual(yield* posts, 2)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("asks again for a row that ended unknown when the run is resumed", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ status: 500, commit: true, times: 1 })
      const first = yield* importRows(ready(2), { retries: 0 })
      assert.deepInclude(first.summary, { created: 1, unknown: 1, inDoubt: 1 })
      const unknown = first.results.find(({ outcome }) => outcome === "unknown")
      assert.deepInclude(unknown, { status: 500, attempts: 1 })
      assert.strictEqual(unknown?.problems[0]?.code, "SERVER_ERROR")
      const { summary } = yield* importRows(ready(2))
      assert.deepInclude(summary, { created: 1, exists_after_doubt: 1, unknown: 0, earlier: 1 })
      assert.strictEqual(yield* created, 2)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("stops at a 401, and sends the rest when it is resumed", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ status: 401, match: { identifier: "email:row3@*" }, times: 1 })
      const first = yield* importRows(ready(40), { concurrency: 1 })
      assert.deepInclude(first.summary, { created: 2, not_sent: 38, stopped: "unauthorized" })
      assert.strictEqual(sumOf(first.summary), 40)
      const { summary } = yield* importRows(ready(40))
      assert.deepInclude(summary, { created: 40, earlier: 2, not_sent: 0, stopped: "completed" })
      assert.strictEqual(yield* created, 40)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("stops after so many rows that ended badly", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ status: 400 })
      const { summary } = yield* importRows(ready(10), { concurrency: 1, maxErrors: 3 })
      assert.deepInclude(summary, { rejected: 3, not_sent: 7, stopped: "errors" })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("says why a row was rejected, also when it is passed over later", () =>
    Effect.gen(function* () {
      const sandbox = yield* SandboxService
      sandbox.fail({ status: 400, times: 1 })
      const first = yield* importRows([readyRow(1)])
      const second = yield* importRows([readyRow(1)])
      const [now] = first.results
      const [later] = second.results
      assert.deepInclude(now, { outcome: "rejected", status: 400, earlier: false, attempts: 1 })
      assert.deepInclude(later, { outcome: "rejected", status: 400, earlier: true, attempts: 1 })
      assert.deepStrictEqual(later?.problems, now?.problems)
      assert.strictEqual(now?.problems[0]?.code, "API_REJECTED")
      assert.strictEqual(yield* posts, 1)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("sends the first rows of a trial, then the others", () =>
    Effect.gen(function* () {
      const first = yield* importRows(ready(10), { limit: 3 })
      assert.deepInclude(first.summary, { created: 3, not_sent: 7, stopped: "completed" })
      const { summary } = yield* importRows(ready(10))
      assert.deepInclude(summary, { created: 10, earlier: 3, requests: 7 })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("draws the rows of a trial from the whole file", () =>
    Effect.gen(function* () {
      const { results, summary } = yield* importRows(ready(200), { sample: 20 })
      assert.deepInclude(summary, { created: 20, not_sent: 180 })
      assert.isAbove(Math.max(...results.map(({ number }) => number)), 100)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("ends requests under way when it is stopped", () =>
    Effect.gen(function* () {
      const { summary } = yield* importRows(ready(50), {
        concurrency: 4,
        beside: (run) => Effect.andThen(Effect.sleep(1_500), run.stop),
      })
      assert.strictEqual(summary.stopped, "stopped")
      assert.strictEqual(sumOf(summary), 50)
      assert.strictEqual(summary.unknown, 0)
      assert.isAbove(summary.not_sent, 0)
      assert.strictEqual(yield* created, summary.created)
    }).pipe(Effect.provide(layerJournalled({ sandbox: { latencyMs: 1_000 } }))),
  )

  it.effect(
    "ends rows under way at once when it is aborted, and settles them when it is resumed",
    () =>
      Effect.gen(function* () {
        const { summary } = yield* importRows(ready(20), {
          concurrency: 4,
          beside: (run) => Effect.andThen(Effect.sleep(1_500), run.abort),
        })
        assert.strictEqual(summary.stopped, "aborted")
        assert.isAbove(summary.unknown, 0)
        assert.strictEqual(summary.inDoubt, summary.unknown)
        assert.strictEqual(sumOf(summary), 20)
        const resumed = yield* importRows(ready(20))
        assert.strictEqual(resumed.summary.created + resumed.summary.exists_after_doubt, 20)
        assert.strictEqual(yield* created, 20)
      }).pipe(Effect.provide(layerJournalled({ sandbox: { latencyMs: 1_000 } }))),
  )

  it.effect("sends nothing more once its journal cannot be written", () =>
    Effect.gen(function* () {
      const runs = yield* Runs
      const deleted = Effect.gen(function* () {
        yield* Effect.sleep(2_500)
        const [entry] = yield* Effect.orDie(runs.list)
        if (entry !== undefined) unlinkSync(entry.path)
      })
      const { exit, results, summary } = yield* importRows(ready(40), {
        concurrency: 4,
        beside: () => deleted,
      })
      const before = yield* posts
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(summary.stopped, "journal")
      assert.strictEqual(sumOf(summary), 40)
      assert.isAbove(summary.unknown, 0)
      assert.isAbove(summary.not_sent, 0)
      // nothing is reported that the next process would not know
      assert.isAtMost(summary.created, yield* created)
      assert.strictEqual(before, summary.created + summary.unknown)
      const lost = results.find(({ outcome }) => outcome === "unknown")
      assert.include(lost?.problems[0]?.reason, "journal")
    }).pipe(Effect.provide(layerJournalled({ sandbox: { latencyMs: 1_000 } }))),
  )

  it.effect("ends rows under way, then fails, when the file cannot be read to its end", () =>
    Effect.gen(function* () {
      const rows = Stream.fromIterable(ready(5))
      const { journal } = yield* prepare(rows, facts)
      const broken = Stream.concat(Stream.take(rows, 3), Stream.fail("the disk is gone"))
      const run = yield* send(journal, broken)
      const exit = yield* inTime(Effect.exit(Stream.runDrain(run.results)))
      assert.isTrue(Exit.isFailure(exit))
      const summary = yield* run.summary
      assert.deepInclude(summary, { created: 3, not_sent: 2, stopped: "aborted" })
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect("stops at a row that was not planned", () =>
    Effect.gen(function* () {
      const { journal } = yield* prepare(Stream.fromIterable(ready(2)), facts)
      const run = yield* send(journal, Stream.fromIterable(ready(3)))
      const error = yield* inTime(Effect.flip(Stream.runDrain(run.results)))
      assert.strictEqual(error._tag, "InputChangedError")
      assert.include(error.message, "Row 3")
      assert.deepInclude(yield* run.summary, { rows: 2, stopped: "aborted" })
    }).pipe(Effect.scoped, Effect.provide(layerJournalled())),
  )

  it.effect("shows its progress until its end", () =>
    Effect.gen(function* () {
      const seen: string[] = []
      const { summary } = yield* importRows(ready(100), {
        concurrency: 4,
        beside: (run) =>
          Stream.runForEach(run.progress("1 second"), ({ created: done, etaMs, stopped }) =>
            Effect.sync(() => void seen.push(`${done} ${etaMs === undefined} ${stopped}`)),
          ),
      })
      assert.strictEqual(seen[0], "0 true undefined")
      assert.strictEqual(seen.at(-1), "100 true completed")
      assert.isTrue(seen.some((line) => line.endsWith("false undefined")))
      assert.strictEqual(summary.created, 100)
    }).pipe(Effect.provide(layerJournalled({ sandbox: { limit: 10 } }))),
  )
})

describe("sendUnplanned", () => {
  it.effect("sends rows as they come, and counts those that ended", () =>
    Effect.gen(function* () {
      const rows = Stream.fromIterable([...ready(3), invalidRow(4)])
      const run = yield* sendUnplanned(rows)
      yield* inTime(Stream.runDrain(run.results))
      const summary = yield* run.summary
      assert.deepInclude(summary, { rows: 4, created: 3, invalid: 1, stopped: "completed" })
      assert.strictEqual(sumOf(summary), 4)
      assert.strictEqual(yield* created, 3)
    }).pipe(Effect.provide(layerJournalled())),
  )
})
