/** Decides who may go: the gate, the ceiling, the first request alone, then what the log leaves. Pure. */
import {
  countForgotten,
  distrust,
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
  const settled = settle({ ...previous, nowMs: now }, now)
  const free = config.schedule === false
  const state = free ? unscheduled(settled) : climb(forget(settled, now), now)
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
  const full = { ...state, stretch: { ...state.stretch, full: true } }
  const certain = state.trusted || state.drip !== null
  const due = forgottenAt(full, forgotten + occupied - state.limit + 1)
  if (due === undefined) return wait(full, answerDue(full, now))
  return due > now ? wait(full, due) : certain ? admit(config, full, now) : alone(config, full, now)
}

/** Keeps nothing of a schedule: the server's last word is the first run of the log, and nothing is to be trusted. */
const unscheduled = (state: PacerState): PacerState =>
  state.trusted || state.log.length > 1 ? { ...distrust(state), log: state.log.slice(0, 1) } : state

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
const alone = (config: PacerConfig, state: PacerState, now: number): Taken =>
  state.probe === null
    ? admit(config, { ...state, probe: state.nextId }, now)
    : wait(state, answerDue(state, now))

const admit = ({ ceiling }: PacerConfig, state: PacerState, now: number): Taken => {
  const id = state.nextId
  const sent = { at: now, base: now, sent: now, count: 1 }
  return [
    { _tag: "Admit", id },
    {
      ...state,
      nextId: id + 1,
      flights: [...state.flights, { id, sentAt: now }],
      spent: ceiling === undefined ? state.spent : SendLog.add(state.spent, sent, 0),
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
