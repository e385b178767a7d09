/** One run: several processes against rate-limited APIs, while something happens. */
import { setTimeout as sleep } from "node:timers/promises"

import type { LimiterKind } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { kinds } from "../../../../packages/sandbox/src/api/Limiter.ts"
import type { Figures } from "./Figures.ts"
import { figuresOf } from "./Figures.ts"
import type { Note } from "./Fleet.ts"
import { Fleet } from "./Fleet.ts"
import type { Ledger, LimitedOptions, LimitedServer } from "./LimitedServers.ts"
import { LimitedServers } from "./LimitedServers.ts"
import type { Ended, Task, WorkerInput } from "./Worker.ts"

/** The rate of a limiter. */
export interface Rate {
  readonly limit: number
  readonly windowMs: number
}

/** The parts of a run that a fault can reach. */
export interface Running {
  readonly fleet: Fleet
  readonly servers: ReadonlyArray<LimitedServer>
}

/** A run; times in milliseconds. */
export interface RunOptions {
  /** The module that the processes run. */
  readonly module: URL
  /** Returns the input of process n, in addition to its number and its tasks. */
  readonly given: (process: number) => object
  readonly processes?: number
  readonly kinds?: ReadonlyArray<LimiterKind>
  readonly rate?: Rate
  /** The contacts of each process at each API, and how many wait at a time. */
  readonly each?: number
  readonly concurrency?: number
  readonly firstResponseMs?: number
  readonly clocks?: ReadonlyArray<string | undefined>
  /** How long it may take, from the start of the processes. By default it may take any time. */
  readonly mostMs?: number
  /** Lets the processes begin, and disturbs them. By default they only begin. */
  readonly play?: (running: Running) => Promise<void>
}

/** One API after a run. */
export interface Outcome {
  readonly kind: LimiterKind
  readonly ledger: Ledger
  readonly figures: Figures
}

/** A run after its end. */
export interface Played {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly notes: ReadonlyArray<Note>
  /** How the processes ended; undefined for one that was killed. */
  readonly ended: ReadonlyArray<Ended | undefined>
  /** How often the store was asked, for each contact that was created. */
  readonly roundTrips: number
}

const roundTripMs = 30

/** A run that has not ended in the time that it may take. */
export class DidNotEnd extends Error {
  override readonly name = "DidNotEnd"
}

/** Runs to the end: all APIs at a time, by the same processes. Rejects with `DidNotEnd` after `mostMs`. */
export const play = async (options: RunOptions): Promise<Played> => {
  const {
    concurrency = 10,
    each = 50,
    processes = 4,
    rate = { limit: 10, windowMs: 1000 },
  } = options
  const limiters = options.kinds ?? kinds
  using limited = new LimitedServers()
  const servers = await Promise.all(
    limiters.map((kind) =>
      limited.open({
        limiter: { kind, ...rate },
        headers: "always",
        retryAfter: true,
        roundTripMs,
        ...(options.firstResponseMs !== undefined && { firstResponseMs: options.firstResponseMs }),
      } satisfies LimitedOptions),
    ),
  )
  const tasks = servers.map(({ baseUrl }): Task => ({ baseUrl, total: each, concurrency }))
  const inputs = Array.from({ length: processes }, (_, process): WorkerInput => {
    return { ...options.given(process), process, tasks }
  })
  using fleet = new Fleet({
    module: options.module,
    inputs,
    ...(options.clocks && { clocks: options.clocks }),
  })
  const run = async () => {
    await fleet.ready
    if (options.play === undefined) fleet.go()
    else await options.play({ fleet, servers })
    return fleet.ended
  }
  const { mostMs } = options
  const ended = await (mostMs === undefined
    ? run()
    : Promise.race([run(), sleep(mostMs, undefined, { ref: false })]))
  if (ended === undefined) throw new DidNotEnd(`a run has not ended in ${mostMs} ms`)
  const ledgers = await Promise.all(servers.map((server) => server.close()))
  const outcomes = limiters.flatMap((kind, index) => {
    const ledger = ledgers[index]
    if (ledger === undefined) return []
    const figures = figuresOf(ledger, processes, processes * concurrency, roundTripMs)
    return [{ kind, ledger, figures }]
  })
  const created = outcomes.reduce((sum, { figures }) => sum + figures.created, 0)
  const asked = ended.reduce((sum, one) => sum + (one?.roundTrips ?? 0), 0)
  return { outcomes, notes: fleet.notes, ended, roundTrips: asked / created }
}
