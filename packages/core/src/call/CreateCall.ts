/**
 * One call, from the key lock to its end: breaker, line, breaker again at the head, attempt, interpretation, decision.
 * It composes the modules that hold the rules and has none of its own.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Fiber } from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Span } from "effect/Tracer"

import type { AelystError, AttemptRecord, InvalidContactError } from "../errors/AelystError.ts"
import { OutcomeUnknownError, UnavailableError } from "../errors/AelystError.ts"
import type { Failure, Verdict } from "./ResponseVerdict.ts"
import { interpret, isRateLimited, isRejection } from "./ResponseVerdict.ts"
import * as Attempt from "./Attempt.ts"
import type { BreakerPermit } from "./CircuitBreaker.ts"
import type { ClientConfig } from "./ClientOptions.ts"
import type { DeadlineTimer } from "./DeadlineTimer.ts"
import type { Validated } from "../contact/Contact.ts"
import * as Identifier from "../contact/Identifier.ts"
import type { KeyLease } from "./KeyLock.ts"
import type { SharedState } from "./SharedState.ts"
import type { Counters } from "./Metrics.ts"
import { Counting, uncounted } from "./Metrics.ts"
import * as Monotonic from "../pacing/MonotonicClock.ts"
import type { Callbacks } from "./Hooks.ts"
import { Hooks, notify } from "./Hooks.ts"
import type { OpenTicket, PacerUnavailable, Permit } from "../pacing/Pacer.ts"
import type { RateLimitInfo } from "../errors/RateLimitHeaders.ts"
import { fromHeaders } from "../errors/RateLimitHeaders.ts"
import * as Request from "./Request.ts"
import type { CallState } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Tracing from "./Tracing.ts"
import { makeTransportProbe } from "./TransportProbe.ts"
import type { TransportProbe } from "./TransportProbe.ts"

/** Gives the token of a request: a fixed one, or an effect that is asked before each attempt. */
export type TokenSource = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/** Holds what all calls of a client share. */
export interface Sender {
  readonly http: HttpClient.HttpClient
  readonly config: ClientConfig
  readonly token: TokenSource
  readonly lane: SharedState
  readonly deadlines: DeadlineTimer
}

/** Tells what is known of the contact of a call that ended without a result or an error. */
export type Known = "created" | "exists_after_doubt" | "not_sent" | "unknown"

/** Lets the rows of a run pause where a single call would fail, and end together. */
export interface RunScope {
  /** The end of the run in monotonic milliseconds. */
  readonly deadlineAt: number
  /** The reason of the errors of unsent rows, once the run has stopped and they are to end. */
  readonly stopped: () => "closed" | "deadline" | undefined
  /** Ends with that reason once there is one; never before. */
  readonly stopping: Effect.Effect<"closed" | "deadline">
  /** Waits while the circuit is open, and ends the run where it gives up. Times are monotonic milliseconds. */
  readonly pause: (ms: number, lastAnswerAt: () => number) => Effect.Effect<void>
  /** Called with what became of a row that ended without a result or an error: interrupted, or by a defect. */
  readonly ended: (known: Known) => void
}

/** Holds the bounds of one call; times are in milliseconds, `deadlineAt` on the monotonic clock. */
export interface CallLimits {
  readonly policy: RetryPolicy.RetryPolicy
  readonly deadlineAt: number
  readonly timeoutMs: number
  readonly maxWaitMs: number
  /** Further headers of the request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly run: RunScope | undefined
}

/** Tells what a call that created its contact came to, and by which attempts. */
export interface CreateResult {
  readonly identifier: Identifier.Identifier
  /** Every attempt, oldest first. */
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly result: "created" | "exists_after_doubt"
  /** The status of the success; absent for `exists_after_doubt`. */
  readonly status?: number
  readonly message: string
  readonly rateLimit: RateLimitInfo
}

/** The errors of a call whose input was valid. */
export type CallError = Exclude<AelystError, InvalidContactError>

/** Follows one call from outside, so that an interrupted one can still tell what became of the contact. */
export class CallRecord {
  /** Every finished attempt, oldest first. */
  readonly attempts: Array<AttemptRecord> = []
  /** When the newest attempt ended, or the call began, in monotonic milliseconds. */
  idleSince: number
  /** Whether any attempt so far is in doubt. */
  doubtful = false
  /** Whether the newest attempt created the contact. */
  created = false
  /** The probe of the attempt under way; none once its status has told that nothing was created. */
  probe: TransportProbe | undefined
  constructor(now: number) {
    this.idleSince = now
  }
  /** Tells what is known of the contact if the call stopped now. */
  get known(): Exclude<Known, "exists_after_doubt"> {
    if (this.created) return "created"
    const left = this.probe !== undefined && !this.probe.unsent
    return left || this.doubtful ? "unknown" : "not_sent"
  }
}

interface Attempted {
  readonly verdict: Verdict
  readonly info: RateLimitInfo
  /** Whether it was refused for the rate, with a longer wait than the caller makes. */
  readonly tooLong: boolean
}

const connectMs = 5_000
const bodyMs = 10_000
/** What the API's wait is taken for where it names none, to tell whether a caller would wait at all (D8). */
const unnamedWaitMs = 1_000
/** The least wait after a refusal, where the API names none at all or one in the past (D8). */
const leastWaitMs = 100
/** How long a run pauses once its retry budget is spent. */
const budgetPauseMs = 20_000

/** Gives what a call finds in the context of its fiber. */
type Surroundings = Pick<Fiber<unknown, unknown>, "getRef">

/** What the steps of one call share, and what they hold. */
class Call {
  readonly sender: Sender
  readonly valid: Validated
  readonly limits: CallLimits
  readonly trace: CallRecord
  readonly observer: Callbacks
  readonly counters: Counters
  readonly clock: Clock.Clock
  readonly isTraced: boolean
  /** What is given back at the end of the call. */
  turn: KeyLease | undefined
  place: OpenTicket | undefined
  pass: BreakerPermit | undefined
  state: CallState = RetryPolicy.initial
  /** The error of the newest attempt that is sent again. */
  newest: CallError | undefined

  constructor(
    sender: Sender,
    valid: Validated,
    limits: CallLimits,
    trace: CallRecord,
    surroundings: Surroundings,
  ) {
    this.sender = sender
    this.valid = valid
    this.limits = limits
    this.trace = trace
    this.observer = surroundings.getRef(Hooks)
    this.counters = surroundings.getRef(Counting)
    this.clock = surroundings.getRef(Clock.Clock)
    this.isTraced = Tracing.isInstalled(surroundings)
  }
}

/** Reads the call's clock, in monotonic milliseconds. */
const nowOf = ({ clock }: Call): number => Monotonic.millisOf(clock)

const unavailable = (
  call: Call,
  reason: UnavailableError["reason"],
  retryAfterMs?: number,
): UnavailableError =>
  new UnavailableError({
    attempts: [...call.trace.attempts],
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }),
  })

/** Gives the error that ends a call: after an attempt in doubt only the doubt counts, with the newest error beside it. */
const ending = (call: Call, error: CallError): CallError => {
  const { doubt } = call.state
  return doubt === undefined || error._tag === "OutcomeUnknownError"
    ? error
    : new OutcomeUnknownError({ attempts: [...call.trace.attempts], code: doubt, last: error })
}

/** Tells whether the API asks for a longer wait than the caller would make. */
const isTooLong = ({ limits }: Call, info: RateLimitInfo, now: number): boolean => {
  const wait =
    info.retryAfterMs === undefined ? unnamedWaitMs : Math.max(leastWaitMs, info.retryAfterMs)
  return wait > limits.maxWaitMs || now + wait > limits.deadlineAt
}

/** Waits; the end of the run ends every wait of its rows. */
const waiting = <A, E>(
  call: Call,
  wait: Effect.Effect<A, E>,
): Effect.Effect<A, E | UnavailableError> => {
  const { run } = call.limits
  return run === undefined
    ? wait
    : Effect.raceFirst(
        wait,
        Effect.flatMap(run.stopping, (reason) => Effect.fail(unavailable(call, reason))),
      )
}

/** Meets an open circuit: a run pauses, a single call fails. */
const whileOpen = (call: Call, retryAfterMs: number): Effect.Effect<void, UnavailableError> => {
  const { run } = call.limits
  return run === undefined
    ? Effect.fail(unavailable(call, "circuit", retryAfterMs))
    : waiting(
        call,
        run.pause(retryAfterMs, () => call.sender.lane.breaker.lastAnswerAt),
      )
}

/** Asks for the token, within the deadline. */
const tokenOf = (call: Call): Effect.Effect<Redacted.Redacted, UnavailableError> => {
  const { token } = call.sender
  if (Redacted.isRedacted(token)) return Effect.succeed(token)
  const asked = token.pipe(
    // what it failed with is the caller's own and may hold anything
    Effect.mapError(() => unavailable(call, "token")),
    Effect.catchDefect(() => Effect.fail(unavailable(call, "token"))),
  )
  return Effect.timeoutOrElse(waiting(call, asked), {
    duration: Math.max(0, call.limits.deadlineAt - nowOf(call)),
    orElse: () => Effect.fail(unavailable(call, "deadline")),
  })
}

/** Notes what came of an attempt; gives what is left to do, if anybody counts or listens. */
const finish = (
  call: Call,
  made: Pick<AttemptRecord, "number" | "startedAt" | "waitedMs" | "phase" | "status" | "cause">,
  began: number,
  verdict: Verdict,
  span: Span | undefined,
): Effect.Effect<void> | undefined => {
  const { trace, counters, observer, pass } = call
  const { breaker } = call.sender.lane
  const ended = nowOf(call)
  const refused = verdict._tag === "Failure" && verdict.kind === "rate_limited"
  const outcome = verdict._tag === "Success" ? "created" : verdict.outcome
  const record: AttemptRecord = {
    ...made,
    durationMs: Math.round(ended - began),
    ...(refused && { rateLimited: refused }),
  }
  // the record, the trace and the breaker change together: an interruption never finds one without the others
  trace.attempts.push(record)
  trace.idleSince = ended
  trace.probe = undefined
  trace.created = outcome === "created"
  if (outcome === "unknown") trace.doubtful = true
  call.pass = undefined
  if (outcome === "created" || outcome === "rejected") breaker.recordSuccess()
  else if (pass !== undefined) breaker.recordFailure(ended, pass)
  if (span !== undefined) {
    span.attribute("aelyst.outcome", outcome)
    if (made.status !== undefined) span.attribute("http.response.status_code", made.status)
    if (verdict._tag === "Failure") span.attribute("error.type", verdict.code)
  }
  const told = notify(observer.onAttempt, record)
  // mostly nobody counts
  if (counters === uncounted) return told
  const counted = counters.attempt(outcome, refused)
  return told === undefined ? counted : Effect.andThen(counted, told)
}

/** Sends once with the permit, and tells the pacer and the breaker what came of it. */
function* attempt(
  call: Call,
  permit: Permit,
  span: Span | undefined,
): Effect.fn.Return<Attempted, UnavailableError> {
  const { sender, limits, trace, observer } = call
  const { config, lane } = sender
  const token = Redacted.isRedacted(sender.token) ? sender.token : yield* tokenOf(call)
  const traceparent = config.propagateTrace ? yield* Tracing.traceparent : undefined
  const headers = traceparent === undefined ? limits.headers : { ...limits.headers, traceparent }
  const startedAt = call.clock.currentTimeMillisUnsafe()
  const began = nowOf(call)
  const left = limits.deadlineAt - began
  if (left <= 0) return yield* Effect.fail(unavailable(call, "deadline"))
  const probe = makeTransportProbe()
  const number = trace.attempts.length + 1
  const waitedMs = Math.round(began - trace.idleSince)

  if (call.counters !== uncounted) {
    yield* call.counters.wait("queue", permit.waitedMs)
  }
  trace.probe = probe
  const head = yield* Attempt.send(
    sender.http,
    Request.make(config.baseUrl, call.valid, token, headers),
    probe,
    { connectMs: Math.min(connectMs, left), firstByteMs: Math.min(limits.timeoutMs, left) },
    sender.deadlines,
  )
  if (head._tag === "Failure") {
    const { unsent } = probe
    yield* unsent ? permit.giveBack : permit.abandon
    const phase = unsent ? "connect" : "headers"
    const record = { number, startedAt, waitedMs, phase, cause: head.code } as const
    const told = finish(call, record, began, head, span)
    if (told !== undefined) yield* told
    return { verdict: head, info: {}, tooLong: false }
  }
  const { status } = head
  if (isRejection(status)) trace.probe = undefined
  const now = nowOf(call)
  lane.breaker.recordResponse(now)
  const info = fromHeaders(head.headers, startedAt + (now - began))
  const refused = isRateLimited(status)
  const tooLong = refused && isTooLong(call, info, now)
  // at the headers, not at the end of the body: until then every other caller would run into the same refusal
  yield* permit.observe({ rateLimited: refused, ...info, tooLong })
  const heard = notify(observer.onHead, { status, headers: head.headers })
  if (heard !== undefined) yield* heard
  const body = yield* head.body(Math.max(0, Math.min(bodyMs, limits.deadlineAt - now)))
  const answer = { status, headers: head.headers, body }
  const verdict = interpret(answer, info, config.exists, () => Request.secretsOf(call.valid, token))
  const phase = body === undefined ? "body" : "answered"
  const told = finish(call, { number, startedAt, waitedMs, phase, status }, began, verdict, span)
  if (told !== undefined) yield* told
  return { verdict, info, tooLong }
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
const spanned = (call: Call, permit: Permit): Effect.Effect<Attempted, UnavailableError> =>
  Tracing.spanned("AelystClient.attempt", spanOptions(call.trace.attempts.length + 1), (span) =>
    Effect.gen(() => attempt(call, permit, span)),
  )

/**
 * Waits at the place in line of a row. Many rows can go at once, and then nobody has to watch the run's end meanwhile.
 */
function* permitted(
  call: Call,
  run: RunScope,
  place: OpenTicket,
): Effect.fn.Return<Permit, UnavailableError | PacerUnavailable> {
  const stopped = run.stopped()
  if (stopped !== undefined) return yield* Effect.fail(unavailable(call, stopped))
  const permit = yield* place.tryAcquire
  return permit ?? (yield* waiting(call, place.acquire({ deadline: call.limits.deadlineAt })))
}

/** Does what was decided after a failed attempt: waits where it is sent again, within budget and deadline, else fails. */
function* afterwards(
  call: Call,
  { tooLong, verdict }: Attempted & { readonly verdict: Failure },
  decision: RetryPolicy.Decision,
): Effect.fn.Return<void, CallError> {
  const { sender, limits, trace, observer, counters, state } = call
  const error = verdict.toError([...trace.attempts])
  if (decision._tag !== "Resend" || tooLong) return yield* Effect.fail(error)
  let waitMs = 0
  if (decision.wait !== "queue") {
    waitMs =
      decision.wait === "doubt"
        ? sender.config.doubtDelayMs
        : yield* RetryPolicy.backoffMs(state.backoffs)
    const left = limits.deadlineAt - nowOf(call)
    if (waitMs < left && !sender.lane.budget.take()) {
      waitMs = limits.run === undefined ? Number.POSITIVE_INFINITY : Math.max(waitMs, budgetPauseMs)
    }
    if (waitMs >= left) return yield* Effect.fail(error)
  }
  call.state = RetryPolicy.advance(state, verdict, decision)
  call.newest = error
  if (decision.wait === "queue") return
  yield* counters.wait(decision.wait, waitMs)
  const wait = { reason: decision.wait, ms: waitMs, resend: trace.attempts.length }
  const told = notify(observer.onWait, wait)
  if (told !== undefined) yield* told
  yield* waiting(call, Effect.sleep(waitMs))
}

/** Waits for the key, within the deadline. */
const keyed = (call: Call, ready: Effect.Effect<void>): Effect.Effect<void, UnavailableError> =>
  Effect.timeoutOrElse(waiting(call, ready), {
    duration: Math.max(0, call.limits.deadlineAt - nowOf(call)),
    orElse: () => Effect.fail(unavailable(call, "deadline")),
  })

/** Takes the key and a place in line, sends, decides, waits and sends again, until the call ends. */
const steps = Effect.fnUntraced(function* (
  call: Call,
): Effect.fn.Return<CreateResult, CallError | PacerUnavailable> {
  const { limits, trace, observer, valid } = call
  const { breaker, budget, locks, pacer } = call.sender.lane
  const turn = locks.enter(Identifier.key(valid.identifier))
  call.turn = turn
  if (!turn.isGranted) yield* keyed(call, turn.ready)
  // a call waits before the line while the circuit is open
  for (let gate = breaker.peek(nowOf(call)); gate._tag === "Open"; gate = breaker.peek(nowOf(call)))
    yield* whileOpen(call, gate.retryAfterMs)
  const opened = pacer.openUnsafe()
  if (Result.isFailure(opened)) return yield* Effect.fail(opened.failure)
  const place = opened.success
  call.place = place
  const { attempts } = trace
  for (;;) {
    if (observer.onWait !== undefined) {
      const told = notify(observer.onWait, { reason: "queue", resend: attempts.length })
      if (told !== undefined) yield* told
    }
    const permit =
      limits.run === undefined
        ? yield* place.acquire({ deadline: limits.deadlineAt })
        : yield* permitted(call, limits.run, place)
    const gate = breaker.enter(nowOf(call))
    if (gate._tag === "Open") {
      // a permit that is kept over a pause would be used in a window that is not its own
      yield* permit.giveBack
      yield* whileOpen(call, gate.retryAfterMs)
      continue
    }
    call.pass = gate
    const attempted = call.isTraced
      ? yield* spanned(call, permit)
      : yield* attempt(call, permit, undefined)
    const { verdict, info } = attempted
    const { identifier } = valid
    if (verdict._tag === "Success") {
      if (attempts.length === 1) budget.earn()
      const { status, message } = verdict
      return { identifier, attempts, result: "created", status, message, rateLimit: info }
    }
    const decision = RetryPolicy.decide(limits.policy, call.state, verdict)
    if (decision._tag === "ExistsAfterDoubt") {
      const result = "exists_after_doubt"
      return { identifier, attempts, result, message: "", rateLimit: info }
    }
    yield* afterwards(call, { ...attempted, verdict }, decision)
  }
})

/** Gives back what a call holds at its end, however it ended. */
const release = (call: Call): Effect.Effect<void> | undefined => {
  const { pass, place, turn } = call
  const { probe } = call.trace
  if (pass !== undefined) call.sender.lane.breaker.release(pass)
  turn?.release()
  return place?.close(probe !== undefined && !probe.unsent)
}

/** Runs one call for a valid contact, once; its attempts are noted in `trace` as they end. */
export const run = (
  sender: Sender,
  valid: Validated,
  limits: CallLimits,
  trace: CallRecord,
  surroundings: Surroundings,
): Effect.Effect<CreateResult, CallError> => {
  const call = new Call(sender, valid, limits, trace, surroundings)
  // nothing is taken before the steps run: an interruption finds in the call what it holds
  return Effect.onExitPrimitive(
    Effect.mapError(steps(call), (error) =>
      ending(
        call,
        error._tag === "PacerRefusal"
          ? (call.newest ?? unavailable(call, error.reason, error.retryAfterMs))
          : error,
      ),
    ),
    () => release(call),
  )
}
