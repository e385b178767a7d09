/** Finds the header of a table and makes rows of the records below it. */
import { FieldAlias } from "@aelyst/core"

import type { SourceRow, TableHead } from "../types.ts"
import * as Cell from "./Cell.ts"
import { isFilled, type RawRecord } from "./Csv.ts"
import { isSepLine } from "./Delimiter.ts"
import { ReadError } from "./ReadError.ts"
import type { Stage } from "./Stage.ts"

/** More of them are no table of contacts. */
export const MAX_COLUMNS = 1_000
/** How many records are looked at for a header. */
export const LOOKED_AT = 20

/** The columns of a table and the line above its rows. */
export type Header = Pick<TableHead, "columns" | "headerLine" | "isHeaderGuessed" | "notes">

export interface HeaderOptions {
  readonly headerLine?: number | undefined
  readonly noHeader?: boolean | undefined
}

const filled = (cells: readonly string[]): number =>
  cells.reduce((count, cell) => (cell.trim() === "" ? count : count + 1), 0)

const nameOf = (cell: string): string => Cell.clean(cell).text.trim()

/** Counts the fields of a contact that the cells name. */
const fieldsNamed = (cells: readonly string[]): number =>
  new Set(cells.flatMap((cell) => FieldAlias.match(nameOf(cell))?.target ?? [])).size

const looksLikeData = (cells: readonly string[]): boolean =>
  fieldsNamed(cells) === 0 &&
  cells.some(
    (cell) => /^\S+@\S+\.\S+$/.test(nameOf(cell)) || /^\+?\d[\d\s().-]{6,}$/.test(nameOf(cell)),
  )

/** Checks the number of columns. */
export const checkColumns = (count: number, line: number): ReadError | undefined =>
  count <= MAX_COLUMNS
    ? undefined
    : new ReadError({
        code: "TOO_MANY_COLUMNS",
        message: `line ${line} has ${count} columns; at most ${MAX_COLUMNS} are read`,
        hint: "Remove the columns that are not needed, or pass the right --delimiter.",
        line,
      })

const missing = (message: string, hint: string): ReadError =>
  new ReadError({ code: "HEADER_MISSING", message, hint })

const nameNotes = (columns: readonly string[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const name of columns) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].flatMap(([name, count]) => {
    if (name === "")
      return [count === 1 ? "A column has no name." : `${count} columns have no name.`]
    return count > 1 ? [`${count} columns have the name "${name}".`] : []
  })
}

/** Returns the names of the columns, without those at the end that have neither a name nor a value. */
const namesOf = (chosen: RawRecord, records: readonly RawRecord[]): readonly string[] => {
  const width = Math.max(
    ...records.map(({ cells }) => cells.findLastIndex((cell) => cell.trim() !== "") + 1),
  )
  return chosen.cells.slice(0, width).map(nameOf)
}

/** Returns the record that names the columns: the first, or a later one that names fields while the first names none. */
const choose = (records: readonly RawRecord[]): RawRecord | undefined => {
  const [first] = records
  if (first === undefined || fieldsNamed(first.cells) > 0) return first
  return (
    records.find(({ cells }) => fieldsNamed(cells) > 1 && filled(cells) > filled(first.cells)) ??
    first
  )
}

/** Checks whether a record is the header of a file of rejects: it is there whatever the options say of the file that was rejected. */
const isOfRejects = ({ cells }: RawRecord): boolean => cells.includes("_aelyst_line")

const withoutHeader = (records: readonly RawRecord[]): Header | ReadError => {
  const width = Math.max(...records.map(({ cells }) => cells.length))
  return (
    checkColumns(width, records[0]?.line ?? 1) ?? {
      columns: Array.from({ length: width }, (_, at) => String(at + 1)),
      headerLine: 0,
      isHeaderGuessed: false,
      notes: [],
    }
  )
}

const notesOf = (
  chosen: RawRecord,
  columns: readonly string[],
  rowsAbove: number,
  isGuessed: boolean,
): readonly string[] => [
  ...(isGuessed
    ? [
        `The header was found on line ${chosen.line}; ${rowsAbove === 1 ? "the row" : `the ${rowsAbove} rows`} above it ${rowsAbove === 1 ? "is" : "are"} not read. Pass --header-line ${chosen.line} to confirm it, or another line.`,
      ]
    : []),
  // names that look like values of a contact are not repeated
  ...(looksLikeData(chosen.cells)
    ? [
        `Line ${chosen.line} is read as the header but looks like a contact. If the file has no header, pass --no-header.`,
      ]
    : nameNotes(columns)),
]

/** Finds the header among the first records, of which there must be one that is not blank. */
export const find = (all: readonly RawRecord[], options: HeaderOptions): Header | ReadError => {
  const records = all.filter((record) => isFilled(record) && !isSepLine(record.cells))
  if (records.length === 0)
    return missing("the file has no rows", "Check that it is the right file, or the right --sheet.")
  const ofRejects = records.slice(0, 1).find(isOfRejects)
  if (options.noHeader === true && ofRejects === undefined) return withoutHeader(records)
  const headerLine = ofRejects?.line ?? options.headerLine
  const chosen =
    headerLine === undefined ? choose(records) : records.find(({ line }) => line === headerLine)
  if (chosen === undefined)
    return missing(
      `no row starts on line ${headerLine}, or it is blank or too far below the start`,
      "Pass the line of the row with the names of the columns as --header-line.",
    )
  const rowsAbove = records.indexOf(chosen)
  const columns = namesOf(chosen, records.slice(rowsAbove))
  const isHeaderGuessed = headerLine === undefined && rowsAbove > 0
  return (
    checkColumns(columns.length, chosen.line) ?? {
      columns,
      headerLine: chosen.line,
      isHeaderGuessed,
      notes: notesOf(chosen, columns, rowsAbove, isHeaderGuessed),
    }
  )
}

/** The counts of one run of the rows, so far. */
export interface Tally {
  /** Rows with a value below the header. */
  readonly rows: number
  /** Rows below the header without a value, which are skipped. */
  readonly blank: number
}

/** Brings cells to the number of columns; values beyond the last column stay, so that the row can be refused. */
const fit = (cells: readonly string[], columns: number): readonly string[] => {
  if (cells.length === columns) return cells
  if (cells.length < columns)
    return [...cells, ...Array.from({ length: columns - cells.length }, () => "")]
  let length = cells.length
  while (length > columns && cells[length - 1]?.trim() === "") length--
  return cells.slice(0, length)
}

/** Turns the records below the header into numbered rows, and reports the counts. */
export const rows = (
  header: Header,
  report: (tally: Tally) => void,
): Stage<RawRecord, SourceRow> => {
  const width = header.columns.length
  let number = 0
  let blank = 0
  return {
    push: (record, out) => {
      const { line, cells } = record
      if (line <= header.headerLine || (number === 0 && isSepLine(cells))) return undefined
      if (isFilled(record)) out.push({ number: ++number, ...record, cells: fit(cells, width) })
      else blank++
      report({ rows: number, blank })
      return undefined
    },
  }
}
