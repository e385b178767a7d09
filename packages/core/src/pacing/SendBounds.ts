/** Bounds the requests of one pacer, whatever the server counts: by the ceiling, by its share, and by the part that others leave. Pure. */
import type { Bound } from "./FairShare.ts"
import * as FairShare from "./FairShare.ts"
import type { Draft, PacerConfig, PacerState } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as SendLog from "./SendLog.ts"

/** Returns the bounds by the ceiling, and by the share of this process: the one that it was given, else the one that others leave. */
export const boundsOf = (
  { ceiling, share }: PacerConfig,
  state: PacerState,
): ReadonlyArray<Bound> => {
  if (ceiling === undefined && share === undefined) return FairShare.boundsOf(state)
  const { limit, windowMs } = state
  const bounds = share === undefined ? [...FairShare.boundsOf(state)] : []
  if (ceiling !== undefined) {
    const perSecond = ceiling.perSecond * (share ?? 1)
    const count = Math.max(1, Math.floor(perSecond))
    bounds.push({ count, spanMs: (1000 * count) / perSecond })
  }
  if (share !== undefined) {
    const part = share * limit
    // less than one request per window is one in several windows
    const spanMs = (windowMs + Tuning.shareMarginMs) / Math.min(1, part)
    bounds.push({ count: Math.max(1, Math.floor(part)), spanMs })
  }
  return bounds
}

/** Forgets own sends that no bound looks at; without a bound none, since another process may have one. */
export const trim = (state: Draft, bounds: ReadonlyArray<Bound>): void => {
  if (bounds.length === 0) return
  const longestMs = Math.max(...bounds.map(({ spanMs }) => spanMs))
  const old = SendLog.countWhile(state.ceilingLog, ({ at }) => at + longestMs <= state.nowMs)
  state.ceilingLog = SendLog.dropOldest(state.ceilingLog, old)
}

/** Returns when every bound has room for the nth next request (from 1), as far as known. */
export const opensAt = (
  { ceilingLog }: PacerState,
  bounds: ReadonlyArray<Bound>,
  nth = 1,
): number => {
  let latest = Number.NEGATIVE_INFINITY
  const size = SendLog.size(ceilingLog)
  for (const { count, spanMs } of bounds) {
    const last = Math.min(size, size - count + nth)
    const blocking = last < 1 ? undefined : SendLog.runOf(ceilingLog, last)
    if (blocking !== undefined) latest = Math.max(latest, blocking.at + spanMs)
  }
  return latest
}

/** Counts the requests that every bound has room for at a time. */
export const countRoom = (
  { ceilingLog }: PacerState,
  bounds: ReadonlyArray<Bound>,
  now: number,
): number => {
  const rooms = bounds.map(
    ({ count, spanMs }) => count - SendLog.countWhere(ceilingLog, ({ at }) => at + spanMs > now),
  )
  return Math.max(0, Math.min(...rooms))
}
