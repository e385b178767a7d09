/**
 * What all calls with one token to one origin share: the pacer, the circuit breaker, the retry budget and the key
 * locks. One lane per token and origin in a process, however many clients are made.
 */
import * as Effect from "effect/Effect"

import { CircuitBreaker } from "./CircuitBreaker.ts"
import { KeyLock } from "./KeyLock.ts"
import type { ClientConfig } from "./ClientOptions.ts"
import * as Pacer from "../pacing/Pacer.ts"
import { RetryBudget } from "./RetryPolicy.ts"

/** Holds what the calls of one token and origin share. */
export interface SharedState {
  readonly pacer: Pacer.Pacer["Service"]
  readonly breaker: CircuitBreaker
  readonly budget: RetryBudget
  readonly locks: KeyLock
}

/** Makes a lane with a pacer of its own; its state is in memory. */
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
