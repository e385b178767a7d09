/**
 * Server faults in the middle of a run: S5 over real sockets; S9 and S10, whose waits are minutes, in memory and in
 * virtual time. The ledger of the sandbox is the judge.
 */
import type { Delivery, RowResult } from "@aelyst/core"
import { AelystClient, createMany } from "@aelyst/core"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as Virtual from "../src/server/Virtual.ts"

const { gapsOf, inMemory, pass, passUntil, rowsOf } = Virtual
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

const tally = (results: ReadonlyArray<RowResult>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { outcome: state } of results) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

describe("S5, a token that is revoked in the middle of a run", () => {
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
        `S5: stops after ${concurrency} more requests at most, and a new token finishes the rest (${delivery})`,
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

describe("S9, a server that is blind to a contact for 3 s after its create", () => {
  const total = 30
  /** Every third row is created, and its answer lost. */
  const play = (existing: Existing, delivery: Delivery, doubtDelay: number, lagMs: number) =>
    inMemory({ lagMs, existing, limit: 50, latencyMs: 30 }, { doubtDelay }, ({ run, sandbox }) =>
      Effect.gen(function* () {
        for (const [n, { identifier }] of rowsOf(total).entries()) {
          if (loses(n)) sandbox.fail({ preset: "drop-x1", match: { identifier } })
        }
        const running = yield* run(rowsOf(total), { delivery })
        yield* passUntil(running.ended, 120_000)
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
    it.effect(
      `S9: makes one create per key with a doubtDelay of 5 s (natural-key, ${existing})`,
      () =>
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
      `S9: is what the delay is for: after 1 s keys in doubt are created twice (natural-key, ${existing})`,
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
      `S9: makes one create per key however long it is blind (at-most-once, ${existing})`,
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

  const outages = ["nobody listens", "502 from a gateway"] as const
  for (const delivery of policies) {
    for (const outage of outages) {
      it.effect(
        `S10: probes once per open window and goes on by itself: ${outage} (${delivery})`,
        () =>
          inMemory({ limit: 20, latencyMs: 30 }, {}, ({ door, run, sandbox }) =>
            Effect.gen(function* () {
              const running = yield* run(rowsOf(total), { delivery, concurrency: 8 })
              yield* passUntil(() => running.results.length >= 50, 20_000)
              const from = sandbox.now()
              const before = sandbox.requests().length
              const refused = outage === "nobody listens"
              if (refused) door.shut = true
              else sandbox.fail("html-502")
              yield* pass(outageMs, 50)
              const during = refused
                ? door.refusedAt
                : sandbox
                    .requests()
                    .slice(before)
                    .map(({ at }) => at)
              assert.isFalse(running.ended())
              // what was under way opens the circuit; then each probe waits for the end of its window
              const opening = during.filter((at) => at < from + 1_000)
              assert.isAtLeast(opening.length, 5)
              assert.isAtMost(opening.length, 5 + 8)
              const probes = during.filter((at) => at >= from + 1_000)
              assert.isAtLeast(probes.length, 10)
              assert.isAtMost(probes.length, windows.length)
              for (const [n, gap] of gapsOf(probes).entries()) {
                assert.isAtLeast(gap, 1_000 * (windows[n + 1] ?? 60))
              }

              const until = sandbox.now()
              if (refused) door.shut = false
              else sandbox.clearFaults()
              yield* passUntil(running.ended, 120_000)
              const summary = yield* running.summary
              assert.strictEqual(summary.total, total)
              assert.strictEqual(summary.stopped, "completed")
              // the next probe is at most a minute away, and its answer lets everybody go on
              assert.isBelow(sandbox.now() - until, 61_000 + 15_000)
              const { unknown } = summary
              assert.strictEqual(summary.created, total - unknown)
              // a refused connection costs no row; an answer in doubt costs one under at-most-once, four under natural-key
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

  it.effect(
    "S10: fails single calls at once while the circuit is open, with the wait on them",
    () =>
      inMemory({}, {}, ({ create, door, sandbox }) =>
        Effect.gen(function* () {
          door.shut = true
          const tags: Array<string> = []
          for (const { identifier } of rowsOf(600)) {
            const fiber = yield* Effect.forkChild(create(identifier, { retries: 0 }))
            yield* pass(1_000, 250)
            tags.push((yield* Fiber.join(fiber)).to)
          }
          const knocks = door.refusedAt.length
          // five to open it, and one per window of ten minutes
          assert.isAtMost(knocks, 5 + windows.length)
          assert.strictEqual(tags.filter((tag) => tag === "UnavailableError").length, 600 - knocks)
          assert.strictEqual(tags.filter((tag) => tag === "ConnectionError").length, knocks)
          assert.strictEqual(sandbox.ledger().length, 0)
        }),
      ),
  )
})
