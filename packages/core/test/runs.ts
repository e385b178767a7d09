/** Runs of `createMany` in virtual time against the ledger, and their rows. */
import type { Duration } from "effect"
import { Cause, Clock, Effect, Fiber, Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import type { ClientOptions, RunOptions } from "../src/call/ClientOptions.ts"
import type { RowResult } from "../src/CreateMany.ts"
import { createMany, rowOutcomes } from "../src/CreateMany.ts"
import type { Row, RunSummary } from "../src/types.ts"
import type { Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"

const token = Redacted.make("token-for-tests")
export const created: Fault = { kind: "respond" }

export const rowOf = (i: number): Row => ({ identifier: `id:${i}`, contact: { firstName: "Ana" } })
export const rowsOf = (count: number): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, i) => rowOf(i))

/** Creates a source that emits one row at a time and counts them. */
export const counted = (count: number) => {
  let pulled = 0
  const rows = Stream.fromPull(
    Effect.succeed(
      Effect.suspend(() => {
        if (pulled >= count) return Cause.done()
        pulled += 1
        return Effect.succeed([rowOf(pulled - 1)] as const)
      }),
    ),
  )
  return {
    rows,
    get pulled(): number {
      return pulled
    },
  }
}

type Server = ReturnType<typeof Ledger.make>

export const withClient = <A, E>(
  server: Server,
  use: Effect.Effect<A, E, AelystClient.AelystClient>,
  options: ClientOptions = {},
) =>
  Effect.flatMap(
    Effect.provideService(
      Effect.orDie(AelystClient.make({ token, ...options })),
      HttpClient.HttpClient,
      server.client,
    ),
    (client) => Effect.provideService(use, AelystClient.AelystClient, client),
  )

interface Played {
  readonly results: ReadonlyArray<RowResult>
  readonly summary: RunSummary
  readonly tookMs: number
  readonly ended: boolean
}

/** Plays a run in virtual time. */
export const play = (
  server: Server,
  rows: Stream.Stream<Row>,
  options: RunOptions = {},
  {
    client = {},
    lasting = "30 minutes",
  }: { client?: ClientOptions; lasting?: Duration.Input } = {},
) =>
  withClient(
    server,
    Effect.gen(function* () {
      const run = yield* createMany(rows, options)
      const results: Array<RowResult> = []
      const started = yield* Clock.currentTimeMillis
      let tookMs = Number.NaN
      const fiber = yield* Stream.runForEach(run.results, (result) =>
        Effect.sync(() => results.push(result)),
      ).pipe(
        Effect.andThen(
          Effect.map(Clock.currentTimeMillis, (now) => {
            tookMs = now - started
          }),
        ),
        Effect.forkChild,
      )
      yield* Ledger.advance(lasting)
      const ended = fiber.pollUnsafe() !== undefined
      yield* Fiber.interrupt(fiber)
      return { results, summary: yield* run.summary, tookMs, ended } satisfies Played
    }),
    client,
  )

/** Counts the rows by outcome. */
export const tally = ({ results }: Pick<Played, "results">): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

export const sumOf = (summary: RunSummary) =>
  rowOutcomes.reduce((sum, outcome) => sum + summary[outcome], 0)
