/**
 * Searches for a shorter window. The last requests of the first windows, and later now and then the last one, are held back:
 * each is sent when the server would have forgotten the oldest send if the window were shorter. The count in its response
 * says whether that is so, and no 429 is risked (with a limit of 1 it is). Pure.
 */
import type { Draft, PacerConfig, PacerState } from "./PacerState.ts"
import { isUnlogged, nothingHeld } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

/** Returns the windows that are likely: the one that the rate of the prior gives, and its own. */
const expectedWindows = ({ prior }: PacerConfig, { limit }: PacerState): ReadonlyArray<number> => [
  (limit * prior.windowMs) / prior.limit,
  prior.windowMs,
]

/** Returns the longest expected window that is shorter than this one by enough to matter. */
const expectedBelow = (config: PacerConfig, state: PacerState, ageMs: number): number | undefined =>
  expectedWindows(config, state).find((ms) => ms * Tuning.leastShorterFactor < ageMs)

/** Checks whether limit and window make the rate of the prior: then there is little reason to doubt. */
const agrees = (config: PacerConfig, state: PacerState): boolean =>
  state.windowMs === expectedWindows(config, state)[0]

/** Checks whether these are the first windows, and the prior's rate gives a shorter one: then it is looked for at once. */
export const isSearching = (config: PacerConfig, state: PacerState): boolean =>
  state.held.patience === 0 && state.limit > 1 && longestSearched(config, state) !== undefined

/** Returns the longest window that is looked for then: the one that was seen, or the one that is expected. */
const longestSearched = (config: PacerConfig, state: PacerState): number | undefined =>
  state.held.shorterMs ?? expectedBelow(config, state, state.windowMs)

/** Returns when to look next if so many requests are left, at ages that grow in proportion up to the longest. */
const searchUntil = (config: PacerConfig, state: PacerState, free: number, oldest: SendLog.Run) => {
  const { held, inFlight, nowMs } = state
  if (free > (held.shorterMs === null ? Tuning.firstLooks : Tuning.nextLooks)) return undefined
  if (inFlight.some(isUnlogged)) return { untilMs: nowMs + Tuning.slowResponseMs, ageMs: 0 }
  const longestMs = longestSearched(config, state) ?? state.windowMs
  const fromMs = Math.max(held.countedMs, longestMs / 2 ** Tuning.firstLooks)
  const ageMs = fromMs * (longestMs / fromMs) ** (1 / free)
  return { untilMs: oldest.at + ageMs - Window.minRoundTrip(state), ageMs }
}

/**
 * Returns the next window to look for with a limit of 1. A look may cost a 429: so it is half of this one until there was one,
 * then a little less, so that few more follow.
 */
const aloneCandidate = ({ held: { countedMs }, windowMs }: PacerState): number =>
  countedMs > 0
    ? Math.max(Math.sqrt(countedMs * windowMs), windowMs / Tuning.lookStep)
    : windowMs / 2

/** Returns the next window to look for: by turns one that is expected, whatever was seen before, and the middle. */
const candidate = (config: PacerConfig, state: PacerState): number => {
  const { doubts, seen, shorterMs } = state.held
  if (state.limit === 1) return shorterMs ?? aloneCandidate(state)
  if (shorterMs !== null)
    return seen === 0 ? (expectedBelow(config, state, shorterMs) ?? shorterMs) : shorterMs
  const longest = state.windowMs / Tuning.leastShorterFactor
  const countedMs = state.held.countedMs < longest ? state.held.countedMs : 0
  const least = doubts ? 0 : countedMs * Tuning.leastShorterFactor
  const expected = expectedWindows(config, state).find((ms) => ms > least && ms <= longest)
  return expected ?? (countedMs + state.windowMs) / 2
}

/** Checks whether the sends that count are so far apart that they will not be forgotten together. */
export const isSpread = ({ log, windowMs }: PacerState, ageMs: number): boolean => {
  const spreadMs = (log.at(-1)?.at ?? 0) - (log[0]?.at ?? 0)
  return spreadMs > ageMs * Tuning.largestHoldSpread || spreadMs + ageMs > windowMs
}

/**
 * Checks whether the requests to come fill their windows, few ones, to the last slot. A request that is held back can miss the end
 * of a window that follows the clock, and leaves its slot empty: then such a run needs one window more.
 */
const needsEverySlot = ({ left, prior }: PacerConfig, { limit, windowMs }: PacerState): boolean =>
  limit > 1 &&
  left !== undefined &&
  left % limit === 1 &&
  left < limit * Tuning.leastWindowsToLook &&
  windowMs <= prior.windowMs

/**
 * Returns when a request can be sent, with so many places free (this one included), and the window that it tests;
 * undefined if it can go at once.
 */
export const heldUntil = (
  config: PacerConfig,
  state: PacerState,
  free: number,
): { readonly untilMs: number; readonly ageMs: number } | undefined => {
  const { held, inFlight, limit, limitSource, nowMs, refill, windowMs } = state
  const oldest = state.log[0]
  if (refill !== null || limitSource !== "server" || oldest === undefined) return undefined
  if (held.nextAt === null || nowMs < held.nextAt) return undefined
  if (isSearching(config, state)) return searchUntil(config, state, free, oldest)
  if (free > 1) return undefined
  const isFirst = held.patience === 0
  if (isFirst && oldest.sentAt + windowMs / 2 < nowMs) return { untilMs: nowMs, ageMs: 0 }
  // The response can tell more once those before it are known.
  if (inFlight.some(isUnlogged)) return { untilMs: nowMs + Tuning.slowResponseMs, ageMs: 0 }
  if (isFirst) {
    const ageMs = Math.min((windowMs / limit) * Tuning.firstHoldShare, Tuning.firstHoldMs)
    return { untilMs: oldest.sentAt + ageMs, ageMs: 0 }
  }
  if (needsEverySlot(config, state)) return undefined
  const ageMs = candidate(config, state)
  const fromMs = isSpread(state, ageMs) ? oldest.windowStart : (state.log.at(-1) ?? oldest).at
  const untilMs = fromMs + ageMs - Window.minRoundTrip(state) + state.marginMs
  const isLate = limit > 1 && nowMs > untilMs + ageMs * (Tuning.leastShorterFactor - 1)
  if (!isLate) return { untilMs, ageMs }
  // Held up by something else, it tests a longer window, if that is still shorter by enough.
  const lateMs = ageMs + nowMs - untilMs
  const isShorter = lateMs * Tuning.leastShorterFactor < windowMs
  return isShorter ? { untilMs: nowMs, ageMs: lateMs } : undefined
}

/** Plans the first look: at once, or a short one in the window after the first if no shorter one is expected. */
export const begin = (config: PacerConfig, state: Draft): void => {
  if (state.held.nextAt !== null) return
  // With a limit of 1 no request can be held back: a look is a request that comes early, and may be refused.
  const isEarly = state.limit === 1
  state.held = { ...state.held, patience: isEarly ? 1 : 0 }
  const later = isSearching(config, state) ? 0 : Tuning.firstHoldDelay
  const windows = isEarly ? Tuning.windowsBeforeHolding : later
  state.held = { ...state.held, nextAt: state.nowMs + windows * state.windowMs }
}

/** Plans the next look: after more and more windows if nothing was found. */
const plan = (config: PacerConfig, state: Draft, patience: number): void => {
  const isLikely = agrees(config, state) && state.limit > 1
  const windows = isLikely ? Math.max(Tuning.patienceOfAgreement, patience) : patience
  state.held = {
    ...state.held,
    id: null,
    doubts: !state.held.doubts,
    nextAt: state.nowMs + (windows - 0.25) * state.windowMs,
    patience: Math.min(Tuning.largestHoldPatience, patience),
  }
}

/** The finding of a look, from its response, in milliseconds. */
export interface Look {
  /** The age of the newest send that was forgotten; of the oldest one if all were; undefined if none was. */
  readonly forgottenMs: number | undefined
  /** The age of the oldest send that is counted; 0 if there is none. */
  readonly countedMs: number
}

/** Learns from a look in the first windows: between which ages the server forgets. */
export const learnSearch = (config: PacerConfig, state: Draft, look: Look): void => {
  const { held, windowMs } = state
  const countedMs = Math.max(held.countedMs, look.countedMs)
  const isCounted = (ms: number): boolean => countedMs * Tuning.leastShorterFactor >= ms
  if (look.forgottenMs === undefined) {
    const refutes = held.shorterMs !== null && isCounted(held.shorterMs)
    const reset = refutes ? { shorterMs: null, seen: 0 } : {}
    state.held = { ...held, ...reset, id: null, countedMs }
    if (isCounted(longestSearched(config, state) ?? 0)) endSearch(config, state)
    return
  }
  const { forgottenMs } = look
  const roundTripMs = RoundTrip.minimum(state.roundTrip)
  const fitting = expectedWindows(config, state).filter(
    (ms) => ms <= forgottenMs && forgottenMs - ms <= roundTripMs,
  )
  // A longer one explains it as well, and risks no 429.
  const expected = fitting.length > 0 ? Math.max(...fitting) : undefined
  const before = held.shorterMs ?? Number.POSITIVE_INFINITY
  const shorterMs = Math.min(before, expected ?? forgottenMs)
  const seen = shorterMs * Tuning.leastShorterFactor < before ? 1 : held.seen + 1
  const stillMs = countedMs < shorterMs ? countedMs : 0
  state.held = { ...held, id: null, countedMs: stillMs, shorterMs, seen }
  if (shorterMs * Tuning.leastShorterFactor > windowMs) return endSearch(config, state)
  if (seen >= seenEnough(state, shorterMs, shorterMs === expected)) adopt(config, state, shorterMs)
}

const endSearch = (config: PacerConfig, state: Draft): void =>
  plan(config, state, Tuning.windowsBeforeHolding - 1)

/**
 * Returns how often in a row sends of this age must be forgotten: a window that follows the clock may have turned just
 * then, but it cannot do so again and again.
 */
const seenEnough = ({ windowMs }: PacerState, ageMs: number, isExpected: boolean): number =>
  isExpected ? 2 : 1 + windowMs / (windowMs - ageMs)

/** Takes a shorter window for the right one; a 429 leads back. */
const adopt = (config: PacerConfig, state: Draft, ageMs: number): void => {
  const { windowMs } = state
  state.windowMs = ageMs
  const patience = state.limit === 1 ? state.held.patience : 1
  state.held = { ...state.held, shorterMs: null, longerMs: windowMs, patience }
  Window.distrust(state)
  Window.slide(state)
  plan(config, state, patience)
}

/** Learns from the response to a held request: whether sends were forgotten early. */
export const learn = (config: PacerConfig, state: Draft, forgottenEarly: boolean): void => {
  const { ageMs, nextAt, patience, shorterMs } = state.held
  if (ageMs === 0) {
    return plan(config, state, Tuning.windowsBeforeHolding - 1)
  }
  // Another client's sends count too: nothing is known.
  if (!forgottenEarly && SendLog.hasUnaccounted(state.log)) {
    state.held = { ...state.held, shorterMs: null, nextAt: state.nowMs + state.windowMs }
    return
  }
  if (!forgottenEarly && shorterMs !== null && ageMs < shorterMs) {
    // The expected window was tried in between.
    const countedMs = Math.max(state.held.countedMs, ageMs)
    state.held = { ...state.held, countedMs, seen: 1, nextAt: state.nowMs }
    return
  }
  if (!forgottenEarly) {
    const countedMs = Math.max(state.held.countedMs, ageMs)
    state.held = { ...state.held, countedMs, shorterMs: null }
    if (state.limit > 1) return plan(config, state, patience * 2)
    // A look with a limit of 1 costs a 429, so the last ones, which gain little, are made more rarely.
    const isFound = countedMs * Tuning.leastShorterFactor >= state.windowMs
    if (isFound) state.held = { ...state.held, countedMs: 0 }
    return plan(config, state, isFound ? Tuning.largestHoldPatience : afterMiss(state))
  }
  // After a pause a window that follows the clock turns at another time: that does not count as in a row.
  const isInRow = state.nowMs <= (nextAt ?? 0) + 2 * state.windowMs
  const isNew = shorterMs === null || ageMs < shorterMs || !isInRow
  const isBetween = state.limit > 1 && expectedBelow(config, state, ageMs) !== undefined
  const first = isBetween ? 0 : 1
  const seen = isNew ? first : state.held.seen + 1
  state.held = { ...state.held, id: null, shorterMs: ageMs, seen, nextAt: state.nowMs }
  const isExpected = expectedWindows(config, state).includes(ageMs)
  if (seen < seenEnough(state, ageMs, isExpected)) return
  adopt(config, state, ageMs)
}

/** Returns how many windows pass after a look that was too short: with a limit of 1 it has cost a 429, more often than not. */
const afterMiss = ({ held: { patience }, limit }: PacerState): number =>
  limit === 1 ? Tuning.missFactor * patience : 2

/** Returns to the window before the last look if it was cut too short; says whether there was one. */
export const lengthen = (state: Draft): boolean => {
  const { longerMs } = state.held
  if (longerMs === null) return false
  const nextAt = state.nowMs + 2 * longerMs
  const reset = { shorterMs: null, longerMs: null, patience: afterMiss(state), nextAt }
  state.held = { ...state.held, ...reset, countedMs: state.windowMs }
  state.windowMs = longerMs
  return true
}

/** Returns how many windows pass before a look after a window was read from a wait; none if it is not likely. */
const windowsBeforeLook = (
  { prior }: PacerConfig,
  { limit, windowMs }: PacerState,
  countedMs: number,
): number => {
  const isNarrow = countedMs * Tuning.leastLongerFactor > windowMs
  if (limit === 1 || isNarrow || windowMs === Tuning.defaultWindowMs) {
    return Tuning.windowsBeforeHolding
  }
  // Others can have made it look too long; and a small limit may well be the burst of a bucket.
  return countedMs === 0 || limit <= prior.limit ? 0 : Tuning.windowsAfterRateLimit
}

/**
 * Starts over with a window that was read from a wait, rounded up: it may be shorter, down to `countedMs`. One that was
 * expected is tried at once: a 429 leads back.
 */
export const restart = (config: PacerConfig, state: Draft, countedMs: number): void => {
  const { nowMs, windowMs } = state
  const least = countedMs * Tuning.leastLongerFactor
  const [expected = 0] = expectedWindows(config, state)
  const isExpected = countedMs > 0 && expected > least && expected < windowMs
  const before = windowsBeforeLook(config, state, countedMs)
  const windows = isExpected ? Tuning.patienceOfAgreement : before
  const nextAt = nowMs + windows * windowMs
  // The 429 that showed the window counts, too.
  const patience = state.limit === 1 ? Tuning.missFactor : 1
  state.held = { ...nothingHeld, countedMs, nextAt, patience }
  if (!isExpected) return
  state.windowMs = expected
  state.held = { ...state.held, longerMs: windowMs }
}
