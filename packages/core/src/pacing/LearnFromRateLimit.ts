/** Learns from 429s: closes the gate, and reads limit and window from the first refusal of a burst. Pure. */
import {
  type Answer,
  distrust,
  type Draft,
  type Flight,
  leastRoundTrip,
  live,
  type PacerConfig,
  type PacerState,
} from "./PacerState.ts"
import * as SendLog from "./SendLog.ts"

/** How many refusals disprove a refill. */
const dripRefusals = 4
const longestWindowMs = 3_600_000
const longestPatience = 4096
const shortestWaitMs = 100
const longestBlindWaitMs = 60_000

/**
 * Closes the gate: never for less than `Retry-After`, and a little longer by chance, so that clients do not meet.
 * Where nobody is there to be met, a quarter of that is enough.
 */
export const refuse = (
  config: PacerConfig,
  previous: PacerState,
  state: Draft,
  flight: Flight,
  answer: Answer,
  now: number,
): void => {
  const { gate } = previous
  const sameBurst = gate !== null && flight.sentAt < gate.untilMs
  if (!sameBurst) state.refusals += 1
  const delayMs = delay(state, answer)
  if (!sameBurst && config.schedule !== false) teach(previous, state, flight, answer, now)
  const certain = answer.retryAfterMs !== undefined && ownDoing(state, flight)
  const most = Math.min(250, delayMs / 10) / (certain ? 4 : 1)
  const untilMs = now + delayMs + answer.jitter * most
  if (sameBurst) {
    state.gate = { ...gate, untilMs: Math.max(gate.untilMs, untilMs) }
    return
  }
  distrust(state)
  state.whole = false
  state.since = null
  state.gate = { closedAt: now, untilMs }
}

/** Tells whether our own sends used up a limit that the server named, and nobody else has been seen to spend. */
const ownDoing = (
  { guardMs, limit, limitFrom, log, windowMs }: PacerState,
  { sentAt }: Flight,
): boolean =>
  limitFrom === "server" &&
  log.every(({ sent }) => sent !== Number.MIN_SAFE_INTEGER) &&
  SendLog.countWhere(log, ({ at }) => at + windowMs + guardMs > sentAt) >= limit

/** How long the server wants to be left alone; without its word 1 s, doubling with each refusal in a row. */
const delay = ({ refusals, windowMs }: PacerState, answer: Answer): number => {
  if (answer.tooLong === true) return windowMs
  if (answer.retryAfterMs !== undefined) return Math.max(shortestWaitMs, answer.retryAfterMs)
  return Math.min(longestBlindWaitMs, 1000 * 2 ** Math.min(refusals - 1, 10))
}

/** Learns window and limit from the first refusal of a burst. */
const teach = (
  previous: PacerState,
  state: Draft,
  flight: Flight,
  answer: Answer,
  now: number,
): void => {
  const limitChanged = previous.limitFrom === "server" && state.limit !== previous.limit
  if (answer.tooLong === true || limitChanged || (answer.remaining ?? 0) > 0) return
  if (previous.drip !== null) {
    // Refused again and again at the pace of the drip: it is no bucket. The log and the server's word go on.
    const refusals = previous.drip.refusals + 1
    state.drip = refusals < dripRefusals ? { ...previous.drip, fromMs: now, refusals } : null
    state.sinceEmpty = null
    if (state.drip === null) state.settled = true
    return
  }
  if (previous.trusted) return guard(state)
  const suspectedMs = longerWindow(previous, state, flight, answer, now)
  const told = (answer.retryAfterMs ?? 1000) > state.windowMs || previous.gate !== null
  // A short wait may also mean that the request came a moment too early: only a second one makes it the window.
  if (suspectedMs > state.windowMs && !told && state.suspectedMs !== suspectedMs) {
    state.suspectedMs = suspectedMs
    return guard(state)
  }
  const isLonger = suspectedMs > state.windowMs
  if (isLonger) state.windowMs = suspectedMs
  if (state.limitFrom === "server") return
  const counted = isLonger ? (state.since?.count ?? 0) : live(previous, now)
  rule(state, previous, Math.max(1, counted))
}

/** Waits a little longer for every window from here on. */
const guard = (state: Draft): void => {
  state.guardMs = Math.min(state.windowMs / 4, Math.max(4, state.guardMs * 2))
}

/**
 * Reads the window from a refusal: from the oldest send that is still counted to the end of the wait, in whole seconds
 * rounded down, since `Retry-After` is rounded up. Gives the present window where the refusal says nothing about it.
 */
const longerWindow = (
  previous: PacerState,
  state: PacerState,
  flight: Flight,
  answer: Answer,
  now: number,
): number => {
  const retryAfterMs = answer.retryAfterMs ?? 1000
  const surprising = retryAfterMs > state.windowMs
  // A probe after a closed gate teaches where nobody said how long to wait, and the budget is why.
  const blind = answer.retryAfterMs === undefined && answer.remaining === 0
  const lone = previous.probe === flight.id && previous.heard && (previous.gate === null || blind)
  if (!surprising && !lone) return state.windowMs
  const unnamed = surprising && previous.limitFrom !== "server"
  const first = (unnamed ? state.since?.startMs : state.log[0]?.at) ?? now
  // Both answers took about as long; half a round trip makes up for one that took longer.
  const slack = Math.min(50, leastRoundTrip(state) / 2)
  const seconds = Math.floor((now - first + retryAfterMs + slack) / 1000)
  return Math.min(longestWindowMs, Math.max(state.windowMs, seconds * 1000))
}

/** Takes the count at the refusal for the limit, where nobody says it; each time it is tried again more rarely. */
const rule = (state: Draft, previous: PacerState, limit: number): void => {
  const { stretch } = state
  const again = previous.limitFrom === "prior" && previous.proven > 0
  const patience = Math.min(longestPatience, stretch.patience * (again ? 2 : 1))
  state.limit = limit
  state.proven = limit
  state.limitFrom = "refusal"
  state.stretch = { ...stretch, clean: 0, full: false, patience }
}
