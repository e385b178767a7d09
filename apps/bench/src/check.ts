/**
 * Measures the check of a file of contacts, compared with its two parts that cost most: parsing the file with
 * `effect/encoding/Csv` alone and parsing its phone numbers with libphonenumber-js alone. Each runs in a process of its
 * own, one after the other. `node src/check.ts 20000` takes a look with fewer rows.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { columns, lineOf } from "./check-rows.ts"
import { table } from "./statistics.ts"

interface Result {
  readonly ms: number
  readonly rss: number
}

const few = 10_000

const writeRows = async (path: string, rows: number): Promise<void> => {
  const file = await open(path, "w")
  await file.write(`${columns.join(",")}\n`)
  for (let row = 0; row < rows;) {
    let text = ""
    for (const end = Math.min(rows, row + 5000); row < end; row++) text += lineOf(row)
    await file.write(text)
  }
  await file.close()
}

const run = async (job: string, path: string, rows: number): Promise<Result> => {
  const child = fork(new URL("./check-run.ts", import.meta.url), [job, path, String(rows)])
  const results: Result[] = []
  child.on("message", (result: Result) => results.push(result))
  const [code] = await once(child, "exit")
  const [result] = results
  if (code !== 0 || result === undefined) throw new Error(`${job} ended with ${code}`)
  return result
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const mega = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`

/** Measures and renders the table. */
export const checkSpeed = async ({ rows }: { readonly rows: number }): Promise<string> => {
  const path = join(tmpdir(), `aelyst-bench-${process.pid}.csv`)
  try {
    await writeRows(path, few)
    const small = await run("check", path, few)
    await writeRows(path, rows)
    const csv = await run("csv", path, rows)
    const phones = await run("phones", path, rows)
    const whole = await run("check", path, rows)
    const parts = csv.ms + phones.ms
    return [
      table(
        [`${rows.toLocaleString("en")} rows`, "time", "largest size of the process"],
        [
          ["parse the file (`effect/encoding/Csv`)", seconds(csv.ms), mega(csv.rss)],
          ["parse its phone numbers (libphonenumber-js)", seconds(phones.ms), mega(phones.rss)],
          ["both", seconds(parts), ""],
          ["check the file", seconds(whole.ms), mega(whole.rss)],
          [`check a file of ${few.toLocaleString("en")} rows`, seconds(small.ms), mega(small.rss)],
        ],
      ),
      "",
      `The check takes ${(whole.ms / parts).toFixed(2)} × the time of both parts (to reach: 1.5 ×), and ${mega(whole.rss - small.rss)} more than for ${few.toLocaleString("en")} rows (to reach: 60 MB, and 200 MB in all).`,
    ].join("\n")
  } finally {
    await rm(path, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(await checkSpeed({ rows: Number(process.argv[2] ?? 20_000) }))
}
