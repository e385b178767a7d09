/**
 * Processes that share a limit, in virtual time: the real pacers on the real shared store, against an API and a store that are
 * simulated. What counts is what both received, and it is the same on every machine.
 */
import { Pacer } from "@aelyst/core"
import { fromPromises } from "@aelyst/core/adapter"
import { makeSharedStore } from "@aelyst/core/shared-store"
import type { StoreExchange } from "@aelyst/core/shared-store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"

import type { LimiterKind } from "../../../../packages/sandbox/src/api/Limiter.ts"
import type { Network } from "../pacing/Network.ts"
import { steady } from "../pacing/Network.ts"
import { Server, ideal } from "../pacing/Server.ts"
import type { ServerOptions } from "../pacing/Server.ts"
import { jain } from "../pacing/Sharing.ts"
import { VirtualTime } from "../scaling/VirtualTime.ts"

/** A run; times in milliseconds. */
export interface VirtualFleet {
  readonly kind: LimiterKind
  readonly limit: number
  readonly windowMs: number
  readonly processes: number
  /** The contacts of each process, and how many wait at a time. */
  readonly each: number
  readonly concurrency: number
  /** The round trip to the store. */
  readonly storeMs: number
  readonly seed: number
  /** The network to the API and to the store, by its round trip. By default it is steady. */
  readonly network?: (roundTripMs: number) => Network
  /** The ceiling of each pacer, in requests per second. By default there is none. */
  readonly perSecond?: number
  /** When the store fails: it rejects each command, or does not reply to it before the end. By default it never does. */
  readonly outage?: Outage
}

/** An outage of the store, in milliseconds since the start. */
export interface Outage {
  readonly fromMs: number
  readonly untilMs: number
  readonly fails: "at once" | "silently"
}

const roundTripMs = 30

/** Runs to the end. */
export const playVirtual = async ({
  concurrency,
  each,
  kind,
  limit,
  network = (ms) => steady(ms, 0.2),
  outage,
  perSecond,
  processes,
  seed,
  storeMs,
  windowMs,
}: VirtualFleet) => {
  using time = new VirtualTime(seed)
  const server: ServerOptions = {
    limiter: { kind, limit, windowMs },
    phaseMs: windowMs * time.random(),
    headers: "always",
    retryAfter: true,
  }
  const api = new Server(server)
  const { way } = network(roundTripMs)
  const { way: wayToStore } = network(storeMs)
  const records = new Map<string, { readonly version: string; readonly text: string }>()
  const counts = { writes: 0, lost: 0, found: 0, vain: 0, notes: 0 }
  const exchange: StoreExchange = async (key, expected, write) => {
    await time.sleep(wayToStore(time.random))
    if (outage !== undefined && time.now >= outage.fromMs && time.now < outage.untilMs) {
      if (outage.fails === "at once") throw new Error("the store is down")
      await time.sleep(outage.untilMs - time.now)
    }
    const { text = "", version = "" } = records.get(key) ?? {}
    const { now } = time
    const matched = version === expected && now <= (write?.notAfter ?? now)
    if (key.includes("versions")) counts.notes++
    else if (write === undefined) counts[matched ? "vain" : "found"]++
    else counts[matched ? "writes" : "lost"]++
    if (write !== undefined && matched) records.set(key, write)
    await time.sleep(wayToStore(time.random))
    return { matched, version, text, now }
  }
  /** When each process had a contact created. */
  const created: Array<ReadonlyArray<number>> = []
  let endedAt = 0
  const call = (pacer: Pacer.Pacer["Service"], done: Array<number>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const ticket = yield* pacer.enter
        for (;;) {
          const permit = yield* ticket.acquire()
          yield* Effect.promise(() => time.sleep(way(time.random)))
          const at = time.now
          const response = api.handle(at)
          yield* Effect.promise(() => time.sleep(way(time.random)))
          endedAt = time.now
          yield* permit.observe(response)
          if (response.rateLimited) continue
          done.push(at)
          return
        }
      }),
    )
  const process = Effect.gen(function* () {
    const done: Array<number> = []
    created.push(done)
    yield* Effect.promise(() => time.sleep(10 * time.random()))
    const store = fromPromises(makeSharedStore(exchange, processes))
    const ceiling = perSecond === undefined ? {} : { ceiling: { perSecond } }
    const pacer = yield* Pacer.make({ key: "aelyst:pacer:5:simulated", store, ...ceiling })
    yield* Effect.forEach(Array.from({ length: each }), () => call(pacer, done), {
      concurrency,
      discard: true,
    })
  })
  let isOver = false
  const all = Effect.runPromise(
    Effect.all(
      Array.from({ length: processes }, () => process),
      {
        concurrency: "unbounded",
        discard: true,
      },
    ).pipe(Effect.provideService(Clock.Clock, time.clock), Effect.provide(Logger.layer([]))),
    { scheduler: time.scheduler },
  ).finally(() => {
    isOver = true
  })
  await time.until(3_600_000, () => isOver)
  await all
  const [startedAt = 0] = created.flat().toSorted((a, b) => a - b)
  const total = processes * each
  const half = (startedAt + endedAt) / 2
  const startMs = startedAt - roundTripMs / 2
  const options = { ...server, phaseMs: server.phaseMs + startMs }
  return {
    counts,
    roundTrips: Object.values(counts).reduce((sum, count) => sum + count, 0) / total,
    rateLimited: api.rateLimited.length,
    rateLimitedAt: api.rateLimited,
    ratio: (endedAt - startMs) / ideal(options, total, processes * concurrency, roundTripMs),
    fairness: jain(created.map((times) => times.filter((at) => at < half).length)),
    created,
  }
}
