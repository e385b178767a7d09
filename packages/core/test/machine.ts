/** Drives the pacer's state machine step by step, with its own clock. */
import { assert } from "@effect/vitest"

import * as Admission from "../src/pacing/Admission.ts"
import * as LearnFromResponse from "../src/pacing/LearnFromResponse.ts"
import * as PacerState from "../src/pacing/PacerState.ts"

export const config: PacerState.PacerConfig = { prior: { limit: 10, windowMs: 1000 } }

/** Creates a state that throws if it is changed in place. */
const frozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

/** A state machine whose state passes through JSON, and is frozen, at every step. */
export class Machine {
  now = 1000
  state: PacerState.PacerState
  readonly #config: PacerState.PacerConfig

  constructor(options: PacerState.PacerConfig = config) {
    this.#config = options
    this.state = PacerState.make(options)
  }

  #keep(state: PacerState.PacerState): void {
    // safe: what JSON gives back is what JSON was given; that it works on is what is tested
    this.state = frozen(JSON.parse(JSON.stringify(state)) as PacerState.PacerState)
  }

  decide(): Admission.Decision {
    const [decision, state] = Admission.decide(this.#config, this.state, this.now)
    this.#keep(state)
    return decision
  }

  admitted(): number {
    const decision = this.decide()
    if (decision._tag === "Wait") return assert.fail(`waits until ${decision.untilMs}`)
    return decision.id
  }

  observe(id: number, observation: PacerState.PacerObservation, jitter = 0): void {
    const response = { ...observation, jitter }
    this.#keep(LearnFromResponse.observe(this.#config, this.state, id, response, this.now))
  }

  abandon(id: number): void {
    this.#keep(PacerState.abandon(this.state, id, this.now))
  }

  giveBack(id: number): void {
    this.#keep(PacerState.giveBack(this.state, id))
  }
}

/** Takes until the machine says wait; returns the ids. */
export const burst = (machine: Machine, most = 1000): Array<number> => {
  const ids: Array<number> = []
  for (let count = 0; count < most; count++) {
    const decision = machine.decide()
    if (decision._tag === "Wait") break
    ids.push(decision.id)
  }
  return ids
}

/** Returns how long the next request must wait, in milliseconds. */
export const waitOf = (machine: Machine): number => {
  const decision = machine.decide()
  return decision._tag === "Wait" ? decision.untilMs - machine.now : 0
}

/** Returns a machine whose server has named the limit that it was told, or another, and that has no reason to open with few. */
export const withLimit = (
  limit: number,
  prior: PacerState.PacerConfig["prior"] = { limit, windowMs: 1000 },
): Machine => {
  const machine = new Machine({ prior })
  machine.observe(machine.admitted(), { rateLimited: false, limit, remaining: limit - 1 })
  const { roundTrip } = machine.state
  machine.state = { ...machine.state, roundTrip: { ...roundTrip, samples: 2 } }
  return machine
}

/** A server with a sliding log, as strict as one can be. */
export class SlidingServer {
  readonly admitted: Array<number> = []
  rateLimited = 0

  readonly limit: number
  readonly windowMs: number

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.windowMs = windowMs
  }

  handle(now: number): PacerState.PacerObservation {
    const { limit, windowMs } = this
    const live = this.admitted.filter((at) => at > now - windowMs)
    if (live.length >= limit) {
      this.rateLimited++
      const free = live[live.length - limit] ?? now
      return {
        rateLimited: true,
        limit,
        remaining: 0,
        retryAfterMs: Math.ceil((free + windowMs - now) / 1000) * 1000,
      }
    }
    this.admitted.push(now)
    return { rateLimited: false, limit, remaining: limit - live.length - 1 }
  }
}
