/**
 * Runs the pacer's state machine against a simulated server, event by event: thousands of runs in seconds.
 * `ServiceRun` drives the service itself the same way under a test clock; a test holds the two together.
 */
import * as LearnFromResponse from "../../../../packages/core/src/pacing/LearnFromResponse.ts"
import * as PacerState from "../../../../packages/core/src/pacing/PacerState.ts"
import * as Admission from "../../../../packages/core/src/pacing/Admission.ts"
import type { Network } from "./Network.ts"
import { source } from "./Random.ts"
import { ideal, Server, type ServerOptions, type SimulatedResponse } from "./Server.ts"

/** One run. */
export interface Run {
  readonly server: ServerOptions
  readonly network: Network
  readonly total: number
  readonly concurrency: number
  readonly prior?: { readonly limit: number; readonly windowMs: number }
  readonly seed: number
}

/** The outcome of a simulation. `utilisation` is the ideal time divided by the real time. */
export interface Outcome {
  readonly makespanMs: number
  readonly idealMs: number
  readonly utilisation: number
  readonly rateLimited: number
  readonly requests: number
  readonly state: PacerState.PacerState
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Pending events, earliest first. */
class Agenda {
  readonly #events: Array<Event> = []
  #order = 0

  add(at: number, run: () => void): void {
    const event = { at, order: this.#order++, run }
    let index = this.#events.length
    while (index > 0) {
      const before = this.#events[index - 1]
      if (
        before === undefined ||
        before.at < at ||
        (before.at === at && before.order < event.order)
      )
        break
      index--
    }
    this.#events.splice(index, 0, event)
  }

  next(): Event | undefined {
    return this.#events.shift()
  }
}

/** A run that needs longer than an hour of virtual time has failed. */
const longestMs = 3_600_000

/** Runs to the end, or gives up. */
export const simulate = (
  { concurrency, network, prior, seed, server: options, total }: Run,
  trace?: (line: string) => void,
): Outcome => {
  const random = source(seed)
  const server = new Server(options)
  const config = { prior: prior ?? { limit: 10, windowMs: 1000 } }
  const agenda = new Agenda()
  let state = PacerState.make(config)
  let started = 0
  let done = 0
  let now = 0
  let asleepUntil = Number.POSITIVE_INFINITY
  const queue: Array<number> = []
  const join = (order: number) => {
    const index = queue.findIndex((other) => other > order)
    queue.splice(index < 0 ? queue.length : index, 0, order)
  }
  while (started < Math.min(concurrency, total)) join(started++)

  const respond = (id: number, order: number, response: SimulatedResponse) => {
    trace?.(
      `${now.toFixed(1)} ${response.rateLimited ? "429" : "ok"} #${order} ${JSON.stringify(response)}`,
    )
    state = LearnFromResponse.observe(config, state, id, { ...response, jitter: random() }, now)
    if (response.rateLimited) join(order)
    else {
      done++
      if (started < total) join(started++)
    }
    pump()
  }
  const pump = () => {
    while (queue.length > 0) {
      const [decision, next] = Admission.decide(config, state, now)
      state = next
      if (decision._tag === "Wait") {
        const wakeAt = now + Math.max(1, Math.ceil(decision.untilMs - now))
        if (wakeAt !== asleepUntil) {
          asleepUntil = wakeAt
          agenda.add(wakeAt, () => {
            if (asleepUntil !== wakeAt) return
            asleepUntil = Number.POSITIVE_INFINITY
            pump()
          })
        }
        return
      }
      asleepUntil = Number.POSITIVE_INFINITY
      const order = queue.shift() ?? 0
      trace?.(`${now.toFixed(1)} send #${order}`)
      const { id } = decision
      agenda.add(now + network.way(random), () => {
        const response = server.handle(now)
        agenda.add(now + network.way(random), () => respond(id, order, response))
      })
    }
  }
  pump()
  for (let event = agenda.next(); event !== undefined; event = agenda.next()) {
    now = event.at
    event.run()
    if (done === total || now > longestMs) break
  }
  const idealMs = ideal(options, total, concurrency, network.roundTripMs)
  return {
    makespanMs: now,
    idealMs,
    utilisation: done < total ? 0 : idealMs / now,
    rateLimited: server.rateLimited.length,
    requests: server.rateLimited.length + server.accepted.length,
    state,
  }
}
