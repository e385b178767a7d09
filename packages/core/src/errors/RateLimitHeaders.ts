/**
 * The rate limit that a response reports: `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `Retry-After` as numbers. Pure;
 * an invalid value becomes an absent member.
 */
import type { RateLimitInfo } from "../types.ts"

/** Holds header values by lower-case name, as `HttpClientResponse.headers` does. */
export type HeaderRecord = { readonly [name: string]: string | undefined }

// of a value sent twice, or with parameters behind it, the first number counts
const firstCount = /^\s*(\d{1,9})(?:\.0+)?\s*(?:[,;]|$)/

const count = (value: string | undefined, least: number): number | undefined => {
  const digits = firstCount.exec(value ?? "")?.[1]
  return digits === undefined || Number(digits) < least ? undefined : Number(digits)
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
 * Reads `Retry-After` in milliseconds: whole or fractional seconds, or an HTTP date read against the response's own `Date`
 * (D8).
 *
 * A date in the past is a wait of 0. Of a value that was sent twice the longer one counts. Absent, negative or unreadable
 * values give undefined. `now`, in epoch milliseconds, takes the place of a missing `Date`.
 *
 * **Example**
 *
 * ```ts
 * import { parseRetryAfter } from "@aelyst/core/adapter"
 *
 * console.log(parseRetryAfter("1.5", undefined, 0)) // => 1500
 * console.log(parseRetryAfter("soon", undefined, 0)) // => undefined
 * ```
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
 * Reads the rate-limit headers of one response; they may come with any status (D5).
 *
 * `now` is in epoch milliseconds.
 *
 * **Example**
 *
 * ```ts
 * import { fromHeaders } from "@aelyst/core/adapter"
 *
 * const headers = { "x-ratelimit-limit": "10", "retry-after": "2" }
 * console.log(fromHeaders(headers, 0)) // => { limit: 10, retryAfterMs: 2000 }
 * ```
 */
export const fromHeaders = (headers: HeaderRecord, now: number): RateLimitInfo => {
  const limit = count(headers["x-ratelimit-limit"], 1)
  const remaining = count(headers["x-ratelimit-remaining"], 0)
  const retryAfterMs = parseRetryAfter(headers["retry-after"], headers["date"], now)
  return {
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
