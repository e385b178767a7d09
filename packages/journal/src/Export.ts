/** Lists a run as text: NDJSON without loss, CSV for a spreadsheet. There is nothing of a contact in it. */
import * as Stream from "effect/Stream"

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

const isFormula = (text: string): boolean => /^[\s"']*[=+\-@\t\r\n\0＝＋－＠]/u.test(text)

/**
 * Returns a text as a cell of a CSV file. One that a spreadsheet would read as a formula gets an apostrophe in front, also if
 * spaces or quotes come first or its sign is a full-width one.
 */
export const csvCell = (text: string): string => {
  const safe = isFormula(text) ? `'${text}` : text
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const csvLine = (cells: ReadonlyArray<unknown>): string =>
  `${cells.map((cell) => (cell === undefined ? "" : csvCell(String(cell)))).join(",")}\r\n`

/** Lists the rows of a run as lines of CSV, the names of the columns first. */
export const csv = (journal: Listed): Stream.Stream<string, JournalError> =>
  Stream.concat(
    Stream.succeed(csvLine(columns)),
    Stream.map(journal.rows(), (row) => csvLine(columns.map((name) => row[name]))),
  )

const jsonLine = (type: string, value: object): string =>
  `${JSON.stringify({ type, schemaVersion: 1, ...value })}\n`

/** Lists a run as lines of JSON: the run itself, its rows, and last its counts. `options` of the run are left out. */
export const ndjson = (journal: Listed): Stream.Stream<string, JournalError> => {
  const { options: _options, ...run } = journal.run
  return Stream.succeed(jsonLine("run", run)).pipe(
    Stream.concat(Stream.map(journal.rows(), (row) => jsonLine("row", row))),
    Stream.concat(
      Stream.fromEffect(journal.counts).pipe(Stream.map((counts) => jsonLine("counts", counts))),
    ),
  )
}
