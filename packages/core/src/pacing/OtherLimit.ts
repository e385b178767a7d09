/**
 * Another limit that holds at the same time, for a longer window: "10 per second and 120 per 20 seconds". Few responses
 * name it, so it is learned from its 429s: from the requests accepted before, and how long it must be waited for. Pure.
 */
import type { Draft, PacerState } from "./PacerState.ts"
import { countInFlight } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as SendLog from "./SendLog.ts"

/** Records an accepted request. Those of one window share a run, which takes the latest time. */
export const record = (state: Draft): void => {
  const { nowMs: at, otherLimit, windowMs } = state
  const { limit } = otherLimit
  const run = { at, windowStart: at, sentAt: at, count: 1 }
  const log = SendLog.add(otherLimit.log, run, windowMs).slice(-Tuning.otherLimitRuns)
  // Accepted long before there was room, or not used up when it was to be tried.
  const isEarly = roomAt(state, 0) > at + windowMs + 1000
  const isOver = limit !== null && at >= limit.tryAt && (isEarly || at > limit.tryAt + limit.spanMs)
  state.otherLimit = { log, limit: isOver ? null : limit }
}

/** Learns from a 429 of the other limit. The first request after a wait says nothing: it has the room that was waited for. */
export const learn = (state: Draft, waitMs: number): void => {
  const { gate, nowMs, windowMs } = state
  const { limit, log } = state.otherLimit
  if (gate !== null) return
  const untilMs = nowMs + waitMs
  if (limit !== null && roomAt(state, countInFlight(state)) > nowMs) {
    const tryAt = untilMs + Tuning.otherLimitWindows * limit.spanMs
    state.otherLimit = { log, limit: { ...limit, tryAt } }
    return
  }
  // At a gap as long as the wait, which is rounded up to a second, the limit was used up before.
  const start = log.findLastIndex(
    ({ at }, index) => at - (log[index - 1]?.at ?? at) >= waitMs - 1000,
  )
  const dense = log.slice(Math.max(0, start))
  const firstAt = dense[0]?.sentAt ?? nowMs
  const count = SendLog.size(dense)
  const spanMs = 1000 * Math.floor((untilMs - firstAt) / 1000)
  // Few requests of a quiet hour are no limit, and what is longer than the log cannot be kept to.
  const windows = (nowMs - firstAt) / windowMs
  const isFull = count > state.limit * Math.max(Tuning.otherLimitFactor, windows / 2)
  const isLong = waitMs > windowMs + 1000 && spanMs <= Tuning.otherLimitRuns * windowMs
  // One 429 may be stray: the limit is tried as soon as it is used up.
  const learned = { count, spanMs, tryAt: untilMs }
  if (isFull && isLong) state.otherLimit = { log, limit: learned }
}

/** Returns when it has room, with so many requests in flight; `Infinity` if only their responses can tell. */
const roomAt = ({ nowMs, otherLimit }: PacerState, inFlight: number): number => {
  const { limit, log } = otherLimit
  const surplus = limit === null ? -1 : SendLog.size(log) + inFlight - limit.count
  if (limit === null || surplus < 0) return nowMs
  return (SendLog.runOf(log, surplus + 1)?.at ?? Number.POSITIVE_INFINITY) + limit.spanMs
}

/** Returns when the next request can go: one that comes too early, on its own, if it is time to try the limit. */
export const opensAt = (state: PacerState): number => {
  const inFlight = countInFlight(state)
  const at = roomAt(state, inFlight)
  const tryAt = state.otherLimit.limit?.tryAt ?? 0
  if (at <= state.nowMs || state.nowMs < tryAt) return at
  return inFlight > 0 ? Number.POSITIVE_INFINITY : state.nowMs
}
