/** Public seam: callbacks that watch calls as they run, for progress and logs. They decide nothing. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { isPromiseLike } from "effect/Predicate"
import * as Result from "effect/Result"

import { logged } from "./Log.ts"
import type { AttemptRecord, CallEnd, WaitEvent } from "../types.ts"

export type { WaitEvent } from "../types.ts"

/** The return type of a callback: an effect, which the client runs, a promise, or nothing. */
export type Returned = Effect.Effect<unknown, unknown> | PromiseLike<unknown> | void

/**
 * Callbacks. They run at once, and an effect is started at once; the call waits for neither effects nor promises, and its
 * end does not interrupt them. One that throws, fails or rejects is logged and does not affect the call.
 */
export interface Callbacks {
  /** Called when an attempt has ended. */
  readonly onAttempt?: (attempt: AttemptRecord) => Returned
  /** Called when a wait begins. */
  readonly onWait?: (wait: WaitEvent) => Returned
  /** Called once at the end of every call whose input was valid, an interrupted one included. */
  readonly onOutcome?: (end: CallEnd) => Returned
}

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
 *     onOutcome: ({ outcome }) => Effect.logDebug("a create ended", outcome),
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
const threw = logged(Effect.logWarning("a callback threw"))

// the call does not wait for a promise
const settled = (returned: PromiseLike<unknown>): Effect.Effect<void> => {
  // handled at once: a rejection that is unhandled at the end of this turn can end the process
  const ended = Promise.resolve(returned).then(
    () => Effect.void,
    () => threw,
  )
  return Effect.promise(() => ended).pipe(Effect.flatten, Effect.forkDetach, Effect.asVoid)
}

// nor for an effect: a slow one would delay the end of the call, or its interruption
const started = (returned: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
  returned.pipe(
    Effect.catchCause(() => threw),
    // a callback that creates a contact would otherwise call itself
    Effect.provideService(Hooks, {}),
    Effect.forkDetach({ startImmediately: true }),
    Effect.asVoid,
  )

/**
 * Runs a callback at once; returns the effect that starts what it returned, or that logs a warning if it threw, or
 * undefined if there is nothing left to do.
 *
 * **Example** (A callback that returns nothing)
 *
 * ```ts
 * import { Hooks } from "@aelyst/core"
 *
 * const seen: Array<number> = []
 * const rest = Hooks.notify((attempt: number) => {
 *   seen.push(attempt)
 * }, 1)
 * console.log(seen, rest) // => [ 1 ] undefined
 * ```
 */
export const notify = <A>(
  callback: ((value: A) => unknown) | undefined,
  value: A,
): Effect.Effect<void> | undefined => {
  if (callback === undefined) return undefined
  const returned = Result.try(() => callback(value))
  if (Result.isFailure(returned)) return threw
  const { success } = returned
  // safe: callbacks return effects without requirements
  if (Effect.isEffect(success)) return started(success as Effect.Effect<unknown, unknown>)
  return isPromiseLike(success) ? settled(success) : undefined
}
