/**
 * Imports on random schedules: some rows, some faults of the API, and processes that end in the middle. Whatever happens,
 * every summary must add up, and what was reported must be what the server knows.
 */
import { assert } from "@effect/vitest"

import { SandboxService } from "@aelyst/sandbox/effect"
import type { FaultSpec } from "@aelyst/sandbox"
import { Effect, Random, Stream } from "effect"

import { prepare } from "../src/send/Prepare.ts"
import type { SendRun } from "../src/send/Send.ts"
import { send } from "../src/send/Send.ts"
import type { CheckedRow, ImportSummary, RowResult } from "../src/types.ts"
import { facts, inTime, layerJournalled, sumOf } from "./journalled.ts"
import { duplicateRow, foreignRow, invalidRow, plannedRows, readyRow } from "./rows.ts"

const below = (end: number) => Random.nextIntBetween(0, end, { halfOpen: true })
const oneOf = <A>(values: readonly [A, ...ReadonlyArray<A>]) =>
  Effect.map(below(values.length), (at) => values[at] ?? values[0])

const drawRow = (number: number): Effect.Effect<CheckedRow> =>
  Effect.map(below(12), (kind) => {
    if (kind === 0) return invalidRow(number)
    if (kind === 1) return duplicateRow(number, 1)
    return kind === 2 ? foreignRow(number) : readyRow(number)
  })

const drawFault = Effect.gen(function* () {
  const what = yield* oneOf<FaultSpec>([
    { status: 400 },
    { status: 401 },
    { status: 403 },
    { status: 429, retryAfter: 1 },
    { status: 429, retryAfter: 2_000 },
    { status: 500, commit: true },
    { status: 500, commit: false },
    { delivery: "drop", commit: true },
    { delivery: "truncate-length" },
    { status: 200, body: "<html>" },
    { delayMs: 20_000, commit: true },
  ])
  return { ...what, times: 1 + (yield* below(4)), probability: 0.3, seed: yield* below(1_000) }
})

/** How a process ends: unharmed, stopped, aborted, or cut off after some results. */
type End = "unharmed" | "stop" | "abort" | "cut"

const endRun = (run: SendRun<never, never>, end: End, after: number) => {
  if (end === "stop") return Effect.andThen(Effect.sleep(after), run.stop)
  return end === "abort" ? Effect.andThen(Effect.sleep(after), run.abort) : Effect.void
}

const check = (summary: ImportSummary, rows: ReadonlyArray<CheckedRow>) => {
  const count = rows.filter(({ state }) => state !== "foreign").length
  assert.strictEqual(summary.rows, count)
  assert.strictEqual(sumOf(summary), count)
  assert.isAtMost(summary.inDoubt, summary.unknown)
  for (const name of ["not_sent", "unknown", "inDoubt", "earlier"] as const) {
    assert.isAtLeast(summary[name], 0)
  }
}

/** Compares what one process reported with its summary, and with the reports before it. */
const checkReports = (
  reported: ReadonlyArray<RowResult>,
  summary: ImportSummary,
  known: Map<number, RowResult>,
) => {
  const ended = new Set<number>()
  for (const result of reported) {
    assert.isFalse(ended.has(result.number), "a row was reported twice")
    ended.add(result.number)
    const before = known.get(result.number)
    if (before !== undefined && before.outcome !== "unknown" && before.outcome !== "not_sent") {
      assert.strictEqual(result.outcome, before.outcome)
    }
    known.set(result.number, result)
  }
  for (const name of ["created", "existed", "exists_after_doubt", "rejected"] as const) {
    const count = reported.filter(({ outcome }) => outcome === name).length
    assert.isAtMost(count, summary[name])
    if (summary.stopped === "completed") assert.strictEqual(count, summary[name])
  }
}

/** Runs one schedule. */
export const runSchedule = (seed: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const existing = yield* oneOf(["reject", "merge"] as const)
    const latencyMs = yield* oneOf([0, 50, 900] as const)
    const delivery = yield* oneOf([
      "natural-key",
      "natural-key",
      "at-most-once",
      "report-only",
    ] as const)
    const run = Effect.gen(function* () {
      const sandbox = yield* SandboxService
      const rows: CheckedRow[] = []
      const size = 1 + (yield* below(16))
      for (let number = 1; number <= size; number += 1) rows.push(yield* drawRow(number))
      const planned = plannedRows(rows)
      const known = new Map<number, RowResult>()
      // rows that a process may have sent without a report, since it was cut off
      let unreported = new Set<number>()
      const processes = 1 + (yield* below(4))
      for (let process = 1; process <= processes; process += 1) {
        for (let fault = yield* below(4); fault > 0; fault -= 1) sandbox.fail(yield* drawFault)
        const end = yield* oneOf<End>(["unharmed", "stop", "abort", "cut"])
        const after = yield* below(4_000)
        const most = end === "cut" ? yield* below(size + 1) : size + 1
        const { reported, summary } = yield* Effect.gen(function* () {
          const { journal } = yield* prepare(planned.rows, { ...facts, delivery })
          const sent = yield* send(journal, planned, {
            concurrency: 1 + (yield* below(8)),
            giveUpAfter: "60 seconds",
            maxWait: "30 seconds",
          })
          yield* Effect.forkScoped(endRun(sent, end, after))
          const results = yield* Stream.runCollect(Stream.take(sent.results, most))
          return { reported: results, summary: yield* sent.summary }
        }).pipe(Effect.scoped, (program) => inTime(program, 100))
        check(summary, rows)
        checkReports(reported, summary, known)
        const numbers = new Set(reported.map(({ number }) => number))
        // one that ends before it reads the rows reports none of them
        unreported = new Set(
          [...known.keys()].filter(
            (one) => !numbers.has(one) && (end === "cut" || unreported.has(one)),
          ),
        )
      }
      const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry.created]))
      for (const [number, { identifier, outcome }] of known) {
        if (identifier === undefined || (outcome === "not_sent" && unreported.has(number))) continue
        const created = ledger.get(identifier) ?? 0
        assert.isAtMost(created, 1)
        if (outcome === "created" || outcome === "exists_after_doubt")
          assert.strictEqual(created, 1)
        if (outcome === "rejected" || outcome === "not_sent") assert.strictEqual(created, 0)
        assert.notStrictEqual(outcome, "existed", "nothing existed before")
      }
    })
    const layer = layerJournalled({ sandbox: { existing, latencyMs, seed } })
    yield* Effect.provide(run, layer)
  }).pipe(Random.withSeed(seed), Effect.orDie)
