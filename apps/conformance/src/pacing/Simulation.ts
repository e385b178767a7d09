/**
 * Runs the pacer's state machine against a simulated server, event by event: thousands of runs in seconds.
 * `ServiceRun` drives the service itself the same way under a test clock; a test holds the two together.
 */
import type * as PacerState from "../../../../packages/core/src/pacing/PacerState.ts"
import { Agenda } from "./Agenda.ts"
import type { Network } from "./Network.ts"
import { Process, type ProcessOptions } from "./Process.ts"
import { source } from "./Random.ts"
import { ideal, Server, type ServerOptions } from "./Server.ts"

/** One run of one process. */
export interface Run extends ProcessOptions {
  readonly server: ServerOptions
  readonly network: Network
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

/** A run of several processes that share nothing but the server's limit. */
export interface Fleet {
  readonly server: ServerOptions
  readonly network: Network
  readonly seed: number
  readonly processes: ReadonlyArray<ProcessOptions>
  /** When the simulation ends at the latest; after an hour by default, which is a failure. */
  readonly untilMs?: number
}

/** A run that needs longer than an hour of virtual time has failed. */
const longestMs = 3_600_000

/** Runs all processes to their end, or to the given time. */
export const simulateFleet = (
  { network, processes, seed, server: options, untilMs = longestMs }: Fleet,
  trace?: (line: string, process: number) => void,
): {
  readonly processes: ReadonlyArray<Process>
  readonly server: Server
  readonly endMs: number
} => {
  const random = source(seed)
  const server = new Server(options)
  const agenda = new Agenda()
  let now = 0
  const running = processes.map(
    (process, index) =>
      new Process(process, {
        now: () => now,
        at: (atMs, run) => agenda.add(atMs, run),
        random,
        send: (respond) =>
          agenda.add(now + network.way(random), () => {
            const response = server.handle(now)
            agenda.add(now + network.way(random), () => respond(response))
          }),
        trace: trace && ((line) => trace(line, index)),
      }),
  )
  for (const process of running) process.start()
  for (let event = agenda.next(); event !== undefined; event = agenda.next()) {
    if (event.at > untilMs) break
    now = event.at
    event.run()
    if (running.every(({ finished }) => finished)) break
  }
  return { processes: running, server, endMs: now }
}

/** Runs one process to the end, or gives up. */
export const simulate = (run: Run, trace?: (line: string) => void): Outcome => {
  const { concurrency, network, server: options, total } = run
  const fleet = { server: options, network, seed: run.seed, processes: [run] }
  const { endMs, processes, server } = simulateFleet(fleet, trace)
  const [process] = processes
  if (process === undefined) throw new Error("a fleet of one has one process")
  const idealMs = ideal(options, total, concurrency, network.roundTripMs)
  return {
    makespanMs: endMs,
    idealMs,
    utilisation: process.finished ? idealMs / endMs : 0,
    rateLimited: server.rateLimited.length,
    requests: server.rateLimited.length + server.accepted.length,
    state: process.state,
  }
}
