/**
 * The rate limiters an API can have, as pure functions over JSON state.
 * No clock and no Effect inside: the caller passes the time in milliseconds and keeps the state.
 * A rate-limited request never counts against the limit.
 */

/** Every limiter that can be simulated. */
export const kinds = [
  "fixed-window-aligned",
  "fixed-window-first-request",
  "sliding-log",
  "token-bucket",
  "gcra",
] as const

/**
 * How requests are counted.
 *
 * - `fixed-window-aligned`: windows start at multiples of `windowMs` on the server's clock
 * - `fixed-window-first-request`: a window starts with the first request after the last one ended
 * - `sliding-log`: never more than `limit` in any span of `windowMs`
 * - `token-bucket`: a bucket of `limit`, full at first, refilled evenly with `limit` per `windowMs`
 * - `gcra`: the generic cell rate algorithm with a burst of `limit` and a rate of `limit` per `windowMs`
 */
export type LimiterKind = (typeof kinds)[number]

/** The limiter, its number of requests (an integer; 0 rejects everything), and its window in milliseconds. */
export interface LimiterOptions {
  readonly kind: LimiterKind
  readonly limit: number
  readonly windowMs: number
}

interface Base {
  readonly limit: number
  readonly windowMs: number
  /** The latest time seen; an earlier one counts as this one. */
  readonly nowMs: number
}

interface FixedWindow extends Base {
  readonly kind: "fixed-window-aligned" | "fixed-window-first-request"
  readonly windowStartMs: number
  readonly used: number
}

interface SlidingLog extends Base {
  readonly kind: "sliding-log"
  /** When each counted request was allowed, oldest first. */
  readonly log: ReadonlyArray<number>
}

interface TokenBucket extends Base {
  readonly kind: "token-bucket"
  readonly tokens: number
}

interface Gcra extends Base {
  readonly kind: "gcra"
  /** The theoretical arrival time: when the schedule is even again. */
  readonly tatMs: number
}

/** The state of a limiter; survives `JSON.stringify` and `JSON.parse`. */
export type LimiterState = FixedWindow | SlidingLog | TokenBucket | Gcra

/**
 * The decision on one request.
 *
 * `remaining` is what is left after this request. `retryAfterMs` is 0 if it was allowed, else exact: a request that much
 * later is allowed if none comes in between. Writing the header rounds up to whole seconds.
 */
export interface Decision {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly retryAfterMs: number
}

/** Allowing a request because of rounding costs less than rejecting one that waited exactly as long as told. */
const epsilon = 1e-6

const checked = (limit: number, windowMs: number): void => {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new RangeError(`\`limit\` must be an integer, 0 or more (got ${limit})`)
  }
  if (!Number.isFinite(windowMs) || windowMs <= 0) {
    throw new RangeError(`\`windowMs\` must be a number of milliseconds above 0 (got ${windowMs})`)
  }
}

/** Creates a limiter that has seen no request. Throws a `RangeError` for an invalid limit or window. */
export const make = ({ kind, limit, windowMs }: LimiterOptions): LimiterState => {
  checked(limit, windowMs)
  const base: Base = { limit, windowMs, nowMs: Number.MIN_SAFE_INTEGER }
  switch (kind) {
    case "fixed-window-aligned":
    case "fixed-window-first-request":
      return { ...base, kind, windowStartMs: Number.MIN_SAFE_INTEGER, used: 0 }
    case "sliding-log":
      return { ...base, kind, log: [] }
    case "token-bucket":
      return { ...base, kind, tokens: limit }
    case "gcra":
      return { ...base, kind, tatMs: Number.MIN_SAFE_INTEGER }
  }
}

/**
 * Changes limit, window or both while running. Requests that were allowed before still count: a window keeps its start, a
 * bucket its tokens (never more than the new limit).
 */
export const reconfigure = (
  state: LimiterState,
  change: { readonly limit?: number; readonly windowMs?: number },
  nowMs: number,
): LimiterState => {
  const limit = change.limit ?? state.limit
  const windowMs = change.windowMs ?? state.windowMs
  checked(limit, windowMs)
  const now = Math.max(nowMs, state.nowMs)
  const base: Base = { limit, windowMs, nowMs: now }
  switch (state.kind) {
    case "fixed-window-aligned":
    case "fixed-window-first-request": {
      const { used, windowStartMs } = window(state, now)
      return { ...base, kind: state.kind, used, windowStartMs }
    }
    case "sliding-log":
      return { ...base, kind: state.kind, log: state.log }
    case "token-bucket":
      return { ...base, kind: state.kind, tokens: Math.min(limit, refilled(state, now)) }
    case "gcra":
      return { ...base, kind: state.kind, tatMs: Math.min(state.tatMs, now + windowMs) }
  }
}

/** Decides on one request at `nowMs`. Pure: ignore the returned state to look ahead. */
export const take = (
  state: LimiterState,
  nowMs: number,
): { readonly decision: Decision; readonly state: LimiterState } => {
  const now = Math.max(nowMs, state.nowMs)
  if (state.limit === 0) return reject(state, state.windowMs, { ...state, nowMs: now })
  switch (state.kind) {
    case "fixed-window-aligned":
    case "fixed-window-first-request":
      return takeFixed(state, now)
    case "sliding-log":
      return takeSliding(state, now)
    case "token-bucket":
      return takeToken(state, now)
    case "gcra":
      return takeGcra(state, now)
  }
}

const admit = (remaining: number, state: LimiterState) => ({
  decision: {
    allowed: true,
    limit: state.limit,
    remaining: Math.max(0, remaining),
    retryAfterMs: 0,
  },
  state,
})

const reject = (options: Base, retryAfterMs: number, state: LimiterState) => ({
  decision: { allowed: false, limit: options.limit, remaining: 0, retryAfterMs },
  state,
})

/** Returns the window that contains `now`, without counting a request. */
const window = (
  state: FixedWindow,
  now: number,
): { readonly windowStartMs: number; readonly used: number } => {
  const nextMs = state.windowStartMs + state.windowMs
  if (now < nextMs) return state
  if (state.kind === "fixed-window-first-request") return { windowStartMs: now, used: 0 }
  const startMs = Math.floor(now / state.windowMs) * state.windowMs
  // Rounding can give the start of the window that has just ended.
  return { windowStartMs: startMs > state.windowStartMs ? startMs : nextMs, used: 0 }
}

const takeFixed = (state: FixedWindow, now: number) => {
  const { used, windowStartMs } = window(state, now)
  if (used >= state.limit) {
    return reject(state, windowStartMs + state.windowMs - now, {
      ...state,
      nowMs: now,
      used,
      windowStartMs,
    })
  }
  return admit(state.limit - used - 1, { ...state, nowMs: now, windowStartMs, used: used + 1 })
}

const takeSliding = (state: SlidingLog, now: number) => {
  const firstLive = state.log.findIndex((time) => time + state.windowMs > now)
  const log = firstLive < 0 ? [] : state.log.slice(firstLive)
  // the newest request that must leave the window before another fits; more than one after the limit was lowered
  const blocking = log[log.length - state.limit]
  if (blocking !== undefined) {
    return reject(state, blocking + state.windowMs - now, { ...state, nowMs: now, log })
  }
  log.push(now)
  return admit(state.limit - log.length, { ...state, nowMs: now, log })
}

const refilled = (state: TokenBucket, now: number): number =>
  Math.min(state.limit, state.tokens + ((now - state.nowMs) * state.limit) / state.windowMs)

const takeToken = (state: TokenBucket, now: number) => {
  const tokens = refilled(state, now)
  if (tokens + epsilon < 1) {
    return reject(state, ((1 - tokens) * state.windowMs) / state.limit, {
      ...state,
      nowMs: now,
      tokens,
    })
  }
  const left = Math.max(0, tokens - 1)
  return admit(Math.floor(left + epsilon), { ...state, nowMs: now, tokens: left })
}

const takeGcra = (state: Gcra, now: number) => {
  const interval = state.windowMs / state.limit
  const tatMs = Math.max(state.tatMs, now) + interval
  const ahead = tatMs - now
  if (ahead > state.windowMs + epsilon) {
    return reject(state, ahead - state.windowMs, { ...state, nowMs: now })
  }
  return admit(Math.floor((state.windowMs - ahead) / interval + epsilon), {
    ...state,
    nowMs: now,
    tatMs,
  })
}
