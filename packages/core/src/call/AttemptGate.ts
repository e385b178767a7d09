/**
 * Public seam: a gate that is asked before every attempt, for packages that must note an attempt before it leaves or stop
 * it, such as a journal. Programs do not need it.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

import * as MonotonicClock from "../pacing/MonotonicClock.ts"
import type { Allowance, GatedAttempt } from "../types.ts"

export type { Allowance, GatedAttempt } from "../types.ts"

/**
 * Does not allow an attempt. `cause` is kept on the error of the call, out of inspection and JSON.
 *
 * **Example** (A cause for the error of the call)
 *
 * ```ts
 * import { AttemptGate } from "@aelyst/core"
 *
 * const refused = new AttemptGate.NotAllowed({ cause: new Error("the journal is full") })
 * console.log(refused._tag, String(refused.cause)) // => NotAllowed Error: the journal is full
 * ```
 */
export class NotAllowed extends Data.TaggedError("NotAllowed")<{ readonly cause?: unknown }> {}

/** Allows each attempt, or refuses it. */
export interface Gate {
  /**
   * Runs when pacer and breaker permit an attempt, right before it is sent; the attempt waits for it until the deadline of
   * its call, or until its run stops. Fails with `NotAllowed` to prevent it: the permit is given back, a single call ends with
   * `UnavailableError` (`gate`), a row is `not_sent` and its run stops. After doubt either ends in doubt. A defect stays one.
   * An attempt that is not dispatched by the `notAfter` that it returns ends as `not_sent`; a resend asks the gate again.
   */
  readonly before: (attempt: GatedAttempt) => Effect.Effect<void | Allowance, NotAllowed>
}

/**
 * Reads the clock of `notAfter`: milliseconds that only move forward. A pause of the process counts, sleep of the machine may
 * not.
 *
 * **Example** (An attempt within the next second)
 *
 * ```ts
 * import { AttemptGate } from "@aelyst/core"
 * import { Effect } from "effect"
 *
 * const gate: AttemptGate.Gate = {
 *   before: () => Effect.map(AttemptGate.monotonicMillis, (now) => ({ notAfter: now + 1_000 })),
 * }
 *
 * const allowance = await Effect.runPromise(gate.before({ number: 1, key: "id:5" }))
 * console.log(typeof allowance?.notAfter) // => number
 * ```
 */
export const monotonicMillis: Effect.Effect<number> = MonotonicClock.nowMillis

/**
 * The gate of the calls made under it; none by default.
 *
 * **Example** (At most two attempts)
 *
 * ```ts
 * import { AelystClient, AttemptGate, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   return yield* client.create("id:gate-example", { firstName: "Ana" })
 * }).pipe(
 *   Effect.provideService(AttemptGate.AttemptGate, {
 *     before: ({ number }) => (number > 2 ? new AttemptGate.NotAllowed({}) : Effect.void),
 *   }),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log((await Effect.runPromise(program)).result) // => created
 * ```
 */
export const AttemptGate = Context.Reference<Gate | undefined>("@aelyst/core/AttemptGate", {
  defaultValue: () => undefined,
})
