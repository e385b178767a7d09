/**
 * The rate-limit schedule as a pure state machine over JSON state: no clock, no Effect, times in milliseconds.
 * It keeps a log of what the server counts, corrected by what each answer says, and spends what the log leaves.
 * A schedule that never has more than `limit` sends in any window suits fixed windows, sliding logs and buckets alike.
 */
import * as SendLog from "./SendLog.ts"

/** What is believed before the first answer (`prior`, a hint), and what always holds (`ceiling`, sends per second). */
export interface PacerConfig {
  readonly prior: { readonly limit: number; readonly windowMs: number }
  readonly ceiling?: { readonly perSecond: number }
}

/** A request on its way. */
interface Flight {
  readonly id: number
  readonly sentAt: number
  /** Another answer proved that the server had counted it by then. */
  readonly countedBy?: number
  /** It took so long that it was put into the log; its answer only tells what it says. */
  readonly logged?: true
}

/** A closed gate: nothing passes before `untilMs`, then one probe alone. */
interface Gate {
  readonly closedAt: number
  readonly untilMs: number
}

/** What the pacer remembers. JSON, so that a store can share it between processes. */
export interface PacerState {
  readonly version: 1
  /** The newest time seen; an earlier one is read as this one. */
  readonly nowMs: number
  readonly nextId: number
  readonly limit: number
  /** Where `limit` comes from: nobody said, counted up to the first refusal, or said by the server. */
  readonly limitFrom: "prior" | "refusal" | "server"
  /** When the request was sent whose answer gave the limit: older sends do not overrule it. */
  readonly limitSentAt: number
  /** How much of `limit` a window has really taken; beyond it only a careful climb is allowed. */
  readonly proven: number
  readonly windowMs: number
  /** The window has proved itself: sends are forgotten when it says so. */
  readonly trusted: boolean
  /** How many sends the server forgot when predicted, since trust was lost. */
  readonly confirmed: number
  /** A longer window that one refusal hints at; a second one makes it the window. */
  readonly suspectedMs: number | null
  /** The window has been trusted once: what seems to outlive it belongs to somebody else. */
  readonly settled: boolean
  /** The server has been seen to forget a whole window at once, not send by send. */
  readonly whole: boolean
  /** The server forgets send by send, one each `everyMs`, from `fromMs` on: it refills a bucket. */
  readonly drip: Drip | null
  /** Since the server said that nothing remains: when that was, and what it has let in. */
  readonly sinceEmpty: { readonly startMs: number; readonly count: number } | null
  /** What the server counts, as far as known: answered sends and those of others that it told about. */
  readonly log: SendLog.SendLog
  readonly flights: ReadonlyArray<Flight>
  /** The request sent alone to see whether the window has turned, or whether the gate may open. */
  readonly probe: number | null
  readonly roundTrip: RoundTrip
  /** Added to every window after a send came too early. */
  readonly guardMs: number
  /** 1 where the server counts a request only after it has told what remains. */
  readonly remainingOffset: 0 | 1
  readonly gate: Gate | null
  /** Refusals in a row. */
  readonly refusals: number
  readonly heard: boolean
  /** The current stretch of one window, for servers that do not say their limit; `full`: it was used up. */
  readonly stretch: {
    readonly startMs: number
    readonly full: boolean
    readonly clean: number
    readonly patience: number
  }
  /** Accepted sends since the last refusal. */
  readonly since: { readonly startMs: number; readonly count: number } | null
  /** Own sends, for the ceiling. */
  readonly spent: SendLog.SendLog
  /** When the last answer came. */
  readonly observedAt: number | null
}

/** The least round trip of the last answers, and by how much others exceed it. */
interface RoundTrip {
  readonly least: number
  readonly leastBefore: number
  readonly seen: number
  readonly excess: number
}

/** Whether a request may go, and if not, when to ask again (an answer can make it earlier). */
export type Decision =
  | { readonly _tag: "Admit"; readonly id: number }
  | { readonly _tag: "Wait"; readonly untilMs: number }

/** The refill of a bucket, and how often it refused all the same. */
interface Drip {
  readonly everyMs: number
  readonly fromMs: number
  readonly refusals: number
}

/** What an answer says about the limit; `jitter` is a number in [0, 1) drawn by the caller. */
export interface Answer {
  readonly refused: boolean
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfterMs?: number
  readonly tooLong?: boolean
  readonly jitter: number
}

/** How many windows must turn as predicted: one and a half, since a boundary can fall well by chance once. */
const windowsToTrust = 1.5
/** An answer this late was slow in the making: the request itself is taken to have arrived. */
const slowMs = 2000
/** A request without any answer for so long belongs to a process that is gone. */
const lostMs = 300_000
/** Which part of a window's requests goes ahead of the rest. */
const vanguard = 0.25
/** How many refusals disprove a refill. */
const dripRefusals = 4
const longestWindowMs = 3_600_000
const firstPatience = 64

/** Makes a state that has seen nothing. */
export const make = ({ prior }: PacerConfig): PacerState => ({
  version: 1,
  nowMs: Number.MIN_SAFE_INTEGER,
  nextId: 1,
  limit: Math.max(1, Math.floor(prior.limit)),
  limitFrom: "prior",
  limitSentAt: Number.MIN_SAFE_INTEGER,
  proven: 0,
  // A window assumed too short costs one refusal, one assumed too long would never be found out.
  windowMs: Math.min(prior.windowMs, 1000),
  trusted: false,
  confirmed: 0,
  suspectedMs: null,
  settled: false,
  whole: false,
  drip: null,
  sinceEmpty: null,
  log: SendLog.empty,
  flights: [],
  probe: null,
  roundTrip: {
    least: Number.MAX_SAFE_INTEGER,
    leastBefore: Number.MAX_SAFE_INTEGER,
    seen: 0,
    excess: 0,
  },
  guardMs: 0,
  remainingOffset: 0,
  gate: null,
  refusals: 0,
  heard: false,
  stretch: { startMs: Number.MIN_SAFE_INTEGER, full: false, clean: 0, patience: firstPatience },
  since: null,
  spent: SendLog.empty,
  observedAt: null,
})

/** Counts sends that were forgotten as predicted; enough of them make the window trusted. */
const confirm = (state: PacerState, count: number): PacerState => {
  const confirmed = state.confirmed + count
  const trusted = state.trusted || confirmed >= windowsToTrust * state.limit
  return { ...state, confirmed, trusted, settled: state.settled || trusted }
}

/** Takes trust away: from here on the server's word counts alone, until the window has proved itself again. */
const distrust = (state: PacerState): PacerState => ({ ...state, trusted: false, confirmed: 0 })

/**
 * A lower bound of a round trip. A request counted at `c` was answered no earlier than `c` plus the way back,
 * and the next one arrives no earlier than its send plus the way there: the two ways make one round trip.
 */
const leastRoundTrip = ({
  roundTrip: { excess, least, leastBefore, seen },
}: PacerState): number => {
  if (seen === 0) return 0
  const margin = 1 + excess * Math.max(0.25, Math.min(1, 8 / seen))
  return Math.max(0, Math.min(least, leastBefore) - margin)
}

/** After how long the server has surely forgotten a send, counted from the base of its run, if the window is right. */
const lifetime = (state: PacerState): number =>
  state.windowMs - leastRoundTrip(state) + state.guardMs

/** Counts what was due at a time. */
const countDue = (state: PacerState, at: number): number => {
  const limit = at - lifetime(state)
  return SendLog.countWhile(state.log, ({ base }) => base <= limit)
}

const resolution = (state: PacerState): number => (state.limit > 64 ? state.windowMs / 512 : 0)

/** Puts one answered or spent request into the log. Of a window forgotten as a whole the first send counts for all. */
const record = (state: PacerState, flight: Flight, by: number): SendLog.SendLog => {
  const at = flight.countedBy ?? by
  const base = state.whole ? (state.log[0]?.base ?? at) : at
  return SendLog.add(state.log, { at, base, sent: flight.sentAt, count: 1 }, resolution(state))
}

const flying = (state: PacerState): number =>
  state.flights.reduce((sum, flight) => (flight.logged === true ? sum : sum + 1), 0)

/** Asks for one request. */
export const take = (
  config: PacerConfig,
  previous: PacerState,
  clock: number,
): readonly [Decision, PacerState] => {
  const now = Math.max(clock, previous.nowMs)
  let state: PacerState = climb(forget(settle({ ...previous, nowMs: now }, now), now), now)
  const { gate } = state
  if (gate !== null && now < gate.untilMs) return [{ _tag: "Wait", untilMs: gate.untilMs }, state]
  const ceilingAt = ceilingOpensAt(config, state, now)
  if (ceilingAt > now) return [{ _tag: "Wait", untilMs: ceilingAt }, state]
  const probing = state.probe !== null
  if (gate !== null || !state.heard) {
    return probing
      ? [{ _tag: "Wait", untilMs: answerDue(state, now) }, state]
      : admit(config, state, now, true)
  }
  const forgotten = countForgotten(state, now)
  const total = SendLog.size(state.log) - forgotten
  const inFlight = flying(state)
  if (total + inFlight < state.limit) {
    // A window that is forgotten as a whole starts with a few: their answers show a lowered limit.
    if (state.whole && total === 0 && inFlight >= state.limit * vanguard) {
      return [{ _tag: "Wait", untilMs: answerDue(state, now) }, state]
    }
    const climbing = state.limitFrom === "prior" && total + inFlight >= state.proven
    if (!climbing || inFlight <= Math.max(0, total - state.proven) / 2)
      return admit(config, state, now, false)
    return [{ _tag: "Wait", untilMs: answerDue(state, now) }, state]
  }
  state = { ...state, stretch: { ...state.stretch, full: true } }
  const certain = state.trusted || state.drip !== null
  const due = forgottenAt(state, certain ? forgotten + total + inFlight - state.limit + 1 : 1)
  if (due === undefined) return [{ _tag: "Wait", untilMs: answerDue(state, now) }, state]
  if (due > now) return [{ _tag: "Wait", untilMs: due }, state]
  return probing
    ? [{ _tag: "Wait", untilMs: answerDue(state, now) }, state]
    : admit(config, state, now, true)
}

const admit = (
  config: PacerConfig,
  state: PacerState,
  now: number,
  probe: boolean,
): readonly [Decision, PacerState] => {
  const id = state.nextId
  return [
    { _tag: "Admit", id },
    {
      ...state,
      nextId: id + 1,
      flights: [...state.flights, { id, sentAt: now }],
      probe: probe ? id : state.probe,
      spent:
        config.ceiling === undefined
          ? state.spent
          : SendLog.add(state.spent, { at: now, base: now, sent: now, count: 1 }, 0),
    },
  ]
}

/** When the oldest request without an answer will count as arrived, so that nothing waits for it for ever. */
const answerDue = (state: PacerState, now: number): number => {
  const oldest = state.flights.find((flight) => flight.logged !== true)
  return Math.max(now + 1, oldest === undefined ? now + slowMs : oldest.sentAt + slowMs)
}

/** Puts requests into the log whose answers are very late, and gives up those of processes that are gone. */
const settle = (state: PacerState, now: number): PacerState => {
  const first = state.flights[0]
  if (first === undefined || first.sentAt + slowMs > now) return state
  let { log } = state
  const flights: Array<Flight> = []
  for (const flight of state.flights) {
    if (flight.sentAt + lostMs <= now) continue
    if (flight.logged !== true && flight.sentAt + slowMs <= now) {
      log = record({ ...state, log }, flight, flight.sentAt + slowMs)
      flights.push({ ...flight, logged: true })
    } else flights.push(flight)
  }
  const probe = flights.some((flight) => flight.id === state.probe && flight.logged !== true)
    ? state.probe
    : null
  return { ...state, log, flights, probe }
}

/** Counts what the server has surely forgotten by now; before there is trust only its word counts. */
const countForgotten = (state: PacerState, now: number): number => {
  if (state.drip !== null) return Math.min(SendLog.size(state.log), dripped(state, state.drip, now))
  return state.trusted ? countDue(state, now) : 0
}

const dripped = (state: PacerState, drip: Drip, now: number): number =>
  Math.max(0, Math.floor((now + leastRoundTrip(state) - drip.fromMs) / drip.everyMs))

/** When the nth oldest send (from 1) will be forgotten; undefined where there is no such send. */
const forgottenAt = (state: PacerState, nth: number): number | undefined => {
  const run = SendLog.runOf(state.log, nth)
  if (run === undefined) return undefined
  const { drip } = state
  return drip === null
    ? run.base + lifetime(state)
    : drip.fromMs + nth * drip.everyMs - leastRoundTrip(state)
}

/** Counts what the server still counts of the answered sends. */
const live = (state: PacerState, now: number): number =>
  SendLog.size(state.log) - countForgotten(state, now)

/** Drops what was forgotten before the oldest answer that is still to come can have been made. */
const forget = (state: PacerState, now: number): PacerState => {
  const oldest = state.flights.find((flight) => flight.logged !== true)
  const gone = countForgotten(state, Math.min(now, oldest === undefined ? now : oldest.sentAt))
  if (gone === 0) return state
  const { drip } = state
  return {
    ...state,
    log: SendLog.dropOldest(state.log, gone),
    drip: drip === null ? null : { ...drip, fromMs: drip.fromMs + gone * drip.everyMs },
  }
}

/** Raises an unknown limit: each full window without a refusal doubles it; after a refusal, patience comes first. */
const climb = (state: PacerState, now: number): PacerState => {
  const { stretch } = state
  if (state.limitFrom === "server" || now < stretch.startMs + state.windowMs) return state
  const clean = stretch.full ? stretch.clean + 1 : stretch.clean
  const next = { ...state, stretch: { ...stretch, startMs: now, full: false, clean } }
  if (!stretch.full || (state.limitFrom === "refusal" && clean < stretch.patience)) return next
  return {
    ...next,
    limit: Math.min(state.limit * 2, 1_000_000),
    limitFrom: "prior",
    proven: state.limit,
    stretch: { ...next.stretch, clean: 0 },
  }
}

const ceilingOpensAt = ({ ceiling }: PacerConfig, state: PacerState, now: number): number => {
  if (ceiling === undefined) return now
  const count = Math.max(1, Math.floor(ceiling.perSecond))
  const perMs = (1000 * count) / ceiling.perSecond
  const newest = SendLog.size(state.spent)
  const blocking = newest < count ? undefined : SendLog.runOf(state.spent, newest - count + 1)
  return blocking === undefined ? now : blocking.at + perMs
}

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
    ? refused(previous, state, flight, answer, now)
    : accepted(previous, trimmed(config, state), flight, answer, now)
}

/** Records that a request went out and will have no answer: it counts as spent. */
export const abandon = (previous: PacerState, id: number, clock: number): PacerState => {
  const now = Math.max(clock, previous.nowMs)
  const flight = previous.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return previous
  const state = land({ ...previous, nowMs: now }, flight)
  return flight.logged === true ? state : { ...state, log: record(state, flight, now) }
}

/** Takes a permit back whose request never went out. */
export const giveBack = (state: PacerState, id: number): PacerState => {
  const flight = state.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return state
  return { ...land(state, flight), spent: SendLog.dropNewest(state.spent) }
}

const land = (state: PacerState, flight: Flight): PacerState => ({
  ...state,
  flights: state.flights.filter(({ id }) => id !== flight.id),
  probe: state.probe === flight.id ? null : state.probe,
})

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
    roundTrip: sampled(state.roundTrip, now - flight.sentAt),
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

const sampled = (roundTrip: RoundTrip, sample: number): RoundTrip => {
  const turn = roundTrip.seen > 0 && roundTrip.seen % 128 === 0
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
  const corrected =
    answer.remaining === undefined
      ? turnedWithoutWord(previous, base, flight)
      : reconciled(base, flight, answer.remaining, now)
  if (flight.logged === true) return corrected
  const next = { ...corrected, log: record(corrected, flight, now) }
  // Sent before the refusal that set the limit, and let in all the same: the limit is at least that.
  if (next.limitFrom !== "refusal") return next
  return { ...next, limit: Math.max(next.limit, live(next, now)) }
}

/** Without the server's word an accepted probe is the word: what was due when it left is forgotten. */
const turnedWithoutWord = (previous: PacerState, state: PacerState, flight: Flight): PacerState => {
  if (previous.probe !== flight.id) return state
  const gone = countDue(state, flight.sentAt)
  if (gone === 0) return state
  return confirm({ ...state, log: SendLog.dropOldest(state.log, gone) }, gone)
}

/** Makes the log agree with the server's count at the moment when it counted this request. */
const reconciled = (
  state: PacerState,
  flight: Flight,
  remaining: number,
  now: number,
): PacerState => {
  const remainingOffset = remaining >= state.limit ? 1 : state.remainingOffset
  const used = Math.max(1, state.limit - remaining + remainingOffset)
  const least = leastRoundTrip(state)
  const due = countDue(state, flight.sentAt)
  // Counted before this one without doubt; of those the server still counts the newest, `used - 1` at most.
  const before = SendLog.countWhile(state.log, ({ at }) => at <= flight.sentAt + least)
  const forgotten = Math.max(0, before - (used - 1))
  const dueLeft = Math.max(0, due - forgotten)
  const expired = SendLog.countWhile(
    state.log,
    ({ base }) => base <= flight.sentAt - state.windowMs + least,
  )
  const others = state.flights.reduce(
    (sum, other) => (other.logged !== true && other.sentAt + least <= now ? sum + 1 : sum),
    0,
  )
  const explained = 1 + SendLog.size(state.log) - expired + others
  const strangers = Math.max(0, used - explained - expired)
  const outlivers = Math.max(0, used - explained - strangers)
  // A sliding log forgets a send no sooner than a window after it.
  const oldEnough = SendLog.countWhere(
    state.log,
    ({ sent }) => sent + state.windowMs + least <= now,
  )
  const young = forgotten - oldEnough
  const whole =
    state.whole || (young >= Math.max(1, state.limit / 4) && used - 1 <= state.limit / 4)
  const sinceEmpty = countSince(state.sinceEmpty, flight, remaining, used * 4 <= state.limit)
  const stubborn = !state.settled && forgotten > 0 && outlivers > 0 && outlivers * 2 >= due
  const refills = sinceEmpty !== null && used - 1 > state.limit / 2 && (young > 0 || stubborn)
  let log = SendLog.dropOldest(state.log, forgotten)
  if (whole && young > 0) log = SendLog.rebase(log, now)
  const next: PacerState = {
    ...state,
    remainingOffset,
    sinceEmpty,
    drip:
      refills || state.drip !== null
        ? refill(state.drip, sinceEmpty, flight, remaining, now)
        : null,
    whole,
  }
  if (next.drip !== null && strangers === 0) return distrust({ ...next, log })
  if (outlivers > 0 && forgotten === 0 && strangers === 0 && !next.settled) {
    return distrust({ ...next, log, windowMs: Math.max(next.windowMs, age(state, log, flight)) })
  }
  if (outlivers + strangers > 0) {
    // Somebody else spends too; what was due and is still counted is theirs, and it is as if sent now.
    const theirs = {
      at: now,
      base: now,
      sent: Number.MIN_SAFE_INTEGER,
      count: outlivers + strangers,
    }
    const left = SendLog.dropOldest(log, Math.min(dueLeft, outlivers))
    return distrust({ ...next, log: SendLog.add(left, theirs, resolution(state)) })
  }
  const flights =
    used === explained ? next.flights.map((other) => countedBy(other, now, least)) : next.flights
  return confirm({ ...next, log, flights }, dueLeft > 0 ? 0 : Math.min(due, forgotten))
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
  drip: PacerState["drip"],
  since: PacerState["sinceEmpty"],
  flight: Flight,
  remaining: number,
  now: number,
): PacerState["drip"] => {
  if (since === null || flight.sentAt <= since.startMs)
    return drip === null ? null : { ...drip, fromMs: now }
  const everyMs = (flight.sentAt - since.startMs) / Math.max(0.5, since.count + remaining - 1)
  return { everyMs, fromMs: now, refusals: drip?.refusals ?? 0 }
}

/** How old the oldest send is that the server still counts. */
const age = (state: PacerState, log: SendLog.SendLog, flight: Flight): number => {
  const oldest = log[0]
  return oldest === undefined ? 0 : flight.sentAt + leastRoundTrip(state) - oldest.at
}

const countedBy = (flight: Flight, now: number, least: number): Flight =>
  flight.countedBy !== undefined || flight.sentAt + least > now
    ? flight
    : { ...flight, countedBy: now }

const refused = (
  previous: PacerState,
  state: PacerState,
  flight: Flight,
  answer: Answer,
  now: number,
): PacerState => {
  const sameBurst = previous.gate !== null && flight.sentAt < previous.gate.untilMs
  const refusals = sameBurst ? state.refusals : state.refusals + 1
  const delay =
    answer.tooLong === true
      ? state.windowMs
      : answer.retryAfterMs === undefined
        ? Math.min(60_000, 1000 * 2 ** Math.min(refusals - 1, 10))
        : Math.max(100, answer.retryAfterMs)
  const untilMs = now + delay + answer.jitter * Math.min(250, delay / 10)
  if (sameBurst && previous.gate !== null) {
    return {
      ...state,
      gate: { ...previous.gate, untilMs: Math.max(previous.gate.untilMs, untilMs) },
    }
  }
  const learned = taught(previous, state, flight, answer, now)
  const gate = { closedAt: now, untilMs }
  return distrust({ ...learned, whole: false, since: null, refusals, gate })
}

/** What the first refusal of a burst teaches about window and limit. */
const taught = (
  previous: PacerState,
  state: PacerState,
  flight: Flight,
  answer: Answer,
  now: number,
): PacerState => {
  const limitChanged = previous.limitFrom === "server" && state.limit !== previous.limit
  if (answer.tooLong === true || limitChanged || (answer.remaining ?? 0) > 0) return state
  if (previous.drip !== null) {
    // Refused again and again at the pace of the drip: it is no bucket. The log and the server's word go on.
    const refusals = previous.drip.refusals + 1
    const drip = refusals < dripRefusals ? { ...previous.drip, fromMs: now, refusals } : null
    return { ...state, drip, sinceEmpty: null, settled: state.settled || drip === null }
  }
  if (previous.trusted) {
    return { ...state, guardMs: Math.min(state.windowMs / 4, Math.max(4, state.guardMs * 2)) }
  }
  const retryAfterMs = answer.retryAfterMs ?? 1000
  const probe = previous.probe === flight.id && previous.heard
  // A probe after a closed gate teaches where nobody said how long to wait, and the budget is why.
  const blind = answer.retryAfterMs === undefined && answer.remaining === 0
  const turnProbe = probe && (previous.gate === null || blind)
  const surprising = retryAfterMs > state.windowMs
  const first =
    surprising && previous.limitFrom !== "server" ? state.since?.startMs : state.log[0]?.at
  // Both answers took about as long; half a round trip makes up for one that took longer.
  const slack = Math.min(50, leastRoundTrip(state) / 2)
  const candidate = Math.floor((now - (first ?? now) + retryAfterMs + slack) / 1000) * 1000
  const longer = candidate > state.windowMs && (surprising || turnProbe)
  if (longer && !surprising && previous.gate === null && state.suspectedMs !== candidate) {
    return {
      ...state,
      suspectedMs: candidate,
      guardMs: Math.min(state.windowMs / 4, Math.max(4, state.guardMs * 2)),
    }
  }
  const windowMs = longer ? Math.min(longestWindowMs, candidate) : state.windowMs
  if (state.limitFrom === "server") return { ...state, windowMs }
  const counted = windowMs > state.windowMs ? (state.since?.count ?? 0) : live(previous, now)
  const limit = Math.max(1, counted)
  return {
    ...state,
    windowMs,
    limit,
    proven: limit,
    limitFrom: "refusal",
    stretch: {
      ...state.stretch,
      clean: 0,
      full: false,
      patience:
        state.stretch.patience *
        (previous.limitFrom === "prior" && state.stretch.patience < 4096 && previous.proven > 0
          ? 2
          : 1),
    },
  }
}

/**
 * Gives the earliest time at which the nth caller in line (from 1) can go, where that is certain: the gate is closed,
 * or limit and window are trusted. Otherwise undefined.
 */
export const earliest = (state: PacerState, clock: number, nth: number): number | undefined => {
  const now = Math.max(clock, state.nowMs)
  const gateAt = state.gate === null ? now : Math.max(now, state.gate.untilMs)
  if (!state.trusted) return gateAt > now ? gateAt : undefined
  const forgotten = countForgotten(state, now)
  const free = state.limit - (SendLog.size(state.log) - forgotten) - flying(state)
  if (nth <= free) return gateAt
  const windows = Math.ceil((nth - Math.max(0, free)) / state.limit) - 1
  const opens = Math.max(now, forgottenAt(state, forgotten + 1) ?? now)
  return Math.max(gateAt, opens + windows * state.windowMs)
}

/** What a countdown or a gauge shows. Times are on the clock that the state was fed. */
export interface PacerView {
  readonly limit: number
  readonly remaining: number
  readonly windowMs: number | null
  readonly trusted: boolean
  readonly inFlight: number
  readonly opensAt: number | null
  readonly observedAt: number | null
}

/** Looks at the state without changing it. */
export const view = (state: PacerState, clock: number): PacerView => {
  const now = Math.max(clock, state.nowMs)
  const trusted = state.trusted
  const inFlight = flying(state)
  return {
    limit: state.limit,
    remaining:
      state.gate === null
        ? Math.max(0, state.limit - SendLog.size(state.log) + countForgotten(state, now) - inFlight)
        : 0,
    windowMs: trusted ? state.windowMs : null,
    trusted,
    inFlight,
    opensAt: state.gate !== null && state.gate.untilMs > now ? state.gate.untilMs : null,
    observedAt: state.observedAt,
  }
}
