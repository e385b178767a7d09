/**
 * Runs the real worker (its claims, its client, its pacer and the shared limit) in virtual time: many of them, a database and
 * an API that are simulated. What counts is what the API received.
 */
import { AelystClient, Pacer, make as makeClient } from "@aelyst/core"
import { fromPromises } from "@aelyst/core/adapter"
import { makeSharedStore } from "@aelyst/core/shared-store"
import { StoredRows, work } from "@aelyst/workflow"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"

import { steady } from "../pacing/Network.ts"
import { Server } from "../pacing/Server.ts"
import { jain } from "../pacing/Sharing.ts"
import { Connections, Database, type ServiceTimes } from "./Database.ts"
import { SimulatedImport, account } from "./SimulatedRuns.ts"
import { VirtualTime } from "./VirtualTime.ts"

/** A fleet of workers, an API and a database. */
export interface Cell {
  readonly workers: number
  /** The limit of the API. */
  readonly perSecond: number
  /** The round trip to the database, in milliseconds. */
  readonly latencyMs: number
  /** False as a control: each worker learns the limit separately. */
  readonly isShared?: boolean
}

/** The figures of a cell. */
export interface Figures {
  /** Contacts created per second, after the limit was learned. */
  readonly createdPerSecond: number
  /** The same as a part of the limit. */
  readonly used: number
  /** The responses with status 429 while the limit was learned, and after. */
  readonly learning429s: number
  readonly later429s: number
  /** The most requests that the API accepted in any window. */
  readonly mostInWindow: number
  /** Jain's index over the contacts that each worker created. */
  readonly fairness: number
  /** Requests for rows that did not end, or more than one for a row. */
  readonly lost: number
  readonly twice: number
  /** The part of the database's processors that was used. */
  readonly databaseBusy: number
  /** Commands to the record of the limit for each contact. */
  readonly exchanges: number
  /** The part of its writes that found another worker's. */
  readonly conflicts: number
}

/** Workers open so many connections, as `aelyst worker` does: for the journal, and for the limit. */
const [journalConnections, limitConnections] = [8, 2]
/** As `aelyst worker` has it: see `SharedPace`. */
const instances = 10
const network = steady(30, 0.2)
const windowMs = 1000

/** How long the limit may be learned, and how long contacts are counted: long enough for ten turns of every worker. */
const spanOf = ({ perSecond, workers }: Cell) => {
  const rotationMs = (1000 * workers) / perSecond
  return { warmMs: Math.max(3000, 2 * rotationMs), countMs: Math.max(3000, 10 * rotationMs) }
}

/** The requests that the API received. */
interface Arrival {
  readonly worker: number
  readonly at: number
  readonly path: string
  readonly rateLimited: boolean
}

const mostWithin = (times: ReadonlyArray<number>): number => {
  let most = 0
  let from = 0
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - windowMs) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}

const bodies = {
  created: JSON.stringify({ code: "200", message: "Contact added successfully!" }),
  rateLimited: JSON.stringify({ code: 429, message: "Too Many Requests" }),
}

/** The API: its limiter, and its ledger. */
class Api {
  readonly #time: VirtualTime
  readonly #server: Server
  readonly arrivals: Array<Arrival> = []

  constructor(time: VirtualTime, perSecond: number) {
    this.#time = time
    const limiter = { kind: "sliding-log", limit: perSecond, windowMs } as const
    this.#server = new Server({ limiter, phaseMs: 0, headers: "always", retryAfter: true })
  }

  #respond(worker: number, path: string): Response {
    const at = this.#time.now
    const { limit, rateLimited, remaining, retryAfterMs } = this.#server.handle(at)
    this.arrivals.push({ worker, at, path, rateLimited })
    const headers = new Headers({ "content-type": "application/json" })
    headers.set("x-ratelimit-limit", String(limit))
    headers.set("x-ratelimit-remaining", String(remaining))
    if (retryAfterMs !== undefined) headers.set("retry-after", String(retryAfterMs / 1000))
    return new Response(rateLimited ? bodies.rateLimited : bodies.created, {
      status: rateLimited ? 429 : 200,
      headers,
    })
  }

  /** The way of a worker to it. */
  clientOf(worker: number): HttpClient.HttpClient {
    return HttpClient.make((request, url) =>
      Effect.map(
        Effect.promise(async () => {
          await this.#time.sleep(network.way(this.#time.random))
          const response = this.#respond(worker, url.pathname)
          await this.#time.sleep(network.way(this.#time.random))
          return response
        }),
        (response) => HttpClientResponse.fromWeb(request, response),
      ),
    )
  }
}

const round = (value: number) => Math.round(1e4 * value) / 1e4

/** Rounds the figures, so that their record is legible. */
const rounded = (figures: Figures): Figures =>
  // safe: the same names
  Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, round(value)]),
  ) as unknown as Figures

/** Simulates one cell. */
export const simulate = async (cell: Cell, service: ServiceTimes, seed = 1): Promise<Figures> => {
  const { isShared = true, latencyMs, perSecond, workers } = cell
  const { countMs, warmMs } = spanOf(cell)
  using time = new VirtualTime(seed)
  const database = new Database(time, latencyMs, service)
  const api = new Api(time, perSecond)
  const rows = (perSecond * (warmMs + countMs)) / 1000
  const shared = new SimulatedImport(time, Math.ceil(rows / 200) + 4 * workers)
  const stop = Deferred.makeUnsafe<void>()

  const run = (worker: number) => {
    const limit = new Connections(database, limitConnections)
    const store = isShared
      ? fromPromises(makeSharedStore(limit.exchange, instances))
      : Pacer.memoryStore()
    const client = Layer.effect(
      AelystClient,
      makeClient({ token: Redacted.make("simulated") }),
    ).pipe(
      Layer.provide(Layer.succeed(Pacer.PacerStore, store)),
      Layer.provide(Layer.succeed(HttpClient.HttpClient, api.clientOf(worker))),
    )
    const services = shared.servicesOf(new Connections(database, journalConnections))
    const live = Layer.mergeAll(client, StoredRows.layer, Logger.layer([])).pipe(
      Layer.provideMerge(Layer.succeedContext(services)),
    )
    const options = { ...account, owner: `worker ${worker}`, stop: Deferred.await(stop) }
    return Effect.provide(work(options), live)
  }
  let isOver = false
  const all = Effect.runPromise(
    Effect.all(
      Array.from({ length: workers }, (_, worker) =>
        // machines do not start at one moment
        Effect.andThen(
          Effect.promise(() => time.sleep(1000 * time.random())),
          run(worker),
        ),
      ),
      { concurrency: "unbounded", discard: true },
    ).pipe(Effect.provideService(Clock.Clock, time.clock)),
    { scheduler: time.scheduler },
  ).finally(() => {
    isOver = true
  })
  await time.until(warmMs)
  const warm = { busyMs: database.busyMs, ...database.counts }
  await time.until(warmMs + countMs)
  const busyMs = database.busyMs - warm.busyMs
  const exchanges = database.counts.exchanges - warm.exchanges
  const lostWrites = database.counts.lost - warm.lost
  const writes = database.counts.writes - warm.writes
  await Effect.runPromise(Deferred.succeed(stop, undefined))
  await time.until(time.now + 120_000, () => isOver)
  if (!isOver) throw new Error("the workers did not stop")
  await all

  const accepted = api.arrivals.filter(({ rateLimited }) => !rateLimited)
  const counted = accepted.filter(({ at }) => at >= warmMs && at < warmMs + countMs)
  const late = api.arrivals.filter(({ at, rateLimited }) => rateLimited && at >= warmMs).length
  const shares = Array.from({ length: workers }, () => 0)
  for (const { worker } of counted) shares[worker] = (shares[worker] ?? 0) + 1
  const paths = new Set(accepted.map(({ path }) => path))
  const createdPerSecond = (1000 * counted.length) / countMs
  return rounded({
    createdPerSecond,
    used: createdPerSecond / perSecond,
    learning429s: api.arrivals.length - accepted.length - late,
    later429s: late,
    mostInWindow: mostWithin(accepted.map(({ at }) => at)),
    fairness: jain(shares),
    lost: paths.size - shared.ended,
    twice: accepted.length - paths.size,
    databaseBusy: busyMs / (countMs * service.processors),
    exchanges: exchanges / Math.max(1, counted.length),
    conflicts: lostWrites / Math.max(1, lostWrites + writes),
  })
}
