/** The types that the stages of an import hand to each other. No module of this package is imported here. */
import type { RowOutcome } from "@aelyst/core/types"

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

/** The names of the programs whose exports are known. */
export type PresetName =
  | "google"
  | "outlook"
  | "hubspot"
  | "salesforce"
  | "mailchimp"
  | "brevo"
  | "zoho"
  | "pipedrive"

/** Which columns fill which fields. Columns are positions in `columns`. */
export interface Mapping {
  /** The names of the columns of the table, as written. */
  readonly columns: readonly string[]
  /** The program that wrote the file, if that is known: its quirks are read. */
  readonly preset?: PresetName | undefined
  /** For each field its columns; the first that is not empty counts. */
  readonly fields: Readonly<Partial<Record<FieldName, readonly number[]>>>
  readonly custom: readonly {
    readonly name: string
    readonly type: CustomType
    readonly column: number
  }[]
  /** The column of JSON records that holds custom fields in the API's own shape or as an object. */
  readonly apiFields?: number | undefined
  /** Whether a full name is split at its last space into first and last name; else it goes whole into the first name. */
  readonly splitName: boolean
  /** Values for every row. */
  readonly constants: Readonly<Partial<Record<FieldName, string>>>
  /** Which of the fields identifies a contact; the first that a row can use. */
  readonly identifyBy: readonly ("identifier" | "email" | "phone")[]
  /** Columns that are not sent and were not ignored on purpose. */
  readonly unmapped: readonly number[]
}

/** The kinds of problems: a row cannot be sent, or ended otherwise than created. Each has a page. */
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
  /** The name of the column, if one is to blame. */
  readonly column?: string | undefined
  /** The fault in words, without the value. */
  readonly reason: string
  /** The way out, such as `did you mean Malaysia (MY)?`. */
  readonly suggestion?: string | undefined
  /** The value of the cell: personal data, for a terminal and the rejects file only. */
  readonly value?: string | undefined
}

/** The outcome of a row: each row has exactly one, so the counts of all eight add up to the number of rows. */
export type ImportOutcome = RowOutcome | "duplicate"

/** How one row ended. */
export interface RowResult {
  readonly number: number
  readonly line: number
  /** As it was sent: personal data. Absent for rows that were never ready. */
  readonly identifier?: string | undefined
  readonly outcome: ImportOutcome
  /** Whether it had ended before, in an earlier process of this run or in an earlier run; it was not sent again. */
  readonly earlier: boolean
  /** Attempts to send this row, those of earlier processes and those of which no byte left included. */
  readonly attempts: number
  /** The status of the last response. */
  readonly status?: number | undefined
  /** From the first request of this process to the end, its waits included; absent if nothing was sent. */
  readonly ms?: number | undefined
  /** Why it was not created; empty if it was, or if the run stopped before it. */
  readonly problems: readonly Problem[]
  /** The message of the API: it may quote the contact, so it is for a terminal and the rejects file only. */
  readonly apiMessage?: string | undefined
}

/**
 * Why an import ended.
 *
 * - `completed`: every row has ended, or of a trial as many as `limit` or `sample` says
 * - `stopped`: `stop` was called; `aborted`: its results were no longer consumed, its signal aborted, or its
 *   input could not be read
 * - `unauthorized`: the API rejected the token (401)
 * - `errors`: `maxErrors` rows ended `rejected` or `unknown`
 * - `rate_limited`: the API asked for longer waits than `maxWait` (429), row after row
 * - `unavailable`: there was no response for `giveUpAfter`, or the API's certificate is not trusted
 * - `deadline`: its deadline passed
 * - `journal`: the journal could not be written, so nothing more was sent
 */
export type ImportStopped =
  | "completed"
  | "stopped"
  | "aborted"
  | "unauthorized"
  | "errors"
  | "rate_limited"
  | "unavailable"
  | "deadline"
  | "journal"

/** The rows of an import by outcome; `rows` is always the sum of the eight. */
export interface ImportSummary extends Readonly<Record<ImportOutcome, number>> {
  readonly rows: number
  /** Rows of the file that belong to no contact, such as a footer; not part of `rows`. */
  readonly foreign: number
  /** Of the rows, those that had ended before: in an earlier process of this run, or in an earlier run of the same rows. */
  readonly earlier: number
  /** Of the unknown rows, those that are sent again if the run is resumed. */
  readonly inDoubt: number
  /** Absent while it runs. */
  readonly stopped?: ImportStopped | undefined
  /** Requests of this process, and those of them that were rate limited (429). */
  readonly requests: number
  readonly rateLimited: number
  readonly elapsedMs: number
}

/** A wait of an import. */
export interface ImportWait {
  /** The API's rate limit; the circuit after an outage; the processing of rows in doubt; the retry budget. */
  readonly reason: "rate_limit" | "circuit" | "doubt" | "budget"
  /** How long it will be at least, in milliseconds; absent if that is not known. */
  readonly ms?: number | undefined
}

/** An import as it runs. */
export interface ImportProgress extends ImportSummary {
  /** Rows that ended per second, waits included; absent before the first five seconds have passed. */
  readonly perSecond?: number | undefined
  /** The time until the rows that are left have ended, by `perSecond`; absent as long as that is. */
  readonly etaMs?: number | undefined
  /** Requests without a response yet. */
  readonly inFlight: number
  /** Absent while rows go out. */
  readonly waiting?: ImportWait | undefined
  /** The API's limit and what is left of it, as its last response said; absent if none did. */
  readonly limit?: number | undefined
  readonly remaining?: number | undefined
}

/** The contact of a row, ready to be sent. */
export interface ReadyRow {
  readonly state: "ready"
  readonly row: SourceRow
  /** The identifier as it is sent, such as `phone:+60123456789`. */
  readonly identifier: string
  /** The contact of a create, without the identifier. */
  readonly contact: Readonly<Record<string, unknown>>
  /** The problems of values that were left out, as `onInvalid: "drop-field"` asks. */
  readonly dropped?: readonly Problem[] | undefined
}

export interface InvalidRow {
  readonly state: "invalid"
  readonly row: SourceRow
  readonly problems: readonly Problem[]
}

export interface DuplicateRow {
  readonly state: "duplicate"
  readonly row: SourceRow
  /** The number of the row that is sent instead; if none is, of the first one of the contact, in which it is absent. */
  readonly of?: number | undefined
  readonly problems: readonly Problem[]
}

/** A row that does not belong to the table, such as a footer. It is listed and counted, never sent. */
export interface ForeignRow {
  readonly state: "foreign"
  readonly row: SourceRow
  readonly reason: string
}

export type CheckedRow = ReadyRow | InvalidRow | DuplicateRow | ForeignRow

/** The kinds of changes to values so that they can be sent. They lose nothing. */
export type Fix =
  | "space"
  | "apostrophe"
  | "formula"
  | "invisible"
  | "phone"
  | "dialing_code"
  | "plus"
  | "country"
  | "language"
  | "date"
  | "time"
  | "checkbox"
  | "label"

/** The kinds of parts of values that are left out. */
export type Omission = "extension" | "other_values" | "no_date" | "dropped"

/** The counts of a check so far. `rows` is always `ready + invalid + duplicate`. */
export interface CheckSummary {
  readonly rows: number
  readonly ready: number
  readonly invalid: number
  readonly duplicate: number
  /** Rows that do not belong to the table; not among `rows`. */
  readonly foreign: number
  /** The problems by code, those of dropped values included. */
  readonly byCode: Readonly<Partial<Record<ProblemCode, number>>>
  /** The values that were changed, by the kind of change. */
  readonly fixes: Readonly<Partial<Record<Fix, number>>>
  /** The values of which a part was left out, by the kind of part. */
  readonly omissions: Readonly<Partial<Record<Omission, number>>>
  /**
   * The phone numbers without `+` that were rejected and are valid with one, by column: the option `digitsHavePlus`
   * accepts them.
   */
  readonly validWithPlus: Readonly<Record<string, number>>
}
