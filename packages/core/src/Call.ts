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
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { AelystError, AttemptRecord, InvalidContactError } from "./AelystError.ts"
import { OutcomeUnknownError, UnavailableError } from "./AelystError.ts"
import type { Verdict } from "./Answer.ts"
import { interpret, isRateRefusal, isServerFailure } from "./Answer.ts"
import * as Attempt from "./Attempt.ts"
import type { ClientConfig } from "./ClientConfig.ts"
import type { Validated } from "./Contact.ts"
import * as Identifier from "./Identifier.ts"
import type { Lane } from "./Lane.ts"
import * as Monotonic from "./Monotonic.ts"
import type { Callbacks } from "./Observer.ts"
import { Observer, notify } from "./Observer.ts"
import type { Permit, Place } from "./Pacer.ts"
import type { RateLimitInfo } from "./RateLimitInfo.ts"
import { fromHeaders } from "./RateLimitInfo.ts"
import type { CallState } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

/** Gives the token of a request: a fixed one, or an effect that is asked before each attempt. */
export type TokenSource = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/** Holds what all calls of a client share. */
export interface Sender {
  readonly http: HttpClient.HttpClient
  readonly config: ClientConfig
  readonly token: TokenSource
  readonly lane: Lane
}

/** Lets the rows of a run pause where a single call would fail, and end together. */
export interface RunScope {
  /** The end of the run in monotonic milliseconds. */
  readonly deadlineAt: number
  /** Fails once the run has stopped, and never before. */
  readonly stopped: Effect.Effect<never, UnavailableError>
  /** Waits while the circuit is open; fails once the run gives up. Times are monotonic milliseconds. */
  readonly pause: (ms: number, lastAnswerAt: number) => Effect.Effect<void, UnavailableError>
  /** Called with what became of a row that was interrupted. */
  readonly interrupted: (outcome: "not_sent" | "unknown") => void
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
  /** The code of the first attempt in doubt. */
  doubt: string | undefined
  /** The probe of the attempt under way. */
  probe: Attempt.Probe | undefined
  /** Tells what is known of the contact if the call stopped now. */
  get outcome(): "not_sent" | "unknown" {
    const left = this.probe !== undefined && !this.probe.unsent
    return left || this.doubt !== undefined ? "unknown" : "not_sent"
  }
}

interface Attempted {
  readonly verdict: Verdict
  readonly info: RateLimitInfo
}

const connectMs = 5_000
const bodyMs = 10_000
/** What the API's wait is taken for where it names none, to tell whether a caller would wait at all (D8). */
const unnamedWaitMs = 1_000
/** How long a run pauses once its retry budget is spent. */
const budgetPauseMs = 20_000

/** What the steps of one call share. */
interface Call {
  readonly sender: Sender
  readonly valid: Validated
  readonly limits: CallLimits
  readonly trace: CallTrace
  readonly observer: Callbacks
}

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
const ending = ({ trace }: Call, error: CallError): CallError =>
  trace.doubt === undefined || error._tag === "OutcomeUnknownError"
    ? error
    : new OutcomeUnknownError({ attempts: [...trace.attempts], code: trace.doubt, last: error })

/** Tells whether the API asks for a longer wait than the caller would make. */
const isTooLong = ({ limits }: Call, info: RateLimitInfo, now: number): boolean => {
  const wait = info.retryAfter === undefined ? unnamedWaitMs : Duration.toMillis(info.retryAfter)
  return wait > limits.maxWaitMs || now + wait > limits.deadlineAt
}

/** Asks the breaker; `enter` takes the probe of an open circuit. A run pauses, a single call fails. */
const circuit = (call: Call, ask: "peek" | "enter"): Effect.Effect<void, UnavailableError> =>
  Effect.flatMap(Monotonic.nowMillis, (now) => {
    const gate = call.sender.lane.breaker[ask](now)
    if (gate._tag !== "Open") return Effect.void
    const { run } = call.limits
    return run === undefined
      ? Effect.fail(unavailable(call, "circuit", Duration.millis(gate.retryAfterMs)))
      : Effect.andThen(
          run.pause(gate.retryAfterMs, call.sender.lane.breaker.lastAnswerAt),
          circuit(call, ask),
        )
  })

const requestOf = ({ sender, valid }: Call, token: Redacted.Redacted) =>
  HttpClientRequest.post(
    `${sender.config.baseUrl}/contact/${Identifier.toPathSegment(valid.identifier)}`,
    {
      headers: Headers.fromInput({
        accept: "application/json",
        authorization: `Bearer ${Redacted.value(token)}`,
      }),
      body: HttpBody.text(valid.body, "application/json"),
    },
  )

const secretsOf = (valid: Validated): ReadonlyArray<string> => {
  const { custom_fields: fields = [], ...texts } = valid.payload
  return [
    valid.identifier,
    valid.identifier.replace(/^(?:email|phone|id):/, ""),
    ...Object.values(texts),
    ...fields.map((field) => String(field.value ?? "")),
  ]
}

/** Waits; the end of the run ends every wait of its rows. */
const waiting = <A, E>(
  { limits }: Call,
  wait: Effect.Effect<A, E>,
): Effect.Effect<A, E | UnavailableError> =>
  limits.run === undefined ? wait : Effect.raceFirst(wait, limits.run.stopped)

/** Sends once with the permit, and tells the pacer and the breaker what came of it. */
const attempt = Effect.fnUntraced(function* (
  call: Call,
  permit: Permit,
): Effect.fn.Return<Attempted, UnavailableError> {
  const { sender, limits, trace } = call
  const { config, lane } = sender
  const token = yield* Effect.mapError(
    Redacted.isRedacted(sender.token) ? Effect.succeed(sender.token) : sender.token,
    () => unavailable(call, "token"),
  )
  const startedAt = yield* Clock.currentTimeMillis
  const began = yield* Monotonic.nowMillis
  const left = Math.max(0, limits.deadlineAt - began)
  const probe = new Attempt.Probe()
  const number = trace.attempts.length + 1
  const waitedMs = Math.round(Duration.toMillis(permit.waited))

  const finish = Effect.fnUntraced(function* (
    how: Pick<AttemptRecord, "phase"> &
      Partial<Pick<AttemptRecord, "status" | "cause" | "refused">>,
  ) {
    const ended = yield* Monotonic.nowMillis
    const durationMs = Math.round(ended - began)
    const record = { number, startedAt, durationMs, waitedMs, ...how }
    trace.attempts.push(record)
    trace.probe = undefined
    yield* notify(call.observer.onAttempt, record)
  })

  trace.probe = probe
  const head = yield* Effect.result(
    Attempt.send(sender.http, requestOf(call, token), probe, {
      connectMs: Math.min(connectMs, left),
      firstByteMs: Math.min(limits.timeoutMs, left),
      bodyMs: Math.min(bodyMs, left),
    }),
  )
  if (Result.isFailure(head)) {
    yield* probe.unsent ? permit.giveBack : permit.abandon
    lane.breaker.failed(yield* Monotonic.nowMillis)
    yield* finish({ phase: probe.unsent ? "connect" : "headers", cause: head.failure.code })
    return { verdict: head.failure, info: {} }
  }
  const { status, headers } = head.success
  const now = yield* Monotonic.nowMillis
  const info = fromHeaders(headers, startedAt + (now - began))
  const refused = isRateRefusal(status)
  // at the headers, not at the end of the body: until then every other caller would run into the same refusal
  yield* permit.observe({ refused, ...info, tooLong: refused && isTooLong(call, info, now) })
  lane.breaker.answered(now, isServerFailure(status) ? "failure" : "answer")
  const body = yield* head.success.body
  yield* finish({
    phase: body === undefined ? "body" : "answered",
    status,
    ...(refused && { refused }),
  })
  const secrets = [...secretsOf(call.valid), Redacted.value(token)]
  return { verdict: interpret({ status, headers, body }, info, config.exists, secrets), info }
})

/** Waits at the place in line, and sends once with the permit it gives; the permit is always settled. */
const turn = (call: Call, place: Place) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      restore(waiting(call, place.acquire({ deadline: call.limits.deadlineAt }))),
      (permit) =>
        Effect.onExit(
          restore(Effect.andThen(circuit(call, "enter"), attempt(call, permit))),
          (exit) => {
            if (Exit.isSuccess(exit)) return Effect.void
            call.sender.lane.breaker.released()
            return call.trace.probe === undefined || call.trace.probe.unsent
              ? permit.giveBack
              : permit.abandon
          },
        ),
    ),
  )

/** Sends, decides, waits and sends again, until the call ends. */
const inLine = Effect.fnUntraced(function* (
  call: Call,
  place: Place,
): Effect.fn.Return<CallResult, CallError> {
  const { sender, limits, trace, observer } = call
  let state: CallState = RetryPolicy.initial
  let newest: CallError | undefined
  let renewed = false
  for (;;) {
    yield* notify(observer.onWait, { reason: "line", resend: state.resends })
    const { verdict, info } = yield* turn(call, place).pipe(
      Effect.catchTag("PacerRefusal", ({ reason, retryAfter }) =>
        Effect.fail(newest ?? unavailable(call, reason, retryAfter)),
      ),
      Effect.mapError((error) => ending(call, error)),
    )
    if (verdict._tag === "Success") {
      if (state.resends === 0) sender.lane.budget.earn()
      const { status, message } = verdict
      return { result: "created", status, message, rateLimit: info }
    }
    // a token that is asked for may have been renewed meanwhile; asking once more costs nothing
    if (verdict.kind === "unauthorized" && !Redacted.isRedacted(sender.token) && !renewed) {
      renewed = true
      continue
    }
    const decision = RetryPolicy.decide(limits.policy, state, verdict)
    if (decision._tag === "ExistsAfterDoubt") {
      return { result: "exists_after_doubt", message: "", rateLimit: info }
    }
    const error = verdict.toError([...trace.attempts])
    const now = yield* Monotonic.nowMillis
    if (decision._tag === "Fail" || (decision.wait === "line" && isTooLong(call, info, now))) {
      return yield* Effect.fail(ending(call, error))
    }
    const next = RetryPolicy.advance(state, verdict, decision)
    let waitMs = 0
    if (decision.wait !== "line") {
      waitMs =
        decision.wait === "doubt"
          ? sender.config.doubtDelayMs
          : yield* RetryPolicy.backoffMs(state.backoffs)
      if (!sender.lane.budget.take()) {
        if (limits.run === undefined) return yield* Effect.fail(ending(call, error))
        waitMs = Math.max(waitMs, budgetPauseMs)
      }
      if (now + waitMs >= limits.deadlineAt) return yield* Effect.fail(ending(call, error))
    }
    state = next
    trace.doubt = next.doubt
    newest = error
    if (decision.wait === "line") continue
    yield* notify(observer.onWait, { reason: decision.wait, ms: waitMs, resend: state.resends })
    yield* Effect.mapError(waiting(call, Effect.sleep(waitMs)), (stopped) => ending(call, stopped))
  }
})

/** Takes the lock of the key, within the deadline. */
const lock = (call: Call, key: string): Effect.Effect<void, UnavailableError> =>
  Effect.flatMap(Monotonic.nowMillis, (now) => {
    const { locks } = call.sender.lane
    if (locks.tryAcquire(key)) return Effect.void
    return Effect.timeoutOrElse(waiting(call, locks.acquire(key)), {
      duration: Math.max(0, call.limits.deadlineAt - now),
      orElse: () => Effect.fail(unavailable(call, "deadline")),
    })
  })

/** Runs one call for a valid contact; its attempts are noted in `trace` as they end. */
export const run = Effect.fnUntraced(function* (
  sender: Sender,
  valid: Validated,
  limits: CallLimits,
  trace: CallTrace,
): Effect.fn.Return<CallResult, CallError> {
  const observer = yield* Observer
  const call: Call = { sender, valid, limits, trace, observer }
  const key = Identifier.key(valid.identifier)
  const { locks, pacer } = sender.lane
  const enter = Effect.mapError(pacer.enter, ({ reason, retryAfter }) =>
    unavailable(call, reason, retryAfter),
  )
  const use = Effect.andThen(
    circuit(call, "peek"),
    Effect.scoped(Effect.flatMap(enter, (place) => inLine(call, place))),
  )
  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.andThen(restore(lock(call, key)), Effect.ensuring(restore(use), locks.release(key))),
  )
})
