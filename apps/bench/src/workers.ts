/**
 * Measures imports that several worker processes share over one database: their speed and size against rows that PostgreSQL
 * loads itself, their pace on one token, and what is left of both among kills, pauses and a crash. It needs PostgreSQL.
 */
import type { CampaignOptions, CampaignResult } from "@aelyst-apps/conformance/imports/Campaign"
import { campaign } from "@aelyst-apps/conformance/imports/Campaign"
import { ideal } from "@aelyst-apps/conformance/pacing/Server"
import { rowOf } from "@aelyst-apps/conformance/imports/Plan"
import { startPostgres } from "@aelyst-apps/conformance/shared/PostgresServer"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { Measured, Table } from "./results.ts"

const workers = 3
const heapMb = 64
const leaseMs = 30_000
const calm = { workers, kills: 0, freezes: 0, crash: false, everyMs: 0, seed: 1 } as const

const count = (n: number): string => n.toLocaleString("en")

/** Runs a campaign on a new database. */
const onOwn = async (options: Omit<CampaignOptions, "existing" | "server">) => {
  await using server = await startPostgres()
  const result = await campaign({ ...options, server, existing: "reject" })
  for (const rule of result.broken.slice(0, 20)) console.error(rule)
  console.error(JSON.stringify({ ...result, broken: result.broken.length }))
  return result
}

/** Loads the contacts of so many rows by COPY; returns the size of the database, in MB. */
const copiedMb = async (rows: number): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "aelyst-copy-"))
  try {
    const file = join(folder, "rows.tsv")
    await writeFile(
      file,
      (function* () {
        for (let number = 1; number <= rows; number += 1) {
          const { contact, identifier } = rowOf(number)
          yield `${number}\t${identifier}\t${JSON.stringify(contact)}\n`
        }
      })(),
    )
    // PostgreSQL reads it, as its own user
    chmodSync(folder, 0o755)
    await using server = await startPostgres()
    await server.query(
      "CREATE TABLE contact (number integer PRIMARY KEY, identifier text, contact jsonb)",
    )
    await server.query(`COPY contact FROM '${file}'`)
    const [size] = await server.query("SELECT pg_database_size(current_database()) AS bytes")
    return Number(size?.["bytes"]) / 1e6
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The sizes of the first run. */
export interface FaultySizes {
  readonly rows: number
  readonly kills: number
  readonly freezes: number
  /** Rows of the run at the pace of a usual token. */
  readonly paced: number
}

/** Measures an import whose workers are killed and frozen, and whose database crashes. */
const faulty = async ({ freezes, kills, rows }: FaultySizes): Promise<Required<Measured>> => {
  const result = await onOwn({
    ...calm,
    rows,
    kills,
    freezes,
    leaseMs,
    crash: true,
    // slow enough that each fault meets rows in flight
    limit: 400,
    everyMs: 3_000,
  })
  const { broken, counts, inDoubt, inFlight, recoveriesMs, sentTwice } = result
  const table: Table = {
    head: [
      `${count(rows)} rows, ${workers} workers, ${kills} kills, ${freezes} frozen owners, one crash of the database`,
      "rows",
    ],
    rows: [
      ["created, and known to be", count(counts.created)],
      ["created by a request whose response was lost, and found", count(counts.exists_after_doubt)],
      ["requests that may have left at a fault", count(inDoubt)],
      ["sent twice", count(sentTwice)],
      ["in flight at the faults, at most", count(inFlight)],
    ],
  }
  const waits = recoveriesMs.map((ms) => (ms / 1_000).toFixed(1)).join(", ")
  return {
    blocks: [
      table,
      `After each kill, the rows had another worker within so many seconds, of a lease of ${leaseMs / 1_000}: ${waits}.`,
    ],
    goals: [
      {
        name: "rules of the ledger and the journal that were broken",
        value: broken.length,
        atMost: 0,
      },
      {
        name: "rows sent twice, of those in flight at the faults",
        value: sentTwice,
        atMost: inFlight,
      },
      {
        name: "rows of a killed worker have another one",
        value: Math.max(...recoveriesMs) / 1_000,
        atMost: leaseMs / 1_000 + 2,
        unit: "s",
      },
    ],
  }
}

const atFullSpeed = (rows: number) => onOwn({ ...calm, rows, leaseMs, limit: 2_000, heapMb })

const perRowMs = ({ sendingMs }: CampaignResult, rows: number) => sendingMs / rows

/** The rows of two imports that are compared. */
export interface LargeSizes {
  readonly few: number
  readonly many: number
}

/** Measures how fast rows go through, and what they take, few and many. */
export const largeImports = async ({
  few: fewRows,
  many: manyRows,
}: LargeSizes): Promise<Measured> => {
  const few = await atFullSpeed(fewRows)
  const many = await atFullSpeed(manyRows)
  const copied = { few: await copiedMb(fewRows), many: await copiedMb(manyRows) }
  const row = (rows: number, result: CampaignResult, copy: number) => [
    count(rows),
    (1_000 / perRowMs(result, rows)).toFixed(0),
    `${(result.planningMs / 1_000).toFixed(0)} s`,
    `${result.databaseMb.toFixed(0)} MB`,
    `${copy.toFixed(0)} MB`,
    `${result.mostRssMb.toFixed(0)} MB`,
    count(result.broken.length),
  ]
  return {
    blocks: [
      {
        head: [
          `rows, ${workers} workers, limit 2,000 per second`,
          "rows per second, first request to last",
          "to plan them",
          "database",
          "loaded by COPY",
          "largest worker",
          "rules broken",
        ],
        rows: [row(fewRows, few, copied.few), row(manyRows, many, copied.many)],
      },
    ],
    goals: [
      {
        name: `${count(manyRows)} rows, per second`,
        value: 1_000 / perRowMs(many, manyRows),
        atLeast: 500,
      },
      { name: "size of the database over COPY", value: many.databaseMb / copied.many, atMost: 4 },
      { name: "largest worker, MB", value: many.mostRssMb, atMost: 220 },
      {
        name: `time per row over that of ${count(fewRows)} rows`,
        value: perRowMs(many, manyRows) / perRowMs(few, fewRows),
        atMost: 1.1,
      },
    ],
  }
}

/** Measures several workers at the rate of a usual token. */
const paced = async (rows: number): Promise<Required<Measured>> => {
  const rate = { limit: 10, windowMs: 1_000 }
  const latencyMs = 30
  const result = await onOwn({ ...calm, rows, leaseMs, limit: rate.limit, latencyMs })
  const best = ideal(
    {
      limiter: { kind: "fixed-window-aligned", ...rate },
      phaseMs: result.firstAt % rate.windowMs,
      headers: "always",
      retryAfter: true,
    },
    rows,
    workers,
    latencyMs,
  )
  const ratio = (result.sendingMs + latencyMs) / best
  return {
    blocks: [
      {
        head: [
          `${count(rows)} rows, ${workers} workers, one token of ${rate.limit} per second`,
          "value",
        ],
        rows: [
          ["first request to last response, over ideal", ratio.toFixed(3)],
          ["429s", count(result.rateLimited)],
        ],
      },
    ],
    goals: [
      { name: "time on one token over ideal", value: ratio, atMost: 1.05 },
      { name: "429s on one token", value: result.rateLimited, atMost: 0 },
    ],
  }
}

/** Measures several workers on one token, and among faults. */
export const sharedImports = async (sizes: FaultySizes): Promise<Measured> => {
  const measured = [await paced(sizes.paced), await faulty(sizes)]
  return {
    blocks: measured.flatMap(({ blocks }) => blocks),
    goals: measured.flatMap(({ goals }) => goals),
  }
}

/** Measures how long no request is sent while each worker is replaced, as a deploy does. */
export const deployOfWorkers = async (rows: number): Promise<Measured> => {
  const { broken, sentTwice, silenceMs } = await onOwn({
    ...calm,
    rows,
    leaseMs,
    limit: 200,
    deploy: true,
  })
  return {
    blocks: [
      {
        head: [
          `${count(rows)} rows at 200 per second, each of ${workers} workers is replaced by a new one in turn`,
          "value",
        ],
        rows: [
          ["longest time without a request", `${silenceMs} ms`],
          ["sent twice", count(sentTwice)],
        ],
      },
    ],
    goals: [
      {
        name: "longest silence of a deploy of workers",
        value: silenceMs / 1_000,
        atMost: 1,
        unit: "s",
      },
      { name: "rows sent twice in a deploy of workers", value: sentTwice, atMost: 0 },
      { name: "rules that a deploy of workers broke", value: broken.length, atMost: 0 },
    ],
  }
}
