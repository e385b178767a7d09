/** What the stages of an import hand to each other. No module of this package is imported here. */

/** The kinds of files that can be read. */
export type Format = "csv" | "tsv" | "ndjson" | "json" | "xlsx"

/** One row of a table as it was read. */
export interface SourceRow {
  /** The number of the row among the rows of data, from 1. Rows without any value are skipped and not counted. */
  readonly number: number
  /** The physical line on which the row starts, from 1; of a sheet its row. */
  readonly line: number
  /**
   * The cells as written, in the order of the columns. Missing ones are `""`. There are more cells than columns if the row
   * has values beyond the last column.
   */
  readonly cells: readonly string[]
  /** The record of NDJSON or JSON, whose values keep their types. `cells` then hold its values as text. */
  readonly record?: Readonly<Record<string, unknown>> | undefined
}

/** Describes a file whose header was read. */
export interface TableHead {
  readonly format: Format
  /** A label of `TextDecoder`, such as `utf-8` or `windows-1252`. */
  readonly encoding: string
  /** Whether the file began with a byte order mark. */
  readonly bom: boolean
  /** Absent for files without one. */
  readonly delimiter?: string | undefined
  /** The names of the columns, without space around them; of a file without a header `1`, `2` and so on. */
  readonly columns: readonly string[]
  /** The line of the header; 0 without one. */
  readonly headerLine: number
  /** Whether the header was looked for and is not in the first row, so that a person should confirm its line. */
  readonly isHeaderGuessed: boolean
  /** The name of the sheet that is read, and of all sheets of the workbook. */
  readonly sheet?: string | undefined
  readonly sheets?: readonly string[] | undefined
  /** Up to three cells that show how a guessed encoding reads: personal data, for a terminal only. */
  readonly samples: readonly string[]
  /** Sentences for a person about how the file was read. */
  readonly notes: readonly string[]
}

/** The fields of a contact that a column can fill. */
export type FieldName =
  | "identifier"
  | "firstName"
  | "lastName"
  | "fullName"
  | "email"
  | "phone"
  | "dialingCode"
  | "language"
  | "countryCode"
  | "profilePic"

/** How a value of a custom field is read. */
export type CustomType = "text" | "number" | "date" | "time" | "checkbox" | "url" | "email" | "list"

/** Which columns fill which fields. Columns are positions in `TableHead.columns`. */
export interface Mapping {
  /** For each field its columns; the first that is not empty counts. */
  readonly fields: Readonly<Partial<Record<FieldName, readonly number[]>>>
  readonly custom: readonly {
    readonly name: string
    readonly type: CustomType
    readonly column: number
  }[]
  /** Values for every row. */
  readonly constants: Readonly<Partial<Record<FieldName, string>>>
  /** Which of the fields identifies a contact; the first that a row can use. */
  readonly identifyBy: readonly ("identifier" | "email" | "phone")[]
  /** Columns that are not sent and were not ignored on purpose. */
  readonly unmapped: readonly number[]
}

/** Why a row cannot be sent, or what became of it. Each has a page. */
export type ProblemCode =
  | "FIRST_NAME_MISSING"
  | "IDENTIFIER_MISSING"
  | "PHONE_INVALID"
  | "PHONE_NO_COUNTRY"
  | "PHONE_SCIENTIFIC"
  | "EMAIL_INVALID"
  | "COUNTRY_UNKNOWN"
  | "LANGUAGE_UNKNOWN"
  | "URL_INVALID"
  | "NUMBER_INVALID"
  | "DATE_INVALID"
  | "DATE_AMBIGUOUS"
  | "TIME_INVALID"
  | "CHECKBOX_INVALID"
  | "VALUE_INVALID"
  | "ROW_TOO_LONG"
  | "DUPLICATE_IN_FILE"
  | "API_REJECTED"
  | "OUTCOME_UNKNOWN"
  | "SERVER_ERROR"
  | "RATE_LIMITED"
  | "UNAUTHORIZED"
  | "NETWORK"

/** One problem of one row. */
export interface Problem {
  readonly code: ProblemCode
  readonly line: number
  /** The name of the column, where one is to blame. */
  readonly column?: string | undefined
  /** What is wrong, without the value. */
  readonly reason: string
  /** What to do, such as `did you mean Malaysia (MY)?`. */
  readonly suggestion?: string | undefined
  /** The value of the cell: personal data, for a terminal and the rejects file only. */
  readonly value?: string | undefined
}

/** The contact of a row, ready to be sent. */
export interface ReadyRow {
  readonly state: "ready"
  readonly row: SourceRow
  /** The identifier as it is sent, such as `phone:+60123456789`. */
  readonly identifier: string
  /** The input of a create beside the identifier. */
  readonly contact: Readonly<Record<string, unknown>>
}

export interface InvalidRow {
  readonly state: "invalid"
  readonly row: SourceRow
  readonly problems: readonly Problem[]
}

export interface DuplicateRow {
  readonly state: "duplicate"
  readonly row: SourceRow
  /** The number of the row that is sent instead. */
  readonly of: number
  readonly problems: readonly Problem[]
}

/** A row that is none of the table's, such as a footer. It is listed and counted, never sent. */
export interface ForeignRow {
  readonly state: "foreign"
  readonly row: SourceRow
  readonly reason: string
}

export type CheckedRow = ReadyRow | InvalidRow | DuplicateRow | ForeignRow
