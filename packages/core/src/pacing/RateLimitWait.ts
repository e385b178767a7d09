/** How long a 429 is waited for (D8): the same for the pacer's gate, for a call's patience and for a schedule. */
import * as Tuning from "./PacerTuning.ts"

/** Returns the wait in milliseconds after the nth 429 in a row (from 1), without jitter. */
export const rateLimitWaitMs = (retryAfterMs: number | undefined, inARow: number): number =>
  retryAfterMs === undefined
    ? Math.min(Tuning.longestBlindWaitMs, Tuning.firstBlindWaitMs * 2 ** (inARow - 1))
    : Math.max(Tuning.shortestWaitMs, retryAfterMs)

/** Returns the milliseconds that are added to a wait by chance: `random` is a number in [0, 1). */
export const rateLimitJitterMs = (waitMs: number, random: number): number =>
  random * Math.min(Tuning.largestJitterMs, waitMs * Tuning.jitterShare)
