/**
 * A campaign of kills: an import of some rows against one sandbox, killed and started again until it ends unharmed. Its output,
 * the server's ledger and the journal are then judged.
 */
import { existsSync } from "node:fs"
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import type { ImportSummary } from "@aelyst/import"
import type { AttemptRow } from "@aelyst/journal"
import { Runs, SqliteRuns } from "@aelyst/journal"
import type { LedgerEntry } from "@aelyst/sandbox"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Kill } from "./KilledProcess.ts"
import { runKilled } from "./KilledProcess.ts"
import type { SandboxProcess } from "./SandboxProcess.ts"
import type { Target } from "./Target.ts"
import type { ImportInput } from "./torture-import.ts"
import { identifierOf, kindOf } from "./TortureRows.ts"

/** The import of a campaign, the server, and the moments of the kills. */
export interface CampaignOptions extends Pick<
  ImportInput,
  "control" | "delivery" | "doubtDelayMs" | "rows"
> {
  readonly target: Target
  readonly existing: "reject" | "merge" | "duplicate"
  /** A module that each process loads before its own, as JavaScript. */
  readonly preload?: string
  /** When the process with this number, from 0, is killed. */
  readonly killOf: (round: number) => Kill
  /** Called with the ledger after each process. */
  readonly afterProcess?: (ledger: ReadonlyArray<LedgerEntry>) => void
}

/** A row as a process reported it. */
export interface Report {
  /** Its number. */
  readonly row: number
  readonly outcome: string
  readonly earlier: boolean
}

/** A campaign that has ended. */
export interface Campaign {
  readonly options: CampaignOptions
  readonly kills: number
  /** The kills by their moment. */
  readonly killsAt: Readonly<Partial<Record<Kill["at"], number>>>
  /** Undefined if it did not end within 60 starts. */
  readonly exitCode: number | undefined
  /** The reports of each process, in order. */
  readonly reports: ReadonlyArray<ReadonlyArray<Report>>
  readonly summary: ImportSummary | undefined
  readonly ledger: ReadonlyArray<LedgerEntry>
  readonly attempts: ReadonlyArray<AttemptRow>
  /** Damage found right after kills, and files that should not be there. */
  readonly damage: ReadonlyArray<string>
}

/** The rows that are on their way at once. */
export const concurrency = 8

const maxRounds = 60

/** A contact of a campaign, or the token. */
const contact = /torture\.example|sandbox_ok|Row \d/

type Printed = (Report & { readonly type: "row" }) | (ImportSummary & { readonly type: "summary" })

/** Creates the contacts that exist before the import. */
const seed = async (baseUrl: string, rows: number): Promise<void> => {
  for (let number = 1; number <= rows; number += 1) {
    if (kindOf(number) !== "seeded") continue
    const response = await fetch(`${baseUrl}/contact/${identifierOf(number)}`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: JSON.stringify({ firstName: "Seeded" }),
    })
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to a seed`)
  }
}

const integrityOf = (file: string): string => {
  const database = new DatabaseSync(file)
  try {
    return String(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"])
  } finally {
    database.close()
  }
}

/** Checks a copy of the journals as the kill has left them, so that nothing is recovered by looking. */
const damageOf = async (directory: string): Promise<ReadonlyArray<string>> => {
  if (!existsSync(directory)) return []
  const copy = await mkdtemp(join(tmpdir(), "aelyst-torture-"))
  try {
    await cp(directory, copy, { recursive: true, preserveTimestamps: true })
    const databases = (await readdir(copy)).filter((name) => /\.(db|sqlite)$/.test(name))
    const found = databases.map((name) => integrityOf(join(copy, name)))
    return found.filter((text) => text !== "ok")
  } finally {
    await rm(copy, { recursive: true })
  }
}

/** Returns the attempts in the only journal of a directory, and what a check of it finds. */
const readJournal = (directory: string) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const [entry] = yield* runs.list
    const journal = yield* runs.open(entry?.id ?? "")
    const { problems } = yield* journal.verify
    return { attempts: yield* Stream.runCollect(journal.attempts()), problems }
  }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory })), Effect.runPromise)

/** Finds files that should not be there, and contacts in those that may. */
const leaksOf = async (directory: string): Promise<ReadonlyArray<string>> => {
  const names = await readdir(directory)
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "latin1")))
  return [
    ...names.filter((name) => !/\.(db|sqlite)(-wal|-shm)?$/.test(name)),
    ...names.filter((_, at) => contact.test(texts[at] ?? "")),
  ].map((name) => `the file ${name} should not be there, or shows a contact`)
}

/** Runs a campaign to its end. */
export const runCampaign = async (
  sandbox: SandboxProcess,
  options: CampaignOptions,
): Promise<Campaign> => {
  const { control, delivery, doubtDelayMs, killOf, rows, target } = options
  const folder = await mkdtemp(join(tmpdir(), "aelyst-torture-"))
  const directory = join(folder, "runs")
  const input: ImportInput = {
    baseUrl: sandbox.baseUrl,
    concurrency,
    control,
    delivery,
    directory,
    doubtDelayMs,
    rows,
  }
  const command = target.commandOf(input, folder)
  const flags =
    options.preload && `--import=data:text/javascript,${encodeURIComponent(options.preload)}`
  const env = { ...target.environment(input, folder), ...(flags && { NODE_OPTIONS: flags }) }
  const reports: Report[][] = []
  const damage: string[] = []
  let kills = 0
  const killsAt: Partial<Record<Kill["at"], number>> = {}
  let exitCode: number | undefined
  let summary: ImportSummary | undefined
  try {
    await sandbox.reset()
    await seed(sandbox.baseUrl, rows)
    while (exitCode === undefined && reports.length < maxRounds) {
      const kill = killOf(reports.length)
      const ended = await runKilled(command, env, kill, sandbox)
      const lines: Array<Printed> = ended.lines.map((line) => JSON.parse(line))
      reports.push(lines.filter((line) => line.type === "row"))
      summary = lines.find((line) => line.type === "summary")
      if (ended.exitCode === undefined) {
        kills += 1
        killsAt[kill.at] = (killsAt[kill.at] ?? 0) + 1
      }
      exitCode = ended.exitCode
      const isWrong = target.isSilent ? ended.errors !== "" : contact.test(ended.errors)
      if (isWrong) damage.push(`it printed: ${ended.errors.slice(0, 2_000)}`)
      damage.push(...(await damageOf(directory)))
      options.afterProcess?.(await sandbox.ledger())
    }
    const { attempts, problems } = await readJournal(directory)
    damage.push(...problems, ...(await leaksOf(directory)))
    const ledger = await sandbox.ledger()
    return { options, kills, killsAt, exitCode, reports, summary, ledger, attempts, damage }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
