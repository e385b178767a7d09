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

import { median, table } from "./statistics.ts"

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

/** Measures and renders the table. */
export const xlsx = async ({
  rows,
  rounds,
}: {
  readonly rows: number
  readonly rounds: number
}): Promise<string> => {
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
    return [
      table(
        [`${rows.toLocaleString("en")} rows`, "time", "largest size of the process"],
        [rowFor("`@aelyst/import`, `read`", mine), rowFor("read-excel-file", other)],
      ),
      "",
      `Median of ${rounds} rounds. \`read\` takes ${(mine.ms / other.ms).toFixed(2)} × the time (to reach: 1.5 ×) and ${(mine.rss / other.rss).toFixed(2)} × the memory (to reach: 1.1 ×).`,
    ].join("\n")
  } finally {
    await rm(path, { force: true })
  }
}
