/**
 * Server faults during a run: S5 over real sockets; S9 and S10, with waits of minutes, in memory and in virtual time. The
 * sandbox's ledger shows which requests arrived.
 */
import type { Delivery, RowResult } from "@aelyst/core"
import { AelystClient, createMany } from "@aelyst/core"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as Virtual from "../src/server/Virtual.ts"

const { gapsOf, inMemory, advance, advanceUntil, rowsOf } = Virtual
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

const tally = (results: ReadonlyArray<RowResult>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { outcome: state } of results) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

describe("S5, a token revoked during a run", () => {
  const total = 120
  const runWith = (
    sandbox: Sandbox,
    token: string,
    delivery: Delivery,
    concurrency: number,
    keep: (index: number) => boolean,
    onRow: (count: number) => void,
  ) =>
    Effect.gen(function* () {
      const client = yield* Creating.make(sandbox.baseUrl, { token })
      const rows = rowsOf(total).filter((_, index) => keep(index))
      const run = yield* createMany(Stream.fromIterable(rows), {
        delivery,
        concurrency,
        onProgress: ({ total: count }) => onRow(count),
      }).pipe(Effect.provideService(AelystClient, client.service))
      const results = yield* Stream.runCollect(run.results)
      return { results, summary: yield* run.summary }
    }).pipe(Effect.scoped)

  for (const delivery of policies) {
    for (const concurrency of [1, 8, 32]) {
      it.live(
        `S5: stops after at most ${concurrency} more requests, and a new token completes the rest (${delivery})`,
        () =>
          Effect.gen(function* () {
            const sandbox = yield* Effect.acquireRelease(
              Effect.promise(() =>
                Sandbox.start({
                  limit: 10_000,
                  latencyMs: 5,
                  extraTokens: { sandbox_new: { limit: 10_000 } },
                }),
              ),
              (running) => Effect.promise(() => running.close()),
            )
            const first = yield* runWith(
              sandbox,
              "sandbox_ok",
              delivery,
              concurrency,
              () => true,
              (count) => {
                if (count === 40) sandbox.fail({ status: 401, match: { token: "sandbox_ok" } })
              },
            )
            assert.strictEqual(first.summary.stopped, "unauthorized")
            assert.strictEqual(first.summary.total, first.results.length)
            assert.deepStrictEqual(Object.keys(tally(first.results)).toSorted(), [
              "created",
              "not_sent",
            ])
            const refused = Virtual.answered(sandbox.requests(), 401)
            assert.isAtLeast(refused, 1)
            assert.isAtMost(refused, concurrency)

            const done = new Set(
              first.results.flatMap(({ index, outcome: state }) =>
                state === "created" ? [index] : [],
              ),
            )
            const second = yield* runWith(
              sandbox,
              "sandbox_new",
              delivery,
              concurrency,
              (index) => !done.has(index),
              () => undefined,
            )
            assert.deepInclude(second.summary, {
              created: total - done.size,
              total: total - done.size,
              stopped: "completed",
            })
            const ledger = sandbox.ledger()
            assert.strictEqual(ledger.length, total)
            for (const { created, posts, statuses } of ledger) {
              assert.strictEqual(created, 1)
              assert.strictEqual(posts, 1 + (statuses[401] ?? 0))
            }
          }),
      )
    }
  }
})

const loses = (n: number) => n % 3 === 0

describe("S9, a server that does not see a contact until 3 s after its create", () => {
  const total = 30
  /** Plays a run in which every third row is created and its response lost. */
  const play = (existing: Existing, delivery: Delivery, doubtDelay: number, lagMs: number) =>
    inMemory({ lagMs, existing, limit: 50, latencyMs: 30 }, { doubtDelay }, ({ run, sandbox }) =>
      Effect.gen(function* () {
        for (const [n, { identifier }] of rowsOf(total).entries()) {
          if (loses(n)) sandbox.fail({ preset: "drop-x1", match: { identifier } })
        }
        const running = yield* run(rowsOf(total), { delivery })
        yield* advanceUntil(running.ended, 120_000)
        const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
        return { ...(yield* running.summary), results: running.results, ledger }
      }),
    )

  const judged: ReadonlyArray<readonly [Existing, string]> = [
    ["reject", "exists_after_doubt"],
    ["reject=409", "exists_after_doubt"],
    ["reject=object", "exists_after_doubt"],
    ["merge", "created"],
  ]
  for (const [existing, state] of judged) {
    it.effect(`S9: creates each key once with a doubtDelay of 5 s (natural-key, ${existing})`, () =>
      Effect.gen(function* () {
        const { ledger, results, stopped } = yield* play(existing, "natural-key", 5_000, 3_000)
        assert.strictEqual(stopped, "completed")
        assert.strictEqual(results.length, total)
        for (const row of results) {
          const entry = ledger.get(`id:${row.index}`)
          assert.strictEqual(row.outcome, loses(row.index) ? state : "created")
          assert.deepInclude(entry, { created: 1, posts: loses(row.index) ? 2 : 1 })
        }
      }),
    )

    it.effect(
      `S9: creates keys in doubt twice if the doubtDelay is only 1 s (natural-key, ${existing})`,
      () =>
        Effect.gen(function* () {
          const { ledger } = yield* play(existing, "natural-key", 1_000, 3_000)
          const made = [...ledger].map(([key, { created }]) => [Number(key.slice(3)), created])
          const twice = made.filter(([, created]) => created === 2)
          assert.isAbove(twice.length, 0)
          assert.isTrue(twice.every(([n = 1]) => loses(n)))
        }),
    )
  }

  for (const existing of ["reject", "merge", "duplicate"] as const) {
    it.effect(
      `S9: creates each key once, even if the contact stays invisible (at-most-once, ${existing})`,
      () =>
        Effect.gen(function* () {
          const { ledger, results } = yield* play(existing, "at-most-once", 1_000, 600_000)
          for (const row of results) {
            const entry = ledger.get(`id:${row.index}`)
            assert.strictEqual(row.outcome, loses(row.index) ? "unknown" : "created")
            assert.deepInclude(entry, { posts: 1, created: 1 })
          }
        }),
    )
  }
})

describe("S10, an outage of ten minutes", () => {
  const total = 200
  const outageMs = 600_000
  // the breaker opens for 1 s and doubles up to a minute: 1, 2, 4, ... 32, then 60 s each
  const windows = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60, 60, 60]

  const outages = ["no listener", "502 from a gateway"] as const
  for (const delivery of policies) {
    for (const outage of outages) {
      it.effect(
        `S10: tries once per open window and continues automatically: ${outage} (${delivery})`,
        () =>
          inMemory({ limit: 20, latencyMs: 30 }, {}, ({ door, run, sandbox }) =>
            Effect.gen(function* () {
              const running = yield* run(rowsOf(total), { delivery, concurrency: 8 })
              yield* advanceUntil(() => running.results.length >= 50, 20_000)
              const from = sandbox.now()
              const before = sandbox.requests().length
              const refused = outage === "no listener"
              if (refused) door.shut = true
              else sandbox.fail("html-502")
              yield* advance(outageMs, 50)
              const during = refused
                ? door.attemptsAt
                : sandbox
                    .requests()
                    .slice(before)
                    .map(({ at }) => at)
              assert.isFalse(running.ended())
              // requests in flight open the circuit; then each trial waits for the end of its window
              const opening = during.filter((at) => at < from + 1_000)
              assert.isAtLeast(opening.length, 5)
              assert.isAtMost(opening.length, 5 + 8)
              const trials = during.filter((at) => at >= from + 1_000)
              assert.isAtLeast(trials.length, 10)
              assert.isAtMost(trials.length, windows.length)
              for (const [n, gap] of gapsOf(trials).entries()) {
                assert.isAtLeast(gap, 1_000 * (windows[n + 1] ?? 60))
              }

              const until = sandbox.now()
              if (refused) door.shut = false
              else sandbox.clearFaults()
              yield* advanceUntil(running.ended, 120_000)
              const summary = yield* running.summary
              assert.strictEqual(summary.total, total)
              assert.strictEqual(summary.stopped, "completed")
              // the next trial is at most a minute away, and its response lets all rows continue
              assert.isBelow(sandbox.now() - until, 61_000 + 15_000)
              const { unknown } = summary
              assert.strictEqual(summary.created, total - unknown)
              // a refused connection costs no row; a doubtful response costs one request under at-most-once, four under natural-key
              const price = delivery === "at-most-once" ? 1 : 4
              assert.isAtMost(unknown, refused ? 0 : during.length / price)
              const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
              for (const { index, outcome: state } of running.results) {
                const entry = ledger.get(`id:${index}`)
                const failed = entry?.statuses[502] ?? 0
                const created = state === "created" ? 1 : 0
                assert.deepInclude(entry, { created, posts: failed + created })
                if (state === "unknown") assert.strictEqual(failed, price)
              }
            }),
          ),
      )
    }
  }

  it.effect("S10: sends one trial per window of an outage and fails all other single calls", () =>
    inMemory({}, {}, ({ create, door, sandbox }) =>
      Effect.gen(function* () {
        door.shut = true
        const calls: Array<Fiber.Fiber<{ readonly to: string }>> = []
        for (const { identifier } of rowsOf(600)) {
          calls.push(yield* Effect.forkChild(create(identifier, { retries: 0 })))
          yield* advance(1_000, 250)
        }
        // a call waits while the circuit lets a request through within 5 s
        yield* advance(10_000, 250)
        const tags = (yield* Fiber.joinAll(calls)).map(({ to }) => to)
        const knocks = door.attemptsAt.length
        // five open the circuit, and one more per window of the ten minutes
        assert.isAtMost(knocks, 5 + windows.length)
        assert.strictEqual(tags.filter((tag) => tag === "UnavailableError").length, 600 - knocks)
        assert.strictEqual(tags.filter((tag) => tag === "ConnectionError").length, knocks)
        assert.strictEqual(sandbox.ledger().length, 0)
      }),
    ),
  )
})
