/** One attempt of a call: sends the request with a permit, and reports its end to pacer, breaker, hooks and counters. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Span } from "effect/Tracer"

import type { UnavailableError } from "../errors/AelystError.ts"
import { withCause } from "../errors/AelystError.ts"
import { fromHeaders } from "../errors/RateLimitHeaders.ts"
import { maskHeaders } from "../errors/Redaction.ts"
import type { Permit } from "../pacing/Pacer.ts"
import * as Attempt from "./Attempt.ts"
import type { Gate } from "./AttemptGate.ts"
import type { Call } from "./Call.ts"
import { notify } from "./Hooks.ts"
import { logged } from "./Log.ts"
import * as Request from "./Request.ts"
import type { ResponseVerdict } from "./ResponseVerdict.ts"
import {
  interpret,
  isAboutContact,
  isRateLimited,
  isRejection,
  isServerError,
} from "./ResponseVerdict.ts"
import type { CallError } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Tracing from "./Tracing.ts"
import { makeTransportProbe } from "./TransportProbe.ts"
import type { AttemptRecord, RateLimitInfo } from "../types.ts"

/** The end of one attempt. */
export interface Attempted {
  readonly verdict: ResponseVerdict
  /** The status of the response; undefined if none came. */
  readonly status: number | undefined
  readonly info: RateLimitInfo
  /** When the head of the response arrived, in monotonic milliseconds; absent if none came. */
  readonly respondedAt: number | undefined
}

const connectMs = 5_000
const bodyMs = 10_000

/** Returns the token; an effect must return it before the deadline. */
const tokenOf = (call: Call): Effect.Effect<Redacted.Redacted, UnavailableError> => {
  const { token } = call.client
  if (Redacted.isRedacted(token)) return Effect.succeed(token)
  return call.beforeDeadline(
    Effect.mapError(token, (failure) => withCause(call.unavailable("token"), failure)),
  )
}

/** Requests the consent of the gate to the attempt, before the deadline; returns the last moment to send it. */
const askGate = (call: Call, gate: Gate): Effect.Effect<number, UnavailableError> => {
  const number = call.record.attempts.length + 1
  const allowed = Effect.suspend(() => gate.before({ number, key: call.valid.key }))
  return call.beforeDeadline(
    Effect.mapBoth(allowed, {
      onFailure: ({ cause }) => {
        const error = call.unavailable("gate")
        return cause === undefined ? error : withCause(error, cause)
      },
      onSuccess: (allowance) => allowance?.notAfter ?? Number.POSITIVE_INFINITY,
    }),
  )
}

/** Sends once with the permit, and reports the end to the pacer and the breaker. */
function* attempt(
  call: Call,
  permit: Permit,
  span: Span | undefined,
): Effect.fn.Return<Attempted, CallError> {
  const { client, policy, record } = call
  const { config, sharedState } = client
  const token = yield* tokenOf(call)
  const traceparent = config.propagateTrace ? yield* Tracing.traceparent : undefined
  const headers = traceparent === undefined ? call.headers : { ...call.headers, traceparent }
  // the last one to be asked: it notes the attempt that is sent next
  const notAfter = call.gate === undefined ? undefined : yield* askGate(call, call.gate)
  const startedAt = call.clock.currentTimeMillisUnsafe()
  const began = call.now
  const { attempts } = record
  const { minRoundTripMs: roundTripMs } = permit
  yield* call.next({ _tag: "Permitted", roundTripMs, attempts }, began)
  // the run may have stopped after the permit, while token and gate took their time
  const stopped = call.run?.stopped()
  if (stopped !== undefined) return yield* call.fail(stopped)
  if (call.breakerPermit !== undefined) sharedState.breaker.recordSend(began, call.breakerPermit)
  if (call.resend !== undefined) sharedState.budget.send(call.resend, began)
  const left = policy.deadlineAt - began
  const waitedMs = Math.round(began - record.idleSince)
  const started = { number: attempts.length + 1, startedAt, waitedMs }

  yield* call.counters.wait("queue", permit.waitedMs)
  if (call.isDebug && attempts.length > 0) {
    const entry = Effect.annotateLogs(Effect.logDebug("resending"), {
      resend: attempts.length,
      waitedMs,
    })
    yield* logged(entry)
  }
  const transportProbe = makeTransportProbe(call)
  if (notAfter !== undefined) transportProbe.notAfter = notAfter
  record.transportProbe = transportProbe
  const arrived = yield* Attempt.send(
    client.http,
    Request.make(config, call.valid, token, headers),
    transportProbe,
    { connectMs: Math.min(connectMs, left), firstByteMs: Math.min(call.timeoutMs, left) },
    client.timer,
  )
  if (arrived._tag === "Failure") {
    const { unsent } = transportProbe
    yield* unsent ? permit.giveBack : permit.abandon
    const phase = unsent ? "connect" : "headers"
    const ended = { ...started, phase, cause: arrived.code } as const
    yield* recordAttempt(call, ended, began, arrived, span)
    return { verdict: arrived, status: undefined, info: {}, respondedAt: undefined }
  }
  const { status } = arrived
  if (isRejection(status)) record.transportProbe = undefined
  record.response = { status, headers: maskHeaders(arrived.headers, Redacted.value(token)) }
  const respondedAt = call.now
  sharedState.breaker.recordResponse(respondedAt)
  const info = fromHeaders(arrived.headers, startedAt + (respondedAt - began))
  const rateLimited = isRateLimited(status)
  const unavailable = info.retryAfterMs !== undefined && isServerError(status)
  const tooLong =
    (rateLimited || unavailable) &&
    RetryPolicy.isTooLong(policy, call.state, info.retryAfterMs, respondedAt)
  // at the headers, not at the end of the body: until then every other caller would run into the same response
  yield* permit.observe({ rateLimited, unavailable, ...info, tooLong })
  const verdictOf = (body: string | undefined) =>
    interpret(
      { status, headers: arrived.headers, body },
      {
        info,
        exists: config.exists,
        token: Redacted.value(token),
        secrets: () => Request.secretsOf(call.valid, token),
      },
    )
  const read = arrived.body(Math.min(bodyMs, call.leftMs))
  const body = yield* isRejection(status)
    ? Effect.onInterrupt(read, () => {
        // the status has said that nothing was created, whatever the body holds
        const verdict = verdictOf(undefined)
        const ended = { ...started, phase: "body", status } as const
        const effect = recordAttempt(call, ended, began, verdict, span)
        if (verdict._tag === "Failure") call.newest = verdict.toError(record.attempts)
        return effect
      })
    : read
  const verdict = verdictOf(body)
  if (verdict._tag === "Success") call.success = { verdict, info }
  const ended = { ...started, phase: body === undefined ? "body" : "answered", status } as const
  yield* recordAttempt(call, ended, began, verdict, span)
  return { verdict, status, info, respondedAt }
}

/** Records how an attempt ended; returns the effect of counters and hooks. */
const recordAttempt = (
  call: Call,
  made: Omit<AttemptRecord, "durationMs" | "rateLimited">,
  began: number,
  verdict: ResponseVerdict,
  span: Span | undefined,
): Effect.Effect<void> => {
  const { breakerPermit, client, counters, hooks, record } = call
  const { breaker } = client.sharedState
  const endedAt = call.now
  const rateLimited = made.status !== undefined && isRateLimited(made.status)
  const outcome = verdict._tag === "Success" ? "created" : verdict.outcome
  const durationMs = Math.round(endedAt - began)
  const recorded: AttemptRecord = { ...made, durationMs, ...(rateLimited && { rateLimited }) }
  // record and breaker change together: an interruption never finds one without the other
  // a row of a run that was rejected for the token or the rate counts as not sent
  const isOfRow = call.run === undefined || isAboutContact(made.status ?? 0)
  record.add(recorded, outcome === "rejected" && !isOfRow ? "not_sent" : outcome, endedAt)
  call.endFresh()
  call.breakerPermit = undefined
  if (outcome === "created" || outcome === "rejected") breaker.recordSuccess()
  else if (breakerPermit !== undefined) {
    // an attempt that was too late says nothing about the API
    if (made.cause === Attempt.tooLate) breaker.release(breakerPermit)
    else breaker.recordFailure(endedAt, breakerPermit)
  }
  if (span !== undefined) {
    span.attribute("aelyst.outcome", outcome)
    if (made.status !== undefined) span.attribute("http.response.status_code", made.status)
  }
  const effect = notify(hooks.onAttempt, recorded) ?? Effect.void
  return Effect.andThen(counters.attempt(outcome, rateLimited), effect)
}

const spanOptions = (number: number) => () => ({
  kind: "client" as const,
  attributes: { ...Tracing.requestAttributes, "aelyst.attempt": number },
})

/** Returns the failure of an attempt's span: OpenTelemetry's convention for HTTP clients, which has statuses as text. */
const spanFailure = ({ status, verdict }: Attempted): Tracing.SpanFailure | undefined => {
  if (verdict._tag === "Success") return undefined
  const type = status !== undefined && status >= 400 ? String(status) : verdict.code
  return new Tracing.SpanFailure({ name: "AttemptFailed", message: type, type })
}

/** Sends once with the permit, in a span if a tracer is installed. */
export function* sendAttempt(call: Call, permit: Permit): Effect.fn.Return<Attempted, CallError> {
  if (!call.isTraced) return yield* attempt(call, permit, undefined)
  const options = spanOptions(call.record.attempts.length + 1)
  return yield* Tracing.spanned(
    "AelystClient.attempt",
    options,
    (span) => Effect.gen(() => attempt(call, permit, span)),
    spanFailure,
  )
}
