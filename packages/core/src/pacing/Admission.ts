/** Decides who may go: the gate, the ceiling, the first request alone, then what the log leaves. Pure. */
import {
  countForgotten,
  distrust,
  type Draft,
  draftOf,
  type Flight,
  flying,
  forget,
  forgottenAt,
  type PacerConfig,
  type PacerState,
  record,
  slowMs,
} from "./PacerState.ts"
import * as SendLog from "./SendLog.ts"

/** Whether a request may go, and if not, when to ask again (an answer can make it earlier). */
export type Decision =
  | { readonly _tag: "Admit"; readonly id: number }
  | { readonly _tag: "Wait"; readonly untilMs: number }

/** A request without any answer for so long belongs to a process that is gone. */
const lostMs = 300_000
/** Which part of a window's requests goes ahead of the rest. */
const vanguard = 0.25

type Taken = readonly [Decision, PacerState]

/** Asks for one request. */
export const take = (config: PacerConfig, previous: PacerState, clock: number): Taken => {
  const now = Math.max(clock, previous.nowMs)
  const state = draftOf(previous, now)
  const free = config.schedule === false
  settle(state, now)
  if (free) unschedule(state)
  else {
    forget(state, now)
    climb(state, now)
  }
  const { gate } = state
  if (gate !== null && now < gate.untilMs) return wait(state, gate.untilMs)
  const ceilingAt = ceilingOpensAt(config, state)
  if (ceilingAt > now) return wait(state, ceilingAt)
  // After a refusal, and before anything is known, one goes alone.
  if (gate !== null || !(state.heard || free)) return alone(config, state, now)
  if (free) return admit(config, state, now)
  const forgotten = countForgotten(state, now)
  const occupied = SendLog.size(state.log) - forgotten + flying(state)
  if (occupied < state.limit) {
    return mayFollow(state, occupied)
      ? admit(config, state, now)
      : wait(state, answerDue(state, now))
  }
  if (!state.stretch.full) state.stretch = { ...state.stretch, full: true }
  const due = forgottenAt(state, forgotten + occupied - state.limit + 1)
  if (due === undefined) return wait(state, answerDue(state, now))
  if (due > now) return wait(state, due)
  return state.trusted || state.drip !== null
    ? admit(config, state, now)
    : alone(config, state, now)
}

/** Keeps nothing of a schedule: the server's last word is the first run of the log, and nothing is to be trusted. */
const unschedule = (state: Draft): void => {
  if (!state.trusted && state.log.length <= 1) return
  distrust(state)
  state.log = state.log.slice(0, 1)
}

/** Tells whether another may go before the answers come that show how many more the server takes. */
const mayFollow = (state: PacerState, occupied: number): boolean => {
  const inFlight = flying(state)
  const answered = occupied - inFlight
  // A window that is forgotten as a whole starts with a few: their answers show a lowered limit.
  if (state.whole && answered === 0) return inFlight < state.limit * vanguard
  // Beyond what a window has really taken, half as many as it has taken so far.
  if (state.limitFrom !== "prior" || occupied < state.proven) return true
  return inFlight <= Math.max(0, answered - state.proven) / 2
}

const wait = (state: PacerState, untilMs: number): Taken => [{ _tag: "Wait", untilMs }, state]

/** Lets one go if none is out to find out what the server does. */
const alone = (config: PacerConfig, state: Draft, now: number): Taken => {
  if (state.probe !== null) return wait(state, answerDue(state, now))
  state.probe = state.nextId
  return admit(config, state, now)
}

const admit = ({ ceiling }: PacerConfig, state: Draft, now: number): Taken => {
  const id = state.nextId
  state.nextId = id + 1
  state.flights = [...state.flights, { id, sentAt: now }]
  if (ceiling !== undefined) {
    state.spent = SendLog.add(state.spent, { at: now, base: now, sent: now, count: 1 }, 0)
  }
  return [{ _tag: "Admit", id }, state]
}

/** When the oldest request without an answer will count as arrived, so that nothing waits for it for ever. */
const answerDue = (state: PacerState, now: number): number => {
  const oldest = state.flights.find((flight) => flight.logged !== true)
  return Math.max(now + 1, oldest === undefined ? now + slowMs : oldest.sentAt + slowMs)
}

/** Puts requests into the log whose answers are very late, and gives up those of processes that are gone. */
const settle = (state: Draft, now: number): void => {
  const first = state.flights[0]
  if (first === undefined || first.sentAt + slowMs > now) return
  const flights: Array<Flight> = []
  for (const flight of state.flights) {
    if (flight.sentAt + lostMs <= now) continue
    if (flight.logged !== true && flight.sentAt + slowMs <= now) {
      state.log = record(state, flight, flight.sentAt + slowMs)
      flights.push({ ...flight, logged: true })
    } else flights.push(flight)
  }
  state.flights = flights
  if (!flights.some((flight) => flight.id === state.probe && flight.logged !== true)) {
    state.probe = null
  }
}

/** Raises an unknown limit: each full window without a refusal doubles it; after a refusal, patience comes first. */
const climb = (state: Draft, now: number): void => {
  const { stretch } = state
  if (state.limitFrom === "server" || now < stretch.startMs + state.windowMs) return
  const clean = stretch.full ? stretch.clean + 1 : stretch.clean
  state.stretch = { ...stretch, startMs: now, full: false, clean }
  if (!stretch.full || (state.limitFrom === "refusal" && clean < stretch.patience)) return
  state.proven = state.limit
  state.limit = Math.min(state.limit * 2, 1_000_000)
  state.limitFrom = "prior"
  state.stretch = { ...state.stretch, clean: 0 }
}

/** When the ceiling has room; in no span of its length are there more sends than it says. */
const ceilingOpensAt = ({ ceiling }: PacerConfig, state: PacerState): number => {
  if (ceiling === undefined) return Number.NEGATIVE_INFINITY
  const count = Math.max(1, Math.floor(ceiling.perSecond))
  const newest = SendLog.size(state.spent)
  const blocking = newest < count ? undefined : SendLog.runOf(state.spent, newest - count + 1)
  return blocking === undefined
    ? Number.NEGATIVE_INFINITY
    : blocking.at + (1000 * count) / ceiling.perSecond
}
