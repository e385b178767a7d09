/**
 * The rate limit that a response reports: `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `Retry-After` as numbers. Pure;
 * an invalid value becomes an absent member.
 */
import type { RateLimitInfo } from "../types.ts"
import { parseRetryAfter } from "./RetryAfter.ts"

/** Holds header values by lower-case name, as `HttpClientResponse.headers` does. */
export type HeaderRecord = { readonly [name: string]: string | undefined }

// of a value sent twice, or with parameters behind it, the first number counts
const firstCount = /^\s*(\d{1,9})(?:\.0+)?\s*(?:[,;]|$)/

const count = (value: string | undefined, least: number): number | undefined => {
  const digits = firstCount.exec(value ?? "")?.[1]
  return digits === undefined || Number(digits) < least ? undefined : Number(digits)
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
