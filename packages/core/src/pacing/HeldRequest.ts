/**
 * Looks for a shorter window. The last request of a window is held back for a while: it is sent when the server would
 * have forgotten the oldest send if the window were shorter. The count in its response says whether that is so, and no
 * 429 is risked. Pure.
 */
import type { Draft, PacerConfig, PacerState } from "./PacerState.ts"
import { isUnlogged } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as Window from "./WindowModel.ts"

/** Nothing is known of shorter windows. */
const none: PacerState["held"] = {
  id: null,
  ageMs: 0,
  countedMs: 0,
  shorterMs: null,
  seen: 0,
  longerMs: null,
  nextAt: null,
  patience: 1,
}

/** Returns the windows that are worth a look before any other: the rate of the prior, and its window. */
const expectedWindows = ({ prior }: PacerConfig, { limit }: PacerState): ReadonlyArray<number> => [
  (limit * prior.windowMs) / prior.limit,
  prior.windowMs,
]

/** Checks whether everything that the server named agrees with the prior. */
const agrees = ({ prior }: PacerConfig, { limit, windowMs }: PacerState): boolean =>
  limit === prior.limit && windowMs === prior.windowMs

/** Returns the next window to look for. */
const candidate = (config: PacerConfig, state: PacerState): number => {
  const { shorterMs } = state.held
  if (shorterMs !== null) return shorterMs
  const longest = state.windowMs / Tuning.leastShorterFactor
  // Once all is known, it is doubted from the start.
  const countedMs = state.held.countedMs < longest ? state.held.countedMs : 0
  const expected = expectedWindows(config, state).find(
    (ms) => ms > countedMs * Tuning.leastShorterFactor && ms <= longest,
  )
  return expected ?? (countedMs + state.windowMs) / 2
}

/**
 * Returns when the request that takes the last place is to be sent, and the window that it looks for; undefined if it
 * need not wait.
 */
export const heldUntil = (
  config: PacerConfig,
  state: PacerState,
): { readonly untilMs: number; readonly ageMs: number } | undefined => {
  const { held, inFlight, limit, limitSource, nowMs, refill, windowMs } = state
  const oldest = state.log[0]
  if (refill !== null || limit < 2 || limitSource !== "server" || oldest === undefined)
    return undefined
  if (held.nextAt === null || nowMs < held.nextAt) return undefined
  const isFirst = held.patience === 0
  if (isFirst && oldest.sentAt + windowMs / 2 < nowMs) return { untilMs: nowMs, ageMs: 0 }
  // The response can tell more once those before it are known.
  if (inFlight.some(isUnlogged)) return { untilMs: nowMs + Tuning.slowResponseMs, ageMs: 0 }
  if (isFirst) {
    const ageMs = Math.min((windowMs / limit) * Tuning.firstHoldShare, Tuning.firstHoldMs)
    return { untilMs: oldest.sentAt + ageMs, ageMs: 0 }
  }
  const ageMs = candidate(config, state)
  const untilMs = oldest.windowStart + ageMs - Window.minRoundTrip(state) + state.marginMs
  return { untilMs, ageMs }
}

/** Plans the first look, for the window after the first one: it is a short one. */
export const begin = (state: Draft): void => {
  if (state.held.nextAt !== null) return
  state.held = { ...state.held, nextAt: state.nowMs + Tuning.firstHoldDelay * state.windowMs }
}

/** Plans the next look: after more and more windows if nothing was found. */
export const plan = (config: PacerConfig, state: Draft, patience: number): void => {
  const windows = agrees(config, state) ? Math.max(Tuning.patienceOfAgreement, patience) : patience
  state.held = {
    ...state.held,
    id: null,
    nextAt: state.nowMs + (windows - 0.25) * state.windowMs,
    patience: Math.min(Tuning.largestHoldPatience, patience),
  }
}

/** Learns from the response to a held request: whether sends were forgotten early. */
export const learn = (config: PacerConfig, state: Draft, forgottenEarly: boolean): void => {
  const { ageMs, patience, shorterMs } = state.held
  if (ageMs === 0) {
    return plan(config, state, Tuning.windowsBeforeHolding)
  }
  if (!forgottenEarly) {
    const countedMs = Math.max(state.held.countedMs, ageMs)
    state.held = { ...state.held, countedMs, shorterMs: null }
    return plan(config, state, patience * 2)
  }
  // A window that follows the clock may have turned just now: it cannot do so again and again.
  const { windowMs } = state
  const seen = shorterMs === null ? 1 : state.held.seen + 1
  state.held = { ...state.held, id: null, shorterMs: ageMs, seen, nextAt: state.nowMs }
  const isExpected = expectedWindows(config, state).includes(ageMs)
  if (seen < (isExpected ? 2 : 1 + windowMs / (windowMs - ageMs))) return
  state.windowMs = ageMs
  state.held = { ...state.held, shorterMs: null, longerMs: windowMs, patience: 1 }
  Window.distrust(state)
  Window.slide(state)
  plan(config, state, isExpected ? Tuning.windowsBeforeHolding : 1)
}

/** Returns to the window before the last look if it was cut too short; says whether there was one. */
export const lengthen = (state: Draft): boolean => {
  const { longerMs } = state.held
  if (longerMs === null) return false
  state.held = { ...state.held, countedMs: state.windowMs, shorterMs: null, longerMs: null }
  state.windowMs = longerMs
  return true
}

/**
 * Starts over with a window that was read from a wait, rounded up: it may be shorter, down to `countedMs`. One that was
 * expected is tried at once: a 429 leads back.
 */
export const restart = (config: PacerConfig, state: Draft, countedMs: number): void => {
  const { nowMs, windowMs } = state
  const least = countedMs * Tuning.leastShorterFactor
  const [expected = 0] = expectedWindows(config, state)
  const isExpected = countedMs > 0 && expected > least && expected < windowMs
  const usual = least > windowMs || windowMs === Tuning.defaultWindowMs
  const windows = isExpected || usual ? Tuning.windowsBeforeHolding : 0
  state.held = { ...none, countedMs, nextAt: nowMs + windows * windowMs }
  if (!isExpected) return
  state.windowMs = expected
  state.held = { ...state.held, longerMs: windowMs }
}
