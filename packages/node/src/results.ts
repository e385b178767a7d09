/** Results of core as callers of this package see them. */
import type * as Core from "@aelyst/core"
import * as Duration from "effect/Duration"
import type { Mutable } from "effect/Types"

import type { CreateResult, Identifier, RateLimitHeaders } from "./types.ts"

const rateLimitOf = ({ limit, remaining, retryAfter }: Core.RateLimitInfo): RateLimitHeaders => {
  const headers: Mutable<RateLimitHeaders> = {}
  if (limit !== undefined) headers.limit = limit
  if (remaining !== undefined) headers.remaining = remaining
  if (retryAfter !== undefined) headers.retryAfterMs = Duration.toMillis(retryAfter)
  return headers
}

/** Gives core's identifier its public type. */
export const toIdentifier = (identifier: string): Identifier =>
  // safe: called with identifiers that core has checked
  identifier as Identifier

/** Gives the result of a create that has just ended. */
export const toResult = (value: Core.CreateResult): CreateResult => ({
  identifier: toIdentifier(value.identifier),
  result: value.result,
  message: value.message,
  attempts: value.attempts,
  rateLimit: rateLimitOf(value.rateLimit),
  settledAt: Date.now(),
})
