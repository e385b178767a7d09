/** Finds what separates the cells of a text. */
import * as Effect from "effect/Effect"

import * as Csv from "./Csv.ts"
import { ReadError } from "./ReadError.ts"

const CANDIDATES = [",", ";", "\t", "|"] as const
/** How many records are compared. */
const COMPARED = 20
const SEP = /^\uFEFF?sep=([^\r\n])?(?:[\r\n]|$)/i

/** Checks whether a record is the line `sep=;`, by which spreadsheets name the delimiter. */
export const isSepLine = (cells: readonly string[]): boolean =>
  /^sep=.?$/i.test(cells[0] ?? "") && cells.slice(1).every((cell) => cell === "")

interface Score {
  readonly delimiter: string
  /** How many records have the same number of cells, and whether all have. */
  readonly agreeing: number
  readonly isUnanimous: boolean
  readonly cells: number
}

const scoreOf = (delimiter: string, records: readonly Csv.RawRecord[]): Score => {
  const filled = records.filter(({ cells }) => !isSepLine(cells))
  const counts = new Map<number, number>()
  for (const { cells } of filled)
    if (cells.length > 1) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
  const none: readonly [cells: number, agreeing: number] = [0, 0]
  const [cells, agreeing] = [...counts].reduce(
    (best, next) => (next[1] > best[1] ? next : best),
    none,
  )
  return { delimiter, agreeing, isUnanimous: agreeing > 0 && agreeing === filled.length, cells }
}

const isBetter = (one: Score, other: Score): boolean => {
  if (one.isUnanimous !== other.isUnanimous) return one.isUnanimous
  if (one.agreeing !== other.agreeing) return one.agreeing > other.agreeing
  return one.cells > other.cells
}

/** Checks a delimiter that a person chose. */
export const check = (delimiter: string): string | ReadError =>
  /^[^"\r\n\uFEFF]$/.test(delimiter)
    ? delimiter
    : new ReadError({
        code: "OPTION_INVALID",
        message: `the delimiter ${JSON.stringify(delimiter)} is not one character other than a quotation mark or line break`,
        hint: 'Use one of "," ";" "|" or a tab.',
      })

/**
 * Finds the delimiter: that of a line `sep=;`, else the one of `, ; tab |` by which the first 20 records have the same number
 * of cells, more than one; if no delimiter fits all, the one that fits most. A file with a single column has ",".
 */
export const find = (text: string, isComplete: boolean): Effect.Effect<string> => {
  const named = SEP.exec(text)?.[1]
  if (named !== undefined && typeof check(named) === "string") return Effect.succeed(named)
  return Effect.forEach(CANDIDATES, (delimiter) =>
    Csv.parseStart(text, isComplete, delimiter, COMPARED).pipe(
      Effect.orElseSucceed(() => []),
      Effect.map((records) => scoreOf(delimiter, records)),
    ),
  ).pipe(
    Effect.map((scores) => scores.reduce((best, next) => (isBetter(next, best) ? next : best))),
    Effect.map(({ delimiter, agreeing }) => (agreeing === 0 ? "," : delimiter)),
  )
}
