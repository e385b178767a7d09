/** Drives the pacer service against a simulated server under a test clock, as a client would. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Pacer } from "@aelyst/core"

import { source } from "./Random.ts"
import { ideal, Server, type SimulatedResponse } from "./Server.ts"
import type { Run } from "./Simulation.ts"

/** The outcome of a run of the service. */
export interface ServiceOutcome {
  readonly makespanMs: number
  readonly utilisation: number
  readonly rateLimited: number
  /** In which order the server accepted the calls, by their order of arrival. */
  readonly served: ReadonlyArray<number>
}

/** A change of a response, by when the request arrived (since the start) and how many came before. */
export type Fault = (
  response: SimulatedResponse,
  atMs: number,
  request: number,
) => SimulatedResponse

/** The longest time that a single call waits. */
const longestWaitMs = 60_000

const nowMs = Clock.clockWith((clock) =>
  Effect.sync(() => Number(clock.monotonicTimeNanosUnsafe()) / 1e6),
)

/** Runs all calls to the end; needs the test clock. */
export const run = Effect.fnUntraced(function* (
  { concurrency, network, prior, seed, server: options, total }: Run,
  fault: Fault = (response) => response,
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
        const ticket = yield* pacer.enter
        for (;;) {
          const permit = yield* ticket.acquire()
          yield* Effect.sleep(Duration.millis(network.way(random)))
          const atMs = (yield* nowMs) - startedAt
          const response = fault(server.handle(atMs), atMs, requests++)
          yield* Effect.sleep(Duration.millis(network.way(random)))
          const tooLong = (response.retryAfterMs ?? 0) > longestWaitMs
          yield* permit.observe({ ...response, tooLong })
          if (response.rateLimited) continue
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
    rateLimited: server.rateLimited.length,
    served,
  }
  return outcome
})
