/** Shares one limit by four processes, over Redis and Postgres; other libraries share one over Redis. */
import * as FaultProxy from "@aelyst-apps/conformance/network/FaultProxy"
import { countBetween, longestGap } from "@aelyst-apps/conformance/shared/Figures"
import type { Outcome, Played, Rate, RunOptions } from "@aelyst-apps/conformance/shared/Run"
import { DidNotEnd, play } from "@aelyst-apps/conformance/shared/Run"
import type { StoreKind } from "@aelyst-apps/conformance/shared/TestedStores"
import { postgres, redis } from "@aelyst-apps/conformance/shared/TestedStores"
import type { LimiterKind } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"

import { limiterKinds, limiters } from "./limiters.ts"
import { sharedClients } from "./shared-clients.ts"
import type { Measured, Table } from "./results.ts"

const sdkWorker = new URL("../../conformance/src/shared/sdk-worker.ts", import.meta.url)
const otherWorker = new URL("./shared-worker.ts", import.meta.url)
const tenPerSecond: Rate = { limit: 10, windowMs: 1000 }

/** One row of the table: what four processes do. */
interface Scenario {
  readonly name: string
  readonly kinds: ReadonlyArray<LimiterKind>
  readonly each: number
  readonly rate: Rate
  readonly concurrency?: number
  /** How far the store is away, in milliseconds. */
  readonly awayMs?: number
}

const scenarios: ReadonlyArray<Scenario> = [
  { name: "50 each at 10/s", kinds: limiterKinds, each: 50, rate: tenPerSecond },
  {
    name: "50 each at 10/s, store 10 ms away",
    kinds: limiterKinds,
    each: 50,
    rate: tenPerSecond,
    awayMs: 10,
  },
  ...(["fixed-window-first-request", "sliding-log", "token-bucket"] as const).map((kind) => ({
    name: "500 each at 100/s",
    kinds: [kind],
    each: 500,
    concurrency: 50,
    rate: { limit: 100, windowMs: 1000 },
  })),
  {
    name: "150 each at 200 per 60 s",
    kinds: ["fixed-window-first-request", "sliding-log"],
    each: 150,
    concurrency: 50,
    rate: { limit: 200, windowMs: 60_000 },
  },
]

const playShared = async (
  { kind, start }: StoreKind,
  { awayMs = 0, ...scenario }: Scenario,
): Promise<Played> => {
  await using store = await start()
  await using link = await FaultProxy.startLink(store.port, {
    delayMs: [awayMs / 2, awayMs / 2],
    kbitPerSecond: Number.POSITIVE_INFINITY,
    loss: 0,
    seed: 1,
  })
  const { port } = awayMs === 0 ? store : link
  const { each, rate } = scenario
  // twice the time that it takes, and the start of the processes
  const mostMs = 60_000 + (2 * 4 * each * rate.windowMs) / rate.limit
  const given = () => ({ store: { kind, port }, instances: 4 })
  // awaited here: the store ends with this function
  return await play({ ...scenario, module: sdkWorker, given, mostMs })
}

/** Returns undefined for a run that takes too long. */
const inTime = async <A>(run: Promise<A>): Promise<A | undefined> => {
  try {
    return await run
  } catch (error) {
    if (error instanceof DidNotEnd) return undefined
    throw error
  }
}

const outcomeOf = (played: Played | undefined, limiter: LimiterKind): Outcome | undefined =>
  played?.outcomes.find(({ kind }) => kind === limiter)

/** Returns the cells of a row, one that says so after a run that took too long; prints them. */
const rowOf = (
  name: string,
  cells: ReadonlyArray<string> = ["did not end"],
): ReadonlyArray<string> => {
  console.error(`${name}: ${cells.join(", ")}`)
  return [name, ...cells]
}

/** Measures all scenarios over one store: a row for each limiter, and one for the round trips. */
const column = async (kind: StoreKind): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const rows: Array<ReadonlyArray<string>> = []
  for (const scenario of scenarios) {
    console.error(`${kind.kind}, ${scenario.name}`)
    const played = await inTime(playShared(kind, scenario))
    for (const limiter of scenario.kinds) {
      const figures = outcomeOf(played, limiter)?.figures
      const { fairness = 0, rateLimited, ratio = 0 } = figures ?? {}
      const cell = `${ratio.toFixed(2)} · ${rateLimited} · ${fairness.toFixed(2)}`
      rows.push(rowOf(`${scenario.name}: ${limiters[limiter]}`, figures && [cell]))
    }
    const trips = played && [played.roundTrips.toFixed(1)]
    rows.push(rowOf(`${scenario.name}: round trips per create`, trips))
  }
  return rows
}

const outageMs = 60_000
const nowMs = () => performance.timeOrigin + performance.now()

/** Kills the store for a minute of a run: the 429s, the longest stop, and the smallest part of the share in use. */
const outage = async ({
  kind,
  start,
}: StoreKind): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  await using store = await start()
  let fromMs = 0
  let untilMs = 0
  const run: RunOptions = {
    module: sdkWorker,
    given: () => ({ store: { kind, port: store.port }, instances: 4 }),
    each: 160,
    mostMs: 4 * outageMs,
    play: async ({ fleet }) => {
      fleet.go()
      await sleep(4000)
      await store.process.kill()
      fromMs = nowMs()
      await sleep(outageMs)
      untilMs = nowMs()
      await store.process.restart()
    },
  }
  const played = await inTime(play(run))
  return limiterKinds.map((limiter) => {
    const name = `${kind}: ${limiters[limiter]}`
    const ledger = outcomeOf(played, limiter)?.ledger
    if (ledger === undefined) return rowOf(name)
    // noticed within 250 ms
    const noticedMs = fromMs + 1250
    const processes = [0, 1, 2, 3]
    const stop = Math.max(...processes.map((each) => longestGap(ledger, each, fromMs, untilMs)))
    const share = (number: number) =>
      countBetween(ledger, noticedMs, untilMs, ({ process }) => process === number) /
      (2 * ((untilMs - noticedMs) / 1000))
    const late = countBetween(ledger, noticedMs, untilMs, ({ rateLimited }) => rateLimited)
    const after = countBetween(ledger, untilMs, Infinity, ({ rateLimited }) => rateLimited)
    const least = Math.min(...processes.map(share)).toFixed(2)
    return rowOf(name, [`${late}`, `${after}`, `${(stop / 1000).toFixed(1)} s`, least])
  })
}

/** The same 200 contacts at 10/s by one client in four processes: a cell for each limiter. */
const gauntletOf = async (
  name: string,
  run: Omit<RunOptions, "kinds">,
): Promise<ReadonlyArray<string>> => {
  const played = await inTime(play({ ...run, kinds: limiterKinds, mostMs: 180_000 }))
  return limiterKinds.map((limiter) => {
    const figures = outcomeOf(played, limiter)?.figures
    const { created = 0, rateLimited, ratio = 0 } = figures ?? {}
    const cell = `${ratio.toFixed(2)} · ${rateLimited} · ${200 - created}`
    return rowOf(`${name}, ${limiters[limiter]}`, figures && [cell])[1] ?? ""
  })
}

/** The SDK in four processes; without a store, they share nothing. */
const ours = (store: object | undefined): Omit<RunOptions, "kinds"> => ({
  module: sdkWorker,
  given: () => ({ store, instances: 4 }),
})

const gauntlet = async (): Promise<Table> => {
  await using onRedis = await redis.start()
  await using onPostgres = await postgres.start()
  const redisUrl = `redis://127.0.0.1:${onRedis.port}`
  const runs: Record<string, Omit<RunOptions, "kinds">> = {
    "`@aelyst/redis`": ours({ kind: "redis", port: onRedis.port }),
    "`@aelyst/journal`": ours({ kind: "postgres", port: onPostgres.port }),
    "not shared": ours(undefined),
  }
  for (const client of Object.keys(sharedClients)) {
    const given = () => ({ client, rate: tenPerSecond, redisUrl })
    runs[client] = { module: otherWorker, given }
  }
  const columns: Array<ReadonlyArray<string>> = []
  for (const [name, run] of Object.entries(runs)) {
    columns.push(await gauntletOf(name, run))
  }
  const rows = limiterKinds.map((kind, row) => [
    limiters[kind],
    ...columns.map((cells) => cells[row] ?? ""),
  ])
  return { head: ["limiter", ...Object.keys(runs)], rows }
}

/** Runs everything, one thing at a time. */
export const shared = async (): Promise<Measured> => {
  const onRedis = await column(redis)
  const onPostgres = await column(postgres)
  const figures = onRedis.map(([row = "", cell = ""], index) => [
    row,
    cell,
    onPostgres[index]?.[1] ?? "",
  ])
  const outages = [...(await outage(redis)), ...(await outage(postgres))]
  return {
    blocks: [
      { head: ["four processes", "Redis", "Postgres"], rows: figures },
      "The store is down for 60 s:",
      {
        head: [
          "store and limiter",
          "429s meanwhile",
          "429s later",
          "longest stop",
          "part of the share in use",
        ],
        rows: outages,
      },
      "Next to other libraries, 50 contacts each at 10/s:",
      await gauntlet(),
    ],
  }
}
