/** A caller of the pacer holds a ticket for its place in the queue, and a permit for each request. A public seam. */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

import type { PacerObservation } from "./PacerState.ts"

/** The right to send one request. Exactly one of the three ends counts, the first one. */
export interface Permit {
  /** How long the caller waited in the queue for it. */
  readonly waitedMs: number
  /** The shortest round trip seen, in milliseconds; 50 before the first. A request with less time left gets no answer. */
  readonly minRoundTripMs: number
  /** Reports the response, when its headers arrive. */
  readonly observe: (observation: PacerObservation) => Effect.Effect<void>
  /** Reports that the request went out and will have no response: it counts as spent. */
  readonly abandon: Effect.Effect<void>
  /** Returns the permit: the request never went out. */
  readonly giveBack: Effect.Effect<void>
}

/**
 * A place in the queue, kept for a whole call: `acquire` after a 429 waits at the place where the call stood before.
 *
 * `deadline` is on the monotonic clock, in milliseconds. A wait that provably cannot fit fails at once: the gate is
 * closed for longer, or the window is trusted and too many callers are ahead. Else it fails at the deadline.
 */
export interface Ticket {
  /** Takes a permit if no caller waits and one can go at once, else returns undefined. */
  readonly tryAcquire: Effect.Effect<Permit | undefined>
  /** Waits for a permit. */
  readonly acquire: (options?: {
    readonly deadline?: number
  }) => Effect.Effect<Permit, PacerUnavailable>
}

/** A ticket that its owner closes. */
export interface OpenTicket extends Ticket {
  /**
   * Leaves the queue. A permit that was not ended is given back, or spent if its request may have gone out (`sent`).
   * Returns the effect that is left to run, if there is one.
   */
  readonly close: (sent: boolean) => Effect.Effect<void> | undefined
}

/**
 * Fails a call that was not let into the queue (`queue`) or cannot be sent before its deadline (`deadline`).
 *
 * `retryAfterMs` is the wait that would have been needed, if it is known.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * const program = Effect.gen(function* () {
 *   const pacer = yield* Pacer.make({ key: "api", store: Pacer.memoryStore() })
 *   const ticket = yield* pacer.enter
 *   const permit = yield* ticket.acquire()
 *   yield* permit.observe({ rateLimited: true, retryAfterMs: 60_000 })
 *   const { reason, retryAfterMs } = yield* Effect.flip(ticket.acquire({ deadline: 0 }))
 *   console.assert(reason === "deadline" && (retryAfterMs ?? 0) > 59_000)
 * })
 *
 * await Effect.runPromise(Effect.scoped(program))
 * ```
 */
export class PacerUnavailable extends Data.TaggedError("PacerUnavailable")<{
  readonly reason: "queue" | "deadline"
  readonly retryAfterMs?: number
}> {}
