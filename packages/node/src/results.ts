/** Converts core's results into the types of this package. */
import type * as Core from "@aelyst/core"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"

import type { CreateResult, RateLimitSnapshot } from "./types.ts"

/** Returns the result of a create that has just ended. */
export const toResult = (value: Core.CreateResult): CreateResult => ({
  identifier: value.identifier,
  result: value.result,
  message: value.message,
  attempts: value.attempts,
  rateLimit: value.rateLimit,
  settledAt: Date.now(),
})

/**
 * Lets an error show the failure of the token function as its `cause`; returns the error. It stays out of inspection and
 * JSON, which do not run a getter: it may hold a secret.
 */
export const toError = (error: Core.AelystError): Core.AelystError => {
  const { cause } = error
  if (Redacted.isRedacted(cause)) {
    Object.defineProperty(error, "cause", {
      get: () => Redacted.value(cause),
      configurable: true,
    })
  }
  if (error._tag === "OutcomeUnknownError" && error.last !== undefined) toError(error.last)
  return error
}

/** Returns a snapshot of the pacer with moments in epoch milliseconds. */
export const toSnapshot = (
  {
    limit,
    reported,
    remaining,
    opensIn,
    observedAgo,
    waiting,
    inFlight,
    shared,
  }: Core.Pacer.PacerSnapshot,
  now: number,
): RateLimitSnapshot => ({
  limit,
  reported,
  remaining,
  retryAt: opensIn === undefined ? undefined : Math.ceil(now + Duration.toMillis(opensIn)),
  observedAt:
    observedAgo === undefined ? undefined : Math.round(now - Duration.toMillis(observedAgo)),
  waiting,
  inFlight,
  ...(shared !== undefined && { shared }),
})
