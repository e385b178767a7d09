/**
 * What an answer's headers tell about the rate limit: `X-RateLimit-Limit`, `X-RateLimit-Remaining` and
 * `Retry-After`, as numbers and a `Duration`. Pure; nonsense becomes an absent member, never a throw.
 */
import type { Mutable } from "effect/Types"

import * as Characters from "../contact/Characters.ts"
import type { RateLimitInfo } from "../types.ts"

export type { RateLimitInfo } from "../types.ts"

/** Holds header values by lower-case name, as `HttpClientResponse.headers` does. */
export type HeaderRecord = { readonly [name: string]: string | undefined }

// of a value sent twice, or with parameters behind it, the first number counts
const whole = /^\s*(\d{1,9})(?:\.0+)?\s*(?:[,;]|$)/

const count = (value: string | undefined, least: number): number | undefined => {
  if (value === undefined) return undefined
  // mostly it is nothing but digits
  const plain = value.length < 10 ? Characters.digits(value, 0, value.length) : -1
  const digits = plain >= 0 && value !== "" ? value : whole.exec(value)?.[1]
  const parsed = digits === undefined ? undefined : Number(digits)
  return parsed === undefined || parsed < least ? undefined : parsed
}

const seconds = /^\d{1,12}(?:\.\d{1,9})?$/
// The three date formats of RFC 9110; anything looser would let `Date.parse` read "-1" as a year.
const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/

const instant = (value: string): number => {
  if (!httpDate.test(value)) return Number.NaN
  return Date.parse(value.endsWith("GMT") ? value : `${value} GMT`)
}

/**
 * Reads `Retry-After`: whole or fractional seconds, or an HTTP date read against the answer's own `Date` (D8).
 *
 * A date in the past is a zero wait. A value that was sent twice counts as the longer of the two. Absent, negative or
 * unreadable values give `undefined`. `now` is in epoch milliseconds and stands in for a missing `Date`.
 */
export const parseRetryAfter = (
  value: string | undefined,
  date: string | undefined,
  now: number,
): number | undefined => {
  if (value === undefined || value.length > 128) return undefined
  const text = value.trim()
  const at = instant(text)
  if (!Number.isNaN(at)) {
    const served = date === undefined ? Number.NaN : instant(date.trim())
    return Math.max(0, at - (Number.isNaN(served) ? now : served))
  }
  const parts = text.split(",").map((part) => part.trim())
  if (!parts.every((part) => seconds.test(part))) return undefined
  return Math.ceil(Math.max(...parts.map(Number)) * 1000)
}

/**
 * Reads the rate-limit headers of one answer; they may come with any status (D5).
 *
 * `now` is in epoch milliseconds.
 */
export const fromHeaders = (headers: HeaderRecord, now: number): RateLimitInfo => {
  const limit = count(headers["x-ratelimit-limit"], 1)
  const remaining = count(headers["x-ratelimit-remaining"], 0)
  const retryAfterMs = parseRetryAfter(headers["retry-after"], headers["date"], now)
  const info: Mutable<RateLimitInfo> = {}
  if (limit !== undefined) info.limit = limit
  if (remaining !== undefined) info.remaining = remaining
  if (retryAfterMs !== undefined) info.retryAfterMs = retryAfterMs
  return info
}
