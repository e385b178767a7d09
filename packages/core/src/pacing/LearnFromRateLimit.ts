/** Closes the gate when the API asks for a wait, and reads limit and window from the first 429 of a burst. Pure. */
import * as Doubt from "./HeaderDoubt.ts"
import * as FairShare from "./FairShare.ts"
import * as Held from "./HeldRequest.ts"
import type { Draft, PacerState, Refill, ResponseContext } from "./PacerState.ts"
import { hasOthers, isUnlogged, nothingRefuted, recordSend } from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import { rateLimitJitterMs, rateLimitWaitMs } from "./RateLimitWait.ts"
import * as OtherLimit from "./OtherLimit.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

/** Closes the gate: never for less than `Retry-After`, and a little longer by chance, so that clients do not meet. */
export const closeGate = (context: ResponseContext): void => {
  const { config, previous, request, response, state } = context
  const { gate } = previous
  const sameBurst = gate !== null && request.sentAt < gate.untilMs
  if (!sameBurst) state.rateLimits += 1
  const waitMs = waitOf(context)
  if (!sameBurst && config.schedule !== false) {
    if (isOthersUse(context)) {
      FairShare.meet(state)
      FairShare.waitUntil(state, state.nowMs + waitMs)
    } else if (previous.held.id === request.id) Held.learn(config, state, false)
    else if (isOfOtherLimit(context)) OtherLimit.learn(state, waitMs, response.limit)
    else learnLimits(context)
  }
  const lonely = response.retryAfterMs !== undefined && isOwnUse(context)
  closeFor(context, waitMs, lonely ? Tuning.lonelyJitterShare : 1)
  if (sameBurst) return
  state.sinceRateLimit = null
  Window.distrust(state)
  state.refuted = nothingRefuted
  if (!isOwnUse(context)) Doubt.confirmZero(state)
  state.fixedWindow = false
}

/** Closes the gate for a wait that has nothing to do with the rate: the request counts as sent, and nothing is learned. */
export const holdGate = (context: ResponseContext): void => {
  const { request, state } = context
  state.observedAt = state.nowMs
  if (isUnlogged(request)) recordSend(state, request, state.nowMs)
  closeFor(context, waitOf(context), 1)
}

/** Returns the wait; a caller that will not wait that long holds up no other for longer than a window. */
const waitOf = ({ response, state }: ResponseContext): number =>
  response.tooLong === true
    ? state.windowMs
    : rateLimitWaitMs(response.retryAfterMs, state.rateLimits)

/** Closes the gate for a wait and a share of the jitter; a gate that is closed for longer stays so. */
const closeFor = ({ previous, response, state }: ResponseContext, ms: number, share: number) => {
  const untilMs = state.nowMs + ms + rateLimitJitterMs(ms, response.jitter) * share
  state.gate = { untilMs: Math.max(previous.gate?.untilMs ?? untilMs, untilMs) }
}

/** Checks whether others have used up the limit: such a 429 says nothing about limit and window. */
const isOthersUse = ({ previous, response, state }: ResponseContext): boolean => {
  const { held, limitSource, log, others, windowMs } = state
  const retryAfterMs = response.retryAfterMs ?? Number.POSITIVE_INFINITY
  if (limitSource !== "server" || retryAfterMs > windowMs + 1000) return false
  if (others.perWindow !== null || !previous.hasResponse) return true
  // A shorter window that is being tried is the likelier reason.
  return others.seenAt !== null && held.longerMs === null && SendLog.hasUnaccounted(log)
}

/** Checks whether our own sends used up a limit that the server named, and no other client has been seen to spend. */
const isOwnUse = ({ request, state }: ResponseContext): boolean => {
  const { limit, limitSource, log, marginMs, windowMs } = state
  if (limitSource !== "server" || SendLog.hasUnaccounted(log)) return false
  return SendLog.countWhere(log, ({ at }) => at + windowMs + marginMs > request.sentAt) >= limit
}

/** Learns window and limit from the first 429 of a burst. */
const learnLimits = (context: ResponseContext): void => {
  const { previous, response, state } = context
  const limitChanged = previous.limitSource === "server" && state.limit !== previous.limit
  if (response.tooLong === true || limitChanged || (response.remaining ?? 0) > 0) return
  if (previous.refill !== null) return doubtRefill(state, previous.refill)
  const unnamed = state.limitSource !== "server"
  const counted = Window.countInWindow(state, context.request.sentAt)
  // An unnamed limit was growing: it is more likely wrong than the window.
  if (unnamed && isGrown(previous)) {
    return adoptLimit(context, Math.max(counted, previous.provenLimit))
  }
  if (unnamed && isRepeated(context)) return adoptRate(context)
  if (previous.trusted) return widenMargin(state)
  if (Held.lengthen(state)) return
  // Nothing was accepted since the last 429: this is an outage, whose waits say nothing about the window.
  if (unnamed && state.sinceRateLimit === null && previous.rateLimits > 0) return
  const suspectedMs = longerWindow(context)
  const isLonger = suspectedMs > state.windowMs
  const retryAfterMs = response.retryAfterMs ?? Tuning.firstBlindWaitMs
  const isFirst = previous.limitSource === "server" && !state.windowKnown && isTogether(state)
  const isClear = !unnamed && (retryAfterMs > state.windowMs || previous.gate !== null || isFirst)
  const isSecond = unnamed ? isSoon(context) : state.suspectedWindowMs === suspectedMs
  // A short wait may also mean that the request came a moment too early, a long one without a limit that the server has
  // another reason: only a second one makes it the window.
  if (isLonger && !isClear && !isSecond) {
    state.suspectedWindowMs = suspectedMs
    return widenMargin(state)
  }
  if (isLonger) {
    state.windowMs = suspectedMs
    // The wait was rounded up to a second: the window may be as much shorter, or others may have spent.
    const alone = !state.windowKnown && !hasOthers(context.config, state)
    const least = alone ? Math.max(previous.windowMs, suspectedMs - 1000 - Tuning.windowSlackMs) : 0
    Held.restart(context.config, state, least)
  }
  if (!unnamed) return
  // A 429 before anything was accepted counts nothing: no limit lets nothing through.
  const accepted = state.sinceRateLimit?.count ?? 0
  if (accepted === 0 && previous.rateLimits === 0) return
  if (isLonger) adoptLimit(context, accepted)
  else adoptLimit(context, counted)
}

/**
 * Checks whether another limit holds at the same time, for a longer window: the response names it, or some of the known
 * one remains, or windows have turned since the last 429, and the wait is longer than they are.
 */
const isOfOtherLimit = (context: ResponseContext): boolean => {
  const { previous, response, state } = context
  const isNamed = previous.limitSource === "server" && previous.limit === state.limit
  if (!isNamed || response.tooLong === true) return false
  if (response.limit !== undefined && Math.max(1, response.limit) !== state.limit) return true
  const isLong = (response.retryAfterMs ?? 0) > state.windowMs + 1000
  if ((response.remaining ?? 0) > 0) return isLong || state.otherLimit.limit !== null
  // The named limit was not used up: `Remaining` is the other one's.
  if (OtherLimit.isLikely(state) && !isOwnUse(context)) return true
  const accepted = state.sinceRateLimit?.count ?? 0
  return previous.windowKnown && isLong && accepted > Tuning.otherLimitFactor * state.limit
}

/** Checks whether the oldest sends lie together: a single one that is much older may count no more, but another client's does. */
const isTogether = ({ limit, log, windowMs }: PacerState): boolean => {
  const early = SendLog.runOf(log, Math.ceil(limit * Tuning.turnedShare))
  return early === undefined || early.at - (log[0] ?? early).at < windowMs / 2
}

/** Checks whether more is tried than a whole window has taken before. */
const isGrown = ({ limit, provenLimit }: PacerState): boolean =>
  provenLimit > 0 && limit > provenLimit

/** Checks whether a 429 follows another one closely, though no more was tried than that one allowed. */
const isRepeated = ({ previous, state }: ResponseContext): boolean => {
  const accepted = state.sinceRateLimit?.count ?? 0
  const inTime = accepted >= state.limit / 2 && accepted <= Tuning.repeatedWindows * state.limit
  return inTime && previous.limitSource === "rateLimit"
}

/** Checks whether a 429 follows one that made a longer window likely, before a few windows have passed. */
const isSoon = ({ state }: ResponseContext): boolean =>
  state.suspectedWindowMs !== null &&
  (state.sinceRateLimit?.count ?? 0) <= Tuning.repeatedWindows * state.limit

/** Takes what was accepted between two 429s for the limit: before the first one a bucket may have been full. */
const adoptRate = (context: ResponseContext): void => {
  const { response, state } = context
  const { count, startMs } = state.sinceRateLimit ?? { count: 0, startMs: state.nowMs }
  const waitMs = response.retryAfterMs ?? Tuning.firstBlindWaitMs
  const perWindow = ((count + 1) * state.windowMs) / (state.nowMs - startMs + waitMs)
  // The second 429 in a row is not stray.
  state.provenLimit = 0
  const least = Math.ceil(state.limit * Tuning.leastLimitShare)
  adoptLimit(context, Math.min(state.limit - 1, Math.max(least, Math.round(perWindow))))
}

/** Starts the refill over; rate limited again and again at its pace, it is no bucket. */
const doubtRefill = (state: Draft, refill: Refill): void => {
  const rateLimited = refill.rateLimited + 1
  const isFast = refill.intervalMs * state.limit < state.windowMs
  const isYoung = (state.anchor?.count ?? 0) < Tuning.windowsToTrust * state.limit
  const disproved = (isFast && isYoung) || rateLimited >= Tuning.rateLimitsToDropRefill
  state.refill = disproved ? null : { ...refill, sinceMs: state.nowMs, rateLimited }
  state.anchor = null
  if (disproved) state.windowKnown = true
}

/** Waits a little longer for every window from here on. */
const widenMargin = (state: Draft): void => {
  const widened = Math.max(Tuning.leastMarginMs, state.marginMs * 2)
  state.marginMs = Math.min(state.windowMs * Tuning.largestMarginShare, widened)
}

/**
 * Reads the window from a 429: from the oldest counted send to the end of the wait, in whole seconds rounded
 * down, since `Retry-After` is rounded up. Returns the present window if the 429 says nothing about it.
 */
const longerWindow = ({ config, previous, request, response, state }: ResponseContext): number => {
  const retryAfterMs = response.retryAfterMs ?? Tuning.firstBlindWaitMs
  const surprising = retryAfterMs > state.windowMs
  // A scout after a closed gate shows the window only if no wait was named and the limit was the reason.
  const blind = response.retryAfterMs === undefined && response.remaining === 0
  const scouted =
    previous.scoutId === request.id && previous.hasResponse && (previous.gate === null || blind)
  if (!surprising && !scouted) return state.windowMs
  // Another client may have spent: only a wait that no window of this length can need tells.
  const isLong = retryAfterMs - 1000 >= state.windowMs
  if (hasOthers(config, state) && !isLong) return state.windowMs
  const unnamed = surprising && previous.limitSource !== "server"
  const first = (unnamed ? state.sinceRateLimit?.startMs : state.log[0]?.at) ?? state.nowMs
  // Both responses took about as long; half a round trip makes up for one that took longer.
  const slack = Math.min(Tuning.windowSlackMs, Window.minRoundTrip(state) / 2)
  const seconds = Math.floor((state.nowMs - first + retryAfterMs + slack) / 1000)
  return Math.min(Tuning.longestWindowMs, Math.max(state.windowMs, seconds * 1000))
}

/** Takes the count at the 429 for the limit, if the server does not name it; after each 429 it grows more rarely. */
const adoptLimit = ({ previous, state }: ResponseContext, counted: number): void => {
  const { growth } = state
  const limit = Math.max(1, counted)
  const failedToGrow = previous.limitSource === "prior" && previous.provenLimit > 0
  const longer = Math.min(Tuning.largestPatience, growth.patience * (failedToGrow ? 2 : 1))
  // Fewer than a window has taken before: this may be no limit at all.
  const patience = limit < state.provenLimit * Tuning.fewShare ? Tuning.strayPatience : longer
  state.limit = limit
  state.provenLimit = limit
  state.limitSource = "rateLimit"
  state.growth = { ...growth, cleanWindows: 0, full: false, patience }
}
