/**
 * Reads a workbook in its own process and reports the time and its largest size:
 * `xlsx-run.ts <aelyst|read-excel-file> <file> <rows>`.
 */
const [, , reader = "", file = "", rows = ""] = process.argv

// only the reader that is measured is loaded
const readers = new Map<string, () => Promise<() => Promise<number>>>([
  [
    "aelyst",
    async () => {
      const { read } = await import("@aelyst/import")
      const Effect = await import("effect/Effect")
      const Stream = await import("effect/Stream")
      return () =>
        read(file).pipe(
          Effect.flatMap((table) => Stream.runCount(table.rows)),
          Effect.scoped,
          Effect.runPromise,
        )
    },
  ],
  [
    "read-excel-file",
    async () => {
      const { readSheet } = await import("read-excel-file/node")
      return async () => (await readSheet(file)).length - 1
    },
  ],
])

const load = readers.get(reader)
if (load === undefined) throw new Error(`no such reader: ${reader}`)
const count = await load()
const begin = performance.now()
const done = await count()
if (done !== Number(rows)) throw new Error(`${reader} has read ${done} rows of ${rows}`)
process.send?.({
  ms: performance.now() - begin,
  rss: process.resourceUsage().maxRSS * 1024,
})
