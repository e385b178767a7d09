/**
 * One call, from the key lock to its end: key, breaker, queue, breaker again at the head of the queue, attempt, verdict,
 * next step. It carries out what `RetryPolicy.next` decides.
 *
 * Interruption is safe because whatever the call takes is noted in `Call` before the next `yield*`, and `release` gives
 * back what is noted there.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Fiber } from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Span } from "effect/Tracer"

import type { Validated } from "../contact/Contact.ts"
import type * as Identifier from "../contact/Identifier.ts"
import type { AttemptRecord } from "../errors/AelystError.ts"
import { UnavailableError, withResponse } from "../errors/AelystError.ts"
import type { RateLimitInfo } from "../errors/RateLimitHeaders.ts"
import { fromHeaders } from "../errors/RateLimitHeaders.ts"
import * as MonotonicClock from "../pacing/MonotonicClock.ts"
import type { OpenTicket, PacerUnavailable, Permit } from "../pacing/Pacer.ts"
import * as Attempt from "./Attempt.ts"
import type { CallEnd, CallRecord } from "./CallRecord.ts"
import type { BreakerPermit } from "./CircuitBreaker.ts"
import type { ClientConfig } from "./ClientOptions.ts"
import type { DeadlineTimer } from "./DeadlineTimer.ts"
import type { Callbacks } from "./Hooks.ts"
import { Hooks, notify } from "./Hooks.ts"
import type { KeyLease } from "./KeyLock.ts"
import type { Counters } from "./Metrics.ts"
import { Counting, noCounters } from "./Metrics.ts"
import * as Request from "./Request.ts"
import type { ResponseVerdict } from "./ResponseVerdict.ts"
import { interpret, isRateLimited, isRejection } from "./ResponseVerdict.ts"
import type { CallError, RetryState, Step } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import type { RunScope } from "./RunScope.ts"
import type { SharedState } from "./SharedState.ts"
import * as Tracing from "./Tracing.ts"
import { makeTransportProbe } from "./TransportProbe.ts"

/** The bearer token (W1): fixed, or an effect that is asked before each attempt. */
export type TokenSource = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/** What all calls of a client share. */
export interface ClientState {
  readonly http: HttpClient.HttpClient
  readonly config: ClientConfig
  readonly token: TokenSource
  readonly sharedState: SharedState
  readonly timer: DeadlineTimer
}

/** The bounds of one call; times are in milliseconds. */
export interface CallLimits {
  readonly policy: RetryPolicy.RetryPolicy
  readonly timeoutMs: number
  /** Further headers of the request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly run: RunScope | undefined
}

/** A call that ended with the contact in place. */
export interface CreateResult extends CallEnd {
  readonly identifier: Identifier.Identifier
  /** `exists_after_doubt`: it exists, and was probably created by an attempt whose response was lost. */
  readonly result: "created" | "exists_after_doubt"
  readonly outcome: "created" | "exists_after_doubt"
  /** The status of the success; absent for `exists_after_doubt`. */
  readonly status?: number
  /** The API's message; empty for `exists_after_doubt`. */
  readonly message: string
  /** What the newest response said about the rate limit. */
  readonly rateLimit: RateLimitInfo
}

interface Attempted {
  readonly verdict: ResponseVerdict
  readonly info: RateLimitInfo
  /** When the head of the response arrived, in monotonic milliseconds; absent if none came. */
  readonly respondedAt: number | undefined
}

const connectMs = 5_000
const bodyMs = 10_000

/** What the steps of one call share, and what the call holds. */
class Call {
  readonly client: ClientState
  readonly valid: Validated
  readonly limits: CallLimits
  readonly record: CallRecord
  readonly hooks: Callbacks
  readonly counters: Counters
  readonly clock: Clock.Clock
  readonly isTraced: boolean
  state: RetryState = RetryPolicy.initial
  /** The error of the newest attempt that is sent again. */
  newest: CallError | undefined
  // what is given back at the end
  keyLease: KeyLease | undefined
  ticket: OpenTicket | undefined
  breakerPermit: BreakerPermit | undefined

  constructor(
    client: ClientState,
    valid: Validated,
    limits: CallLimits,
    record: CallRecord,
    fiber: Pick<Fiber<unknown, unknown>, "getRef">,
  ) {
    this.client = client
    this.valid = valid
    this.limits = limits
    this.record = record
    this.hooks = fiber.getRef(Hooks)
    this.counters = fiber.getRef(Counting)
    this.clock = fiber.getRef(Clock.Clock)
    this.isTraced = Tracing.isInstalled(fiber)
  }

  /** The time on the call's clock, in monotonic milliseconds. */
  get now(): number {
    return MonotonicClock.millisOf(this.clock)
  }

  /** The time left until the deadline, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.limits.policy.deadlineAt - this.now)
  }

  get attempts(): ReadonlyArray<AttemptRecord> {
    return [...this.record.attempts]
  }

  unavailable(reason: UnavailableError["reason"], retryAfterMs?: number): UnavailableError {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }
    return new UnavailableError({ attempts: this.attempts, reason, ...wait })
  }

  fail(reason: UnavailableError["reason"]): Effect.Effect<never, UnavailableError> {
    return Effect.suspend(() => Effect.fail(this.unavailable(reason)))
  }
}

/** Waits; the end of the run ends every wait of its rows. */
const orStopped = <A, E>(
  call: Call,
  wait: Effect.Effect<A, E>,
): Effect.Effect<A, E | UnavailableError> => {
  const { run } = call.limits
  return run === undefined
    ? wait
    : Effect.raceFirst(
        wait,
        Effect.flatMap(run.stopping, (reason) => call.fail(reason)),
      )
}

/** Waits at most until the deadline of the call. */
const beforeDeadline = <A, E>(call: Call, wait: Effect.Effect<A, E>) =>
  Effect.timeoutOrElse(orStopped(call, wait), {
    duration: call.leftMs,
    orElse: () => call.fail("deadline"),
  })

/** Waits for the key: never two requests in flight for one. */
function* acquireKey(call: Call): Effect.fn.Return<void, UnavailableError> {
  call.keyLease = call.client.sharedState.locks.enter(call.valid.key)
  if (!call.keyLease.isGranted) yield* beforeDeadline(call, call.keyLease.ready)
}

/** Waits while the circuit is open: a run pauses, a single call fails. */
const whileOpen = (call: Call, retryAfterMs: number): Effect.Effect<void, UnavailableError> => {
  const { run } = call.limits
  const { breaker } = call.client.sharedState
  return run === undefined
    ? Effect.fail(call.unavailable("circuit", retryAfterMs))
    : orStopped(
        call,
        run.pause(retryAfterMs, () => breaker.lastResponseAt),
      )
}

/** Joins the queue of the pacer, once the circuit is closed. */
function* joinQueue(call: Call): Effect.fn.Return<OpenTicket, UnavailableError | PacerUnavailable> {
  const { breaker, pacer } = call.client.sharedState
  for (let state = breaker.peek(call.now); state._tag === "Open"; state = breaker.peek(call.now)) {
    yield* whileOpen(call, state.retryAfterMs)
  }
  const opened = pacer.openUnsafe()
  if (Result.isFailure(opened)) return yield* Effect.fail(opened.failure)
  call.ticket = opened.success
  return opened.success
}

/** Waits in the queue for a permit of the pacer and of the breaker. */
function* acquirePermit(
  call: Call,
  ticket: OpenTicket,
): Effect.fn.Return<Permit, UnavailableError | PacerUnavailable> {
  const { run, policy } = call.limits
  const { breaker } = call.client.sharedState
  for (;;) {
    if (call.hooks.onWait !== undefined) {
      const effect = notify(call.hooks.onWait, {
        reason: "queue",
        resend: call.record.attempts.length,
      })
      if (effect !== undefined) yield* effect
    }
    const stopped = run?.stopped()
    if (stopped !== undefined) return yield* call.fail(stopped)
    // many rows can go at once, and then need not watch the end of the run while they wait
    const permit =
      (run && (yield* ticket.tryAcquire)) ??
      (yield* orStopped(call, ticket.acquire({ deadline: policy.deadlineAt })))
    const state = breaker.enter(call.now)
    if (state._tag !== "Open") {
      call.breakerPermit = state
      return permit
    }
    // a permit that is kept over a pause would be used in a window that is not its own
    yield* permit.giveBack
    yield* whileOpen(call, state.retryAfterMs)
  }
}

/** Returns the token, asked for within the deadline. */
const tokenOf = (call: Call): Effect.Effect<Redacted.Redacted, UnavailableError> => {
  const { token } = call.client
  if (Redacted.isRedacted(token)) return Effect.succeed(token)
  // the failure is the caller's own and may hold anything
  const failed = call.fail("token")
  return beforeDeadline(
    call,
    token.pipe(
      Effect.catch(() => failed),
      Effect.catchDefect(() => failed),
    ),
  )
}

/** Sends once with the permit, and tells the pacer and the breaker what came of it. */
function* attempt(
  call: Call,
  permit: Permit,
  span: Span | undefined,
): Effect.fn.Return<Attempted, CallError> {
  const { client, limits, record } = call
  const { config, sharedState } = client
  const token = Redacted.isRedacted(client.token) ? client.token : yield* tokenOf(call)
  const traceparent = config.propagateTrace ? yield* Tracing.traceparent : undefined
  const headers = traceparent === undefined ? limits.headers : { ...limits.headers, traceparent }
  const startedAt = call.clock.currentTimeMillisUnsafe()
  const began = call.now
  const { attempts } = record
  const step = RetryPolicy.next(limits.policy, call.state, { _tag: "Permitted", attempts }, began)
  if (step._tag === "Fail") return yield* Effect.fail(step.error)
  const left = limits.policy.deadlineAt - began
  const waitedMs = Math.round(began - record.idleSince)
  const started = { number: attempts.length + 1, startedAt, waitedMs }

  if (call.counters !== noCounters) yield* call.counters.wait("queue", permit.waitedMs)
  const probe = makeTransportProbe()
  record.probe = probe
  const arrived = yield* Attempt.send(
    client.http,
    Request.make(config.baseUrl, call.valid, token, headers),
    probe,
    { connectMs: Math.min(connectMs, left), firstByteMs: Math.min(limits.timeoutMs, left) },
    client.timer,
  )
  if (arrived._tag === "Failure") {
    const { unsent } = probe
    yield* unsent ? permit.giveBack : permit.abandon
    const ended = {
      ...started,
      phase: unsent ? "connect" : "headers",
      cause: arrived.code,
    } as const
    const effect = recordAttempt(call, ended, began, arrived, span)
    if (effect !== undefined) yield* effect
    return { verdict: arrived, info: {}, respondedAt: undefined }
  }
  const { status } = arrived
  if (isRejection(status)) record.probe = undefined
  record.response = { status, headers: arrived.headers }
  const respondedAt = call.now
  sharedState.breaker.recordResponse(respondedAt)
  const info = fromHeaders(arrived.headers, startedAt + (respondedAt - began))
  const rateLimited = isRateLimited(status)
  const tooLong =
    rateLimited && RetryPolicy.isTooLong(limits.policy, call.state, info.retryAfterMs, respondedAt)
  // at the headers, not at the end of the body: until then every other caller would meet the same 429
  yield* permit.observe({ rateLimited, ...info, tooLong })
  const body = yield* arrived.body(Math.min(bodyMs, call.leftMs))
  const verdict = interpret(
    { status, headers: arrived.headers, body },
    { info, exists: config.exists, secrets: () => Request.secretsOf(call.valid, token) },
  )
  const ended = { ...started, phase: body === undefined ? "body" : "answered", status } as const
  const effect = recordAttempt(call, ended, began, verdict, span)
  if (effect !== undefined) yield* effect
  return { verdict, info, respondedAt }
}

/** Records how an attempt ended; returns the effect of counters and hooks, if there are any. */
const recordAttempt = (
  call: Call,
  made: Omit<AttemptRecord, "durationMs" | "rateLimited">,
  began: number,
  verdict: ResponseVerdict,
  span: Span | undefined,
): Effect.Effect<void> | undefined => {
  const { breakerPermit, client, counters, hooks, record } = call
  const { breaker } = client.sharedState
  const endedAt = call.now
  const rateLimited = made.status !== undefined && isRateLimited(made.status)
  const outcome = verdict._tag === "Success" ? "created" : verdict.outcome
  const durationMs = Math.round(endedAt - began)
  const recorded: AttemptRecord = { ...made, durationMs, ...(rateLimited && { rateLimited }) }
  // record and breaker change together: an interruption never finds one without the other
  record.add(recorded, outcome, endedAt)
  call.breakerPermit = undefined
  if (outcome === "created" || outcome === "rejected") breaker.recordSuccess()
  else if (breakerPermit !== undefined) breaker.recordFailure(endedAt, breakerPermit)
  if (span !== undefined) {
    span.attribute("aelyst.outcome", outcome)
    if (made.status !== undefined) span.attribute("http.response.status_code", made.status)
    if (verdict._tag === "Failure") span.attribute("error.type", verdict.code)
  }
  const effect = notify(hooks.onAttempt, recorded)
  if (counters === noCounters) return effect
  const counted = counters.attempt(outcome, rateLimited)
  return effect === undefined ? counted : Effect.andThen(counted, effect)
}

const spanOptions = (number: number) => () => ({
  kind: "client" as const,
  attributes: {
    "http.request.method": "POST",
    "url.template": "/contact/{identifier}",
    "aelyst.attempt": number,
  },
})

/** Sends once, in a span of its own. */
const tracedAttempt = (call: Call, permit: Permit): Effect.Effect<Attempted, CallError> =>
  Tracing.spanned("AelystClient.attempt", spanOptions(call.record.attempts.length + 1), (span) =>
    Effect.gen(() => attempt(call, permit, span)),
  )

/** Returns what follows an attempt. */
function* nextStep(call: Call, { verdict, respondedAt }: Attempted): Effect.fn.Return<Step> {
  const { limits, client, record } = call
  if (verdict._tag === "Success") {
    return RetryPolicy.next(limits.policy, call.state, { _tag: "Created" }, call.now)
  }
  const error = withResponse(verdict.toError(call.attempts), record.response)
  call.newest = error
  const event = {
    _tag: "Failed",
    error,
    random: yield* Random.next,
    hasBudget: client.sharedState.budget.left > 0,
    ...(respondedAt !== undefined && { respondedAt }),
  } as const
  return RetryPolicy.next(limits.policy, call.state, event, call.now)
}

/** Waits before a resend, and pays for it. */
function* beforeResend(
  call: Call,
  { isPaid, ms, reason }: Step & { readonly _tag: "Wait" },
): Effect.fn.Return<void, UnavailableError> {
  if (isPaid) call.client.sharedState.budget.take()
  yield* call.counters.wait(reason, ms)
  const effect = notify(call.hooks.onWait, { reason, ms, resend: call.record.attempts.length })
  if (effect !== undefined) yield* effect
  yield* orStopped(call, Effect.sleep(ms))
}

/** Takes the key and a place in the queue, sends, and does what follows, until the call ends. */
const loop = Effect.fnUntraced(function* (
  call: Call,
): Effect.fn.Return<CreateResult, CallError | PacerUnavailable> {
  yield* acquireKey(call)
  const ticket = yield* joinQueue(call)
  for (;;) {
    const permit = yield* acquirePermit(call, ticket)
    const attempted: Attempted = call.isTraced
      ? yield* tracedAttempt(call, permit)
      : yield* attempt(call, permit, undefined)
    const step: Step = yield* nextStep(call, attempted)
    switch (step._tag) {
      case "Done":
        return resultOf(call, step.result, attempted)
      case "Fail":
        return yield* Effect.fail(step.error)
      case "Wait":
        call.state = step.state
        yield* beforeResend(call, step)
        break
      case "Queue":
        call.state = step.state
        break
    }
  }
})

const resultOf = (
  { client, record, valid }: Call,
  result: CreateResult["result"],
  { info, verdict }: Attempted,
): CreateResult => {
  const { attempts, response } = record
  if (attempts.length === 1) client.sharedState.budget.earn()
  const { identifier } = valid
  const end = { identifier, outcome: result, result, attempts, response, rateLimit: info }
  return verdict._tag === "Success"
    ? { ...end, status: verdict.status, message: verdict.message }
    : { ...end, message: "" }
}

/** Gives back what a call holds at its end, however it ended. */
const release = (call: Call): Effect.Effect<void> | undefined => {
  const { breakerPermit, keyLease, ticket } = call
  if (breakerPermit !== undefined) call.client.sharedState.breaker.release(breakerPermit)
  keyLease?.release()
  return ticket?.close(call.record.isSent)
}

/** Runs one call for a valid contact, once; `record` follows it. */
export const run = (
  client: ClientState,
  valid: Validated,
  limits: CallLimits,
  record: CallRecord,
  fiber: Pick<Fiber<unknown, unknown>, "getRef">,
): Effect.Effect<CreateResult, CallError> => {
  const call = new Call(client, valid, limits, record, fiber)
  return Effect.onExitPrimitive(
    Effect.mapError(loop(call), (error) =>
      error._tag === "PacerUnavailable"
        ? RetryPolicy.endingError(
            call.state,
            call.newest ?? call.unavailable(error.reason, error.retryAfterMs),
          )
        : RetryPolicy.endingError(call.state, error),
    ),
    () => release(call),
  )
}
