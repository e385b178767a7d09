/** Recognises what kind of limiter the server has, by how it forgets sends. Pure. */
import type { Comparison } from "./Comparison.ts"
import * as State from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

type Context = State.ResponseContext

/** Recognises the kind of limiter by how it forgets: whole windows, an even refill, or send by send. */
export const recogniseKind = (context: Context, seen: Comparison, remaining: number): void => {
  const { state } = context
  const { alone, due, early, forgotten, overdue, tooSoon, used } = seen
  const { limit } = state
  const turned = limit * Tuning.turnedShare
  if (early >= Math.max(1, turned) && used - 1 <= turned) state.fixedWindow = true
  else if (forgotten > 0 && used - 1 > turned) Window.slide(state)
  if (state.fixedWindow && early > 0) state.log = SendLog.restartWindows(state.log, state.nowMs)
  state.anchor = moveAnchor(context, remaining)
  const hadRoom = (state.anchor?.level ?? 0) > 1
  const slowly = hadRoom && !state.windowKnown && forgotten > 0 && overdue > 0
  const overdueStays = slowly && overdue >= due * Tuning.refillOverdueShare
  const turnedAtOnce = used === 1 && forgotten > turned
  const before = turnedAtOnce ? null : state.refill
  const pace = used > 1 ? estimateRefill(context, remaining, before) : before
  const isFast = pace !== null && tooSoon && pace.intervalMs * limit < state.windowMs
  const isSlow = overdueStays && used - 1 > turned
  // What others send looks like a slow refill.
  const isRefuted = refutesWindow(state, seen)
  const isNew = state.others.perWindow === null && ((alone && (isFast || isSlow)) || isRefuted)
  state.refill = before !== null || isNew ? pace : null
}

/** Takes the newest response that says that all was forgotten for the anchor, else the first; counts what is sent since. */
const moveAnchor = (context: Context, remaining: number): State.PacerState["anchor"] => {
  const { sentAt } = context.request
  const { anchor, limit, nowMs: seenMs } = context.state
  // Nothing is in use but this request: a bucket was full, so its level is known to the fraction.
  if (remaining >= limit - 1) return { sentAt, seenMs, level: limit - 1, count: 0 }
  if (anchor === null) return { sentAt, seenMs, level: remaining + 1, count: 0 }
  return sentAt >= anchor.seenMs ? { ...anchor, count: anchor.count + 1 } : anchor
}

/**
 * Estimates a lower bound of a refill's pace: those accepted and remaining since the anchor, beyond its level. An
 * estimate that is too slow costs nothing, since the next `Remaining` corrects it.
 */
const estimateRefill = (
  context: Context,
  remaining: number,
  before: State.Refill | null,
): State.Refill | null => {
  const { counted, sentAt } = context.request
  const { anchor, nowMs: sinceMs } = context.state
  const count = anchor === null ? 0 : counted + 1 + remaining - anchor.level
  if (anchor === null || sentAt < anchor.seenMs || (before === null && count < 1)) {
    return before === null ? null : { ...before, sinceMs }
  }
  const intervalMs = (sentAt - anchor.sentAt) / Math.max(Tuning.leastRefillCount, count)
  const isProven = counted >= context.state.limit * Tuning.refillProvenShare
  return { intervalMs, sinceMs, rateLimited: isProven ? 0 : (before?.rateLimited ?? 0) }
}

/**
 * Checks whether no window explains what the server forgets: again and again it has forgotten a send that is younger than one
 * that it counted, and not all at once. Others that spend look like that.
 */
const refutesWindow = (state: State.Draft, seen: Comparison): boolean => {
  const { countedMs, forgotten, forgottenMs, unaccounted } = seen
  const { log, others, refuted, refill, windowKnown } = state
  const hasOthers = others.seenAt !== null || unaccounted > 0 || SendLog.hasUnaccounted(log)
  if (refill !== null || windowKnown || hasOthers) {
    state.refuted = State.nothingRefuted
    return false
  }
  const longestMs = Math.max(refuted.countedMs, countedMs)
  if (forgottenMs < longestMs) state.refuted = { countedMs: longestMs, times: refuted.times + 1 }
  else if (forgotten > 0) state.refuted = { countedMs: longestMs, times: 0 }
  else state.refuted = { ...refuted, countedMs: longestMs }
  return state.refuted.times >= Tuning.timesToRefute
}
