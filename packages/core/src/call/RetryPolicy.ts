/**
 * The one place that decides whether a create is sent again: delivery policies, backoff and the retry budget.
 * Decisions are pure; waiting and sending are the client's.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

import type { Failure } from "./ResponseVerdict.ts"

/**
 * Names a delivery policy.
 *
 * `at-most-once` sends again only what is provably not processed; `natural-key` trusts the identifier to be unique and
 * also sends again what is in doubt (D7).
 */
export type Delivery = "at-most-once" | "natural-key"

/** Holds what a decision depends on. */
export interface RetryPolicy {
  readonly delivery: Delivery
  /** Resends after the first attempt; 0 means none, for every kind of failure. Default 3. */
  readonly retries: number
  /** Whether the call is a row of a run: 429s and unsent attempts are then resent until the run's deadline. */
  readonly run: boolean
  /** Whether the token is asked for, so that a 401 may be answered by another one. */
  readonly renewsToken: boolean
}

/** Holds where one call stands: how often it was sent again, and whether an earlier attempt is in doubt. */
export interface CallState {
  readonly resends: number
  readonly backoffs: number
  readonly doubtResends: number
  /** Whether it was sent again for another token. */
  readonly renewed: boolean
  /** The code of the first attempt in doubt; doubt is never cleared by a later refusal. */
  readonly doubt: string | undefined
}

/** Holds the state of a call before its first attempt. */
export const initial: CallState = {
  resends: 0,
  backoffs: 0,
  doubtResends: 0,
  renewed: false,
  doubt: undefined,
}

/** Says what to do after a failed attempt. */
export type Decision =
  | { readonly _tag: "Fail" }
  | { readonly _tag: "ExistsAfterDoubt" }
  | { readonly _tag: "Resend"; readonly wait: "queue" | "backoff" | "doubt" }

const fail: Decision = { _tag: "Fail" }

/**
 * Decides what follows a failed attempt.
 *
 * A refusal for the rate goes back to its place in line, where the pacer alone waits. An attempt that never left is
 * sent again after a backoff. An attempt in doubt is sent again under `natural-key` only: once, in a run as often as
 * `retries` says. A refused token that was asked for is asked for once more, beside the count of `retries`.
 */
export const decide = (policy: RetryPolicy, state: CallState, failure: Failure): Decision => {
  if (failure.kind === "exists" && state.doubt !== undefined) return { _tag: "ExistsAfterDoubt" }
  if (policy.retries === 0) return fail
  if (failure.kind === "unauthorized" && policy.renewsToken && !state.renewed) {
    return { _tag: "Resend", wait: "queue" }
  }
  if (!failure.resendable) return fail
  const left = state.resends < policy.retries
  switch (failure.kind) {
    case "rate_limited":
      return left || policy.run ? { _tag: "Resend", wait: "queue" } : fail
    case "connection":
      return left || policy.run ? { _tag: "Resend", wait: "backoff" } : fail
    case "in_doubt": {
      // the 429s that a row of a run has met say nothing about its doubt
      const few = policy.run
        ? state.doubtResends < policy.retries
        : left && state.doubtResends === 0
      return policy.delivery === "natural-key" && few ? { _tag: "Resend", wait: "doubt" } : fail
    }
    default:
      return fail
  }
}

/** Gives the state after a failed attempt that is sent again as decided. */
export const advance = (state: CallState, failure: Failure, decision: Decision): CallState => ({
  resends: state.resends + (failure.kind === "unauthorized" ? 0 : 1),
  backoffs: decision._tag === "Resend" && decision.wait === "backoff" ? state.backoffs + 1 : 0,
  doubtResends: state.doubtResends + (failure.kind === "in_doubt" ? 1 : 0),
  renewed: state.renewed || failure.kind === "unauthorized",
  doubt: state.doubt ?? (failure.kind === "in_doubt" ? failure.code : undefined),
})

const baseMs = 250
const capMs = 20_000

/** Draws the wait before resend `n` (from 0) in milliseconds: full jitter, base 250 ms, factor 2, cap 20 s. */
export const backoffMs = (n: number): Effect.Effect<number> =>
  Effect.map(Random.next, (r) => r * Math.min(capMs, baseMs * 2 ** Math.min(n, 10)))

/**
 * Bounds the resends of all calls to one origin: a bucket of 20, a resend costs 1, a call that succeeds at its first
 * attempt gives 0.1 back. A resend after a 429 costs nothing, since the API asked for it.
 */
export class RetryBudget {
  private tokens = 20
  /** Takes the price of one resend; false where the bucket is empty. */
  take(): boolean {
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }
  /** Gives back what a first-attempt success earns. */
  earn(): void {
    this.tokens = Math.min(20, this.tokens + 0.1)
  }
  /** Tells how many resends are left. */
  get left(): number {
    return Math.floor(this.tokens)
  }
}
