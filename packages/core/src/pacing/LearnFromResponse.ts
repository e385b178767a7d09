/** Learns from answers: the round trip, the limit, and what the server still counts. Pure. */
import { refuse } from "./LearnFromRateLimit.ts"
import {
  type Answer,
  confirm,
  countDue,
  distrust,
  type Draft,
  draftOf,
  type Drip,
  type Drop,
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

/** How many drops are kept apart. */
const mostDrops = 64

/** Records an answer when its headers have come. */
export const observe = (
  config: PacerConfig,
  previous: PacerState,
  id: number,
  answer: Answer,
  clock: number,
): PacerState => {
  const flight = previous.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return previous
  const now = Math.max(clock, previous.nowMs)
  const state = draftOf(previous, now)
  land(state, flight)
  hear(state, flight, answer, now)
  if (answer.refused) refuse(config, previous, state, flight, answer, now)
  else {
    trim(config, state)
    accept(config, previous, state, flight, answer, now)
  }
  return state
}

/** Keeps no more own sends than the ceiling looks at. */
const trim = ({ ceiling }: PacerConfig, state: Draft): void => {
  if (ceiling === undefined) return
  const surplus = SendLog.size(state.spent) - Math.max(1, Math.floor(ceiling.perSecond))
  if (surplus > 0) state.spent = SendLog.dropOldest(state.spent, surplus)
}

/** What every answer teaches: the round trip and, where it says so, the limit. */
const hear = (state: Draft, flight: Flight, answer: Answer, now: number): void => {
  state.heard = true
  state.observedAt = now
  state.roundTrip = sampled(state.roundTrip, now - flight.sentAt, state.limit)
  if (answer.limit === undefined || flight.sentAt < state.limitSentAt) return
  const limit = Math.max(1, answer.limit)
  if (limit !== state.limit && state.limitFrom === "server") {
    state.sinceEmpty = null
    state.drip = null
  }
  state.limit = limit
  state.proven = limit
  state.limitFrom = "server"
  state.limitSentAt = flight.sentAt
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

const accept = (
  config: PacerConfig,
  previous: PacerState,
  state: Draft,
  flight: Flight,
  answer: Answer,
  now: number,
): void => {
  const { gate, since } = state
  const reopened = gate !== null && flight.sentAt >= gate.untilMs
  if (reopened || gate === null) state.refusals = 0
  if (reopened) state.gate = null
  state.since =
    since === null
      ? { startMs: flight.sentAt, count: 1 }
      : { startMs: since.startMs, count: since.count + 1 }
  if (config.schedule === false) {
    state.log = lastWord(state, answer, now)
    return
  }
  // What remains of another limit, since changed, says nothing about this one.
  const outdated = answer.limit !== undefined && Math.max(1, answer.limit) !== state.limit
  if (answer.remaining === undefined || outdated) turnWithoutWord(previous, state, flight)
  else reconcile(state, flight, answer.remaining, now)
  if (flight.logged === true) return
  state.log = record(state, flight, now)
  // Sent before the refusal that set the limit, and let in all the same: the limit is at least that.
  if (state.limitFrom === "refusal") state.limit = Math.max(state.limit, live(state, now))
}

/** Without a schedule the log only shows what the server counted last. */
const lastWord = ({ limit }: PacerState, { remaining }: Answer, now: number): SendLog.SendLog =>
  remaining === undefined
    ? SendLog.empty
    : SendLog.add(SendLog.empty, { at: now, base: now, sent: now, count: limit - remaining }, 0)

/** Without the server's word an accepted probe is the word: what was due when it left is forgotten. */
const turnWithoutWord = (previous: PacerState, state: Draft, flight: Flight): void => {
  if (previous.probe !== flight.id) return
  const gone = countDue(state, flight.sentAt)
  if (gone === 0) return
  state.log = SendLog.dropOldest(state.log, gone)
  confirm(state, gone)
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

const compare = (
  state: PacerState,
  flight: Flight,
  used: number,
  missed: number,
  now: number,
): Comparison => {
  const least = leastRoundTrip(state)
  // Counted before this one without doubt; of those the server still counts the newest, `used - 1` at most.
  const before = SendLog.countWhile(state.log, ({ at }) => at <= flight.sentAt + least)
  const forgotten = Math.max(0, before - (used - 1))
  const oldest = flight.sentAt - state.windowMs + least
  const expired = SendLog.countWhile(state.log, ({ base }) => base <= oldest)
  let others = 0
  for (const { logged, sentAt } of state.flights) {
    if (logged !== true && sentAt + least <= now) others++
  }
  const explained = 1 + SendLog.size(state.log) - expired + others
  // It may have been made before answers that came earlier, and count what those have dropped.
  const surplus = Math.max(0, used - explained - missed)
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
const reconcile = (state: Draft, flight: Flight, remaining: number, now: number): void => {
  if (remaining >= state.limit) state.remainingOffset = 1
  const used = Math.max(1, state.limit - remaining + state.remainingOffset)
  const missed = countMissed(state.dropped, flight)
  const seen = compare(state, flight, used, missed, now)
  const { due, explained, forgotten, outlivers, strangers } = seen
  note(state, flight, forgotten)
  state.log = SendLog.dropOldest(state.log, forgotten)
  const { log } = state
  recognise(state, seen, flight, remaining, now)
  if (state.drip !== null && strangers === 0) return distrust(state)
  if (outlivers > 0 && forgotten === 0 && strangers === 0 && !state.settled) {
    state.windowMs = Math.max(state.windowMs, age(state, flight))
    return distrust(state)
  }
  if (outlivers + strangers > 0) {
    // Somebody else spends too; what was due and is still counted is theirs, and it is as if sent now.
    const sent = Number.MIN_SAFE_INTEGER
    const theirs = { at: now, base: now, sent, count: outlivers + strangers }
    const left = SendLog.dropOldest(log, Math.min(Math.max(0, due - forgotten), outlivers))
    state.log = SendLog.add(left, theirs, resolution(state))
    return distrust(state)
  }
  if (used === explained && missed === 0) {
    const least = leastRoundTrip(state)
    if (state.flights.some((other) => isCounted(other, now, least))) {
      state.flights = state.flights.map((other) =>
        isCounted(other, now, least) ? { ...other, countedBy: now } : other,
      )
    }
  }
  confirm(state, forgotten < due ? 0 : due)
}

/** Tells what kind of server it is by how it forgets: whole windows, an even refill, or send by send. */
const recognise = (
  state: Draft,
  { due, forgotten, outlivers, used, young }: Comparison,
  flight: Flight,
  remaining: number,
  now: number,
): void => {
  const { drip, limit } = state
  if (young >= Math.max(1, limit / 4) && used - 1 <= limit / 4) state.whole = true
  if (state.whole && young > 0) state.log = SendLog.rebase(state.log, now)
  const sinceEmpty = countSince(state.sinceEmpty, flight, remaining, used * 4 <= limit)
  state.sinceEmpty = sinceEmpty
  const stubborn = !state.settled && forgotten > 0 && outlivers > 0 && outlivers * 2 >= due
  const refills = sinceEmpty !== null && used - 1 > limit / 2 && (young > 0 || stubborn)
  if (refills || drip !== null) state.drip = refill(drip, sinceEmpty, flight, remaining, now)
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
 * Notes that the log has lost some which the answers to requests sent no later, still to come, may count. Where somebody
 * else spends, a surplus is rather theirs.
 */
const note = (state: Draft, { sentAt }: Flight, forgotten: number): void => {
  const { dropped, log } = state
  const oldest = state.flights[0]?.sentAt ?? Number.POSITIVE_INFINITY
  const isOver = ({ sentAt: at }: Drop): boolean => at < oldest
  const kept = dropped.some(isOver) ? dropped.filter((drop) => !isOver(drop)) : dropped
  const isNew =
    forgotten > 0 && oldest <= sentAt && !log.some(({ sent }) => sent === Number.MIN_SAFE_INTEGER)
  state.dropped = isNew ? [...merged(kept), { sentAt, count: forgotten }] : kept
}

/** Makes room for one more: one request that is very late must not let thousands gather. */
const merged = (dropped: ReadonlyArray<Drop>): ReadonlyArray<Drop> => {
  const [first, second, ...rest] = dropped
  if (dropped.length < mostDrops || first === undefined || second === undefined) return dropped
  const sentAt = Math.max(first.sentAt, second.sentAt)
  return [{ sentAt, count: first.count + second.count }, ...rest]
}

/** Counts what the log has lost to answers that came before this one, to requests sent no earlier. */
const countMissed = (dropped: ReadonlyArray<Drop>, flight: Flight): number => {
  let count = 0
  for (const { count: gone, sentAt } of dropped) if (sentAt >= flight.sentAt) count += gone
  return count
}

const isCounted = ({ countedBy, sentAt }: Flight, now: number, least: number): boolean =>
  countedBy === undefined && sentAt + least <= now
