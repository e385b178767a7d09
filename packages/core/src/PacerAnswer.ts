/** Learns from answers: the round trip, the limit, and what the server still counts. Pure. */
import { refused } from "./PacerRefused.ts"
import {
  type Answer,
  confirm,
  countDue,
  distrust,
  type Drip,
  type Flight,
  land,
  leastRoundTrip,
  live,
  type PacerConfig,
  type PacerState,
  record,
  resolution,
  type RoundTrip,
} from "./PacerState.ts"
import * as SendLog from "./SendLog.ts"

/** Records an answer when its headers have come. */
export const observe = (
  config: PacerConfig,
  previous: PacerState,
  id: number,
  answer: Answer,
  clock: number,
): PacerState => {
  const now = Math.max(clock, previous.nowMs)
  const flight = previous.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return previous
  const state = heard(land({ ...previous, nowMs: now }, flight), flight, answer, now)
  return answer.refused
    ? refused(config, previous, state, flight, answer, now)
    : accepted(config, previous, trimmed(config, state), flight, answer, now)
}

/** Keeps no more own sends than the ceiling looks at. */
const trimmed = ({ ceiling }: PacerConfig, state: PacerState): PacerState => {
  if (ceiling === undefined) return state
  const surplus = SendLog.size(state.spent) - Math.max(1, Math.floor(ceiling.perSecond))
  return surplus > 0 ? { ...state, spent: SendLog.dropOldest(state.spent, surplus) } : state
}

/** What every answer teaches: the round trip and, where it says so, the limit. */
const heard = (state: PacerState, flight: Flight, answer: Answer, now: number): PacerState => {
  const next: PacerState = {
    ...state,
    heard: true,
    observedAt: now,
    roundTrip: sampled(state.roundTrip, now - flight.sentAt, state.limit),
  }
  if (answer.limit === undefined || flight.sentAt < state.limitSentAt) return next
  const limit = Math.max(1, answer.limit)
  const changed = limit !== state.limit && state.limitFrom === "server"
  return {
    ...next,
    limit,
    proven: limit,
    limitFrom: "server",
    limitSentAt: flight.sentAt,
    sinceEmpty: changed ? null : state.sinceEmpty,
    drip: changed ? null : state.drip,
  }
}

const sampled = (roundTrip: RoundTrip, sample: number, limit: number): RoundTrip => {
  // The answers to one burst come quickest first: the least must be that of several.
  const turn = roundTrip.seen > 0 && roundTrip.seen % Math.max(128, 4 * limit) === 0
  const least = turn ? sample : Math.min(roundTrip.least, sample)
  const leastBefore = turn ? roundTrip.least : roundTrip.leastBefore
  const excess = sample - Math.min(least, leastBefore)
  return {
    least,
    leastBefore,
    seen: roundTrip.seen + 1,
    excess:
      roundTrip.seen < 16
        ? (roundTrip.excess * roundTrip.seen + excess) / (roundTrip.seen + 1)
        : roundTrip.excess + (excess - roundTrip.excess) / 16,
  }
}

const accepted = (
  config: PacerConfig,
  previous: PacerState,
  state: PacerState,
  flight: Flight,
  answer: Answer,
  now: number,
): PacerState => {
  const reopened = state.gate !== null && flight.sentAt >= state.gate.untilMs
  const base: PacerState = {
    ...state,
    gate: reopened ? null : state.gate,
    refusals: reopened || state.gate === null ? 0 : state.refusals,
    since:
      state.since === null
        ? { startMs: flight.sentAt, count: 1 }
        : { startMs: state.since.startMs, count: state.since.count + 1 },
  }
  if (config.schedule === false) return { ...base, log: lastWord(base, answer, now) }
  // What remains of another limit, since changed, says nothing about this one.
  const outdated = answer.limit !== undefined && Math.max(1, answer.limit) !== state.limit
  const corrected =
    answer.remaining === undefined || outdated
      ? turnedWithoutWord(previous, base, flight)
      : reconciled(base, flight, answer.remaining, now)
  if (flight.logged === true) return corrected
  const next = { ...corrected, log: record(corrected, flight, now) }
  // Sent before the refusal that set the limit, and let in all the same: the limit is at least that.
  if (next.limitFrom !== "refusal") return next
  return { ...next, limit: Math.max(next.limit, live(next, now)) }
}

/** Without a schedule the log only shows what the server counted last. */
const lastWord = ({ limit }: PacerState, { remaining }: Answer, now: number): SendLog.SendLog =>
  remaining === undefined
    ? SendLog.empty
    : SendLog.add(SendLog.empty, { at: now, base: now, sent: now, count: limit - remaining }, 0)

/** Without the server's word an accepted probe is the word: what was due when it left is forgotten. */
const turnedWithoutWord = (previous: PacerState, state: PacerState, flight: Flight): PacerState => {
  if (previous.probe !== flight.id) return state
  const gone = countDue(state, flight.sentAt)
  if (gone === 0) return state
  return confirm({ ...state, log: SendLog.dropOldest(state.log, gone) }, gone)
}

/** What one answer says against what the log would have said. Counts of sends. */
interface Comparison {
  /** What the server counts, this request included. */
  readonly used: number
  /** Of the log, what was due when the request left. */
  readonly due: number
  /** Of the log, what the server has forgotten for certain, oldest first. */
  readonly forgotten: number
  /** Of those, how many a sliding log could not have forgotten yet. */
  readonly young: number
  /** The most that the server can count if the window is right. */
  readonly explained: number
  /** What is counted beyond that, though it was due: the window is longer, or it belongs to somebody else. */
  readonly outlivers: number
  /** What is counted beyond everything in the log: somebody else's. */
  readonly strangers: number
}

const compare = (state: PacerState, flight: Flight, used: number, now: number): Comparison => {
  const least = leastRoundTrip(state)
  // Counted before this one without doubt; of those the server still counts the newest, `used - 1` at most.
  const before = SendLog.countWhile(state.log, ({ at }) => at <= flight.sentAt + least)
  const forgotten = Math.max(0, before - (used - 1))
  const oldest = flight.sentAt - state.windowMs + least
  const expired = SendLog.countWhile(state.log, ({ base }) => base <= oldest)
  const others = state.flights.filter(
    (other) => other.logged !== true && other.sentAt + least <= now,
  ).length
  const explained = 1 + SendLog.size(state.log) - expired + others
  // It may have been made before answers that came earlier, and count what those have dropped.
  const surplus = Math.max(0, used - explained - (flight.missed ?? 0))
  const strangers = Math.max(0, surplus - expired)
  const grown = now - state.windowMs - least
  return {
    used,
    due: countDue(state, flight.sentAt),
    forgotten,
    young: forgotten - SendLog.countWhere(state.log, ({ sent }) => sent <= grown),
    explained,
    outlivers: surplus - strangers,
    strangers,
  }
}

/** Makes the log agree with the server's count at the moment when it counted this request. */
const reconciled = (
  previous: PacerState,
  flight: Flight,
  remaining: number,
  now: number,
): PacerState => {
  const remainingOffset = remaining >= previous.limit ? 1 : previous.remainingOffset
  const used = Math.max(1, previous.limit - remaining + remainingOffset)
  const seen = compare(previous, flight, used, now)
  const { due, explained, forgotten, outlivers, strangers } = seen
  const log = SendLog.dropOldest(previous.log, forgotten)
  const told = { ...previous, remainingOffset, log, flights: missing(previous, forgotten, flight) }
  const state = recognised(told, seen, flight, remaining, now)
  if (state.drip !== null && strangers === 0) return distrust(state)
  if (outlivers > 0 && forgotten === 0 && strangers === 0 && !state.settled) {
    return distrust({ ...state, windowMs: Math.max(state.windowMs, age(state, flight)) })
  }
  if (outlivers + strangers > 0) {
    // Somebody else spends too; what was due and is still counted is theirs, and it is as if sent now.
    const sent = Number.MIN_SAFE_INTEGER
    const theirs = { at: now, base: now, sent, count: outlivers + strangers }
    const left = SendLog.dropOldest(log, Math.min(Math.max(0, due - forgotten), outlivers))
    return distrust({ ...state, log: SendLog.add(left, theirs, resolution(state)) })
  }
  const least = leastRoundTrip(state)
  const flights =
    used === explained && flight.missed === undefined
      ? state.flights.map((other) => countedBy(other, now, least))
      : state.flights
  return confirm({ ...state, flights }, forgotten < due ? 0 : due)
}

/** Tells what kind of server it is by how it forgets: whole windows, an even refill, or send by send. */
const recognised = (
  state: PacerState,
  { due, forgotten, outlivers, used, young }: Comparison,
  flight: Flight,
  remaining: number,
  now: number,
): PacerState => {
  const { limit } = state
  const whole = state.whole || (young >= Math.max(1, limit / 4) && used - 1 <= limit / 4)
  const sinceEmpty = countSince(state.sinceEmpty, flight, remaining, used * 4 <= limit)
  const stubborn = !state.settled && forgotten > 0 && outlivers > 0 && outlivers * 2 >= due
  const refills = sinceEmpty !== null && used - 1 > limit / 2 && (young > 0 || stubborn)
  return {
    ...state,
    whole,
    log: whole && young > 0 ? SendLog.rebase(state.log, now) : state.log,
    sinceEmpty,
    drip:
      refills || state.drip !== null
        ? refill(state.drip, sinceEmpty, flight, remaining, now)
        : null,
  }
}

/** Counts what is let in since the server said that nothing remains. */
const countSince = (
  since: PacerState["sinceEmpty"],
  flight: Flight,
  remaining: number,
  full: boolean,
): PacerState["sinceEmpty"] => {
  if (full) return null
  if (since !== null && flight.sentAt > since.startMs) return { ...since, count: since.count + 1 }
  return since === null && remaining === 0 ? { startMs: flight.sentAt, count: 0 } : since
}

/**
 * How fast a bucket refills, at least: all but one of what it let in and has left since it was empty.
 * Too slow a guess costs nothing, since the server's next word shows what has gathered.
 */
const refill = (
  drip: Drip | null,
  since: PacerState["sinceEmpty"],
  flight: Flight,
  remaining: number,
  now: number,
): Drip | null => {
  if (since === null || flight.sentAt <= since.startMs) {
    return drip === null ? null : { ...drip, fromMs: now }
  }
  const everyMs = (flight.sentAt - since.startMs) / Math.max(0.5, since.count + remaining - 1)
  return { everyMs, fromMs: now, refusals: drip?.refusals ?? 0 }
}

/** How old the oldest send is that the server still counts. */
const age = (state: PacerState, flight: Flight): number => {
  const oldest = state.log[0]
  return oldest === undefined ? 0 : flight.sentAt + leastRoundTrip(state) - oldest.at
}

/**
 * Notes with the requests sent no later, whose answers are still to come, that the log has lost some that these may
 * still count. Where somebody else spends, a surplus is rather theirs.
 */
const missing = (
  { flights, log }: PacerState,
  forgotten: number,
  { sentAt }: Flight,
): ReadonlyArray<Flight> => {
  if (forgotten === 0 || log.some(({ sent }) => sent === Number.MIN_SAFE_INTEGER)) return flights
  return flights.map((other) =>
    other.sentAt > sentAt ? other : { ...other, missed: (other.missed ?? 0) + forgotten },
  )
}

const countedBy = (flight: Flight, now: number, least: number): Flight =>
  flight.countedBy !== undefined || flight.sentAt + least > now
    ? flight
    : { ...flight, countedBy: now }
