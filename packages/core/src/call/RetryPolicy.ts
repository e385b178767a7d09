/**
 * The one place that decides what follows an attempt: delivery policies (D7), waits (D8), doubt and the retry budget.
 * It is pure; `CreateCall` and `RateLimitSchedule` carry its steps out.
 */
import type { AelystError, InvalidContactError } from "../errors/AelystError.ts"
import { OutcomeUnknownError, UnavailableError } from "../errors/AelystError.ts"
import { isExists } from "../errors/ExistsError.ts"
import { rateLimitJitterMs, rateLimitWaitMs } from "../pacing/RateLimitWait.ts"
import type { AttemptRecord, CreatedResult, Delivery, ExistingPolicy } from "../types.ts"

/** The bounds of a call; times are in milliseconds. */
export interface RetryPolicy {
  readonly delivery: Delivery
  /** Resends after the first attempt; 0 means none, for every kind of failure. Default 3. */
  readonly retries: number
  /** Whether the call is a row of a run: 429s and unsent attempts are then resent until the run's deadline. */
  readonly run: boolean
  /** Whether the token comes from an effect, so that it can be renewed after a 401. */
  readonly renewsToken: boolean
  /** Whether a contact that exists, without doubt before, is an error or a success. */
  readonly existing: ExistingPolicy
  /** The wait before an attempt in doubt is sent again. */
  readonly doubtDelayMs: number
  /** The longest wait that the API may ask for. */
  readonly maxWaitMs: number
  /** The end of the call, on the clock that `next` is given. */
  readonly deadlineAt: number
}

/** The history of a call, as far as the next step depends on it. */
export interface RetryState {
  readonly resends: number
  /** Backoffs in a row. */
  readonly backoffs: number
  /** 429s in a row. */
  readonly rateLimits: number
  readonly doubtResends: number
  /** Whether the token was renewed. */
  readonly renewed: boolean
  /** The code of the first attempt in doubt; a later response never clears it. */
  readonly doubt: string | undefined
}

/** The state of a call before its first attempt. */
export const initial: RetryState = {
  resends: 0,
  backoffs: 0,
  rateLimits: 0,
  doubtResends: 0,
  renewed: false,
  doubt: undefined,
}

const earlierDoubt: RetryState = { ...initial, doubtResends: 1, doubt: "EARLIER_ATTEMPT" }

/**
 * Returns the state of a call before its first attempt. In doubt, an attempt of an earlier call may have created the
 * contact: the first attempt is then its one resend in doubt.
 */
export const begin = (inDoubt: boolean): RetryState => (inDoubt ? earlierDoubt : initial)

/** Every error of a call whose input was valid. */
export type CallError = Exclude<AelystError, InvalidContactError>

/** An event of a call, which a step follows. */
export type RetryEvent =
  /** The call begins in doubt. */
  | { readonly _tag: "BegunInDoubt" }
  /** The pacer and the breaker permit the request, whose response takes at least `roundTripMs`. */
  | {
      readonly _tag: "Permitted"
      readonly roundTripMs: number
      readonly attempts: ReadonlyArray<AttemptRecord>
    }
  /** The circuit is open for `ms`. */
  | {
      readonly _tag: "CircuitOpen"
      readonly ms: number
      readonly attempts: ReadonlyArray<AttemptRecord>
    }
  /** The resend after `error` is due; the retry budget has room for it after `ms`. */
  | { readonly _tag: "ResendDue"; readonly error: CallError; readonly ms: number }
  | {
      readonly _tag: "Failed"
      readonly error: CallError
      /** When its response arrived; a 429 is waited for from then on. Default: now. */
      readonly respondedAt?: number | undefined
      /** Draws the jitter of a backoff: a number in [0, 1). */
      readonly random: number
      /** Whether the retry budget has room for a resend. */
      readonly hasBudget: boolean
    }

/** The next step of a call. */
export type Step =
  /** Send the request. */
  | { readonly _tag: "Send" }
  /** Go back to the queue: only the pacer waits for a 429, at least `ms`. */
  | { readonly _tag: "Queue"; readonly ms: number; readonly state: RetryState }
  /** Wait, then continue. `resends`: the failure whose resend is then due, if the budget must pay for it. */
  | {
      readonly _tag: "Wait"
      readonly ms: number
      readonly reason: "backoff" | "doubt" | "circuit" | "budget"
      readonly resends: CallError | undefined
      readonly state: RetryState
    }
  /** The contact exists already, and that is a success. */
  | { readonly _tag: "Done"; readonly result: Exclude<CreatedResult, "created"> }
  | { readonly _tag: "Fail"; readonly error: CallError }

/** The longest time until the circuit lets a request through that a single call waits: a blip, not an outage. */
const blipMs = 5_000
const backoffBaseMs = 250
const backoffCapMs = 20_000

const send: Step = { _tag: "Send" }
const existed: Step = { _tag: "Done", result: "existed" }
const existsAfterDoubt: Step = { _tag: "Done", result: "exists_after_doubt" }

/** Returns the wait before the nth backoff in a row (from 0): full jitter, base 250 ms, factor 2, cap 20 s. */
export const backoffMs = (nth: number, random: number): number =>
  random * Math.min(backoffCapMs, backoffBaseMs * 2 ** nth)

/** Returns how long a program without a pacer waits before a step; a pacer adds the jitter of a 429 itself. */
export const waitMs = (
  step: Extract<Step, { readonly _tag: "Queue" | "Wait" }>,
  random: number,
): number => (step._tag === "Queue" ? step.ms + rateLimitJitterMs(step.ms, random) : step.ms)

/** Returns whether the API asks for a longer wait than the call would make. */
export const isTooLong = (
  policy: RetryPolicy,
  state: RetryState,
  retryAfterMs: number | undefined,
  now: number,
): boolean => {
  const ms = rateLimitWaitMs(retryAfterMs, state.rateLimits + 1)
  return ms > policy.maxWaitMs || now + ms > policy.deadlineAt
}

/** Returns the error that ends a call: after an attempt in doubt it is the doubt, with the newest error as `last`. */
export const endingError = (state: RetryState, error: CallError): CallError => {
  if (state.doubt === undefined || error._tag === "OutcomeUnknownError") return error
  const { attempts, retryAfterMs } = error
  return new OutcomeUnknownError({ attempts, code: state.doubt, last: error, retryAfterMs })
}

/** Returns what a call does after an event, at a time in milliseconds. Pure. */
export const next = (
  policy: RetryPolicy,
  state: RetryState,
  event: RetryEvent,
  now: number,
): Step => {
  switch (event._tag) {
    case "BegunInDoubt":
      return beginInDoubt(policy, state, now)
    case "Permitted":
      return isInTime(policy, event.roundTripMs, now)
        ? send
        : fail(state, new UnavailableError({ attempts: event.attempts, reason: "deadline" }))
    case "ResendDue":
      return whenDue(policy, state, event)
    case "CircuitOpen":
      return whileOpen(policy, state, event, now)
    case "Failed":
      return afterFailure(policy, state, event, now)
  }
}

/** A resend that follows its lost attempt too closely could race it. */
const beginInDoubt = (policy: RetryPolicy, state: RetryState, now: number): Step => {
  const ms = policy.doubtDelayMs
  return now + ms < policy.deadlineAt
    ? { _tag: "Wait", ms, reason: "doubt", resends: undefined, state }
    : fail(state, new UnavailableError({ attempts: [], reason: "deadline" }))
}

/** Without the time for an answer, an attempt could only end in doubt. */
const isInTime = ({ deadlineAt }: RetryPolicy, roundTripMs: number, now: number): boolean =>
  now < deadlineAt && now + roundTripMs <= deadlineAt

const fail = (state: RetryState, error: CallError): Step => ({
  _tag: "Fail",
  error: endingError(state, error),
})

type CircuitOpen = RetryEvent & { readonly _tag: "CircuitOpen" }

/** A run pauses while the circuit is open; a single call waits through a blip and fails at once in an outage. */
const whileOpen = (
  policy: RetryPolicy,
  state: RetryState,
  { attempts, ms }: CircuitOpen,
  now: number,
): Step => {
  const isBlip = ms <= Math.min(blipMs, policy.maxWaitMs) && now + ms < policy.deadlineAt
  if (policy.run || isBlip)
    return { _tag: "Wait", ms, reason: "circuit", resends: undefined, state }
  const retryAfterMs = Math.ceil(ms)
  return fail(state, new UnavailableError({ attempts, reason: "circuit", retryAfterMs }))
}

type ResendDue = RetryEvent & { readonly _tag: "ResendDue" }

/** A row waits for the retry budget; a single call is not resent without it. */
const whenDue = (policy: RetryPolicy, state: RetryState, { error, ms }: ResendDue): Step => {
  if (ms === 0) return { _tag: "Queue", ms, state }
  return policy.run
    ? { _tag: "Wait", ms, reason: "budget", resends: undefined, state }
    : fail(state, error)
}

type Failed = RetryEvent & { readonly _tag: "Failed" }

const afterFailure = (policy: RetryPolicy, state: RetryState, event: Failed, now: number): Step => {
  const { error, hasBudget } = event
  if (isExists(error)) {
    if (state.doubt !== undefined) return existsAfterDoubt
    if (policy.existing === "accept") return existed
  }
  if (policy.retries === 0) return fail(state, error)
  if (error._tag === "AuthenticationError") {
    return policy.renewsToken && !state.renewed
      ? { _tag: "Queue", ms: 0, state: { ...state, backoffs: 0, rateLimits: 0, renewed: true } }
      : fail(state, error)
  }
  const asked = error.retryAfterMs ?? 0
  /** Returns a wait that fits maxWait, deadline and budget, else the failure. */
  const wait = (ms: number, reason: "backoff" | "doubt", after: RetryState): Step => {
    const isPossible =
      asked <= policy.maxWaitMs && now + ms < policy.deadlineAt && (hasBudget || policy.run)
    return isPossible
      ? { _tag: "Wait", ms, reason, resends: error, state: after }
      : fail(state, error)
  }
  const resent = { ...state, resends: state.resends + 1, backoffs: 0, rateLimits: 0 }
  const isLeft = state.resends < policy.retries
  if (error.outcome === "unknown") {
    const doubtResends = state.doubtResends + 1
    // the 429s of a row say nothing about its doubt
    const mayResend = policy.run
      ? doubtResends <= policy.retries
      : isLeft && state.doubtResends === 0
    if (policy.delivery !== "natural-key" || !mayResend) return fail(state, error)
    const doubt = state.doubt ?? codeOf(error)
    const ms = Math.max(policy.doubtDelayMs, asked)
    return wait(ms, "doubt", { ...resent, doubtResends, doubt })
  }
  if (!error.isRetryable || !(isLeft || policy.run)) return fail(state, error)
  if (error._tag === "RateLimitError") {
    const { retryAfterMs } = error
    return isTooLong(policy, state, retryAfterMs, event.respondedAt ?? now)
      ? fail(state, error)
      : {
          _tag: "Queue",
          ms: rateLimitWaitMs(retryAfterMs, state.rateLimits + 1),
          state: { ...resent, rateLimits: state.rateLimits + 1 },
        }
  }
  const ms = Math.max(asked, backoffMs(state.backoffs, event.random))
  return wait(ms, "backoff", { ...resent, backoffs: state.backoffs + 1 })
}

const codeOf = (error: CallError): string => {
  if (error._tag === "OutcomeUnknownError") return error.code
  return "status" in error ? `HTTP_${error.status}` : error._tag
}
