/** The report of an import as JSON, for programs. It has no value of a contact. */
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
  /** The mapping. Contacts get its constants (`set`), so that only their names are written. */
  readonly mapping: Omit<MappingFile, "set"> & { readonly set: ReadonlyArray<string> }
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
 * Fails with `ReportError` for a path that is a symbolic link, a directory or a device, or that cannot be written.
 *
 * **Example**
 *
 * ```ts
 * import { mkdtemp } from "node:fs/promises"
 * import { tmpdir } from "node:os"
 * import { basename, join } from "node:path"
 * import { map, toMappingFile, writeReport } from "@aelyst/import"
 * import { Effect, Result } from "effect"
 *
 * const head = { format: "csv", columns: ["First name", "Email"] } as const
 * const { mapping } = Result.getOrThrow(map(head))
 * const directory = await mkdtemp(join(tmpdir(), "report-"))
 * const write = writeReport(join(directory, "leads.report.json"), {
 *   schemaVersion: 1,
 *   source: { name: "leads.csv", format: "csv", encoding: "utf-8", headerLine: 1 },
 *   mapping: toMappingFile(mapping),
 *   check: {
 *     rows: 0,
 *     ready: 0,
 *     invalid: 0,
 *     duplicate: 0,
 *     foreign: 0,
 *     byCode: {},
 *     fixes: {},
 *     omissions: {},
 *     validWithPlus: {},
 *   },
 * })
 * console.log(basename(await Effect.runPromise(write))) // => leads.report.json
 * console.log(basename(await Effect.runPromise(write))) // => leads.report.2.json
 * ```
 */
export const writeReport = (
  path: string,
  report: Omit<ImportReport, "mapping"> & { readonly mapping: MappingFile },
): Effect.Effect<string, ReportError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* openFile(path)
      const { set = {}, ...mapping } = report.mapping
      const named = { ...mapping, set: Object.keys(set) }
      const written: ImportReport = { ...report, mapping: named }
      yield* file.write(`${JSON.stringify(written, undefined, 2)}\n`)
      return yield* file.commit
    }),
  )
