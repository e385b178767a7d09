/**
 * Shares the limit with other clients of the same token. While they are seen, this pacer bounds its own sends in a window:
 * once in a window it takes a little more if something was left, or a little less if nothing was, so that shares settle. Its sends
 * are spread, so that the counts in their responses show the whole window, and others find room in it. Pure.
 */
import type { Draft, PacerState } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"

/** A number of requests that no span of this length may exceed. */
export interface Bound {
  readonly count: number
  readonly spanMs: number
}

const unbounded: ReadonlyArray<Bound> = []

/** Checks whether this pacer has just begun: others that count now were there first, or begin with it. */
export const isBeginning = ({ limit, roundTrip }: PacerState): boolean =>
  roundTrip.samples <= Math.max(1, limit * Tuning.openingBurstShare)

/** Notes that the server has counted others; the first time, this pacer takes a small share. */
export const meet = (state: Draft): void => {
  const { limit, nowMs, others } = state
  state.others =
    others.perWindow === null
      ? {
          seenAt: nowMs,
          perWindow: Math.max(1, limit * Tuning.firstShare),
          sinceMs: nowMs,
          leastRemaining: limit,
        }
      : { ...others, seenAt: nowMs }
}

/** Learns once in a window: takes more in proportion to the smallest `Remaining`, or less if nothing remained. */
export const adapt = (state: Draft, remaining: number): void => {
  const { limit, nowMs, others, windowMs } = state
  if (others.perWindow === null) return
  const leastRemaining = Math.min(others.leastRemaining, remaining)
  if (nowMs < others.sinceMs + windowMs) {
    state.others = { ...others, leastRemaining }
    return
  }
  const spare = leastRemaining - limit * Tuning.spareShare
  const changed =
    spare < 0 ? others.perWindow * Tuning.shareCut : others.perWindow + spare * Tuning.shareGrowth
  const perWindow = Math.min(limit, Math.max(limit * Tuning.leastShare, changed))
  state.others = { ...others, perWindow, sinceMs: nowMs, leastRemaining: limit }
}

/** Starts the next look when the gate opens: the wait itself has taken enough from this pacer. */
export const waitUntil = (state: Draft, untilMs: number): void => {
  state.others = { ...state.others, sinceMs: untilMs, leastRemaining: state.limit }
}

/** Ends the sharing if no other client was seen for a while. */
export const expire = (state: Draft): void => {
  const { nowMs, others, windowMs } = state
  if (others.perWindow === null || others.seenAt === null) return
  if (nowMs < others.seenAt + Tuning.windowsToBeAlone * windowMs) return
  state.others = { ...others, perWindow: null }
}

/** Returns the bounds of own sends: the share in a window, and a part of it in a part of a window. */
export const boundsOf = ({ others: { perWindow }, windowMs }: PacerState): ReadonlyArray<Bound> => {
  if (perWindow === null) return unbounded
  // less than one request per window is one in several windows
  const spanMs = (windowMs + Tuning.shareMarginMs) / Math.min(1, perWindow)
  const count = Math.max(1, Math.floor(perWindow))
  if (count === 1) return [{ count, spanMs }]
  const part = Math.min(count - 1, Math.ceil(count * Tuning.spreadShare))
  return [
    { count, spanMs },
    { count: part, spanMs: spanMs * Tuning.spreadSpan },
  ]
}
