/** Lists a run as text: NDJSON without loss, CSV for a spreadsheet. There is nothing of a contact in it. */
import * as Stream from "effect/Stream"

import { csvCell } from "./CsvCell.ts"
import type { JournalService } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"

const columns = [
  "number",
  "line",
  "state",
  "doubt",
  "attempts",
  "status",
  "code",
  "earlierRun",
] as const

type Listed = Pick<JournalService, "run" | "rows" | "counts">

const csvLine = (cells: ReadonlyArray<unknown>): string =>
  `${cells.map((cell) => (cell === undefined ? "" : csvCell(String(cell)))).join(",")}\r\n`

/**
 * Lists the rows of a run as lines of CSV, the names of the columns first.
 *
 * **Example** (Rows for a spreadsheet)
 *
 * ```ts
 * import { Export, Runs, SqliteRuns } from "@aelyst/journal"
 * import { Effect, Stream } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const runs = yield* Runs
 *   const { journal } = yield* runs.start(
 *     {
 *       input: { sha256: "of the file", bytes: 120, mapping: "of its columns" },
 *       origin: "https://api.aelyst.ai",
 *       tokenClass: "of the account",
 *       delivery: "natural-key",
 *       tool: "my-program 1.0.0",
 *     },
 *     { fresh: true },
 *   )
 *   const row = { state: "ready", number: 1, line: 2, key: "id:5", content: "Ana" } as const
 *   yield* journal.plan(Stream.make(row))
 *   return yield* Stream.runCollect(Export.csv(journal))
 * }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory: "state/csv" })))
 *
 * for (const row of await Effect.runPromise(program)) console.log(row.trim())
 * // => number,line,state,doubt,attempts,status,code,earlierRun
 * // => 1,2,planned,false,0,,,
 * ```
 */
export const csv = (journal: Listed): Stream.Stream<string, JournalError> =>
  Stream.concat(
    Stream.succeed(csvLine(columns)),
    Stream.map(journal.rows(), (row) => csvLine(columns.map((name) => row[name]))),
  )

const jsonLine = (type: string, value: object): string =>
  `${JSON.stringify({ type, schemaVersion: 1, ...value })}\n`

/**
 * Lists a run as lines of JSON: the run itself, its rows, and last its counts. `options` of the run are left out.
 *
 * **Example** (A run for a program)
 *
 * ```ts
 * import { Export, Runs, SqliteRuns } from "@aelyst/journal"
 * import { Effect, Stream } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const runs = yield* Runs
 *   const { journal } = yield* runs.start(
 *     {
 *       input: { sha256: "of the file", bytes: 120, mapping: "of its columns" },
 *       origin: "https://api.aelyst.ai",
 *       tokenClass: "of the account",
 *       delivery: "natural-key",
 *       tool: "my-program 1.0.0",
 *     },
 *     { fresh: true },
 *   )
 *   const row = { state: "ready", number: 1, line: 2, key: "id:5", content: "Ana" } as const
 *   yield* journal.plan(Stream.make(row))
 *   return yield* Stream.runCollect(Export.ndjson(journal))
 * }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory: "state/ndjson" })))
 *
 * for (const text of await Effect.runPromise(program)) console.log(JSON.parse(text).type)
 * // => run
 * // => row
 * // => counts
 * ```
 */
export const ndjson = (journal: Listed): Stream.Stream<string, JournalError> => {
  const { options: _options, ...run } = journal.run
  return Stream.succeed(jsonLine("run", run)).pipe(
    Stream.concat(Stream.map(journal.rows(), (row) => jsonLine("row", row))),
    Stream.concat(
      Stream.fromEffect(journal.counts).pipe(Stream.map((counts) => jsonLine("counts", counts))),
    ),
  )
}
