/**
 * One call, from the key lock to its end: breaker, line, breaker again at the head, attempt, interpretation, decision.
 * It composes the modules that hold the rules and has none of its own.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Span } from "effect/Tracer"

import type { AelystError, AttemptRecord, InvalidContactError } from "./AelystError.ts"
import { OutcomeUnknownError, UnavailableError } from "./AelystError.ts"
import type { Verdict } from "./Answer.ts"
import { interpret, isRateRefusal, isRefusal } from "./Answer.ts"
import * as Attempt from "./Attempt.ts"
import type { Pass } from "./Breaker.ts"
import type { ClientConfig } from "./ClientConfig.ts"
import type { Deadlines } from "./Deadlines.ts"
import type { Validated } from "./Contact.ts"
import * as Identifier from "./Identifier.ts"
import type { Lane } from "./Lane.ts"
import type { Counters } from "./Metrics.ts"
import { Counting, uncounted } from "./Metrics.ts"
import * as Monotonic from "./Monotonic.ts"
import type { Callbacks } from "./Observer.ts"
import { Observer, notify } from "./Observer.ts"
import type { Permit, Place } from "./Pacer.ts"
import type { RateLimitInfo } from "./RateLimitInfo.ts"
import { fromHeaders } from "./RateLimitInfo.ts"
import type { CallState } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Tracing from "./Tracing.ts"

/** Gives the token of a request: a fixed one, or an effect that is asked before each attempt. */
export type TokenSource = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/** Holds what all calls of a client share. */
export interface Sender {
  readonly http: HttpClient.HttpClient
  readonly config: ClientConfig
  readonly token: TokenSource
  readonly lane: Lane
  readonly deadlines: Deadlines
}

/** Tells what is known of the contact of a call that ended without a result or an error. */
export type Known = "created" | "exists_after_doubt" | "not_sent" | "unknown"

/** Lets the rows of a run pause where a single call would fail, and end together. */
export interface RunScope {
  /** The end of the run in monotonic milliseconds. */
  readonly deadlineAt: number
  /** Ends once the run has stopped and unsent rows are to end, with the reason of their errors; never before. */
  readonly stopped: Effect.Effect<"closed" | "deadline">
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
  readonly run: RunScope | undefined
}

/** Tells what a call that created its contact came to. */
export interface CallResult {
  readonly result: "created" | "exists_after_doubt"
  /** The status of the success; absent for `exists_after_doubt`. */
  readonly status?: number
  readonly message: string
  readonly rateLimit: RateLimitInfo
}

/** The errors of a call whose input was valid. */
export type CallError = Exclude<AelystError, InvalidContactError>

/** Follows one call from outside, so that an interrupted one can still tell what became of the contact. */
export class CallTrace {
  /** Every finished attempt, oldest first. */
  readonly attempts: Array<AttemptRecord> = []
  /** When the newest attempt ended, or the call began, in monotonic milliseconds. */
  idleSince: number
  /** Whether any attempt so far is in doubt. */
  doubtful = false
  /** Whether the newest attempt created the contact. */
  created = false
  /** The probe of the attempt under way; none once its status has told that nothing was created. */
  probe: Attempt.Probe | undefined
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

/** What the steps of one call share. */
interface Call {
  readonly sender: Sender
  readonly valid: Validated
  readonly limits: CallLimits
  readonly trace: CallTrace
  readonly observer: Callbacks
  readonly counters: Counters
  readonly clock: Clock.Clock
}

/** Reads the call's clock, in monotonic milliseconds. */
const nowOf = ({ clock }: Call): number => Monotonic.millisOf(clock)

const unavailable = (
  call: Call,
  reason: UnavailableError["reason"],
  retryAfter?: Duration.Duration,
): UnavailableError =>
  new UnavailableError({
    attempts: [...call.trace.attempts],
    reason,
    ...(retryAfter !== undefined && { retryAfterMs: Math.ceil(Duration.toMillis(retryAfter)) }),
  })

/** Gives the error that ends a call: after an attempt in doubt only the doubt counts, with the newest error beside it. */
const ending = (call: Call, doubt: string | undefined, error: CallError): CallError =>
  doubt === undefined || error._tag === "OutcomeUnknownError"
    ? error
    : new OutcomeUnknownError({ attempts: [...call.trace.attempts], code: doubt, last: error })

/** Tells whether the API asks for a longer wait than the caller would make. */
const isTooLong = ({ limits }: Call, info: RateLimitInfo, now: number): boolean => {
  const wait =
    info.retryAfter === undefined
      ? unnamedWaitMs
      : Math.max(leastWaitMs, Duration.toMillis(info.retryAfter))
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
        Effect.flatMap(run.stopped, (reason) => Effect.fail(unavailable(call, reason))),
      )
}

/** Meets an open circuit: a run pauses, a single call fails. */
const whileOpen = (call: Call, retryAfterMs: number): Effect.Effect<void, UnavailableError> => {
  const { run } = call.limits
  return run === undefined
    ? Effect.fail(unavailable(call, "circuit", Duration.millis(retryAfterMs)))
    : waiting(
        call,
        run.pause(retryAfterMs, () => call.sender.lane.breaker.lastAnswerAt),
      )
}

/** Waits before the line until the circuit lets calls through. */
const circuit = (call: Call): Effect.Effect<void, UnavailableError> => {
  const gate = call.sender.lane.breaker.peek(nowOf(call))
  return gate._tag === "Open"
    ? Effect.andThen(
        whileOpen(call, gate.retryAfterMs),
        Effect.suspend(() => circuit(call)),
      )
    : Effect.void
}

const requestOf = (
  { sender, valid }: Call,
  token: Redacted.Redacted,
  traceparent: string | undefined,
) =>
  // made at one go: the combinators would copy the headers once for each of them
  HttpClientRequest.makeWith(
    "POST",
    `${sender.config.baseUrl}/contact/${Identifier.toPathSegment(valid.identifier)}`,
    UrlParams.empty,
    Option.none(),
    Headers.fromRecordUnsafe({
      accept: "application/json",
      authorization: `Bearer ${Redacted.value(token)}`,
      "content-type": "application/json",
      ...(traceparent !== undefined && { traceparent }),
    }),
    HttpBody.text(valid.body, "application/json"),
  )

const secretsOf = (valid: Validated): ReadonlyArray<string> => {
  const { custom_fields: fields = [], ...texts } = valid.payload
  return [
    valid.identifier,
    Identifier.value(valid.identifier),
    ...Object.values(texts),
    ...fields.map((field) => String(field.value ?? "")),
  ]
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

/** Sends once with the permit, and tells the pacer and the breaker what came of it. */
const attempt = Effect.fnUntraced(function* (
  call: Call,
  permit: Permit,
  pass: Pass,
  span: Span | undefined,
): Effect.fn.Return<Attempted, UnavailableError> {
  const { sender, limits, trace } = call
  const { config, lane } = sender
  const token = Redacted.isRedacted(sender.token) ? sender.token : yield* tokenOf(call)
  const traceparent = config.propagateTrace ? yield* Tracing.traceparent : undefined
  const startedAt = call.clock.currentTimeMillisUnsafe()
  const began = nowOf(call)
  const left = limits.deadlineAt - began
  if (left <= 0) return yield* Effect.fail(unavailable(call, "deadline"))
  const probe = new Attempt.Probe()
  const number = trace.attempts.length + 1
  const waitedMs = Math.round(began - trace.idleSince)

  // the record, the trace and the breaker change together: an interruption never finds one without the others
  const finish = (verdict: Verdict, how: Pick<AttemptRecord, "phase" | "status" | "cause">) => {
    const ended = nowOf(call)
    const refused = verdict._tag === "Failure" && verdict.kind === "rate_limited"
    const outcome = verdict._tag === "Success" ? "created" : verdict.outcome
    const durationMs = Math.round(ended - began)
    const record = {
      number,
      startedAt,
      durationMs,
      waitedMs,
      ...how,
      ...(refused && { refused }),
    }
    trace.attempts.push(record)
    trace.idleSince = ended
    trace.probe = undefined
    trace.created = outcome === "created"
    if (outcome === "unknown") trace.doubtful = true
    if (outcome === "created" || outcome === "rejected") lane.breaker.passed()
    else lane.breaker.failed(ended, pass)
    if (span !== undefined) {
      span.attribute("aelyst.outcome", outcome)
      if (how.status !== undefined) span.attribute("http.response.status_code", how.status)
      if (verdict._tag === "Failure") span.attribute("error.type", verdict.code)
    }
    const { counters, observer } = call
    // mostly nobody counts and nobody listens, and then there is nothing to run
    return counters === uncounted && observer.onAttempt === undefined
      ? undefined
      : Effect.andThen(counters.attempt(outcome, refused), notify(observer.onAttempt, record))
  }

  if (call.counters !== uncounted) {
    yield* call.counters.wait("line", Duration.toMillis(permit.waited))
  }
  trace.probe = probe
  const head = yield* Effect.result(
    Attempt.send(
      sender.http,
      requestOf(call, token, traceparent),
      probe,
      { connectMs: Math.min(connectMs, left), firstByteMs: Math.min(limits.timeoutMs, left) },
      sender.deadlines,
    ),
  )
  if (Result.isFailure(head)) {
    const verdict = head.failure
    const { unsent } = probe
    yield* unsent ? permit.giveBack : permit.abandon
    const told = finish(verdict, { phase: unsent ? "connect" : "headers", cause: verdict.code })
    if (told !== undefined) yield* told
    return { verdict, info: {}, tooLong: false }
  }
  const { status, headers } = head.success
  if (isRefusal(status)) trace.probe = undefined
  const now = nowOf(call)
  lane.breaker.heard(now)
  const info = fromHeaders(headers, startedAt + (now - began))
  const refused = isRateRefusal(status)
  const tooLong = refused && isTooLong(call, info, now)
  // at the headers, not at the end of the body: until then every other caller would run into the same refusal
  yield* permit.observe({ refused, ...info, tooLong })
  const body = yield* head.success.body(Math.max(0, Math.min(bodyMs, limits.deadlineAt - now)))
  const verdict = interpret({ status, headers, body }, info, config.exists, () => [
    ...secretsOf(call.valid),
    Redacted.value(token),
  ])
  const told = finish(verdict, { phase: body === undefined ? "body" : "answered", status })
  if (told !== undefined) yield* told
  return { verdict, info, tooLong }
})

const spanOptions = (number: number) => () => ({
  kind: "client" as const,
  attributes: {
    "http.request.method": "POST",
    "url.template": "/contact/{identifier}",
    "aelyst.attempt": number,
  },
})

/**
 * Waits at the place in line, and sends once with the permit it gives; the permit is always settled. Gives nothing
 * where a run met an open circuit at the head of the line: it has paused, and the place is still its own.
 */
const turn = (call: Call, place: Place) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      restore(waiting(call, place.acquire({ deadline: call.limits.deadlineAt }))),
      (permit) =>
        Effect.suspend(() => {
          const { breaker } = call.sender.lane
          const gate = breaker.enter(nowOf(call))
          if (gate._tag === "Open") {
            // a permit that is kept over a pause would be used in a window that is not its own
            return Effect.as(
              Effect.andThen(permit.giveBack, restore(whileOpen(call, gate.retryAfterMs))),
              undefined,
            )
          }
          const sent = Tracing.spanned(
            "AelystClient.attempt",
            spanOptions(call.trace.attempts.length + 1),
            (span) => attempt(call, permit, gate, span),
          )
          return Effect.onExit(restore(sent), (exit) => {
            if (Exit.isSuccess(exit)) return Effect.void
            breaker.released(gate)
            return call.trace.probe === undefined || call.trace.probe.unsent
              ? permit.giveBack
              : permit.abandon
          })
        }),
    ),
  )

/** Sends, decides, waits and sends again, until the call ends. */
const inLine = Effect.fnUntraced(function* (
  call: Call,
  place: Place,
): Effect.fn.Return<CallResult, CallError> {
  const { sender, limits, trace, observer, counters } = call
  let state: CallState = RetryPolicy.initial
  let newest: CallError | undefined
  for (;;) {
    if (observer.onWait !== undefined) {
      yield* notify(observer.onWait, { reason: "line", resend: trace.attempts.length })
    }
    const attempted = yield* Effect.mapError(turn(call, place), (error) =>
      ending(
        call,
        state.doubt,
        error._tag === "PacerRefusal"
          ? (newest ?? unavailable(call, error.reason, error.retryAfter))
          : error,
      ),
    )
    if (attempted === undefined) continue
    const { verdict, info, tooLong } = attempted
    if (verdict._tag === "Success") {
      if (trace.attempts.length === 1) sender.lane.budget.earn()
      const { status, message } = verdict
      return { result: "created", status, message, rateLimit: info }
    }
    const decision = RetryPolicy.decide(limits.policy, state, verdict)
    if (decision._tag === "ExistsAfterDoubt") {
      return { result: "exists_after_doubt", message: "", rateLimit: info }
    }
    const error = verdict.toError([...trace.attempts])
    if (decision._tag === "Fail" || tooLong) {
      return yield* Effect.fail(ending(call, state.doubt, error))
    }
    const next = RetryPolicy.advance(state, verdict, decision)
    let waitMs = 0
    if (decision.wait !== "line") {
      waitMs =
        decision.wait === "doubt"
          ? sender.config.doubtDelayMs
          : yield* RetryPolicy.backoffMs(state.backoffs)
      const left = limits.deadlineAt - nowOf(call)
      if (waitMs < left && !sender.lane.budget.take()) {
        waitMs =
          limits.run === undefined ? Number.POSITIVE_INFINITY : Math.max(waitMs, budgetPauseMs)
      }
      if (waitMs >= left) return yield* Effect.fail(ending(call, state.doubt, error))
    }
    state = next
    newest = error
    if (decision.wait === "line") continue
    yield* counters.wait(decision.wait, waitMs)
    yield* notify(observer.onWait, {
      reason: decision.wait,
      ms: waitMs,
      resend: trace.attempts.length,
    })
    yield* Effect.mapError(waiting(call, Effect.sleep(waitMs)), (stopped) =>
      ending(call, state.doubt, stopped),
    )
  }
})

/** Waits for the key, within the deadline. */
const keyed = (call: Call, ready: Effect.Effect<void>): Effect.Effect<void, UnavailableError> =>
  Effect.timeoutOrElse(waiting(call, ready), {
    duration: Math.max(0, call.limits.deadlineAt - nowOf(call)),
    orElse: () => Effect.fail(unavailable(call, "deadline")),
  })

/** Runs one call for a valid contact; its attempts are noted in `trace` as they end. */
export const run = (
  sender: Sender,
  valid: Validated,
  limits: CallLimits,
  trace: CallTrace,
): Effect.Effect<CallResult, CallError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiber((fiber) => {
      const call: Call = {
        sender,
        valid,
        limits,
        trace,
        observer: fiber.getRef(Observer),
        counters: fiber.getRef(Counting),
        clock: fiber.getRef(Clock.Clock),
      }
      const { locks, pacer } = sender.lane
      const use = Effect.andThen(
        Effect.suspend(() => circuit(call)),
        Effect.catchTag(
          pacer.use((place) => inLine(call, place)),
          "PacerRefusal",
          ({ reason, retryAfter }) => Effect.fail(unavailable(call, reason, retryAfter)),
        ),
      )
      const key = locks.enter(Identifier.key(valid.identifier))
      return Effect.ensuring(
        restore(key.isFirst ? use : Effect.andThen(keyed(call, key.ready), use)),
        Effect.sync(key.leave),
      )
    }),
  )
