/** Kills, pauses and crashes at random moments of two processes that share an outbox, and what the server says of it. */
import type { Outbox } from "@aelyst/outbox"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"

import { source } from "../pacing/Random.ts"
import type { Control } from "./Controls.ts"
import type { Worker } from "./Fleet.ts"
import { Fleet } from "./Fleet.ts"
import { judge } from "./Ledger.ts"

/** The options of a campaign. */
export interface CampaignOptions {
  readonly existing: Existing
  readonly kills: number
  readonly seed: number
  /** The file of the rows, or the URL of their database. */
  readonly rows: { readonly file: string } | { readonly url: string }
  /** Opens the same rows without a client. */
  readonly reader: () => Outbox
  /** Called after each kill. */
  readonly afterKill?: () => void
  /** Crashes the database and starts it again. */
  readonly crash?: () => Promise<void>
  readonly control?: Control
}

/** The result of a campaign. */
export interface CampaignResult {
  readonly accepted: number
  /** The rules that were broken. */
  readonly broken: ReadonlyArray<string>
}

const leaseMs = 2_000
const perRound = 12

const faults = [
  { preset: "drop-after", probability: 0.02 },
  { status: 500, probability: 0.02 },
  { status: 429, retryAfter: 0, probability: 0.03 },
]

/** Runs a campaign to its end: every accepted contact has ended. */
export const campaign = async (options: CampaignOptions): Promise<CampaignResult> => {
  const { afterKill, control, crash, existing, kills, rows, reader, seed } = options
  await using sandbox = await Sandbox.start({
    existing,
    limit: 100_000,
    latencyMs: [5, 60],
    faults,
  })
  await using fleet = new Fleet({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    delivery: "natural-key",
    leaseMs,
    doubtDelayMs: 1_000,
    ...rows,
    ...(control !== undefined && { control }),
  })
  const random = source(seed)
  await Promise.all([fleet.start(), fleet.start()].map(({ ready }) => ready))
  const pick = (): Worker => {
    const worker = fleet.workers[Math.floor(random() * fleet.workers.length)]
    if (worker === undefined) throw new Error("no process is left")
    return worker
  }
  let submitted = 0
  for (let round = 0; round < kills; round++) {
    for (let n = 0; n < perRound; n++) fleet.send(pick(), { accept: `id:${++submitted}` })
    await sleep(random() * 250)
    if (crash !== undefined && round % 11 === 10) await crash()
    const victim = pick()
    if (round % 8 === 7) {
      // longer than the lease: the other process takes over, then this one wakes
      victim.process.kill("SIGSTOP")
      await sleep(leaseMs * 1.5)
      victim.process.kill("SIGCONT")
      continue
    }
    await fleet.kill(victim)
    afterKill?.()
    const next = fleet.start()
    // sometimes the next one is killed while it starts
    if (round % 5 !== 4) await next.ready
  }
  const last = fleet.start()
  await last.ready
  for (const worker of fleet.workers.filter((one) => one !== last)) await fleet.stop(worker)
  await using read = reader()
  while ((await read.stats()).pending > 0) await sleep(50)
  await fleet.stop(last)
  const { accepted, ended } = fleet
  const entries = await read.list({ limit: 1_000_000 })
  const rules = judge({ existing, accepted, ended, entries, ledger: sandbox.ledger() })
  return { accepted: accepted.size, broken: [...rules, ...(await read.verify())] }
}
