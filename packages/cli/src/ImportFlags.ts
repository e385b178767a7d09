/** The flags of `import`, `resume` and `mapping`. The commands, loaded when they run, read their values. */
import * as Flags from "./Flags.ts"
import type { DatabaseFlags } from "./StoreFlags.ts"
import { databaseFlags } from "./StoreFlags.ts"

/** The flags that say how a file is read. */
const readingFlags = {
  format: Flags.text("format", "name", "csv, tsv, ndjson, json or xlsx [by name, then content]"),
  delimiter: Flags.text("delimiter", "char", "Character between columns, or tab [detected]"),
  encoding: Flags.text("encoding", "label", "Encoding, such as windows-1252 [detected]"),
  sheet: Flags.text("sheet", "name", "Sheet of an xlsx file [the first]"),
  headerLine: Flags.text("header-line", "n", "Line of the header [the first]"),
  noHeader: Flags.toggle("no-header", "The file has no header; columns are 1, 2, 3 …"),
}

/** The flags that say which column fills which field. */
const mappingFlags = {
  map: Flags.repeated(
    "map",
    "field=column[|column2]",
    "Column of a field; the first that is not empty",
  ),
  mapFile: Flags.text("map-file", "path", "Read the mapping from a file of --save-map"),
  saveMap: Flags.text("save-map", "path", "Save the mapping as JSON"),
  preset: Flags.text("preset", "name", "hubspot, google, outlook … [detected]"),
  ignore: Flags.repeated("ignore", "column", "Do not send or list this column"),
  custom: Flags.repeated("custom", "name[:type]=column", "Send a column as a custom field"),
  customRest: Flags.toggle("custom-rest", "Send all other columns as text"),
  set: Flags.repeated("set", "field=value", "The same value for every row"),
  identifyBy: Flags.text(
    "identify-by",
    "fields",
    "Identifier: the first that a row has [phone,email]",
  ),
  splitName: Flags.toggle("split-name", "Split a full name at its last space"),
}

/** The flags of `mapping`. */
export const mappingCommandFlags = {
  ...readingFlags,
  ...mappingFlags,
  columns: Flags.toggle("columns", "Print only the names of the columns"),
}

/** The flags of `import`. */
export const importFlags = {
  ...readingFlags,
  ...mappingFlags,
  defaultCountry: Flags.setting("defaultCountry"),
  dateFormat: Flags.text(
    "date-format",
    "order",
    "Order of dates such as 03/04/2024: ymd, dmy or mdy",
  ),
  addPlus: Flags.toggle("add-plus", "Read phone digits without + as if they had one"),
  onInvalid: Flags.text("on-invalid", "action", "reject, drop-field or abort [reject]"),
  onDuplicate: Flags.text(
    "on-duplicate",
    "action",
    "Row that is sent: first, last or reject [first]",
  ),
  check: Flags.toggle("check", "Check the file; send nothing and need no token"),
  limit: Flags.text("limit", "n", "Send only the first n rows"),
  sample: Flags.text("sample", "n", "Send only n rows chosen at random"),
  maxErrors: Flags.text(
    "max-errors",
    "n|n%",
    "Stop after so many rejected or unknown rows [no limit]",
  ),
  concurrency: Flags.text("concurrency", "n", "Most requests in flight [32]"),
  stream: Flags.toggle("stream", "Send rows of standard input as they arrive"),
  journal: Flags.text("journal", "path", "Directory of the journal [state directory]"),
  noJournal: Flags.toggle("no-journal", "Keep no record; a stopped run cannot be resumed"),
  store: Flags.text(
    "store",
    "url",
    "Let aelyst worker send it, from a Postgres database; no password here [AELYST_STORE]",
  ),
  storeFile: databaseFlags.storeFile,
  follow: Flags.toggle("follow", "With a database: wait for the end, and report"),
  fresh: Flags.toggle("fresh", "Start a new run; do not skip rows that are created"),
  allowChanged: Flags.toggle("allow-changed", "Resume although the file or token has changed"),
  ndjson: Flags.toggle("ndjson", "One line of JSON for each row on stdout"),
  rejects: Flags.text("rejects", "path|none", "File of the rejected rows [<name>.rejects.csv]"),
  report: Flags.text("report", "path|none", "File of the report [<name>.report.json]"),
  showValues: Flags.toggle("show-values", "Show values of cells outside of a terminal, too"),
}

/** Holds the values of the flags of reading. */
export interface ReadingFlags {
  readonly format: string | undefined
  readonly delimiter: string | undefined
  readonly encoding: string | undefined
  readonly sheet: string | undefined
  readonly headerLine: string | undefined
  readonly noHeader: boolean
}

/** Holds the values of the flags of mapping. */
export interface MappingFlags {
  readonly map: ReadonlyArray<string>
  readonly mapFile: string | undefined
  readonly saveMap: string | undefined
  readonly preset: string | undefined
  readonly ignore: ReadonlyArray<string>
  readonly custom: ReadonlyArray<string>
  readonly customRest: boolean
  readonly set: ReadonlyArray<string>
  readonly identifyBy: string | undefined
  readonly splitName: boolean
}

/** Holds the values of the flags of `import`. */
export interface ImportFlags extends ReadingFlags, MappingFlags, DatabaseFlags {
  readonly file: string
  readonly defaultCountry: string | undefined
  readonly dateFormat: string | undefined
  readonly addPlus: boolean
  readonly onInvalid: string | undefined
  readonly onDuplicate: string | undefined
  readonly check: boolean
  readonly limit: string | undefined
  readonly sample: string | undefined
  readonly maxErrors: string | undefined
  readonly concurrency: string | undefined
  readonly stream: boolean
  readonly journal: string | undefined
  readonly noJournal: boolean
  readonly follow: boolean
  readonly fresh: boolean
  readonly allowChanged: boolean
  readonly ndjson: boolean
  readonly rejects: string | undefined
  readonly report: string | undefined
  readonly showValues: boolean
}
