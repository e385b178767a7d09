/** Reads a file of contacts as a table: what kind of file it is, its header, and its rows as a stream. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Format, SourceRow, TableHead } from "../types.ts"
import * as Csv from "./Csv.ts"
import * as Decode from "./Decode.ts"
import * as Delimiter from "./Delimiter.ts"
import * as Encoding from "./Encoding.ts"
import * as FileKind from "./FileKind.ts"
import * as Header from "./Header.ts"
import * as Json from "./Json.ts"
import { ReadError } from "./ReadError.ts"
import * as Source from "./Source.ts"
import { through } from "./Stage.ts"
import * as Xlsx from "./Xlsx.ts"

/** How a file is read. What is left out is found out. */
export interface ReadOptions extends Header.HeaderOptions {
  /** The kind of file; by default found by its content, then by the end of its name. */
  readonly format?: Format | undefined
  /** One character between the cells; by default the one of `, ; tab |` that fits the first rows. */
  readonly delimiter?: string | undefined
  /** A label of `TextDecoder`; by default UTF-8, UTF-16 or Windows-1252, whichever fits. */
  readonly encoding?: string | undefined
  /** The name of a sheet, or its number from 1; by default the first that is not hidden. */
  readonly sheet?: string | number | undefined
  /** The line of the header, from 1; by default found among the first 20 rows. */
  readonly headerLine?: number | undefined
  /** Whether the first row is a contact already; columns are then called `1`, `2` and so on. */
  readonly noHeader?: boolean | undefined
  /** The name of the file for messages and to find its kind; of a path its last part. */
  readonly fileName?: string | undefined
  /** Whether rows of a stream arrive over time, so that nothing waits for more than the first line. */
  readonly isLive?: boolean | undefined
}

/** A file that was opened as a table. */
export interface Table {
  readonly head: TableHead
  /** The rows below the header. Each run reads the file again; a stream of bytes can be read once. */
  readonly rows: Stream.Stream<SourceRow, ReadError>
  /** The counts of the latest run of `rows`, so far. */
  readonly tally: Effect.Effect<Header.Tally>
}

/** The records of a file, and how they were found. */
interface Opened {
  readonly records: Stream.Stream<Csv.RawRecord, ReadError>
  readonly header: Header.Header
  readonly format: Format
  readonly encoding: Encoding.Encoding
  readonly notes: readonly string[]
  readonly delimiter?: string
  readonly sheet?: string
  readonly sheets?: readonly string[]
}

const empty = (name: string): ReadError =>
  new ReadError({
    code: "FILE_EMPTY",
    message: `${name === "" ? "the source" : `"${name}"`} is empty`,
    hint: "Check that it is the right file and that its export has ended.",
  })

const checkOptions = (options: ReadOptions): ReadError | undefined => {
  const { headerLine, delimiter } = options
  if (headerLine !== undefined && !(Number.isSafeInteger(headerLine) && headerLine >= 1))
    return new ReadError({
      code: "OPTION_INVALID",
      message: `\`headerLine\` must be an integer from 1 (got ${headerLine})`,
      hint: "Pass the line of the row with the names of the columns.",
    })
  const checked = delimiter === undefined ? undefined : Delimiter.check(delimiter)
  return checked instanceof ReadError ? checked : undefined
}

const isBinary = (text: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  (text.match(/[\u0001-\u0008\u000E-\u0019\u001C-\u001F]/g)?.length ?? 0) > text.length / 20

/** Decides the format of a text by its first character, then by the name of the file. */
const formatOf = (text: string, name: string): "csv" | "json" | "ndjson" => {
  const start = text.trimStart()
  const isObject = /^\{\s*["}]/.test(start)
  if (/\.(?:ndjson|jsonl)$/i.test(name)) return "ndjson"
  if (/\.json$/i.test(name)) return isObject ? "ndjson" : "json"
  if (/^\[\s*[\]{]/.test(start)) return "json"
  return isObject ? "ndjson" : "csv"
}

const openXlsx = Effect.fnUntraced(function* (bytes: Source.Bytes, options: ReadOptions) {
  const sheet = yield* Xlsx.open(bytes, options.sheet)
  const most = Math.max(Header.LOOKED_AT, options.headerLine ?? 0)
  const first = sheet.records.pipe(Stream.filter(Csv.isFilled), Stream.take(most))
  const header = Header.find(yield* Stream.runCollect(first), options)
  if (header instanceof ReadError) return yield* header
  return {
    records: sheet.records,
    header,
    format: "xlsx",
    encoding: { label: "utf-8", hasBom: false, isGuessed: false },
    notes: sheet.notes,
    sheet: sheet.name,
    sheets: sheet.sheets,
  } satisfies Opened
})

/** A text whose encoding is known, and its start. */
interface Text {
  readonly bytes: Source.Bytes
  readonly encoding: Encoding.Encoding
  readonly all: Stream.Stream<string, ReadError>
  readonly start: string
}

const openJson = Effect.fnUntraced(function* (text: Text, format: "json" | "ndjson") {
  const { bytes, encoding } = text
  // a stream can be read once, so its columns are those of its start
  const columns =
    bytes.parts === undefined
      ? yield* Json.columns(Stream.make(text.start), format, bytes.isComplete)
      : yield* Json.columns(text.all, format, true)
  if (columns.length === 0) return yield* empty(bytes.name)
  return {
    records: Json.read(format, columns)(text.all),
    header: { columns, headerLine: 0, isHeaderGuessed: false, notes: [] },
    format,
    encoding,
    notes: [],
  } satisfies Opened
})

const openCsv = Effect.fnUntraced(function* (text: Text, options: ReadOptions) {
  const { bytes, start, encoding } = text
  const delimiter =
    options.delimiter ??
    (options.format === "tsv" ? "\t" : yield* Delimiter.find(start, bytes.isComplete))
  const most = Math.max(Header.LOOKED_AT, options.headerLine ?? 0)
  const first = yield* Csv.parseStart(start, bytes.isComplete, delimiter, most)
  const header = Header.find(first, options)
  if (header instanceof ReadError) return yield* header
  return {
    records: Csv.parse(delimiter)(text.all),
    header,
    format: delimiter === "\t" ? "tsv" : "csv",
    encoding,
    notes: [],
    delimiter,
  } satisfies Opened
})

const openText = Effect.fnUntraced(function* (bytes: Source.Bytes, options: ReadOptions) {
  const encoding = yield* Encoding.find(bytes, options.encoding)
  const all = Decode.decode(encoding.label)(bytes.all)
  const start = yield* Decode.startOf(encoding.label, bytes)
  const kind = FileKind.ofText(start) ?? (isBinary(start) ? FileKind.binary : undefined)
  if (kind !== undefined) return yield* FileKind.refuse(bytes.name, kind)
  if (bytes.isComplete && start.trim() === "") return yield* empty(bytes.name)
  const text = { bytes, encoding, all, start }
  const format = options.format ?? formatOf(start, bytes.name)
  if (format === "json" || format === "ndjson") return yield* openJson(text, format)
  return yield* openCsv(text, options)
})

const encodingNotes = ({ encoding }: Opened): readonly string[] =>
  encoding.isGuessed
    ? [
        `The file is not UTF-8 and is read as ${encoding.label}. Check how the names read, or pass --encoding.`,
      ]
    : []

/** Finds cells that show whether a guessed encoding is right. */
const samplesOf = (opened: Opened, bytes: Source.Bytes): Effect.Effect<readonly string[]> =>
  !opened.encoding.isGuessed || bytes.parts === undefined
    ? Effect.succeed([])
    : opened.records.pipe(
        Stream.flatMap(({ cells }) =>
          Stream.fromArray(cells.filter((cell) => /[^\0-\x7F]/.test(cell))),
        ),
        Stream.take(3),
        Stream.runCollect,
        // the caller gets the error from the rows
        Effect.orElseSucceed(() => []),
      )

/**
 * Opens a file of contacts: finds its kind, encoding, delimiter and header, and returns its rows as a stream.
 *
 * **Details**
 *
 * Reads CSV and TSV, NDJSON, JSON arrays of objects, and xlsx. Memory is bounded whatever the size of the file, except that
 * the texts of a workbook and a workbook from a stream are held. A file is read to its end once to know its encoding. Fails with
 * `ReadError` if the file is of another kind, is damaged, or an option does not fit it; `rows` fails with it if a row cannot be
 * read. Cells are as written: `Cell.clean` takes off what spreadsheets add, `Footer.make` finds rows that are no contacts.
 *
 * **Example** (The rows of a small file)
 *
 * ```ts
 * import { read } from "@aelyst/import"
 * import { Effect, Stream } from "effect"
 *
 * const bytes = new TextEncoder().encode("First Name;Email\nAna;ana@example.com\n")
 * const program = Effect.gen(function* () {
 *   const { head, rows } = yield* read(bytes)
 *   console.log(head.delimiter, head.columns) // => ; [ 'First Name', 'Email' ]
 *   return yield* Stream.runCollect(rows)
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => [ { number: 1, line: 2, cells: [ 'Ana', 'ana@example.com' ] } ]
 * ```
 */
export const read: (
  source: Source.Source,
  options?: ReadOptions,
) => Effect.Effect<Table, ReadError, Scope.Scope> = Effect.fnUntraced(function* (
  source,
  options = {},
) {
  const wrong = checkOptions(options)
  if (wrong !== undefined) return yield* wrong
  const bytes = yield* Source.open(source, options)
  if (bytes.sample.length === 0) return yield* empty(bytes.name)
  const kind = FileKind.ofBytes(bytes.sample)
  if (kind !== undefined) return yield* FileKind.refuse(bytes.name, kind)
  const opened: Opened = FileKind.isZip(bytes.sample)
    ? yield* openXlsx(bytes, options)
    : options.format === "xlsx"
      ? yield* FileKind.refuseText(bytes.name)
      : yield* openText(bytes, options)

  const { header, encoding, records } = opened
  const head: TableHead = {
    format: opened.format,
    encoding: encoding.label,
    bom: encoding.hasBom,
    ...(opened.delimiter !== undefined && { delimiter: opened.delimiter }),
    ...(opened.sheet !== undefined && { sheet: opened.sheet, sheets: opened.sheets }),
    ...header,
    notes: [...encodingNotes(opened), ...opened.notes, ...header.notes],
    samples: yield* samplesOf(opened, bytes),
  }
  let tally: Header.Tally = { rows: 0, blank: 0 }
  return {
    head,
    rows: Stream.suspend(() => {
      tally = { rows: 0, blank: 0 }
      return records.pipe(through(() => Header.rows(header, (next) => (tally = next))))
    }),
    tally: Effect.sync(() => tally),
  }
})
