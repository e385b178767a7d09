/** Tables in memory for the tests: columns, rows and the results of a check. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { CheckOptions } from "../src/check/Check.ts"
import { check } from "../src/check/Check.ts"
import type { MapOptions, MappedTable } from "../src/map/ColumnMapping.ts"
import { map } from "../src/map/ColumnMapping.ts"
import type { MappingIssue } from "../src/map/MappingError.ts"
import type { CheckedRow, CheckSummary, Format, SourceRow } from "../src/types.ts"

/** The cells of one row. */
export type Cells = readonly string[]

/** Returns rows as they are read from a file whose header is on line 1. */
export const rowsOf = (cells: readonly Cells[]): readonly SourceRow[] =>
  cells.map((row, at) => ({ number: at + 1, line: at + 2, cells: row }))

/** Maps columns, and fails the test if that is not possible. */
export const mapped = (
  columns: readonly string[],
  options: MapOptions = {},
  format: Format = "csv",
): MappedTable => Result.getOrThrow(map({ format, columns }, options))

/** Returns the issues of columns that cannot be mapped. */
export const issuesOf = (
  columns: readonly string[],
  options: MapOptions = {},
): readonly MappingIssue[] => {
  const result = map({ format: "csv", columns }, options)
  return Result.isFailure(result) ? result.failure.issues : []
}

/** The options of both stages. */
export interface Options extends CheckOptions {
  readonly map?: MapOptions | undefined
}

/** Checks rows and returns them with the counts. */
export const checkRows = (
  columns: readonly string[],
  rows: readonly SourceRow[],
  { map: mapping = {}, ...options }: Options = {},
  format: Format = "csv",
): Promise<{ readonly rows: readonly CheckedRow[]; readonly summary: CheckSummary }> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const run = yield* check(
        Stream.fromIterable(rows),
        mapped(columns, mapping, format).mapping,
        options,
      )
      return { rows: yield* Stream.runCollect(run.rows), summary: yield* run.summary }
    }),
  )

/** Checks cells, and returns for each row its identifier, or the codes of its problems and their columns. */
export const outcomes = async (
  columns: readonly string[],
  cells: readonly Cells[],
  options: Options = {},
): Promise<readonly string[]> => {
  const { rows } = await checkRows(columns, rowsOf(cells), options)
  return rows.map((row) => {
    if (row.state === "ready") return row.identifier
    if (row.state === "foreign") return "foreign"
    return row.problems.map(({ code, column = "" }) => `${code} ${column}`.trim()).join(", ")
  })
}

/** Checks one row of cells and returns its contact; fails the test if the row is not ready. */
export const contactOf = async (
  columns: readonly string[],
  cells: Cells,
  options: Options = {},
): Promise<Readonly<Record<string, unknown>>> => {
  const [row] = (await checkRows(columns, rowsOf([cells]), options)).rows
  if (row?.state !== "ready") throw new Error(`the row is not ready: ${JSON.stringify(row)}`)
  return row.contact
}
