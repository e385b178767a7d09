/** The file of rejects: rows that were not created, ready to be corrected and imported again. */
import { join, parse } from "node:path"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { Format } from "../types.ts"
import type { Reject, RejectHead } from "./RejectFormat.ts"
import { rejectFormat } from "./RejectFormat.ts"
import type { ReportError } from "./ReportError.ts"
import type { SafeFile } from "./SafeFile.ts"
import { openFile } from "./SafeFile.ts"

/** A file of rejects that is being written. */
export interface Rejects {
  /** Adds a row. */
  readonly add: (reject: Reject) => Effect.Effect<void, ReportError>
  /**
   * Completes the file; returns its path and the number of its rows, or undefined if no row was added: there is no file then.
   * Fails, too, if an earlier row could not be written.
   */
  readonly commit: Effect.Effect<RejectsFile | undefined, ReportError>
}

/** A file of rejects. */
export interface RejectsFile {
  readonly path: string
  readonly rows: number
}

/** The path of a file of rejects, and the format of its source. */
export interface RejectsTarget {
  /** The path of the file; if it exists, the next free one is taken: `leads.rejects.2.csv`. */
  readonly path: string
  readonly head: RejectHead
}

const extensions: Readonly<Record<Format, string>> = {
  csv: ".csv",
  tsv: ".tsv",
  xlsx: ".csv",
  json: ".ndjson",
  ndjson: ".ndjson",
}

/**
 * Returns the paths of the rejects and of the report of a file, next to it: `leads.rejects.csv` and `leads.report.json`.
 *
 * **Example**
 *
 * ```ts
 * import { reportPaths } from "@aelyst/import"
 *
 * console.log(reportPaths("leads.xlsx", "xlsx").rejects) // => leads.rejects.csv
 * console.log(reportPaths("leads.rejects.2.csv", "csv").rejects) // => leads.rejects.csv
 * ```
 */
export const reportPaths = (
  source: string,
  format: Format,
): { readonly rejects: string; readonly report: string } => {
  const { dir, name } = parse(source)
  const stem = join(dir, name.replace(/\.rejects(?:\.\d+)?$/, ""))
  return { rejects: `${stem}.rejects${extensions[format]}`, report: `${stem}.report.json` }
}

// enough to write seldom, little enough to hold
const bufferLength = 65_536

/**
 * Opens a file of rejects. It appears under its name, completely, when it is committed; the end of the scope without that
 * removes it.
 *
 * **Details**
 *
 * The file is in the format of the source (CSV for sheets, NDJSON for JSON), with its delimiter, in UTF-8, with a byte
 * order mark if the source had one or was in another encoding. The cells are as they were, also those that begin with
 * `+` or `=`: a spreadsheet may run them. After them come `_aelyst_line`, `_aelyst_column`, `_aelyst_code`,
 * `_aelyst_reason`, `_aelyst_suggestion` and `_aelyst_status`, which an import leaves out and which never begin a
 * formula. Several problems of a row are joined by `; `. Only the owner can read the file.
 *
 * Fails with `ReportError` for a path that is a symbolic link, a directory or a device, or that cannot be written.
 *
 * **Example**
 *
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import { openRejects } from "@aelyst/import"
 * import { Effect } from "effect"
 *
 * const head = {
 *   format: "csv",
 *   encoding: "utf-8",
 *   bom: false,
 *   delimiter: ";",
 *   columns: ["Name", "Phone"],
 * } as const
 * const directory = await mkdtemp(join(tmpdir(), "rejects-"))
 * const program = Effect.gen(function* () {
 *   const rejects = yield* openRejects({ path: join(directory, "leads.rejects.csv"), head })
 *   yield* rejects.add({
 *     row: { number: 1, line: 2, cells: ["Siti", "12-34"] },
 *     problems: [{ code: "PHONE_INVALID", line: 2, column: "Phone", reason: "too short for MY" }],
 *     status: "invalid",
 *   })
 *   return yield* rejects.commit
 * })
 * const file = await Effect.runPromise(Effect.scoped(program))
 * console.log((await readFile(file?.path ?? "", "utf8")).split("\r\n")[1])
 * // => Siti;12-34;2;Phone;PHONE_INVALID;too short for MY;;invalid
 * ```
 */
export const openRejects = ({
  path,
  head,
}: RejectsTarget): Effect.Effect<Rejects, ReportError, Scope.Scope> =>
  Effect.map(openFile(path), (file): Rejects => makeRejects(file, head))

const makeRejects = (file: SafeFile, head: RejectHead): Rejects => {
  const format = rejectFormat(head)
  let text = format.begin
  let rows = 0
  const flush = Effect.suspend(() => {
    const written = text
    text = ""
    return written === "" ? Effect.void : file.write(written)
  })
  return {
    add: (reject) =>
      Effect.suspend(() => {
        rows += 1
        text += format.line(reject)
        return text.length < bufferLength ? Effect.void : flush
      }),
    commit: Effect.gen(function* () {
      if (rows === 0) return undefined
      yield* flush
      return { path: yield* file.commit, rows }
    }),
  }
}
