/**
 * The state of a pacer, as JSON: no clock, no Effect, times in milliseconds.
 * It keeps a log of the sends that the server counts, corrected by each response, and spends what the log leaves.
 * A schedule that never has more than `limit` sends in any window suits fixed windows, sliding logs and buckets alike.
 * `Admission` decides which request may go; `LearnFromResponse` and `LearnFromRateLimit` learn.
 */
import type { Mutable } from "effect/Types"

import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"

/**
 * What is believed before the first response (`prior`, a hint), what always holds (`ceiling`, sends per second), and
 * whether a schedule is kept at all; without one only the gate and the ceiling hold requests up.
 */
export interface PacerConfig {
  readonly prior: { readonly limit: number; readonly windowMs: number }
  readonly ceiling?: { readonly perSecond: number } | undefined
  readonly schedule?: boolean | undefined
}

/** What a response says about the rate limit, read from its status and headers (W8, D8). */
export interface PacerObservation {
  /** The response was a 429. */
  readonly rateLimited: boolean
  readonly limit?: number
  readonly remaining?: number
  /** As sent, in milliseconds; absent if it was missing or unreadable. */
  readonly retryAfterMs?: number
  /** The caller will not wait that long: the gate closes for one window only, and no other caller is held up. */
  readonly tooLong?: boolean
}

/** The same, with a number in [0, 1) drawn by the caller. */
export interface ResponseInfo extends PacerObservation {
  readonly jitter: number
}

/** A request that went out and has no response yet. */
export interface InFlight {
  readonly id: number
  readonly sentAt: number
  /** Another response proved that the server had counted it by then. */
  readonly countedBy?: number
  /** It took so long that it was logged; its response does not add it again. */
  readonly logged?: true
}

/** How many sends the response to a request of this time took from the log. */
export interface Drop {
  readonly sentAt: number
  readonly count: number
}

/** A closed gate: nothing passes before `untilMs`, then one scout. */
export interface Gate {
  readonly untilMs: number
}

/** How a bucket refills: one each `intervalMs` from `sinceMs` on, and how many 429s came all the same. */
export interface Refill {
  readonly intervalMs: number
  readonly sinceMs: number
  readonly rateLimited: number
}

/** How many requests were accepted since the one sent at `startMs`. */
export interface Accepted {
  readonly startMs: number
  readonly count: number
}

/** What the pacer remembers. JSON, so that a store can share it between processes. */
export interface PacerState {
  readonly version: 1
  /** The newest time seen; an earlier one is read as this one. */
  readonly nowMs: number
  readonly nextId: number
  readonly limit: number
  /** Where `limit` comes from: assumed or grown, counted up to the first 429, or named by the server. */
  readonly limitSource: "prior" | "rateLimit" | "server"
  /** When the request was sent whose response gave the limit: responses to older requests do not overrule it. */
  readonly limitSentAt: number
  /** How much of `limit` a window has really taken; beyond it requests go with care. */
  readonly provenLimit: number
  readonly windowMs: number
  /** The window has proved itself: sends are forgotten when it says so. */
  readonly trusted: boolean
  /** How many sends the server forgot when predicted, since trust was lost. */
  readonly confirmedSends: number
  /** A longer window that one 429 hints at; a second one makes it the window. */
  readonly suspectedWindowMs: number | null
  /** The window was trusted once: sends that are counted for longer belong to another client. */
  readonly windowKnown: boolean
  /** The server has been seen to forget a whole window at once, not send by send. */
  readonly fixedWindow: boolean
  /** The server forgets send by send, evenly: it refills a bucket. */
  readonly refill: Refill | null
  /** Since the server said that nothing remains. */
  readonly sinceEmpty: Accepted | null
  /** The sends that the server counts, as far as known: own ones with a response, and those of other clients. */
  readonly log: SendLog.SendLog
  /** In order of `sentAt`. */
  readonly inFlight: ReadonlyArray<InFlight>
  /** What was dropped from the log by responses that overtook those to requests sent no later. */
  readonly dropped: ReadonlyArray<Drop>
  /** The request sent alone to see whether the window has turned, or whether the gate may open. */
  readonly scoutId: number | null
  readonly roundTrip: RoundTrip.RoundTrip
  /** The safety margin, added to every window after a send came too early. */
  readonly marginMs: number
  /** 1 if `Remaining` does not count its own request yet. */
  readonly remainingOffset: 0 | 1
  readonly gate: Gate | null
  /** 429s in a row. */
  readonly rateLimits: number
  /** There has been a response. */
  readonly hasResponse: boolean
  /** How a limit grows that the server does not name: whether this window was used up, and how many were before it. */
  readonly growth: {
    readonly windowStartMs: number
    readonly full: boolean
    readonly cleanWindows: number
    readonly patience: number
  }
  /** Since the last 429. */
  readonly sinceRateLimit: Accepted | null
  /** Own sends, for the ceiling. */
  readonly ceilingLog: SendLog.SendLog
  /** When the last response came. */
  readonly observedAt: number | null
}

/** A state in the making: a copy that is not shared yet. Nothing inside it is changed in place. */
export type Draft = Mutable<PacerState>

/** What is known when a response comes: the state before it, the draft that follows, and the request it answers. */
export interface ResponseContext {
  readonly config: PacerConfig
  readonly previous: PacerState
  readonly state: Draft
  readonly request: InFlight
  readonly response: ResponseInfo
}

/** Creates a state that has seen nothing. */
export const make = ({ prior }: PacerConfig): PacerState => ({
  version: 1,
  nowMs: Number.MIN_SAFE_INTEGER,
  nextId: 1,
  limit: Math.max(1, Math.floor(prior.limit)),
  limitSource: "prior",
  limitSentAt: Number.MIN_SAFE_INTEGER,
  provenLimit: 0,
  windowMs: Math.min(prior.windowMs, Tuning.longestAssumedWindowMs),
  trusted: false,
  confirmedSends: 0,
  suspectedWindowMs: null,
  windowKnown: false,
  fixedWindow: false,
  refill: null,
  sinceEmpty: null,
  log: SendLog.empty,
  inFlight: [],
  dropped: [],
  scoutId: null,
  roundTrip: RoundTrip.unknown,
  marginMs: 0,
  remainingOffset: 0,
  gate: null,
  rateLimits: 0,
  hasResponse: false,
  growth: {
    windowStartMs: Number.MIN_SAFE_INTEGER,
    full: false,
    cleanWindows: 0,
    patience: Tuning.initialPatience,
  },
  sinceRateLimit: null,
  ceilingLog: SendLog.empty,
  observedAt: null,
})

/** Creates the draft of the state that follows at a time. */
export const draftOf = (previous: PacerState, clock: number): Draft => ({
  ...previous,
  nowMs: Math.max(clock, previous.nowMs),
})

/** Returns how close sends must be to share a run of the log. */
export const logResolution = ({ limit, windowMs }: PacerState): number =>
  limit > Tuning.exactLogLimit ? windowMs / Tuning.logCells : 0

/** Adds one request to the log. In a fixed window the first send starts the window of all. */
export const recordSend = (state: Draft, { countedBy, sentAt }: InFlight, by: number): void => {
  const at = countedBy ?? by
  const windowStart = state.fixedWindow ? (state.log[0]?.windowStart ?? at) : at
  state.log = SendLog.add(state.log, { at, windowStart, sentAt, count: 1 }, logResolution(state))
}

/** Returns how many sends the ceiling looks at: the whole part of its rate, and at least one. */
export const ceilingCount = ({ perSecond }: { readonly perSecond: number }): number =>
  Math.max(1, Math.floor(perSecond))

/** Checks whether a request still counts as in flight, rather than by the log. */
export const isUnlogged = ({ logged }: InFlight): boolean => logged !== true

/** Counts the requests in flight. */
export const countInFlight = ({ inFlight }: PacerState): number =>
  inFlight.reduce((count, request) => count + (isUnlogged(request) ? 1 : 0), 0)

/** Takes a request out of those in flight; undefined if it is not one of them. */
export const takeInFlight = (
  previous: PacerState,
  id: number,
  clock: number,
): Pick<ResponseContext, "state" | "request"> | undefined => {
  const index = previous.inFlight.findIndex((candidate) => candidate.id === id)
  const request = previous.inFlight[index]
  if (request === undefined) return undefined
  const state = draftOf(previous, clock)
  state.inFlight = previous.inFlight.toSpliced(index, 1)
  if (state.scoutId === id) state.scoutId = null
  return { state, request }
}

/** Records that a request went out and will have no response: it counts as spent. */
export const abandon = (previous: PacerState, id: number, clock: number): PacerState => {
  const ended = takeInFlight(previous, id, clock)
  if (ended === undefined) return previous
  const { request, state } = ended
  if (isUnlogged(request)) recordSend(state, request, state.nowMs)
  return state
}

/** Takes a permit back whose request never went out. */
export const giveBack = (previous: PacerState, id: number): PacerState => {
  const ended = takeInFlight(previous, id, previous.nowMs)
  if (ended === undefined) return previous
  const { request, state } = ended
  state.ceilingLog = SendLog.dropAt(state.ceilingLog, request.sentAt)
  return state
}
