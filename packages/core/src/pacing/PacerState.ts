/**
 * Creates and changes the state of a pacer. Its shape is `PacerState` in `StoredState.ts`; times in milliseconds.
 * It keeps a log of the sends that the server counts, corrected by each response, and spends what the log leaves.
 * A schedule that never has more than `limit` sends in any window suits fixed windows, sliding logs and buckets alike.
 * `Admission` decides which request is sent next; `LearnFromResponse` and `LearnFromRateLimit` learn.
 */
import type { Mutable } from "effect/Types"

import type { PacerState } from "./StoredState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"

export type { PacerState } from "./StoredState.ts"

/**
 * The assumption before the first response (`prior`), the bound that always holds (`ceiling`, sends per second),
 * whether a schedule is kept at all (without one only the gate and the bounds hold requests up), and the part of the
 * limit that the store allows this process (`share`, above 0 and below 1).
 */
export interface PacerConfig {
  readonly prior: { readonly limit: number; readonly windowMs: number }
  readonly ceiling?: { readonly perSecond: number } | undefined
  readonly schedule?: boolean | undefined
  readonly share?: number | undefined
  /** How many requests are still to come, the next one included, if that is known. */
  readonly left?: number | undefined
}

/** Facts about the rate limit from a response, read from its status and headers (W8, D8). */
export interface PacerObservation {
  /** The response was a 429. */
  readonly rateLimited: boolean
  readonly limit?: number
  readonly remaining?: number
  /** As sent, in milliseconds; absent if it was missing or unreadable. */
  readonly retryAfterMs?: number
  /** The response was a failure that named `retryAfterMs`: the gate closes for it, and nothing is learned about the limit. */
  readonly unavailable?: boolean
  /** The caller will not wait that long: the gate closes for one window only, and no other caller is held up. */
  readonly tooLong?: boolean
}

/** The same, with a number in [0, 1) drawn by the caller. */
export interface ResponseInfo extends PacerObservation {
  readonly jitter: number
}

/** A request that went out and has no response yet. */
export type InFlight = PacerState["inFlight"][number]

/** How a bucket refills. */
export type Refill = NonNullable<PacerState["refill"]>

/** A state in the making: a copy that is not shared yet. Nothing inside it is changed in place. */
export type Draft = Mutable<PacerState>

/** Everything known when a response comes: the state before it, the draft that follows, and the request it answers. */
export interface ResponseContext {
  readonly config: PacerConfig
  readonly previous: PacerState
  readonly state: Draft
  readonly request: InFlight
  readonly response: ResponseInfo
}

/** The version of the shape of the state; a state of another version is not read. */
export const version = 6

/** No request is held back, and nothing is known of shorter windows. */
export const nothingHeld: PacerState["held"] = {
  id: null,
  ageMs: 0,
  countedMs: 0,
  shorterMs: null,
  seen: 0,
  longerMs: null,
  doubts: false,
  nextAt: null,
  patience: 0,
}

/** No window is refuted. */
export const nothingRefuted: PacerState["refuted"] = { countedMs: 0, times: 0 }

/** Creates a state that has seen nothing. */
export const make = ({ prior }: PacerConfig): PacerState => ({
  version,
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
  anchor: null,
  refuted: nothingRefuted,
  held: nothingHeld,
  log: SendLog.empty,
  inFlight: [],
  dropped: [],
  scoutId: null,
  roundTrip: RoundTrip.unknown,
  marginMs: 0,
  doubt: { unused: 0, zeros: 0, patience: Tuning.zerosToDoubt, higherLimit: null },
  others: { seenAt: null, perWindow: null, leastRemaining: 0, sinceMs: 0 },
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
  rotation: [],
  ceilingLog: SendLog.empty,
  otherLimit: { log: SendLog.empty, limit: null },
  observedAt: null,
})

/** Returns a stored state, or a fresh one if there is none or its version is another; a fresh one keeps its `nextId`. */
export const restore = (config: PacerConfig, stored: PacerState | undefined): PacerState =>
  stored?.version === version ? stored : { ...make(config), nextId: stored?.nextId ?? 1 }

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

/** Checks whether a request still counts as in flight, rather than by the log. */
export const isUnlogged = ({ logged }: InFlight): boolean => logged !== true

/** Counts the requests in flight. */
export const countInFlight = ({ inFlight }: PacerState): number =>
  inFlight.reduce((count, request) => count + (isUnlogged(request) ? 1 : 0), 0)

/** Checks whether others spend, too: the server has counted some, or the rest of the limit is for other processes. */
export const hasOthers = ({ share }: PacerConfig, { log }: PacerState): boolean =>
  share !== undefined || SendLog.hasUnaccounted(log)

/**
 * Takes a request out of those in flight, and lets `change` finish the draft, at a time that may be earlier than that of the
 * state; changes nothing if it is not there.
 */
export const endRequest = (
  previous: PacerState,
  id: number,
  clock: number,
  change: (state: Draft, request: InFlight) => void,
): PacerState => {
  const index = previous.inFlight.findIndex((candidate) => candidate.id === id)
  const request = previous.inFlight[index]
  if (request === undefined) return previous
  const state = draftOf({ ...previous, nowMs: request.sentAt }, clock)
  state.inFlight = previous.inFlight.toSpliced(index, 1)
  if (state.scoutId === id) state.scoutId = null
  if (state.held.id === id) state.held = { ...state.held, id: null }
  change(state, request)
  state.nowMs = Math.max(state.nowMs, previous.nowMs)
  return state
}

/** Records that a request went out and will have no response: it counts as spent. */
export const abandon = (previous: PacerState, id: number, clock: number): PacerState =>
  endRequest(previous, id, clock, (state, request) => {
    if (isUnlogged(request)) recordSend(state, request, state.nowMs)
  })

/** Takes a permit back whose request never went out. */
export const giveBack = (previous: PacerState, id: number): PacerState =>
  endRequest(previous, id, previous.nowMs, (state, { sentAt }) => {
    state.ceilingLog = SendLog.dropAt(state.ceilingLog, sentAt)
  })
