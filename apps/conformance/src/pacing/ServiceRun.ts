/** Drives the pacer service against a simulated server under a test clock, as a client would. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Pacer } from "@aelyst/core"

import { source } from "./Random.ts"
import { ideal, type Reply, Server } from "./Server.ts"
import type { Run } from "./Simulation.ts"

/** What came of a run of the service. */
export interface ServiceOutcome {
  readonly makespanMs: number
  readonly utilisation: number
  readonly refusals: number
  /** In which order the calls were let in by the server, by their order of arrival. */
  readonly served: ReadonlyArray<number>
}

/** A change to what the server answers, by when the request arrived (since the start) and how many came before. */
export type Fault = (reply: Reply, atMs: number, request: number) => Reply

/** What a single call is willing to wait. */
const longestWaitMs = 60_000

const observation = (reply: Reply): Pacer.PacerObservation => ({
  rateLimited: reply.refused,
  ...(reply.limit !== undefined && { limit: reply.limit }),
  ...(reply.remaining !== undefined && { remaining: reply.remaining }),
  ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
  tooLong: (reply.retryAfterMs ?? 0) > longestWaitMs,
})

const nowMs = Clock.clockWith((clock) =>
  Effect.sync(() => Number(clock.monotonicTimeNanosUnsafe()) / 1e6),
)

/** Runs all calls to the end; needs the test clock. */
export const run = Effect.fnUntraced(function* (
  { concurrency, network, prior, seed, server: options, total }: Run,
  fault: Fault = (reply) => reply,
) {
  const random = source(seed)
  const server = new Server(options)
  const pacer = yield* Pacer.make({
    key: "simulated",
    store: Pacer.memoryStore(),
    ...(prior !== undefined && {
      prior: { limit: prior.limit, window: Duration.millis(prior.windowMs) },
    }),
  })
  const startedAt = yield* nowMs
  const served: Array<number> = []
  let requests = 0

  const call = (order: number) =>
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* pacer.enter
        for (;;) {
          const permit = yield* place.acquire()
          yield* Effect.sleep(Duration.millis(network.way(random)))
          const atMs = (yield* nowMs) - startedAt
          const reply = fault(server.handle(atMs), atMs, requests++)
          yield* Effect.sleep(Duration.millis(network.way(random)))
          yield* permit.observe(observation(reply))
          if (reply.refused) continue
          served.push(order)
          return
        }
      }),
    )
  const calls = Array.from({ length: total }, (_, order) => call(order))
  const fiber = yield* Effect.forkChild(
    Effect.andThen(Effect.all(calls, { concurrency, discard: true }), nowMs),
  )
  while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
  const makespan = (yield* Fiber.join(fiber)) - startedAt
  const outcome: ServiceOutcome = {
    makespanMs: makespan,
    utilisation: ideal(options, total, concurrency, network.roundTripMs) / makespan,
    refusals: server.refused.length,
    served,
  }
  return outcome
})
