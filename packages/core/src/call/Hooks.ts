/** Public seam: callbacks that watch calls as they run, for progress and logs. They decide nothing. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { isPromiseLike } from "effect/Predicate"
import * as Result from "effect/Result"

import type { Callbacks } from "../types.ts"

export type { Callbacks, WaitEvent } from "../types.ts"

/**
 * The callbacks that watch the calls made under it; none by default.
 *
 * **Example** (Counting attempts)
 *
 * ```ts
 * import { AelystClient, Hooks, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * let attempts = 0
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   yield* client.create("id:hooks-example", { firstName: "Ana" })
 * }).pipe(
 *   Effect.provideService(Hooks.Hooks, {
 *     onAttempt: () => {
 *       attempts += 1
 *     },
 *   }),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * await Effect.runPromise(program)
 * console.log(attempts) // => 1
 * ```
 */
export const Hooks = Context.Reference<Callbacks>("@aelyst/core/Hooks", {
  defaultValue: () => ({}),
})

// the error may hold anything, and is not shown
const threw = Effect.logWarning("a callback threw")

// the call does not wait for an asynchronous callback
const settled = (returned: PromiseLike<unknown>): Effect.Effect<void> => {
  // handled at once: a rejection that is unhandled at the end of this turn can end the process
  const ended = Promise.resolve(returned).then(
    () => Effect.void,
    () => threw,
  )
  return Effect.promise(() => ended).pipe(Effect.flatten, Effect.forkDetach, Effect.asVoid)
}

/**
 * Runs a callback at once; returns the effect that logs a warning if it threw or its promise was rejected, or undefined
 * if there is nothing left to do.
 */
export const notify = <A>(
  callback: ((value: A) => void) | undefined,
  value: A,
): Effect.Effect<void> | undefined => {
  if (callback === undefined) return undefined
  const returned = Result.try((): unknown => callback(value))
  if (Result.isFailure(returned)) return threw
  return isPromiseLike(returned.success) ? settled(returned.success) : undefined
}
