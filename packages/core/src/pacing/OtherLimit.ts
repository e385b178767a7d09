/**
 * Another limit that holds at the same time, for a longer window: "10 per second and 120 per 20 seconds". Few responses
 * name it, so it is learned from its 429s: from the requests accepted before, and how long it must be waited for. Pure.
 */
import type { Draft, PacerState } from "./PacerState.ts"
import { noOtherLimit } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

type Limit = NonNullable<PacerState["otherLimit"]["limit"]>

/** Records an accepted request. Those of one window share a run, which takes the latest time. */
export const record = (state: Draft): void => {
  const { nowMs: at, otherLimit, windowMs } = state
  const run = { at, windowStart: at, sentAt: at, count: 1 }
  const log = SendLog.add(otherLimit.log, run, windowMs).slice(-Tuning.otherLimitRuns)
  // Accepted when it was tried, the limit is gone, or higher.
  const isGone = isTried(state, opensAt(state, 0))
  state.otherLimit = isGone ? noOtherLimit : { ...otherLimit, log }
}

/** Learns from a 429 of the other limit. */
export const learn = (state: Draft, waitMs: number): void => {
  const { limit, log } = state.otherLimit
  const untilMs = state.nowMs + waitMs
  const isLong = waitMs > state.windowMs + 1000
  const count = limit === null ? SendLog.size(log) : countAgain(log, limit, isLong)
  const first = SendLog.runOf(log, SendLog.size(log) - count + 1)
  if (first === undefined) return
  const slack = Math.min(Tuning.windowSlackMs, Window.minRoundTrip(state) / 2)
  // The wait was rounded up to a second; of two that can be meant, the one in whole tens is likelier.
  const least = Math.floor((untilMs - first.sentAt + slack) / 1000)
  const seconds = (least + 1) % 10 === 0 ? least + 1 : least
  const spanMs = Math.max(limit?.spanMs ?? 0, seconds * 1000)
  const sinceMs = isLong ? untilMs : (limit?.sinceMs ?? untilMs)
  const tryAt = untilMs + Tuning.otherLimitWindows * spanMs
  state.otherLimit = { log, limit: { count, spanMs, sinceMs, tryAt } }
  // A window that turns after such a wait looks like a shorter one.
  state.held = { ...state.held, shorterMs: null, seen: 0, nextAt: tryAt }
}

/** Counts again if a window was used up by fewer: before the first 429 it may have turned unseen, once. */
const countAgain = (log: SendLog.SendLog, limit: Limit, isLong: boolean): number => {
  const count = SendLog.countWhere(log, ({ at }) => at >= limit.sinceMs)
  return isLong && 2 * count > limit.count ? Math.min(count, limit.count) : limit.count
}

/** Returns when it has room, with so many requests in flight; `Infinity` if only their responses can tell. */
export const opensAt = ({ nowMs, otherLimit }: PacerState, inFlight: number): number => {
  const { limit, log } = otherLimit
  const surplus = limit === null ? -1 : SendLog.size(log) + inFlight - limit.count
  if (limit === null || surplus < 0) return nowMs
  const blocking = SendLog.runOf(log, surplus + 1)
  return blocking === undefined ? Number.POSITIVE_INFINITY : blocking.at + limit.spanMs
}

/** Checks whether to try if the limit still holds, long before it has room. */
export const isTried = ({ nowMs, otherLimit, windowMs }: PacerState, opens: number): boolean =>
  nowMs >= (otherLimit.limit?.tryAt ?? nowMs) && opens > nowMs + windowMs
