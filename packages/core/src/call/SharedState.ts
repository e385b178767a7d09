/**
 * The state that all calls with one token to one origin share: the pacer, the circuit breaker, the retry budget and the key locks.
 * There is one per token and origin in a process, however many clients there are.
 */
import * as Effect from "effect/Effect"

import * as Pacer from "../pacing/Pacer.ts"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import { KeyLock } from "./KeyLock.ts"
import { RetryBudget } from "./RetryPolicy.ts"
import type { ClientConfig } from "../types.ts"

/** The state of one token and origin. */
export interface SharedState {
  readonly pacer: Pacer.Pacer["Service"]
  readonly breaker: CircuitBreaker
  readonly budget: RetryBudget
  readonly locks: KeyLock
}

/**
 * Creates the state of one token and origin, with a pacer whose state is in memory.
 *
 * **Example** (Two clients that share one pace)
 *
 * ```ts
 * import { ClientOptions, SharedState, makeWith } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const config = yield* Effect.fromResult(ClientOptions.parse({ rateLimit: { perSecond: 5 } }))
 *   const shared = yield* SharedState.make(config)
 *   const token = Redacted.make("sandbox_ok")
 *   const first = yield* makeWith(config, token, shared)
 *   const second = yield* makeWith({ ...config, retries: 0 }, token, shared)
 *   return [yield* first.rateLimit, yield* second.rateLimit]
 * }).pipe(Effect.provide(FetchHttpClient.layer))
 *
 * const [one, other] = await Effect.runPromise(program)
 * console.log(one?.limit === other?.limit) // => true
 * ```
 */
export const make = (
  config: Pick<ClientConfig, "origin" | "maxQueue" | "perSecond" | "scheduled">,
): Effect.Effect<SharedState> =>
  Effect.map(
    Pacer.make({
      key: config.origin,
      store: Pacer.memoryStore(),
      maxQueue: config.maxQueue,
      schedule: config.scheduled,
      ...(config.perSecond !== undefined && { ceiling: { perSecond: config.perSecond } }),
    }),
    (pacer) => ({
      pacer,
      breaker: new CircuitBreaker(),
      budget: new RetryBudget(),
      locks: new KeyLock(),
    }),
  )
