/** The report of an import as JSON, for programs. It has no value of any row. */
import * as Effect from "effect/Effect"

import type { MappingFile } from "../map/MappingFile.ts"
import type { CheckSummary, TableHead } from "../types.ts"
import type { ReportError } from "./ReportError.ts"
import { openFile } from "./SafeFile.ts"
import type { Totals } from "./Totals.ts"

/** A report. New members may be added; others change only with `schemaVersion`. */
export interface ImportReport {
  readonly schemaVersion: 1
  /** The file that was read. */
  readonly source: Pick<TableHead, "format" | "encoding" | "delimiter" | "headerLine"> & {
    readonly name: string
  }
  /** The mapping, as it can be saved. */
  readonly mapping: MappingFile
  readonly check: CheckSummary
  /** The rows by outcome; absent if nothing was to be sent. */
  readonly totals?: Totals | undefined
  /** The run, for `resume` and `runs`. */
  readonly runId?: string | undefined
  /** The path of the file of rejects, if there is one. */
  readonly rejects?: string | undefined
}

/**
 * Writes a report to a new file, and returns its path. A file that exists is kept: the next free name is taken, `leads.report.2.json`.
 *
 * Fails with `ReportError` for a path that is a symbolic link or a directory, or that cannot be written.
 */
export const writeReport = (
  path: string,
  report: ImportReport,
): Effect.Effect<string, ReportError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* openFile(path)
      yield* file.write(`${JSON.stringify(report, undefined, 2)}\n`)
      return yield* file.commit
    }),
  )
