/**
 * The rate-limit pacer: one queue before one API, for one token. It learns limit and window from the responses and
 * lets a request go when the server will take it. A public seam: the service, its layers and what its callers hold.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { SharedConnection } from "../types.ts"
import * as Admission from "./Admission.ts"
import { PacerQueue } from "./PacerQueue.ts"
import type { PacerState } from "./PacerState.ts"
import { countInFlight } from "./PacerState.ts"
import { PacerStore } from "./PacerStore.ts"
import * as Tuning from "./PacerTuning.ts"
import type { OpenTicket, PacerUnavailable, Ticket } from "./Ticket.ts"

export type { PacerObservation } from "./PacerState.ts"
export { PacerStore, layerMemoryStore, memoryStore } from "./PacerStore.ts"
export type { OpenTicket, Permit, Ticket } from "./Ticket.ts"
export { PacerUnavailable } from "./Ticket.ts"

/** The state of a pacer, for a countdown or a gauge. */
export interface PacerSnapshot {
  /** Requests per window: from the server once it has said so, else a guess. */
  readonly limit: number
  /** The server has said so; a guess is not to be shown as its limit. */
  readonly reported: boolean
  /** How many could go now, as far as known. */
  readonly remaining: number
  /** The learned window; absent until it is trusted. */
  readonly window?: Duration.Duration
  /** The window has proved itself: it turned as predicted. */
  readonly trusted: boolean
  /** Callers in the queue. */
  readonly waiting: number
  /** Requests without a response yet. */
  readonly inFlight: number
  /** How long the gate stays closed after a 429; absent while it is open. */
  readonly opensIn?: Duration.Duration
  /** How long ago the last response came; absent before the first. */
  readonly observedAgo?: Duration.Duration
  /** Whether the store that processes share could be reached; absent if the limit is not shared. */
  readonly shared?: SharedConnection
}

/** How a pacer starts and what it always keeps to. */
export interface PacerOptions {
  /** Names the limit that is shared: a hash of token and origin, never the token. */
  readonly key: string
  /**
   * Believed until there is evidence; 10 per second by default (W8's examples). A window above one second is looked
   * for from one second up: too short a guess costs one 429, too long a one would never be found out.
   */
  readonly prior?: { readonly limit: number; readonly window: Duration.Input }
  /** Never exceeded, whatever the server allows: in no second more than this many requests are sent. */
  readonly ceiling?: { readonly perSecond: number }
  /** False: keep no schedule, so that only a 429 and the ceiling hold callers up. Default true. */
  readonly schedule?: boolean
  /** How many callers may wait in the queue, 10,000 by default; one more fails with `queue`. */
  readonly maxQueue?: number
}

/**
 * Queues callers in order and lets each through when the API will take its request.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * const paced = Pacer.layer({ key: "api" }).pipe(Layer.provide(Pacer.layerMemoryStore))
 *
 * // one request: a 429 keeps its place in the queue
 * const create = Effect.gen(function* () {
 *   const pacer = yield* Pacer.Pacer
 *   const ticket = yield* pacer.enter
 *   for (const rateLimited of [true, false]) {
 *     const permit = yield* ticket.acquire()
 *     yield* permit.observe(rateLimited ? { rateLimited, retryAfterMs: 100 } : { rateLimited })
 *   }
 *   return (yield* pacer.snapshot).inFlight
 * })
 *
 * console.log(await Effect.runPromise(Effect.scoped(Effect.provide(create, paced)))) // => 0
 * ```
 */
export class Pacer extends Context.Service<
  Pacer,
  {
    /** Takes a ticket for one call; fails with `queue` if the queue is full. */
    readonly enter: Effect.Effect<Ticket, PacerUnavailable, Scope.Scope>
    /** Takes a ticket at once, as `enter` does; `close` is then owed. `left` counts the calls to come, this one included. */
    readonly openUnsafe: (left?: number) => Result.Result<OpenTicket, PacerUnavailable>
    /** Reads the state. */
    readonly snapshot: Effect.Effect<PacerSnapshot>
    /** Emits the state, now and after every change; a slow reader misses some, never the last. */
    readonly changes: Stream.Stream<PacerSnapshot>
  }
>()("@aelyst/core/Pacer") {}

/**
 * Creates a pacer on a store.
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
 *   // send the request here, then report what its response says
 *   yield* permit.observe({ rateLimited: false, limit: 20, remaining: 19 })
 *   const { limit, remaining } = yield* pacer.snapshot
 *   return `${remaining} of ${limit}`
 * })
 *
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => 19 of 20
 * ```
 */
export const make = (
  options: PacerOptions & { readonly store: PacerStore["Service"] },
): Effect.Effect<Pacer["Service"]> =>
  Effect.sync(() => {
    const { ceiling, key, maxQueue = Tuning.defaultMaxQueue, prior, schedule, store } = options
    const window = Duration.fromInputUnsafe(prior?.window ?? Tuning.defaultWindowMs)
    const limit = prior?.limit ?? Tuning.defaultLimit
    const config = { prior: { limit, windowMs: Duration.toMillis(window) }, ceiling, schedule }
    const queue = new PacerQueue({ config, key, store, maxQueue })
    const { connection } = store
    const snapshot = queue.peek((state, now) => ({
      ...snapshotOf(state, now, queue.waiting),
      ...(connection !== undefined && { shared: connection() }),
    }))
    return {
      enter: Effect.acquireRelease(
        Effect.suspend(() => Effect.fromResult(queue.open())),
        (ticket) => ticket.close(true) ?? Effect.void,
      ),
      openUnsafe: (left) => queue.open(left),
      snapshot,
      // not `mapEffect`, which brings 1 kB of concurrency into every bundle
      changes: Stream.transformPull(queue.changes, (pull) =>
        Effect.succeed(
          Effect.andThen(
            pull,
            Effect.map(snapshot, (state) => [state] as const),
          ),
        ),
      ),
    }
  })

/**
 * Provides a pacer on the store in the context.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Pacer } from "@aelyst/core"
 *
 * const paced = Pacer.layer({ key: "api", maxQueue: 1 }).pipe(Layer.provide(Pacer.layerMemoryStore))
 *
 * const program = Effect.gen(function* () {
 *   const pacer = yield* Pacer.Pacer
 *   yield* pacer.enter
 *   return (yield* Effect.flip(pacer.enter)).reason
 * })
 *
 * console.log(await Effect.runPromise(Effect.scoped(Effect.provide(program, paced)))) // => queue
 * ```
 */
export const layer = (options: PacerOptions): Layer.Layer<Pacer, never, PacerStore> =>
  Layer.effect(
    Pacer,
    Effect.flatMap(PacerStore, (store) => make({ ...options, store })),
  )

const snapshotOf = (state: PacerState, now: number, waiting: number): PacerSnapshot => {
  const { gate, limit, limitSource, observedAt, trusted } = state
  return {
    limit,
    reported: limitSource === "server",
    remaining: Admission.remaining(state, now),
    ...(trusted && { window: Duration.millis(state.windowMs) }),
    trusted,
    waiting,
    inFlight: countInFlight(state),
    ...(gate !== null && gate.untilMs > now && { opensIn: Duration.millis(gate.untilMs - now) }),
    ...(observedAt !== null && { observedAgo: Duration.millis(Math.max(0, now - observedAt)) }),
  }
}
