/** The run that a call is a row of: `createMany` provides it, so that its rows pause together and end together. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

import type { Lifetime } from "./Lifetime.ts"

/** Lets the rows of a run pause instead of failing, and end together. Times are monotonic milliseconds. */
export interface RunScope {
  readonly deadlineAt: number
  /** Ends with the run's abort, which ends each row in progress. */
  readonly lifetime: Lifetime
  /** The reason of the errors of unsent rows, once the run has stopped. */
  readonly stopped: () => "closed" | "deadline" | undefined
  /** Ends with that reason once there is one. */
  readonly stopping: Effect.Effect<"closed" | "deadline">
  /** Waits while the circuit is open, and ends the run if it gives up. */
  readonly pause: (ms: number, lastResponseAt: () => number) => Effect.Effect<void>
  /** Runs a row's wait for the retry budget, which the run's progress then shows. */
  readonly holdResend: <A, E>(wait: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/**
 * How many creates are still to come, the next one included, if the caller knows: those of a whole run, for `createMany`. The
 * pacer does not hold a request back if that can make the run longer.
 *
 * **Example** (A loop that knows its length)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { CreatesLeft } from "@aelyst/core/adapter"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const identifiers = ["id:left-1", "id:left-2", "id:left-3"]
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   return yield* Effect.forEach(identifiers, (identifier, index) =>
 *     client
 *       .create(identifier, { firstName: "Ana" })
 *       .pipe(Effect.provideService(CreatesLeft, identifiers.length - index)),
 *   )
 * }).pipe(Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)))
 *
 * console.log((await Effect.runPromise(program)).length) // => 3
 * ```
 */
export const CreatesLeft = Context.Reference<number | undefined>("@aelyst/core/CreatesLeft", {
  defaultValue: () => undefined,
})

/** The run of the calls made under it; none for single calls. */
export const CurrentRun = Context.Reference<RunScope | undefined>("@aelyst/core/CurrentRun", {
  defaultValue: () => undefined,
})
