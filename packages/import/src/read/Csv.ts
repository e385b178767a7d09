/** The one place that knows the CSV parser: text in, records with their lines out. */
import * as Effect from "effect/Effect"
import * as EffectCsv from "effect/encoding/Csv"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import * as FormulaQuotes from "./FormulaQuotes.ts"
import { countBreaks } from "./LineCounter.ts"
import { ReadError } from "./ReadError.ts"
import { type Stage, through } from "./Stage.ts"

/** The cells of a record, the line on which it starts, and its values if it is one of JSON. */
export interface RawRecord {
  readonly line: number
  readonly cells: readonly string[]
  readonly record?: Readonly<Record<string, unknown>>
}

/** Checks whether a record has a value. */
export const isFilled = ({ cells }: RawRecord): boolean => cells.some((cell) => cell.trim() !== "")

/** Characters of a record; longer ones come from a quote that is not closed. */
const MAX_RECORD = 64 * 1024

const tooLong = (line: number): ReadError =>
  new ReadError({
    code: "RECORD_TOO_LONG",
    message: `the row that starts on line ${line} has more than ${MAX_RECORD} characters`,
    hint: `Look for a quotation mark that is opened on line ${line} or below and not closed, or for another separator of rows.`,
    line,
  })

const failure = (error: EffectCsv.CsvError): ReadError => {
  const { line, column } = error
  if (error.kind === "RecordSize") return tooLong(line)
  if (error.message.startsWith("Unterminated"))
    return new ReadError({
      code: "QUOTE_UNCLOSED",
      message: `column ${column} of the row that starts on line ${line} opens a quotation mark that is not closed`,
      hint: `Close the quotation mark, or remove it, in the row of line ${line}.`,
      line,
      column,
    })
  return new ReadError({
    code: "CSV_SYNTAX",
    message: `column ${column} of the row that starts on line ${line} has a quotation mark in the wrong place`,
    hint: `Put the cell in quotation marks and write each one inside of it twice (""), or pass the right --delimiter.`,
    line,
    column,
  })
}

/** Adds to each record its line, by the line breaks in the cells before. */
const numberLines = (): Stage<readonly string[], RawRecord> => {
  let line = 1
  return {
    push: (cells, out) => {
      out.push({ line, cells })
      line++
      for (const cell of cells) line += countBreaks(cell)
      return undefined
    },
  }
}

/** Parses records, cut at a delimiter of one character. Fails with the line and column of the error. */
export const parse =
  (delimiter: string) =>
  <R>(text: Stream.Stream<string, ReadError, R>): Stream.Stream<RawRecord, ReadError, R> =>
    text.pipe(
      through(() => FormulaQuotes.make(delimiter)),
      Stream.pipeThroughChannel(EffectCsv.decodeString({ delimiter, maxRecordSize: MAX_RECORD })),
      Stream.mapError((error) => (EffectCsv.isCsvError(error) ? failure(error) : error)),
      through(numberLines),
    )

/**
 * Parses the first records of a text that have a value. A text that is not complete may be cut off anywhere. Errors below the
 * first record are left to the caller.
 */
export const parseStart = Effect.fnUntraced(function* (
  text: string,
  isComplete: boolean,
  delimiter: string,
  most: number,
) {
  const records: RawRecord[] = []
  // after each break: a pattern for a line would look from every character of a long one to its end
  const lines = text.split(/(?<=\n|\r(?!\n))/)
  if (!isComplete && !/[\r\n]$/.test(lines.at(-1) ?? "")) lines.pop()
  if (lines.length === 0) return yield* tooLong(1)
  // line by line, so that the records before an error are seen
  const outcome = yield* Stream.fromIterable(lines).pipe(
    Stream.rechunk(1),
    parse(delimiter),
    Stream.filter(isFilled),
    Stream.take(most),
    Stream.runForEach((record) => Effect.sync(() => records.push(record))),
    Effect.result,
  )
  if (Result.isFailure(outcome) && records.length === 0) return yield* outcome.failure
  return records
})
