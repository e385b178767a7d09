/** A link with latency, low bandwidth and loss: N18, over real sockets; the ledger shows what arrived. */
import type { AttemptRecord, Delivery, RowResult } from "@aelyst/core"
import { AelystClient, createMany } from "@aelyst/core"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

import * as Creating from "../../src/network/Creating.ts"
import * as FaultProxy from "../../src/network/FaultProxy.ts"
import { judge } from "../../src/network/Judge.ts"
import { rowsOf } from "../../src/server/Virtual.ts"

/** Returns the attempts of a row. */
const attemptsOf = (row: RowResult): ReadonlyArray<AttemptRecord> =>
  "value" in row ? row.value.attempts : row.error.attempts

/** The treatments of existing contacts per policy: natural-key trusts the identifier to be unique. */
const cases: ReadonlyArray<readonly [Delivery, "reject" | "merge" | "duplicate"]> = [
  ["at-most-once", "duplicate"],
  ["natural-key", "reject"],
  ["natural-key", "merge"],
]

const proxied = <A extends FaultProxy.FaultProxy>(start: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(start), (running) => Effect.promise(() => running.close()))

describe.concurrent("N18, a link of 56 kbit/s that loses segments", () => {
  const total = 300
  // each client has a retry budget, and a run that has spent it resends once a second
  const clients = 5
  for (const loss of [0.01, 0.1, 0.3]) {
    for (const [delivery, existing] of cases) {
      it.live(
        `creates no contact twice and accounts for each of ${total}, if ${100 * loss} % are lost (${delivery}, ${existing})`,
        () =>
          Effect.gen(function* () {
            const sandbox = yield* Effect.acquireRelease(
              Effect.promise(() => Sandbox.start({ limit: 100_000, existing })),
              (running) => Effect.promise(() => running.close()),
            )
            const line = {
              delayMs: [50, 150],
              kbitPerSecond: 56,
              loss,
              scale: 0.1,
              seed: 18,
            } as const
            const proxy = yield* proxied(() =>
              FaultProxy.startLink(Number(new URL(sandbox.origin).port), line),
            )
            const runs = yield* Effect.forEach(
              Array.from({ length: clients }, (_, n) => n),
              (n) =>
                Effect.gen(function* () {
                  // 1.5 s of the link: some responses are too late
                  const client = yield* Creating.make(`${proxy.origin}/v1`, { timeoutMs: 150 })
                  const rows = rowsOf(total).filter((_, index) => index % clients === n)
                  const run = yield* createMany(Stream.fromIterable(rows), {
                    delivery,
                    concurrency: 2,
                  }).pipe(Effect.provideService(AelystClient, client.service))
                  const results = yield* Stream.runCollect(run.results)
                  return { rows, results, summary: yield* run.summary }
                }),
              { concurrency: "unbounded" },
            )
            const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
            for (const { rows, results, summary } of runs) {
              judge(results, summary, rows, (key) => ledger.get(key)?.created ?? 0)
            }
            for (const { key, created, posts } of ledger.values()) {
              assert.isAtMost(created, 1, key)
              assert.isAtMost(posts, delivery === "at-most-once" ? 1 : 4, key)
            }
            const doubted = runs
              .flatMap(({ results }) => results)
              .filter((row) => attemptsOf(row).some(({ status }) => status === undefined))
            // some responses were too late
            if (loss === 0.3) assert.isAbove(doubted.length, 0)
          }),
      )
    }
  }
})
