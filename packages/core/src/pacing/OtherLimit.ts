/**
 * Another limit that holds at the same time, for a longer window: "10 per second and 120 per 20 seconds". Few responses
 * name it, so it is learned from its 429s: from the requests accepted before, and how long it must be waited for. Pure.
 */
import type { Draft, PacerState } from "./PacerState.ts"
import { countInFlight } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"

type Limit = NonNullable<PacerState["otherLimit"]["limit"]>

/** Records an accepted request. Those of one window share a run, which takes the latest time. */
export const record = (state: Draft): void => {
  const { gate, nowMs: at, otherLimit, windowMs } = state
  const { limit } = otherLimit
  const run = { at, windowStart: at, sentAt: at, count: 1 }
  const log = SendLog.add(otherLimit.log, run, windowMs).slice(-Tuning.otherLimitRuns)
  // Accepted long before there was room, or not used up when it was to be tried.
  const isEarly = roomAt(state, 0) > at + windowMs + 1000
  const isOver = limit !== null && at >= limit.tryAt && (isEarly || at > limit.tryAt + limit.spanMs)
  // Sent before the 429 that showed the limit: it was accepted before, too.
  const isLate = limit !== null && gate !== null && at < limit.tryAt && limit.tryAt <= gate.untilMs
  const counted = isLate ? { ...limit, count: limit.count + 1 } : limit
  state.otherLimit = { log, limit: isOver ? null : counted }
}

/**
 * Learns from a 429 of the other limit, and from the limit if the 429 names it. The first request after a wait says
 * nothing: it has the room that was waited for.
 */
export const learn = (state: Draft, waitMs: number, named: number | undefined): void => {
  const { gate, nowMs, windowMs } = state
  const { limit, log } = state.otherLimit
  if (gate !== null) return
  const untilMs = nowMs + waitMs
  const spanMs = limit === null ? null : confirmedSpan(state, limit, untilMs)
  if (limit !== null && spanMs !== null) {
    const tryAt = untilMs + Tuning.otherLimitWindows * spanMs
    state.otherLimit = { log, limit: { ...limit, spanMs, tryAt } }
    return
  }
  // At a gap as long as the wait, which is rounded up to a second, the limit was used up before.
  const start = log.findLastIndex(
    ({ at }, index) => at - (log[index - 1]?.at ?? at) >= waitMs - 1000,
  )
  const dense = log.slice(Math.max(0, start))
  const firstAt = dense[0]?.sentAt ?? nowMs
  const count = SendLog.size(dense)
  const readMs = spanOf(firstAt, untilMs)
  // Few requests of a quiet hour are no limit, and what is longer than the log cannot be kept to.
  const windows = (nowMs - firstAt) / windowMs
  const isFull = count > state.limit * Math.max(Tuning.otherLimitFactor, windows / 2)
  const isLong = waitMs > windowMs + 1000 && readMs <= Tuning.otherLimitRuns * windowMs
  if (!isFull || !isLong) return
  // One 429 may be stray, if it does not name what was counted: the limit is tried as soon as it is used up.
  const isNamed = named !== undefined && named >= count && named <= count + countInFlight(state)
  const tryAt = untilMs + (isNamed ? Tuning.otherLimitWindows * readMs : 0)
  state.otherLimit = { log, limit: { count: isNamed ? named : count, spanMs: readMs, tryAt } }
}

/** Returns the window of the limit if a 429 fits it: it was used up, or the window is a little longer; else null. */
const confirmedSpan = (state: Draft, { count, spanMs }: Limit, untilMs: number): number | null => {
  const { log } = state.otherLimit
  if (roomAt(state, countInFlight(state)) > state.nowMs) return spanMs
  const surplus = SendLog.size(log) - count
  const used = surplus < 0 || !isAfterWait(state, 2) ? undefined : SendLog.runOf(log, surplus + 1)
  const longerMs = spanOf(used?.sentAt ?? untilMs, untilMs)
  return longerMs >= spanMs && longerMs <= spanMs * Tuning.longerSpanFactor ? longerMs : null
}

/** Checks whether a 429 can be of the other limit, though nothing in it tells: it was used up, or the known one cannot be. */
export const isLikely = (state: PacerState): boolean =>
  state.otherLimit.limit !== null &&
  (roomAt(state, countInFlight(state)) > state.nowMs || isAfterWait(state, 2))

/** Checks whether nothing was accepted for so many windows of the known limit. */
const isAfterWait = ({ nowMs, otherLimit, windowMs }: PacerState, windows: number): boolean =>
  (otherLimit.log.at(-1)?.at ?? nowMs) + windows * windowMs < nowMs

/** Returns whole seconds, rounded down, since `Retry-After` is rounded up. */
const spanOf = (firstAt: number, untilMs: number): number =>
  1000 * Math.floor((untilMs - firstAt) / 1000)

/** Returns when it has room, with so many requests in flight; `Infinity` if only their responses can tell. */
const roomAt = ({ nowMs, otherLimit }: PacerState, inFlight: number): number => {
  const { limit, log } = otherLimit
  const surplus = limit === null ? -1 : SendLog.size(log) + inFlight - limit.count
  if (limit === null || surplus < 0) return nowMs
  return (SendLog.runOf(log, surplus + 1)?.at ?? Number.POSITIVE_INFINITY) + limit.spanMs
}

/**
 * Returns when the next request can go. A single one goes if it comes too early, to try the limit, and if it is the
 * first after a wait, since the limit may turn a little later than it should.
 */
export const opensAt = (state: PacerState): number => {
  const { nowMs, otherLimit } = state
  const { limit, log } = otherLimit
  if (limit === null) return nowMs
  const inFlight = countInFlight(state)
  const at = roomAt(state, inFlight)
  const isTrial = at > nowMs && nowMs >= limit.tryAt
  const isFull = SendLog.size(log) + inFlight > limit.count
  const isFirst = at <= nowMs && isFull && isAfterWait(state, 1)
  if (!isTrial && !isFirst) return at
  return inFlight > 0 ? Number.POSITIVE_INFINITY : nowMs
}

/**
 * Returns how many requests can begin a burst: few of a long run at full rate, since all that are in flight are 429s if
 * another limit is used up. They go within a part of the window. Processes that share the limit would wait for each other's
 * responses, and a refill keeps them few anyway.
 */
export const mostInFlight = (state: PacerState): number => {
  const { limit, limitSource, nowMs, otherLimit, refill, rotation, roundTrip, windowMs } = state
  if (rotation.length > 1 || refill !== null) return Number.POSITIVE_INFINITY
  const since = nowMs - Tuning.windowsOfLongRun * windowMs
  const recent = SendLog.countWhere(otherLimit.log, ({ at }) => at > since)
  const isLong = recent > Tuning.fullShare * Tuning.windowsOfLongRun * limit
  if (limitSource !== "server" || !isLong) return Number.POSITIVE_INFINITY
  const roundTripMs = RoundTrip.minimum(roundTrip) + roundTrip.excessMs
  const share = Math.max(Tuning.leastInFlightShare, roundTripMs / (windowMs * Tuning.burstSpan))
  return Math.max(2, limit * share)
}
