/** Why a file could not be read, as data. No message holds a cell. */
import * as Data from "effect/Data"

/** The reasons for which a file is refused. */
export type ReadErrorCode =
  | "FILE_UNREADABLE"
  | "FILE_EMPTY"
  | "FILE_KIND"
  | "OPTION_INVALID"
  | "ENCODING_INVALID"
  | "NUL_CHARACTER"
  | "CSV_SYNTAX"
  | "QUOTE_UNCLOSED"
  | "RECORD_TOO_LONG"
  | "TOO_MANY_COLUMNS"
  | "HEADER_MISSING"
  | "JSON_SYNTAX"
  | "JSON_SHAPE"
  | "SHEET_MISSING"
  | "XLSX_INVALID"
  | "XLSX_TOO_LARGE"
  | "XLSX_RATIO"
  | "XLSX_ENTRIES"
  | "XLSX_DTD"
  | "SOURCE_USED"

/**
 * Reports that a file cannot be read, or not to its end.
 *
 * `message` says what was given and what is wrong, `hint` what to do. `line` counts from 1; of a sheet it is the row. `column`
 * is the number of the column, from 1. `byte` is the offset in the file, from 0.
 */
export class ReadError extends Data.TaggedError("ReadError")<{
  readonly code: ReadErrorCode
  readonly message: string
  readonly hint: string
  readonly line?: number | undefined
  readonly column?: number | undefined
  readonly byte?: number | undefined
}> {}

/** Checks whether a value is a `ReadError`. */
export const isReadError = (value: unknown): value is ReadError => value instanceof ReadError
