/** Reads NDJSON and JSON arrays record by record. Keys are columns; the values are kept with their types and as text. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { RawRecord } from "./Csv.ts"
import { checkColumns } from "./Header.ts"
import { ReadError } from "./ReadError.ts"
import { type Stage, through } from "./Stage.ts"

/** The text of one value and the line on which it starts. */
interface JsonText {
  readonly line: number
  readonly text: string
}

/** Characters of one record. */
const MAX_RECORD = 1024 * 1024

const tooLong = (line: number): ReadError =>
  new ReadError({
    code: "RECORD_TOO_LONG",
    message: `the record that starts on line ${line} has more than ${MAX_RECORD} characters`,
    hint: "Check that the records are separated: by line breaks in NDJSON, by commas in JSON.",
    line,
  })

const noRecord = new ReadError({
  code: "RECORD_TOO_LONG",
  message: "the start of the stream holds no complete record",
  hint: "Pass the records as a file, or put one record on each line.",
  line: 1,
})

const syntax = (line: number, message: string): ReadError =>
  new ReadError({
    code: "JSON_SYNTAX",
    message: `line ${line}: ${message}`,
    hint: "Export the file again, or check it with a JSON validator.",
    line,
  })

const shape = (line: number, message: string): ReadError =>
  new ReadError({
    code: "JSON_SHAPE",
    message: `line ${line}: ${message}`,
    hint: 'A JSON file must be an array of objects such as [{"firstName": "…"}]; an NDJSON file has one object per line.',
    line,
  })

const isSpace = (char: string | undefined): boolean =>
  char === " " || char === "\n" || char === "\r" || char === "\t"

/** Cuts NDJSON at its line breaks and skips blank lines. */
class LineSplitter implements Stage<string, JsonText> {
  #rest = ""
  #line = 1

  readonly push = (piece: string, out: JsonText[]): ReadError | undefined => {
    const text = this.#rest + piece
    // a CR at the end may be half of a CRLF
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ""
    for (const line of lines) {
      if (line.length > MAX_RECORD) return tooLong(this.#line)
      if (line.trim() !== "") out.push({ line: this.#line, text: line })
      this.#line++
    }
    return this.#rest.length > MAX_RECORD ? tooLong(this.#line) : undefined
  }

  readonly end = (out: JsonText[]): undefined => {
    if (this.#rest.trim() !== "") out.push({ line: this.#line, text: this.#rest })
  }
}

/** Cuts a JSON array at the commas between its elements. */
class ArraySplitter implements Stage<string, JsonText> {
  #state: "before" | "inside" | "after" = "before"
  #isInString = false
  #isEscaped = false
  #isAfterComma = false
  #depth = 0
  #line = 1
  #isAfterCr = false
  #element = ""
  #elementLine = 0

  readonly push = (piece: string, out: JsonText[]): ReadError | undefined => {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      const char = piece[at] ?? ""
      let error: ReadError | undefined
      this.#countLine(char)
      if (this.#isInString) this.#inString(char)
      else if (this.#state !== "inside") {
        error = isSpace(char) ? undefined : this.#outside(char)
        from = at + 1
      } else if (this.#depth === 0 && (char === "," || char === "]")) {
        error = this.#complete(piece.slice(from, at), char, out)
        from = at + 1
      } else error = this.#inside(char)
      if (error !== undefined) return error
    }
    if (this.#state === "inside") this.#element += piece.slice(from)
    return this.#element.length > MAX_RECORD ? tooLong(this.#elementLine || this.#line) : undefined
  }

  readonly end = (): ReadError | undefined =>
    this.#state === "after" ? undefined : syntax(this.#line, "the file ends inside of the array")

  #countLine(char: string): void {
    if (char === "\r" || (char === "\n" && !this.#isAfterCr)) this.#line++
    this.#isAfterCr = char === "\r"
  }

  #inString(char: string): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (char === "\\") this.#isEscaped = true
    else if (char === '"') this.#isInString = false
  }

  #outside(char: string): ReadError | undefined {
    if (this.#state === "after") return syntax(this.#line, "there is text after the array")
    if (char !== "[") return shape(this.#line, "the file does not start with an array")
    this.#state = "inside"
    return undefined
  }

  #inside(char: string): ReadError | undefined {
    if (this.#elementLine === 0 && !isSpace(char)) this.#elementLine = this.#line
    if (char === '"') this.#isInString = true
    else if (char === "{" || char === "[") this.#depth++
    else if (char === "}" || char === "]") this.#depth--
    return this.#depth < 0 ? syntax(this.#line, "a bracket is closed that is not open") : undefined
  }

  #complete(last: string, char: string, out: JsonText[]): ReadError | undefined {
    const text = this.#element + last
    const line = this.#elementLine || this.#line
    if (text.length > MAX_RECORD) return tooLong(line)
    const isEmpty = text.trim() === ""
    if (isEmpty && (char === "," || this.#isAfterComma))
      return syntax(line, "an element of the array is missing between commas")
    if (!isEmpty) out.push({ line, text })
    this.#element = ""
    this.#elementLine = 0
    this.#isAfterComma = char === ","
    if (char === "]") this.#state = "after"
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The text of a value in a cell. */
const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

interface JsonRecord {
  readonly line: number
  readonly record: Readonly<Record<string, unknown>>
  /** The cells by their keys. */
  readonly cells: ReadonlyMap<string, string>
}

const parse = ({ line, text }: JsonText): JsonRecord | ReadError => {
  try {
    const record: unknown = JSON.parse(text)
    if (!isRecord(record)) return shape(line, "a value is not an object")
    return {
      line,
      record,
      cells: new Map(Object.entries(record).map(([key, value]) => [key, textOf(value)])),
    }
  } catch (cause) {
    // values that are nested too deeply to be written again
    if (cause instanceof RangeError) return shape(line, "a value is nested too deeply")
    return syntax(line, "the record is not valid JSON")
  }
}

const parseAll = (): Stage<JsonText, JsonRecord> => ({
  push: (text, out) => {
    const record = parse(text)
    if (record instanceof ReadError) return record
    out.push(record)
    return undefined
  },
})

const split = (format: "ndjson" | "json"): Stage<string, JsonText> =>
  format === "json" ? new ArraySplitter() : new LineSplitter()

/** Cuts the start of a text, whose last record may not be complete. */
const splitStart = (format: "ndjson" | "json"): Stage<string, JsonText> => ({
  push: split(format).push,
})

/**
 * Collects the keys of records in the order in which they first appear; they are the columns. A text that is not complete may be
 * cut off anywhere; errors below its first record are left to the caller.
 */
export const columns = Effect.fnUntraced(function* (
  text: Stream.Stream<string, ReadError>,
  format: "ndjson" | "json",
  isComplete: boolean,
) {
  const keys = new Set<string>()
  const collect = (): Stage<JsonRecord, never> => ({
    push: ({ line, cells }) => {
      for (const key of cells.keys()) keys.add(key)
      return checkColumns(keys.size, line)
    },
  })
  const outcome = yield* text.pipe(
    through(() => (isComplete ? split : splitStart)(format)),
    through(parseAll),
    through(collect),
    Stream.runDrain,
    Effect.result,
  )
  if (Result.isFailure(outcome) && (isComplete || keys.size === 0)) return yield* outcome.failure
  if (!isComplete && keys.size === 0) return yield* noRecord
  return [...keys]
})

/** Adds the cells of each record. Values of keys that are not columns follow the last column. */
export const read =
  (format: "ndjson" | "json", names: readonly string[]) =>
  (text: Stream.Stream<string, ReadError>): Stream.Stream<RawRecord, ReadError> => {
    const known = new Set(names)
    return text.pipe(
      through(() => split(format)),
      through(parseAll),
      Stream.map(({ line, record, cells }) => ({
        line,
        record,
        cells: [
          ...names.map((name) => cells.get(name) ?? ""),
          ...[...cells].flatMap(([key, cell]) => (known.has(key) || cell === "" ? [] : [cell])),
        ],
      })),
    )
  }
