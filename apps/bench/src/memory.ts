/** Measures the memory of a long run: `createMany` over generated rows, early and late, compared with raw undici. */
import { fork } from "node:child_process"
import { once } from "node:events"

import type { Measured } from "./results.ts"

interface Size {
  readonly done: number
  readonly rss: number
  readonly live: number
}

const early = 10_000
const mega = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
const grown = (bytes: number): string => `${bytes < 0 ? "−" : "+"}${mega(Math.abs(bytes))}`

/** Runs one client against a server in another process; returns the sizes after 10,000 rows and later. */
const sizesOf = async (client: string, rows: number, execArgv: ReadonlyArray<string> = []) => {
  const server = fork(new URL("./overhead-server.ts", import.meta.url))
  const [port] = await once(server, "message")
  const args = [client, String(port), String(rows)]
  const child = fork(new URL("./memory-run.ts", import.meta.url), args, { execArgv: [...execArgv] })
  const sizes: Array<Size> = []
  child.on("message", (size: Size) => {
    if (size.done >= early) sizes.push(size)
  })
  const [code] = await once(child, "exit")
  server.disconnect()
  if (code !== 0) throw new Error(`${client} ended with ${code}`)
  return sizes
}

const largestRow = (name: string, sizes: ReadonlyArray<Size>, key: "rss" | "live") => {
  const first = sizes[0]?.[key] ?? Number.NaN
  const last = sizes.at(-1)
  const largest = Math.max(...sizes.map((size) => size[key]))
  return [
    name,
    (last?.done ?? 0).toLocaleString("en"),
    mega(first),
    grown((last?.[key] ?? Number.NaN) - first),
    grown(largest - first),
  ]
}

/** The cap of the heap: without one, V8 lets its young generation grow. */
const capped = ["--max-old-space-size=64"]

/** Measures all of them, one after the other. */
export const memory = async ({ rows }: { readonly rows: number }): Promise<Measured> => ({
  blocks: [
    {
      head: ["measured", "rows", "at 10,000 rows", "at the end", "at most"],
      rows: [
        largestRow(
          "live heap after a collection, `createMany`",
          await sizesOf("createMany", rows / 10, ["--expose-gc"]),
          "live",
        ),
        largestRow(
          "the process with a heap of 64 MB, `createMany`",
          await sizesOf("createMany", rows, capped),
          "rss",
        ),
        largestRow(
          "the process with a heap of 64 MB, raw undici",
          await sizesOf("undici", rows, capped),
          "rss",
        ),
        largestRow("the process, `createMany`", await sizesOf("createMany", rows), "rss"),
        largestRow("the process, raw undici", await sizesOf("undici", rows), "rss"),
      ],
    },
  ],
})
