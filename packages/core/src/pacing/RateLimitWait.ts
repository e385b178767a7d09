/** How long a 429 is waited for (D8): the same for the pacer's gate, for a call's patience and for a schedule. */

/** The shortest wait, if the API asks for none or names a time in the past. */
const shortestMs = 100
/** The wait if the API names none; it doubles with each 429 in a row. */
const unnamedMs = 1_000
const longestUnnamedMs = 60_000
/** The most that is added by chance, so that clients do not return together. */
const mostJitterMs = 250

/** Returns the wait in milliseconds after the nth 429 in a row (from 1), without jitter. */
export const rateLimitWaitMs = (retryAfterMs: number | undefined, inARow: number): number =>
  retryAfterMs === undefined
    ? Math.min(longestUnnamedMs, unnamedMs * 2 ** Math.min(inARow - 1, 10))
    : Math.max(shortestMs, retryAfterMs)

/** Returns what is added to a wait: up to a tenth of it, by a number in [0, 1). */
export const rateLimitJitterMs = (waitMs: number, random: number): number =>
  random * Math.min(mostJitterMs, waitMs / 10)
