/**
 * Decides which request is sent next, and when. First come the gate and the ceiling, then a single request while nothing is
 * known, then as many as the log leaves. Pure.
 */
import type { Draft, InFlight, PacerConfig, PacerState } from "./PacerState.ts"
import { countInFlight, draftOf, isUnlogged, recordSend } from "./PacerState.ts"
import * as FairShare from "./FairShare.ts"
import * as Held from "./HeldRequest.ts"
import * as OtherLimit from "./OtherLimit.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendBounds from "./SendBounds.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

/** Admits a request, or says when to ask again (a response can make it earlier). */
export type Decision =
  | { readonly _tag: "Admit"; readonly id: number }
  | { readonly _tag: "Wait"; readonly untilMs: number }

type Decided = readonly [Decision, PacerState]

/** Decides about one request. */
export const decide = (config: PacerConfig, previous: PacerState, clock: number): Decided => {
  const state = draftOf(previous, clock)
  const now = state.nowMs
  const unscheduled = config.schedule === false
  expireInFlight(state)
  if (unscheduled) dropSchedule(state)
  else {
    Window.dropForgotten(state)
    FairShare.expire(state)
    growLimit(state)
  }
  const { gate } = state
  if (gate !== null && now < gate.untilMs) return wait(state, gate.untilMs)
  const bounds = SendBounds.boundsOf(config, state)
  SendBounds.trim(state, bounds)
  const ceilingAt = SendBounds.opensAt(state, bounds)
  if (ceilingAt > now) return wait(state, ceilingAt)
  // After a 429, and before the first response, only one request goes.
  if (gate !== null || !(state.hasResponse || unscheduled)) return sendScout(config, state)
  if (unscheduled) return admit(config, state)
  const otherAt = OtherLimit.opensAt(state)
  if (otherAt > now) return wait(state, Number.isFinite(otherAt) ? otherAt : responseDueAt(state))
  const forgotten = Window.countForgotten(state, now)
  const occupied = SendLog.size(state.log) - forgotten + countInFlight(state)
  if (occupied < state.limit) {
    if (!fitsBurst(state, occupied)) return wait(state, responseDueAt(state))
    return admitLast(config, state, state.limit - occupied)
  }
  state.growth = { ...state.growth, full: true }
  const due = Window.forgottenAt(state, forgotten + occupied - state.limit + 1)
  if (due === undefined) return wait(state, responseDueAt(state))
  if (due > now) return state.limit === 1 ? lookEarly(config, state, due) : wait(state, due)
  return state.trusted || state.refill !== null ? admit(config, state) : sendScout(config, state)
}

/** Returns how many requests are taken in one change of a state that takes so many milliseconds, at least one. */
export const countWithin = (changeMs: number, { limit, windowMs }: PacerState): number =>
  Math.max(1, Math.ceil((Tuning.changesAhead * changeMs * limit) / windowMs))

/**
 * Returns when the nth request from now on (from 1) is due, of those that wait until a time: undefined if that is not yet
 * certain, since a response can change it.
 */
export const certainDue = (
  config: PacerConfig,
  state: PacerState,
  untilMs: number,
  nth: number,
): number | undefined => {
  if (config.ceiling !== undefined || config.share !== undefined) {
    const bounds = SendBounds.boundsOf(config, state)
    if (SendBounds.opensAt(state, bounds) === untilMs) return SendBounds.opensAt(state, bounds, nth)
  }
  const logged = SendLog.size(state.log)
  const due = (count: number) =>
    Window.forgottenAt(state, Math.min(logged, logged + countInFlight(state) - state.limit + count))
  if (state.gate !== null || due(1) !== untilMs) return undefined
  return state.trusted || state.refill !== null ? due(nth) : undefined
}

/** Returns when the next response is expected, or undefined if none is. */
export const expectedResponse = ({ inFlight, roundTrip }: PacerState): number | undefined => {
  const first = inFlight.find(isUnlogged)
  return first && first.sentAt + RoundTrip.minimum(roundTrip) + roundTrip.excessMs
}

/** Admits the next requests that can go now, at least one and at most so many, or says when to ask again. */
export const decideUpTo = (
  most: number,
  config: PacerConfig,
  previous: PacerState,
  clock: number,
): readonly [{ readonly ids: ReadonlyArray<number>; readonly untilMs: number }, PacerState] => {
  const ids: Array<number> = []
  let state = previous
  do {
    const [decision, next] = decide(config, state, clock)
    state = next
    if (decision._tag === "Wait") return [{ ids, untilMs: decision.untilMs }, state]
    ids.push(decision.id)
  } while (ids.length < most)
  return [{ ids, untilMs: clock }, state]
}

const wait = (state: PacerState, untilMs: number): Decided => [{ _tag: "Wait", untilMs }, state]

const admit = ({ ceiling, share }: PacerConfig, state: Draft): Decided => {
  const { nextId: id, nowMs: now } = state
  state.nextId = id + 1
  state.inFlight = [...state.inFlight, { id, sentAt: now, counted: state.anchor?.count ?? 0 }]
  if (ceiling !== undefined || share !== undefined || state.others.perWindow !== null) {
    const run = { at: now, windowStart: now, sentAt: now, count: 1 }
    state.ceilingLog = SendLog.add(state.ceilingLog, run, 0)
  }
  return [{ _tag: "Admit", id }, state]
}

/** Admits the last request that fits, or holds it back to look for a shorter window. */
const admitLast = (config: PacerConfig, state: Draft, free: number): Decided => {
  const held = Held.heldUntil(config, state, free)
  if (held === undefined) return admit(config, state)
  if (held.untilMs > state.nowMs) return wait(state, held.untilMs)
  state.held = { ...state.held, id: state.nextId, ageMs: held.ageMs }
  return admit(config, state)
}

/** Waits until the only request of a window is due, or sends it early to look for a shorter window. */
const lookEarly = (config: PacerConfig, state: Draft, due: number): Decided => {
  const held = Held.heldUntil(config, state, 1)
  if (held === undefined || held.untilMs >= due) return wait(state, due)
  return admitLast(config, state, 1)
}

/** Admits a single request whose response shows what the server does, unless one is in flight already. */
const sendScout = (config: PacerConfig, state: Draft): Decided => {
  if (state.scoutId !== null) return wait(state, responseDueAt(state))
  state.scoutId = state.nextId
  return admit(config, state)
}

/** Drops the schedule: the log keeps only the server's last count, and the window is not trusted. */
const dropSchedule = (state: Draft): void => {
  Window.distrust(state)
  state.log = state.log.slice(0, 1)
}

/** Checks whether another request can be sent before the responses come that show how many more the server takes. */
const fitsBurst = (state: PacerState, occupied: number): boolean => {
  const { fixedWindow, limit, limitSource, provenLimit } = state
  const inFlight = countInFlight(state)
  const logged = occupied - inFlight
  // each response that comes in shows that no other limit is used up
  if (inFlight >= OtherLimit.mostInFlight(state) + logged) return false
  // The responses to the first few show others that begin at the same time; a large limit has room for them.
  const hasFew = limit * Tuning.openingBurstShare >= 2 && limit <= Tuning.exactLogLimit
  const opens = hasFew && state.roundTrip.samples === 1
  if (opens || (fixedWindow && logged === 0)) return inFlight < limit * Tuning.openingBurstShare
  if (limitSource !== "prior" || occupied < provenLimit) return true
  return inFlight <= Math.max(0, logged - provenLimit) * Tuning.growthBurstShare
}

/** Returns when the oldest request in flight counts as arrived, so that no caller waits for its response for ever. */
const responseDueAt = ({ inFlight, nowMs }: PacerState): number =>
  Math.max(nowMs + 1, (inFlight.find(isUnlogged)?.sentAt ?? nowMs) + Tuning.slowResponseMs)

/** Logs requests whose responses are very late, and gives up those of processes that are gone. */
const expireInFlight = (state: Draft): void => {
  const { nowMs } = state
  const isSlow = ({ sentAt }: InFlight): boolean => sentAt + Tuning.slowResponseMs <= nowMs
  const first = state.inFlight[0]
  if (first === undefined || !isSlow(first)) return
  state.inFlight = state.inFlight
    .filter(({ sentAt }) => sentAt + Tuning.lostRequestMs > nowMs)
    .map((request) => {
      if (!isUnlogged(request) || !isSlow(request)) return request
      recordSend(state, request, request.sentAt + Tuning.slowResponseMs)
      return { ...request, logged: true }
    })
  const scout = state.inFlight.find(({ id }) => id === state.scoutId)
  if (scout === undefined || !isUnlogged(scout)) state.scoutId = null
}

/** Raises a limit that the server does not name: each full window without a 429 doubles it; after a 429, later. */
const growLimit = (state: Draft): void => {
  const { growth, nowMs } = state
  if (state.limitSource === "server" || nowMs < growth.windowStartMs + state.windowMs) return
  const cleanWindows = growth.cleanWindows + (growth.full ? 1 : 0)
  state.growth = { ...growth, windowStartMs: nowMs, full: false, cleanWindows }
  const mustWait = state.limitSource === "rateLimit" && cleanWindows < growth.patience
  if (!growth.full || mustWait) return
  state.provenLimit = state.limit
  state.limit = Math.min(state.limit * Tuning.growthFactor, Tuning.largestGrownLimit)
  state.limitSource = "prior"
  state.growth = { ...state.growth, cleanWindows: 0 }
}

/**
 * Returns how long the nth caller in the queue (from 1) must wait for certain, in milliseconds: the gate is closed, or
 * limit and window are trusted. 0 if nothing is certain.
 */
export const certainWait = (state: PacerState, clock: number, nth: number): number => {
  const now = Math.max(clock, state.nowMs)
  const gateAt = Math.max(now, state.gate?.untilMs ?? now)
  if (!state.trusted) return gateAt > now ? gateAt - clock : 0
  const inFlight = countInFlight(state)
  const free = state.limit - Window.countLive(state, now) - inFlight
  if (nth <= free) return gateAt - clock
  const windows = Math.ceil((nth - Math.max(0, free)) / state.limit) - 1
  // A response on its way may say that the window has turned already.
  const due =
    inFlight > 0 ? undefined : Window.forgottenAt(state, Window.countForgotten(state, now) + 1)
  return Math.max(gateAt, Math.max(now, due ?? now) + windows * state.windowMs) - clock
}

/** Returns how many requests could go at a time, as far as known. */
export const remaining = (state: PacerState, clock: number): number => {
  if (state.gate !== null) return 0
  const live = Window.countLive(state, Math.max(clock, state.nowMs))
  return Math.max(0, state.limit - live - countInFlight(state))
}

/** Returns how many requests can go now: those that remain, as far as every bound has room. */
export const countFree = (config: PacerConfig, state: PacerState, clock: number): number => {
  const room = SendBounds.countRoom(state, SendBounds.boundsOf(config, state), clock)
  return Math.min(remaining(state, clock), room)
}

/** A process that asks which of its requests can go; times in milliseconds. */
export interface Asking {
  readonly process: string
  /** How many requests it would send. */
  readonly callers: number
  /** Since when it has left permits to others that they do not take. */
  readonly leftSince: number | undefined
  /** How long a change of the state takes. */
  readonly changeMs: number
  /** How often it looks at the state again; undefined if no other process changes it. */
  readonly recheckMs: number | undefined
}

/** The requests that can go, or when to ask again. */
export interface Admitted {
  readonly ids: ReadonlyArray<number>
  readonly untilMs: number
  readonly leftSince?: number
}

/** Functions of the client with which a store shares a limit out, so that it does not bring its own version of them. */
export interface Engine {
  readonly countWithin: typeof countWithin
  readonly decideUpTo: typeof decideUpTo
  readonly countFree: typeof countFree
  readonly certainDue: typeof certainDue
  readonly expectedResponse: typeof expectedResponse
}

/** Decides about the next requests of a process. */
export type Admit = (
  engine: Engine,
  asking: Asking,
  config: PacerConfig,
  previous: PacerState,
  now: number,
) => readonly [Admitted, PacerState]

/** Admits the requests of the process that asks first. */
export const firstCome: Admit = (_, { callers, changeMs, recheckMs }, config, previous, now) => {
  const most = Math.min(countWithin(changeMs, previous), callers)
  const [{ ids, untilMs }, next] = decideUpTo(most, config, previous, now)
  if (recheckMs === undefined) return [{ ids, untilMs }, next]
  // sooner if all wait for the response to one request of another process
  const recheckAt = now + recheckMs / (next.scoutId === null ? 1 : Tuning.lateRechecks)
  return [{ ids, untilMs: Math.min(untilMs, recheckAt) }, next]
}
