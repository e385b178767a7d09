/**
 * One call, from the key lock to its end: key, breaker, queue, breaker again at the head of the queue, attempt, verdict,
 * next step. It carries out what `RetryPolicy.next` decides.
 *
 * Interruption is safe because everything the call takes is recorded in `Call` before the next `yield*`, and `release`
 * returns everything recorded there.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"

import type { UnavailableError } from "../errors/AelystError.ts"
import { OutcomeUnknownError, withResponse } from "../errors/AelystError.ts"
import type { OpenTicket, PacerUnavailable, Permit } from "../pacing/Pacer.ts"
import type { Call, CreateResult } from "./Call.ts"
import type { Failure } from "./ResponseVerdict.ts"
import type { CallError, Step } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import type { Attempted } from "./SendAttempt.ts"
import { sendAttempt } from "./SendAttempt.ts"
import type { RateLimitInfo } from "../types.ts"

/** Waits for the key, so that no two requests for it are in flight at once. */
function* acquireKey(call: Call): Effect.fn.Return<void, UnavailableError> {
  const { config, sharedState } = call.client
  call.keyLease = sharedState.locks.enter(call.valid.key)
  if (call.keyLease.isGranted) return
  if (sharedState.locks.waiting > config.maxQueue) return yield* call.fail("queue")
  yield* call.beforeDeadline(call.keyLease.ready)
}

/** Waits before the first attempt of a call that begins in doubt, or fails, as the policy says. */
function* awaitEarlierAttempt(call: Call): Effect.fn.Return<void, CallError> {
  const step = yield* call.next({ _tag: "BegunInDoubt" })
  if (step._tag === "Wait") yield* beforeResend(call, step)
}

/** Waits for a time while the circuit is open, or fails, as the policy says. */
function* whileOpen(call: Call, ms: number): Effect.fn.Return<void, CallError> {
  const { breaker } = call.client.sharedState
  const { attempts } = call.record
  yield* call.next({ _tag: "CircuitOpen", ms, attempts })
  yield* call.reportWait({ reason: "circuit", ms, resend: attempts.length })
  const changed = Effect.callback<void>((resume) =>
    Effect.sync(breaker.onChange(() => resume(Effect.void))),
  )
  const pause =
    call.run?.pause(ms, () => breaker.lastResponseAt) ?? Effect.sleep(Math.max(1, Math.ceil(ms)))
  yield* call.orStopped(Effect.raceFirst(pause, changed))
}

/** Takes a permit of the breaker, unless the circuit is open; returns for how long it then is. */
const enterCircuit = (call: Call): number | undefined => {
  const state = call.client.sharedState.breaker.enter(call.now, call.breakerPermit)
  const isOpen = state._tag === "Open"
  call.breakerPermit = isOpen ? undefined : state
  return isOpen ? state.retryAfterMs : undefined
}

/** Waits until the circuit lets the call into the queue: freely, or with its trial. */
function* awaitCircuit(call: Call): Effect.fn.Return<void, CallError> {
  for (let ms = enterCircuit(call); ms !== undefined; ms = enterCircuit(call)) {
    yield* whileOpen(call, ms)
  }
}

/** Takes a ticket of the pacer; a call that waits for the circuit has its place in the queue already. */
function* takeTicket(call: Call): Effect.fn.Return<OpenTicket, CallError | PacerUnavailable> {
  const opened = call.client.sharedState.pacer.openUnsafe(call.createsLeft)
  if (Result.isFailure(opened)) return yield* Effect.fail(opened.failure)
  call.ticket = opened.success
  return opened.success
}

/** Waits in the queue, and reports that it does, with the time that is left of a closed gate. */
function* waitForPermit(
  call: Call,
  ticket: OpenTicket,
): Effect.fn.Return<Permit, CallError | PacerUnavailable> {
  if (call.isWatched) {
    const { opensIn } = yield* call.client.sharedState.pacer.snapshot
    const known = opensIn !== undefined && { ms: Math.ceil(Duration.toMillis(opensIn)) }
    yield* call.announce({ reason: "queue", ...known, resend: call.record.attempts.length })
  }
  return yield* call.orStopped(ticket.acquire({ deadline: call.policy.deadlineAt }))
}

/** Waits in the queue for a permit of the pacer and of the breaker. */
function* acquirePermit(
  call: Call,
  ticket: OpenTicket,
): Effect.fn.Return<Permit, CallError | PacerUnavailable> {
  for (;;) {
    yield* awaitCircuit(call)
    const stopped = call.run?.stopped()
    if (stopped !== undefined) return yield* call.fail(stopped)
    // a call that gets its permit at once waits for nothing
    const permit = (yield* ticket.tryAcquire) ?? (yield* waitForPermit(call, ticket))
    // the circuit may have opened while the call was in the queue
    if (enterCircuit(call) === undefined) return permit
    // a permit kept during a pause would be used in a later window
    yield* permit.giveBack
  }
}

/** Decides what follows an attempt that failed. */
function* nextStep(call: Call, { toError }: Failure, respondedAt: number | undefined) {
  const { client, record } = call
  const error = withResponse(toError(record.attempts), record.response)
  call.newest = error
  const random = yield* Random.next
  const hasBudget = client.sharedState.budget.left > 0
  return yield* call.next({ _tag: "Failed", error, random, hasBudget, respondedAt })
}

/** Waits before a resend, then for the retry budget. */
function* beforeResend(
  call: Call,
  { ms, reason, resends }: Step & { readonly _tag: "Wait" },
): Effect.fn.Return<void, CallError> {
  yield* call.reportWait({ reason, ms, resend: call.record.attempts.length })
  yield* call.orStopped(Effect.sleep(ms))
  if (resends !== undefined) yield* awaitBudget(call, resends)
}

/** Waits until the retry budget lets the resend after an error go, and shows that it waits; or fails, as the policy says. */
function* awaitBudget(call: Call, error: CallError): Effect.fn.Return<void, CallError> {
  const { budget } = call.client.sharedState
  const resend = budget.enter()
  call.resend = resend
  function* ask(): Effect.fn.Return<number, CallError> {
    const ms = budget.ask(resend, call.now)
    const step = yield* call.next({ _tag: "ResendDue", error, ms })
    return step._tag === "Wait" ? step.ms : 0
  }
  const firstMs = yield* ask()
  if (firstMs === 0) return
  const began = call.now
  yield* call.announce({ reason: "budget", resend: call.record.attempts.length })
  const woken = Effect.callback<void>((resume) => {
    resend.wake = () => resume(Effect.void)
  })
  const wait = Effect.gen(function* () {
    for (let ms = firstMs; ms > 0; ms = yield* ask()) {
      yield* Effect.raceFirst(Effect.sleep(Math.max(1, Math.ceil(ms))), woken)
    }
  })
  yield* call.orStopped(call.run?.holdResend(wait) ?? wait)
  yield* call.counters.wait("budget", call.now - began)
}

/** Takes the key, joins the queue, sends, and carries out the next step, until the call ends. */
const loop = Effect.fnUntraced(function* (
  call: Call,
): Effect.fn.Return<CreateResult, CallError | PacerUnavailable> {
  yield* acquireKey(call)
  if (call.state.doubt !== undefined) yield* awaitEarlierAttempt(call)
  // not before: a row that waits for the key of another one earns nothing
  call.beginFresh()
  const ticket = yield* takeTicket(call)
  for (;;) {
    const permit = yield* acquirePermit(call, ticket)
    // the end of another call may have freed a key or a permit while the client closes
    if (call.client.lifetime.isClosed) return yield* Effect.interrupt
    const { info, respondedAt, verdict }: Attempted = yield* sendAttempt(call, permit)
    if (verdict._tag === "Success") return resultOf(call, "created", info)
    const step = yield* nextStep(call, verdict, respondedAt)
    switch (step._tag) {
      case "Done":
        return resultOf(call, step.result, info)
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
  { client, record, success, valid }: Call,
  result: CreateResult["result"],
  rateLimit: RateLimitInfo,
): CreateResult => {
  const { attempts, response } = record
  if (attempts.length === 1) client.sharedState.budget.earn()
  const { identifier } = valid
  const end = { identifier, outcome: result, result, attempts, response, rateLimit }
  return success === undefined
    ? { ...end, message: "" }
    : { ...end, status: success.verdict.status, message: success.verdict.message }
}

/**
 * Ends a call that the closing of its client, or the abort of its run, has interrupted: with the result if a response confirmed the contact, with
 * the rejection if the API rejected it, else with the error that says whether the contact may exist.
 */
const endClosed = (call: Call): Effect.Effect<CreateResult, CallError> => {
  const { newest, record, success } = call
  if (success !== undefined) return Effect.succeed(resultOf(call, "created", success.info))
  if (record.outcome === "rejected" && newest?.outcome === "rejected") {
    return Effect.fail(withResponse(newest, record.response))
  }
  if (record.outcome !== "unknown") return call.fail("closed")
  const { attempts } = record
  const last = newest?._tag === "OutcomeUnknownError" ? newest.last : newest
  const code = call.run?.lifetime.isClosed === true ? "ABORTED" : "CLOSED"
  const error = new OutcomeUnknownError({ attempts, code, ...(last && { last }) })
  return Effect.fail(withResponse(error, record.response))
}

/** Releases everything that a call holds at its end, however it ended. */
const release = (call: Call): Effect.Effect<void> | undefined => {
  const { breakerPermit, keyLease, resend, ticket } = call
  const { breaker, budget } = call.client.sharedState
  if (breakerPermit !== undefined) breaker.release(breakerPermit)
  if (resend !== undefined) budget.release(resend)
  call.endFresh()
  keyLease?.release()
  return ticket?.close(call.record.isSent)
}

/** Runs a call, once, until it ends or its client closes. */
export const run = (call: Call): Effect.Effect<CreateResult, CallError> =>
  call.client.lifetime.within(
    Effect.onExitPrimitive(
      Effect.mapError(loop(call), (error) => {
        const ending =
          error._tag === "PacerUnavailable"
            ? (call.newest ?? call.unavailable(error.reason, error.retryAfterMs))
            : error
        return RetryPolicy.endingError(call.state, ending)
      }),
      () => release(call),
    ),
    () => endClosed(call),
    call.run?.lifetime,
  )
