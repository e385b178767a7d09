/** The kinds of limiters, and what the tables call them. */
import type { LimiterKind } from "@aelyst/sandbox"

export const limiters = {
  "fixed-window-aligned": "fixed window, aligned",
  "fixed-window-first-request": "fixed window, from first request",
  "sliding-log": "sliding log",
  "token-bucket": "token bucket",
  gcra: "GCRA",
} as const satisfies Record<LimiterKind, string>

const isLimiter = (name: string): name is LimiterKind => Object.hasOwn(limiters, name)

/** All kinds, in the order of the tables. */
export const limiterKinds = Object.keys(limiters).filter(isLimiter)
