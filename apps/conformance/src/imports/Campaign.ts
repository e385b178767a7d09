/** Kills, pauses and crashes at random moments while several workers send one import, and what the server says of it. */
import { Runs } from "@aelyst/journal"
import type { Existing, LedgerEntry } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { ImportWorkflow } from "@aelyst/workflow"
import * as Effect from "effect/Effect"
import { setTimeout as sleep } from "node:timers/promises"

import { source } from "../pacing/Random.ts"
import type { PostgresServer } from "../shared/PostgresServer.ts"
import { urlOf } from "../shared/PostgresServer.ts"
import type { Control } from "./Controls.ts"
import type { Worker } from "./Fleet.ts"
import { Fleet } from "./Fleet.ts"
import type { Verdict } from "./Judge.ts"
import { judge } from "./Judge.ts"
import { approved, office } from "./Plan.ts"

/** The options of a campaign. */
export interface CampaignOptions {
  readonly server: PostgresServer
  readonly rows: number
  readonly workers: number
  readonly kills: number
  /** Owners that are frozen for longer than their lease. */
  readonly freezes: number
  /** Whether every worker is replaced once, one after the other, as in a deploy. */
  readonly deploy?: boolean
  /** Whether the database crashes once, after half of the faults. */
  readonly crash: boolean
  readonly leaseMs: number
  readonly existing: Existing
  readonly seed: number
  /** The minimum time between two faults, in milliseconds; up to as much again is added. */
  readonly everyMs: number
  readonly control?: Control | undefined
  /** How long the server takes for a response, in milliseconds; default 2 to 20. */
  readonly latencyMs?: number | undefined
  /** The requests per second that the server allows; default 100,000. */
  readonly limit?: number | undefined
  /** Megabytes of heap of each worker; Node's own limit by default. */
  readonly heapMb?: number | undefined
}

/** The result of a campaign. */
export interface CampaignResult extends Verdict {
  readonly seconds: number
  readonly rowsPerSecond: number
  /** The time until every row was planned, in milliseconds. */
  readonly planningMs: number
  /** When the server received the first request, in milliseconds since 1970. */
  readonly firstAt: number
  /** The time from the first request to the last one, in milliseconds. */
  readonly sendingMs: number
  /** Responses with 429. */
  readonly rateLimited: number
  /** Requests that may have been in flight at the faults. */
  readonly inFlight: number
  /** The time until the ranges of each owner that was killed had another one, in milliseconds, in the order of the kills. */
  readonly recoveriesMs: ReadonlyArray<number>
  /** The longest time between two requests that the server received, from the first of all to the last, in milliseconds. */
  readonly silenceMs: number
  /** The most memory that a worker was seen to use. */
  readonly mostRssMb: number
  readonly databaseMb: number
}

const controlMs = 20_000
const concurrency = 16
const ranges = 2

/** Returns how many ranges an owner still has. */
const rangesOf = async (server: PostgresServer, pid: number): Promise<number> => {
  const [row] = await server.query(
    `SELECT count(*) AS held FROM aelyst_range WHERE owner LIKE '%:' || $1 AND NOT ended`,
    [String(pid)],
  )
  return Number(row?.["held"])
}

/** Waits until other workers have taken over the ranges of a dead one; returns how long that took. */
const recovery = async (server: PostgresServer, pid: number | undefined): Promise<number> => {
  const began = performance.now()
  // a database that crashes meanwhile answers nothing
  const held = () => rangesOf(server, pid ?? 0).catch(() => 1)
  while ((await held()) > 0) await sleep(100)
  return performance.now() - began
}

/** Returns the longest time between two requests of a ledger. */
const silenceOf = (ledger: ReadonlyArray<LedgerEntry>): number => {
  const times = ledger
    .filter(({ posts }) => posts > 0)
    .flatMap(({ firstAt, lastAt }) => [firstAt, lastAt])
    .toSorted((a, b) => a - b)
  return times.reduce((most, at, index) => Math.max(most, at - (times[index - 1] ?? at)), 0)
}

/** Runs a campaign to its end: every row has ended. */
export const campaign = async (options: CampaignOptions): Promise<CampaignResult> => {
  const { control, crash, everyMs, existing, freezes, kills, leaseMs, rows, seed, server } = options
  await using sandbox = await Sandbox.start({
    existing,
    limit: options.limit ?? 100_000,
    latencyMs: options.latencyMs ?? [2, 20],
  })
  const url = urlOf(server.port)
  await using runtime = office(url)
  const began = performance.now()
  const run = await runtime.runPromise(approved(rows, sandbox.origin))
  const planningMs = performance.now() - began
  await using fleet = new Fleet({
    url,
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    leaseMs,
    doubtDelayMs: 1_000,
    concurrency,
    control,
    heapMb: options.heapMb,
  })
  const random = source(seed)
  await Promise.all(Array.from({ length: options.workers }, () => fleet.start().ready))
  const pick = (): Worker => {
    const worker = fleet.workers[Math.floor(random() * fleet.workers.length)]
    if (worker === undefined) throw new Error("no process is left")
    return worker
  }
  const isEnded = async () => {
    const { step } = await runtime.runPromise(
      Effect.flatMap(ImportWorkflow, ({ status }) => status(run)),
    )
    return step === "ended"
  }
  /** Waits until a worker has rows: the fault of one that has none proves nothing. */
  const untilBusy = async ({ process: { pid = 0 } }: Worker) => {
    while ((await rangesOf(server, pid)) === 0 && !(await isEnded())) await sleep(20)
  }
  const faults = [
    ...Array.from({ length: kills }, () => "kill" as const),
    ...Array.from({ length: freezes }, () => "freeze" as const),
  ]
  const waits: Array<Promise<number>> = []
  while (faults.length > 0) {
    const [fault] = faults.splice(Math.floor(random() * faults.length), 1)
    await sleep(everyMs * (1 + random()))
    const victim = pick()
    if (fault === "freeze" || control !== undefined) await untilBusy(victim)
    if (fault === "freeze") {
      // others take over, then it wakes
      victim.process.kill("SIGSTOP")
      await sleep(leaseMs * 1.5)
      victim.process.kill("SIGCONT")
    } else {
      await fleet.kill(victim)
      waits.push(recovery(server, victim.process.pid))
      await fleet.start().ready
    }
    if (crash && faults.length === Math.floor((kills + freezes) / 2)) {
      await server.process.kill()
      await sleep(500)
      await server.process.restart()
    }
  }
  for (const old of options.deploy === true ? [...fleet.workers] : []) {
    await untilBusy(old)
    await fleet.start().ready
    await fleet.kill(old, "SIGTERM")
  }
  const inFlight = (kills + freezes + (crash ? options.workers : 0)) * ranges * concurrency
  const sentTwice = () => sandbox.ledger().filter(({ posts }) => posts > 1).length
  // one with a broken rule may not end, and may be found bad before
  const isOver = () =>
    control !== undefined && (sentTwice() > inFlight || performance.now() - began > controlMs)
  while (!isOver() && !(await isEnded())) await sleep(250)
  const seconds = (performance.now() - began) / 1_000
  const recoveriesMs = await Promise.all(waits)
  await Promise.all(fleet.workers.map((worker) => fleet.kill(worker, "SIGTERM")))
  const ledger = sandbox.ledger()
  const verdict = await runtime.runPromise(
    Effect.gen(function* () {
      const journal = yield* Effect.flatMap(Runs, (runs) => runs.open(run))
      return yield* judge(journal, { rows, existing, inFlight, ledger })
    }).pipe(Effect.scoped),
  )
  const [size] = await server.query("SELECT pg_database_size(current_database()) AS bytes")
  let [firstAt, lastAt, rateLimited] = [Infinity, 0, 0]
  for (const entry of ledger) {
    firstAt = Math.min(firstAt, entry.firstAt)
    lastAt = Math.max(lastAt, entry.lastAt)
    rateLimited += entry.statuses[429] ?? 0
  }
  return {
    ...verdict,
    seconds,
    rowsPerSecond: rows / seconds,
    planningMs,
    firstAt,
    sendingMs: lastAt - firstAt,
    rateLimited,
    inFlight,
    recoveriesMs,
    silenceMs: silenceOf(ledger),
    mostRssMb: fleet.mostRssMb,
    databaseMb: Number(size?.["bytes"]) / 1e6,
  }
}
