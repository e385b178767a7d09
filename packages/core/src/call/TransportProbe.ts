/**
 * Public seam: how a transport tells core how far a request got. Failures are classified by phase, never by error code,
 * so only a transport that reports its phase makes "provably not sent" possible.
 */
import * as Context from "effect/Context"
import type * as HttpClient from "effect/http/HttpClient"

/**
 * Carries the phase of one attempt from the transport to the client.
 *
 * **Details**
 *
 * A transport that knows when bytes may leave calls `watch` before it connects and `dispatch` at that moment. If it
 * calls neither, every transport failure counts as in doubt. An `abortable` transport gives `watch` a function that
 * fails the request, or sets it as `abort` if it cannot tell the phase. A transport that finds the request `overdue` at
 * the moment of dispatch fails it instead.
 */
export interface TransportProbe extends PhaseReport {}

/** Decides whether a request may still be dispatched: a clock in monotonic milliseconds, and whether its run has stopped. */
export interface DispatchGuard {
  readonly now: number
  readonly isStopped?: boolean
}

const noGuard: DispatchGuard = { now: Number.NEGATIVE_INFINITY }

class PhaseReport {
  readonly #guard: DispatchGuard
  /** Whether the transport reports its phase. */
  watched = false
  /** Whether bytes of the request may have left. */
  dispatched = false
  /** Whether a deadline ended the attempt; set by the client. */
  expired = false
  /** Fails the request, or the reading of its body, at once; set by a transport that is `abortable`. */
  abort: (() => void) | undefined

  /** The last moment to dispatch the request, in monotonic milliseconds; set by the client for an attempt gate. */
  notAfter = Number.POSITIVE_INFINITY

  constructor(guard: DispatchGuard) {
    this.#guard = guard
  }

  /** Whether it is too late to dispatch the request: `notAfter` has passed, or its run has stopped. */
  get overdue(): boolean {
    const { notAfter } = this
    if (this.#guard.isStopped === true) return true
    // not `>`: NaN allows nothing
    return notAfter !== Number.POSITIVE_INFINITY && !(this.#guard.now <= notAfter)
  }

  /** Announces that the transport reports its phase, and how to make it fail the request. */
  watch(abort: (() => void) | undefined = this.abort): void {
    this.watched = true
    this.abort = abort
  }

  /** Reports that bytes may leave from now on. */
  dispatch(): void {
    this.dispatched = true
  }

  /** Whether it is certain that no byte left. */
  get unsent(): boolean {
    return this.watched && !this.dispatched
  }
}

/**
 * Creates the probe of one attempt; without a guard it is never overdue.
 *
 * **Example** (A request that comes too late)
 *
 * ```ts
 * import { makeTransportProbe } from "@aelyst/core/transport"
 *
 * const probe = makeTransportProbe({ now: 1_000 })
 * probe.notAfter = 999
 * console.log(probe.overdue) // => true
 * ```
 */
export const makeTransportProbe = (guard: DispatchGuard = noGuard): TransportProbe =>
  new PhaseReport(guard)

/**
 * The probe of the attempt that a transport carries; the client provides a fresh one for every attempt.
 *
 * **Example** (A transport that says when bytes may leave)
 *
 * ```ts
 * import { TransportProbe, makeTransportProbe } from "@aelyst/core/transport"
 * import { Effect } from "effect"
 *
 * const connect = Effect.gen(function* () {
 *   const probe = yield* TransportProbe
 *   probe.watch()
 *   return probe
 * })
 *
 * const probe = makeTransportProbe()
 * await Effect.runPromise(Effect.provideService(connect, TransportProbe, probe))
 * console.log(probe.unsent) // => true
 * probe.dispatch()
 * console.log(probe.unsent) // => false
 * ```
 */
export const TransportProbe = Context.Reference<TransportProbe>("@aelyst/core/TransportProbe", {
  defaultValue: () => makeTransportProbe(),
})

const AbortableTypeId = Symbol.for("@aelyst/core/Abortable")

/**
 * Marks a client whose transport gives the probe, before it waits for anything, a function that fails the request at any
 * time, and then the reading of its body; its deadlines need no extra fibers. A client that a combinator makes from it is
 * not marked.
 *
 * **Example** (A transport over `fetch`)
 *
 * ```ts
 * import { TransportProbe, abortable } from "@aelyst/core/transport"
 * import { Effect } from "effect"
 * import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
 *
 * const client = abortable(
 *   HttpClient.make((request, url) =>
 *     Effect.gen(function* () {
 *       const probe = yield* TransportProbe
 *       const exchange = new AbortController()
 *       probe.watch(() => exchange.abort())
 *       probe.dispatch()
 *       const response = yield* Effect.tryPromise({
 *         try: () => fetch(url, { method: request.method, signal: exchange.signal }),
 *         catch: (cause) =>
 *           new HttpClientError.HttpClientError({
 *             reason: new HttpClientError.TransportError({ request, cause }),
 *           }),
 *       })
 *       return HttpClientResponse.fromWeb(request, response)
 *     }),
 *   ),
 * )
 *
 * const response = await Effect.runPromise(client.get(`${process.env["AELYST_BASE_URL"]}/health`))
 * console.log(response.status > 0) // => true
 * ```
 */
export const abortable = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  Object.assign(client, { [AbortableTypeId]: true })

/** Returns whether a client is marked by `abortable`. */
export const isAbortable = (client: HttpClient.HttpClient): boolean => AbortableTypeId in client
