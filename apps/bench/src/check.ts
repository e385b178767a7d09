/**
 * Measures the check of a file of contacts, compared with its two parts that cost most: parsing the file with
 * `effect/encoding/Csv` only, and reading its phone numbers with libphonenumber-js only. Each runs in a separate process,
 * one after the other, from a bundle, as the command is one. `node src/check.ts 20000` takes a look with fewer rows.
 */
import { execFileSync, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { columns, rowText } from "./check-rows.ts"
import type { Measured } from "./results.ts"

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
    for (const end = Math.min(rows, row + 5000); row < end; row++) text += rowText(row)
    await file.write(text)
  }
  await file.close()
}

const esbuild = fileURLToPath(new URL("../../../node_modules/.bin/esbuild", import.meta.url))

const bundle = (folder: string): string => {
  const source = fileURLToPath(new URL("./check-run.ts", import.meta.url))
  const target = join(folder, "check-run.mjs")
  const flags = ["--bundle", "--platform=node", "--format=esm", "--log-level=error"]
  execFileSync(esbuild, [source, ...flags, `--outfile=${target}`])
  return target
}

/** Measures one job over rows of a file. */
const measure = async (
  script: string,
  job: string,
  path: string,
  rows: number,
): Promise<Result> => {
  const child = fork(script, [job, path, String(rows)])
  const results: Result[] = []
  child.on("message", (result: Result) => results.push(result))
  const [code] = await once(child, "exit")
  const [result] = results
  if (code !== 0 || result === undefined) throw new Error(`${job} ended with ${code}`)
  return result
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const mega = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`

/** Measures the check and its parts. */
export const checkSpeed = async ({ rows }: { readonly rows: number }): Promise<Measured> => {
  const folder = await mkdtemp(join(tmpdir(), "aelyst-bench-"))
  const path = join(folder, "contacts.csv")
  const script = bundle(folder)
  try {
    await writeRows(path, few)
    const small = await measure(script, "check", path, few)
    await writeRows(path, rows)
    const csv = await measure(script, "csv", path, rows)
    const phones = await measure(script, "phones", path, rows)
    const all = await measure(script, "check", path, rows)
    const parts = csv.ms + phones.ms
    const ratio = (all.ms / parts).toFixed(2)
    const grown = mega(all.rss - small.rss)
    return {
      blocks: [
        {
          head: [
            `${rows.toLocaleString("en")} rows`,
            "processor time",
            "largest size of the process",
          ],
          rows: [
            ["parse the file (`effect/encoding/Csv`)", seconds(csv.ms), mega(csv.rss)],
            ["read its phone numbers (libphonenumber-js)", seconds(phones.ms), mega(phones.rss)],
            ["both", seconds(parts), ""],
            ["check the file", seconds(all.ms), mega(all.rss)],
            [
              `check a file of ${few.toLocaleString("en")} rows`,
              seconds(small.ms),
              mega(small.rss),
            ],
          ],
        },
        `The check takes ${ratio} × the time of both parts, and ${grown} more than for ${few.toLocaleString("en")} rows.`,
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const measured = await checkSpeed({ rows: Number(process.argv[2] ?? 20_000) })
  console.log(JSON.stringify(measured, undefined, 2))
}
