/**
 * What the pacer knows, as JSON, and what follows from it: no clock, no Effect, times in milliseconds.
 * It keeps a log of what the server counts, corrected by what each answer says, and spends what the log leaves.
 * A schedule that never has more than `limit` sends in any window suits fixed windows, sliding logs and buckets alike.
 * `PacerTake` decides who may go, `PacerAnswer` and `PacerRefused` learn.
 */
import type { Mutable } from "effect/Types"

import * as SendLog from "./SendLog.ts"

/**
 * What is believed before the first answer (`prior`, a hint), what always holds (`ceiling`, sends per second), and
 * whether a schedule is kept at all; without one the gate and the ceiling alone hold requests up.
 */
export interface PacerConfig {
  readonly prior: { readonly limit: number; readonly windowMs: number }
  readonly ceiling?: { readonly perSecond: number }
  readonly schedule?: false
}

/** A request on its way. */
export interface Flight {
  readonly id: number
  readonly sentAt: number
  /** Another answer proved that the server had counted it by then. */
  readonly countedBy?: number
  /** It took so long that it was put into the log; its answer only tells what it says. */
  readonly logged?: true
}

/** How many sends the answer to a request of this time took from the log. */
export interface Drop {
  readonly sentAt: number
  readonly count: number
}

/** A closed gate: nothing passes before `untilMs`, then one probe alone. */
export interface Gate {
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
  /** What answers have dropped from the log that came before those to requests sent no later. */
  readonly dropped: ReadonlyArray<Drop>
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

/** A state in the making: a copy of one that nobody else has seen yet. Nothing inside it is changed in place. */
export type Draft = Mutable<PacerState>

/** The least round trip of the last answers, and by how much others exceed it. */
export interface RoundTrip {
  readonly least: number
  readonly leastBefore: number
  readonly seen: number
  readonly excess: number
}

/** The refill of a bucket, and how often it refused all the same. */
export interface Drip {
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
/** After how many windows without a surprise the guard is halved. */
const windowsToRelax = 64
/** How many clean full windows come before an unknown limit is tried again. */
const firstPatience = 64
/** An answer this late was slow in the making: the request itself is taken to have arrived. */
export const slowMs = 2000

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
  dropped: [],
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

/** Starts the state that follows at a time. */
export const draftOf = (state: PacerState, now: number): Draft => ({ ...state, nowMs: now })

/** Counts sends that were forgotten as predicted; enough of them make the window trusted, many relax the guard. */
export const confirm = (state: Draft, count: number): void => {
  state.confirmed += count
  if (state.confirmed >= windowsToTrust * state.limit) state.trusted = true
  if (state.trusted) state.settled = true
  if (state.confirmed < windowsToRelax * state.limit) return
  state.confirmed = windowsToTrust * state.limit
  state.guardMs /= 2
}

/** Takes trust away: from here on the server's word counts alone, until the window has proved itself again. */
export const distrust = (state: Draft): void => {
  state.trusted = false
  state.confirmed = 0
}

/**
 * A lower bound of a round trip. A request counted at `c` was answered no earlier than `c` plus the way back,
 * and the next one arrives no earlier than its send plus the way there: the two ways make one round trip.
 */
export const leastRoundTrip = ({
  roundTrip: { excess, least, leastBefore, seen },
}: PacerState): number => {
  if (seen === 0) return 0
  const shortest = Math.min(least, leastBefore)
  // The fewer samples there are, the shorter the next may be.
  const spread = Math.max(0.25, Math.min(1, 3 / Math.sqrt(seen)))
  const margin = 1 + excess * spread + (0.2 * shortest) / seen
  return Math.max(0, shortest - margin)
}

/** After how long the server has surely forgotten a send, counted from the base of its run, if the window is right. */
const lifetime = (state: PacerState): number =>
  state.windowMs - leastRoundTrip(state) + state.guardMs

/** Counts what was due to be forgotten at a time. */
export const countDue = (state: PacerState, at: number): number => {
  const newest = at - lifetime(state)
  return SendLog.countWhile(state.log, ({ base }) => base <= newest)
}

/** How close sends must be to share a run of the log; none share one while the log is short anyway. */
export const resolution = (state: PacerState): number =>
  state.limit > 64 ? state.windowMs / 512 : 0

/** Puts one answered or spent request into the log. Of a window forgotten as a whole the first send counts for all. */
export const record = (state: PacerState, flight: Flight, by: number): SendLog.SendLog => {
  const at = flight.countedBy ?? by
  const base = state.whole ? (state.log[0]?.base ?? at) : at
  return SendLog.add(state.log, { at, base, sent: flight.sentAt, count: 1 }, resolution(state))
}

/** Counts the requests on their way. */
export const flying = ({ flights }: PacerState): number => {
  let count = 0
  for (const { logged } of flights) if (logged !== true) count++
  return count
}

/** Counts what the server has surely forgotten by now; before there is trust only its word counts. */
export const countForgotten = (state: PacerState, now: number): number => {
  if (state.drip !== null) return Math.min(SendLog.size(state.log), dripped(state, state.drip, now))
  return state.trusted ? countDue(state, now) : 0
}

const dripped = (state: PacerState, drip: Drip, now: number): number =>
  Math.max(0, Math.floor((now + leastRoundTrip(state) - drip.fromMs) / drip.everyMs))

/** When the nth oldest send (from 1) will be forgotten; undefined where there is no such send. */
export const forgottenAt = (state: PacerState, nth: number): number | undefined => {
  const run = SendLog.runOf(state.log, nth)
  if (run === undefined) return undefined
  const { drip } = state
  return drip === null
    ? run.base + lifetime(state)
    : drip.fromMs + nth * drip.everyMs - leastRoundTrip(state)
}

/** Counts what the server still counts of the answered sends. */
export const live = (state: PacerState, now: number): number =>
  SendLog.size(state.log) - countForgotten(state, now)

/** Drops what was forgotten before the oldest answer that is still to come can have been made. */
export const forget = (state: Draft, now: number): void => {
  const oldest = state.flights.find((flight) => flight.logged !== true)
  const gone = countForgotten(state, Math.min(now, oldest === undefined ? now : oldest.sentAt))
  if (gone === 0) return
  const { drip } = state
  state.log = SendLog.dropOldest(state.log, gone)
  if (drip !== null) state.drip = { ...drip, fromMs: drip.fromMs + gone * drip.everyMs }
}

/** Takes a request out of those on their way. */
export const land = (state: Draft, flight: Flight): void => {
  const flights = state.flights.slice()
  flights.splice(flights.indexOf(flight), 1)
  state.flights = flights
  if (state.probe === flight.id) state.probe = null
}

/** Records that a request went out and will have no answer: it counts as spent. */
export const abandon = (previous: PacerState, id: number, clock: number): PacerState => {
  const now = Math.max(clock, previous.nowMs)
  const flight = previous.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return previous
  const state = draftOf(previous, now)
  land(state, flight)
  if (flight.logged !== true) state.log = record(state, flight, now)
  return state
}

/** Takes a permit back whose request never went out. */
export const giveBack = (previous: PacerState, id: number): PacerState => {
  const flight = previous.flights.find((candidate) => candidate.id === id)
  if (flight === undefined) return previous
  const state = draftOf(previous, previous.nowMs)
  land(state, flight)
  state.spent = SendLog.dropAt(state.spent, flight.sentAt)
  return state
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
  // An answer on its way may say that the window has turned already.
  const due = flying(state) > 0 ? undefined : forgottenAt(state, forgotten + 1)
  const opens = Math.max(now, due ?? now)
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
  const { trusted } = state
  const inFlight = flying(state)
  return {
    limit: state.limit,
    remaining: state.gate === null ? Math.max(0, state.limit - live(state, now) - inFlight) : 0,
    windowMs: trusted ? state.windowMs : null,
    trusted,
    inFlight,
    opensAt: state.gate !== null && state.gate.untilMs > now ? state.gate.untilMs : null,
    observedAt: state.observedAt,
  }
}
