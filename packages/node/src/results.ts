/** Converts core's results into the types of this package. */
import type * as Core from "@aelyst/core"
import * as Duration from "effect/Duration"

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

/** Returns a snapshot of the pacer with moments in epoch milliseconds. */
export const toSnapshot = (
  { limit, remaining, opensIn, observedAgo, waiting, inFlight }: Core.Pacer.PacerSnapshot,
  now: number,
): RateLimitSnapshot => ({
  limit,
  remaining,
  retryAt: opensIn === undefined ? undefined : Math.ceil(now + Duration.toMillis(opensIn)),
  observedAt:
    observedAgo === undefined ? undefined : Math.round(now - Duration.toMillis(observedAgo)),
  waiting,
  inFlight,
})
