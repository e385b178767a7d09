/**
 * Measures how much processor time a real PostgreSQL takes for each statement of a worker, and writes it for the simulation:
 * `node apps/conformance/src/scaling/calibrate.ts`. It reads the time of the server's processes from Linux, so other load on
 * the machine matters little.
 */
import { globSync, readFileSync, writeFileSync } from "node:fs"

import { sharedLimit } from "@aelyst/journal/shared-limit"
import { Runs } from "@aelyst/journal"
import { SharedRuns } from "@aelyst/journal/postgres"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Pool } from "pg"

import { approved, office } from "../imports/Plan.ts"
import { startPostgres, urlOf } from "../shared/PostgresServer.ts"
import type { StatementName } from "./Database.ts"

const rangeRows = 200
const ranges = 30
const inFlight = 16
/** A server of two processors, as fast as this machine's. */
const processors = 2
const ms: Partial<Record<StatementName, number>> = {}

const rounded = (time: number): number => Math.max(0.001, Math.round(1000 * time) / 1000)

await using server = await startPostgres()

const [settings] = await server.query(
  "SELECT current_setting('server_version') AS version, current_setting('data_directory') AS data",
)
const parent = Number(readFileSync(`${settings?.["data"]}/postmaster.pid`, "utf8").split("\n")[0])

/** Linux counts hundredths of a second. */
const tickMs = 10

/** Returns the CPU time of the server and of its sessions, those that have ended included, in milliseconds. */
const usedMs = (): number => {
  let ticks = 0
  for (const file of globSync("/proc/[0-9]*/stat")) {
    let text: string
    try {
      text = readFileSync(file, "utf8")
    } catch {
      // it has ended
      continue
    }
    const [, of, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ")
    const [user, system, userOfEnded, systemOfEnded] = rest.slice(9).map(Number)
    const isServer = file === `/proc/${parent}/stat`
    if (!isServer && Number(of) !== parent) continue
    ticks += (user ?? 0) + (system ?? 0)
    if (isServer) ticks += (userOfEnded ?? 0) + (systemOfEnded ?? 0)
  }
  return ticks * tickMs
}

/** Notes the time of a statement, of which each of `calls` calls makes `each`. */
const note = async (name: StatementName, statements: () => number, run: () => Promise<unknown>) => {
  const before = usedMs()
  await run()
  ms[name] = rounded((usedMs() - before) / statements())
}

const url = urlOf(server.port)
await using runtime = office(url)
const run = await runtime.runPromise(approved(ranges * rangeRows, "https://api.aelyst.ai"))

/** Runs an effect for every number, many at a time. */
const all = <A, E>(
  count: number,
  f: (number: number) => Effect.Effect<A, E, Runs | SharedRuns>,
): Promise<unknown> => {
  const numbers = Array.from({ length: count }, (_, index) => index)
  return runtime.runPromise(Effect.forEach(numbers, f, { concurrency: inFlight, discard: true }))
}

const keyOf = (number: number) => `email:row${number}@import.example`

const rowsOf = (range: number) =>
  Array.from({ length: rangeRows }, (_, index) => ({
    key: keyOf(range * rangeRows + index + 1),
    content: "",
  }))

const measure = <A, E>(
  name: StatementName,
  count: number,
  each: number,
  f: (number: number) => Effect.Effect<A, E, never>,
) =>
  Effect.promise(() =>
    note(
      name,
      () => count * each,
      () => all(count, f),
    ),
  )

await runtime.runPromise(
  Effect.gen(function* () {
    const runs = yield* Runs
    const shared = yield* SharedRuns
    const journal = yield* runs.open(run)
    yield* measure("find", 1000, 1, () => Effect.scoped(runs.open(run)))
    yield* measure("claimable", 1000, 1, () => shared.claimable(run, 4))
    // it finds the run first, by another statement
    ms.claimable = rounded((ms.claimable ?? 0) - (ms.find ?? 0))
    yield* measure("progress", 200, 1, () => shared.progress(run))
    const claims = new Map<number, Effect.Success<ReturnType<typeof journal.claim>>>()
    yield* measure("claim", ranges, 2, (range) =>
      Effect.map(
        journal.claim({
          from: range * rangeRows + 1,
          to: (range + 1) * rangeRows,
          leaseMs: 600_000,
        }),
        (claim) => claims.set(range, claim),
      ),
    )
    yield* measure("lookup", ranges, 1, (range) => journal.lookup(rowsOf(range)))
    yield* measure("payloads", ranges, 1, (range) =>
      Stream.runDrain(
        shared.payloads(run, { from: range * rangeRows + 1, to: (range + 1) * rangeRows }),
      ),
    )
    const change = (
      name: "intent" | "outcome",
      f: (
        claim: Effect.Success<ReturnType<typeof journal.claim>>,
        key: string,
      ) => Effect.Effect<void, unknown>,
    ) =>
      measure(name, ranges * rangeRows, 1, (row) => {
        const claim = claims.get(Math.floor(row / rangeRows))
        return claim === undefined ? Effect.die("no claim") : f(claim, keyOf(row + 1))
      })
    yield* change("intent", (claim, key) => journal.intent(claim, key, 1))
    yield* change("outcome", (claim, key) => journal.outcome(claim, key, { outcome: "created" }))
    yield* measure("release", ranges, 1, (range) => {
      const claim = claims.get(range)
      return claim === undefined ? Effect.die("no claim") : journal.release(claim)
    })
  }).pipe(Effect.scoped),
)

// every process changes the state, as when all have work
const pool = new Pool({ connectionString: url, max: inFlight })
let queries = 0
const text = "x".repeat(2000)
const stores = Array.from({ length: inFlight }, () =>
  sharedLimit({
    query: (statement, values) => {
      queries++
      return pool.query(statement, values)
    },
    instances: inFlight,
  }),
)
const change = async (store: (typeof stores)[number], worker: number) => {
  for (let count = 0; count < 50; count++)
    await store.modify("calibration", (_, nowMs) => [
      undefined,
      // as large as a state at 100 per second
      { nowMs, nextId: 1, text, change: `${worker}.${count}` },
    ])
}
await note(
  "limit",
  () => queries,
  () => Promise.all(stores.map(change)),
)
await pool.end()

const record = {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  postgres: String(settings?.["version"]).split(" ")[0],
  processors,
  ms,
}
const file = new URL("../../../../docs/simulation/database.json", import.meta.url)
writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
console.log(JSON.stringify(record))
