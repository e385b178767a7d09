/**
 * Measures how a workbook is read, compared with read-excel-file: time and largest size of a process. Each reads the same
 * file in turn, in its own process.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as Xlsx from "@aelyst-apps/conformance/files/Xlsx"

import type { Measured } from "./results.ts"
import { median } from "./statistics.ts"

interface Result {
  readonly ms: number
  readonly rss: number
}

const columns = ["First Name", "Last Name", "Email", "Phone", "Country", "Born", "Notes", "Score"]

/** A contact with texts that are mostly unique, numbers and a date. */
const rowOf = (row: number): readonly Xlsx.Cell[] => [
  `Ana${row}`,
  `Lee ${row % 1_000}`,
  `ana${row}@example.com`,
  60_120_000_000 + row,
  "MY",
  { value: 20_000 + (row % 25_000), style: 1 },
  `met in row ${row % 50}`,
  row / 4,
]

const run = async (reader: string, path: string, rows: number): Promise<Result> => {
  const child = fork(new URL("./xlsx-run.ts", import.meta.url), [reader, path, String(rows)])
  const results: Result[] = []
  child.on("message", (result: Result) => results.push(result))
  const [code] = await once(child, "exit")
  const [result] = results
  if (code !== 0 || result === undefined) throw new Error(`${reader} ended with ${code}`)
  return result
}

const middle = (results: readonly Result[]): Result => ({
  ms: median(results.map(({ ms }) => ms)),
  rss: median(results.map(({ rss }) => rss)),
})

const rowFor = (name: string, { ms, rss }: Result): readonly string[] => [
  name,
  `${(ms / 1000).toFixed(2)} s`,
  `${Math.round(rss / 1_000_000)} MB`,
]

/** Measures both readers. */
export const xlsx = async ({
  rows,
  rounds,
}: {
  readonly rows: number
  readonly rounds: number
}): Promise<Measured> => {
  const path = join(tmpdir(), `aelyst-bench-${process.pid}.xlsx`)
  try {
    const sheet = {
      name: "Contacts",
      rows: [columns, ...Array.from({ length: rows }, (_, row) => rowOf(row))],
    }
    await writeFile(path, await Xlsx.workbook([sheet], { formats: [14] }))
    const ours: Result[] = []
    const theirs: Result[] = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await run("aelyst", path, rows))
      theirs.push(await run("read-excel-file", path, rows))
    }
    const mine = middle(ours)
    const other = middle(theirs)
    return {
      blocks: [
        {
          head: [`${rows.toLocaleString("en")} rows`, "time", "largest size of the process"],
          rows: [rowFor("`@aelyst/import`, `read`", mine), rowFor("read-excel-file", other)],
        },
        `Median of ${rounds} rounds.`,
      ],
      goals: [
        { name: "time of `read` over read-excel-file", value: mine.ms / other.ms, atMost: 1.5 },
        { name: "memory of `read` over read-excel-file", value: mine.rss / other.rss, atMost: 1.1 },
      ],
    }
  } finally {
    await rm(path, { force: true })
  }
}
