/**
 * Runs the pacer's state machine against a simulated server, event by event: thousands of runs in seconds.
 * `ServiceRun` drives the service itself the same way under a test clock; a test holds the two together.
 */
import * as PacerAnswer from "../../../../packages/core/src/pacing/LearnFromResponse.ts"
import * as PacerState from "../../../../packages/core/src/pacing/PacerState.ts"
import * as PacerTake from "../../../../packages/core/src/pacing/Admission.ts"
import type { Network } from "./Network.ts"
import { source } from "./Random.ts"
import { ideal, Server, type ServerOptions } from "./Server.ts"

/** One run. */
export interface Run {
  readonly server: ServerOptions
  readonly network: Network
  readonly total: number
  readonly concurrency: number
  readonly prior?: { readonly limit: number; readonly windowMs: number }
  readonly seed: number
}

/** What came of it. `utilisation` is the ideal time by the real one. */
export interface Outcome {
  readonly makespanMs: number
  readonly idealMs: number
  readonly utilisation: number
  readonly refusals: number
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

/** Who needs longer than an hour of virtual time has failed. */
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
  const line: Array<number> = []
  const join = (order: number) => {
    const index = line.findIndex((other) => other > order)
    line.splice(index < 0 ? line.length : index, 0, order)
  }
  while (started < Math.min(concurrency, total)) join(started++)

  const answered = (id: number, order: number, reply: ReturnType<Server["handle"]>) => {
    trace?.(
      `${now.toFixed(1)} ${reply.refused ? "REFUSED" : "ok"} #${order} ${JSON.stringify(reply)}`,
    )
    state = PacerAnswer.observe(config, state, id, { ...reply, jitter: random() }, now)
    if (reply.refused) join(order)
    else {
      done++
      if (started < total) join(started++)
    }
    pump()
  }
  const pump = () => {
    while (line.length > 0) {
      const [decision, next] = PacerTake.take(config, state, now)
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
      const order = line.shift() ?? 0
      trace?.(`${now.toFixed(1)} send #${order}`)
      const { id } = decision
      agenda.add(now + network.way(random), () => {
        const reply = server.handle(now)
        agenda.add(now + network.way(random), () => answered(id, order, reply))
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
    refusals: server.refused.length,
    requests: server.refused.length + server.admitted.length,
    state,
  }
}
