/** Opens the file of rejected rows, which imports itself again once its rows are fixed. */
import * as Path from "node:path"

import type { CheckedRow, ImportReport, Rejects, ReportError } from "@aelyst/import"
import * as Import from "@aelyst/import"
import { openRejects, reportPaths, toMappingFile } from "@aelyst/import"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { Failure } from "../Failure.ts"
import { file } from "../Failure.ts"
import { visible } from "../Text.ts"
import type { OpenImport } from "./Import.ts"

/** Reports a file of rejected rows, or a report, that cannot be written. */
export const reportFailure = ({ advice, path, problem }: ReportError): Failure =>
  file(
    `${visible(path)}: ${visible(problem)}`,
    `fix:   ${advice}, with --rejects or --report, or none`,
  )

/** Holds a path, and how it is shown. */
export interface ShownPath {
  readonly path: string
  readonly shown: string
}

/** Shows a path below the current directory without the directory. */
export const shownPath = (cwd: string, path: string): ShownPath => {
  const relative = Path.relative(cwd, path)
  return { path, shown: visible(relative === "" || relative.startsWith("..") ? path : relative) }
}

/** Returns the path of a file of the import: of its flag, else next to the input; undefined for `none`. */
const pathFor = (
  { input, opened }: OpenImport,
  flag: string | undefined,
  kind: "rejects" | "report",
) => {
  if (flag === "none") return undefined
  const { [kind]: byDefault } = reportPaths(input.stem, opened.table.head.format)
  return shownPath(input.cwd, flag === undefined ? byDefault : Path.resolve(input.cwd, flag))
}

/** Returns the path of the file of rejected rows; undefined for `none`. */
export const pathOf = (all: OpenImport): ShownPath | undefined =>
  pathFor(all, all.flags.rejects, "rejects")

/** Returns the path of the report; undefined for `none`. */
const reportPathOf = (all: OpenImport): ShownPath | undefined =>
  pathFor(all, all.flags.report, "report")

/** Fails if the file of rejected rows or the report could not be written: a run that has begun would end without them. */
export const checkPaths = (all: OpenImport): Effect.Effect<void, Failure> => {
  const paths = [pathOf(all), reportPathOf(all)].filter((path) => path !== undefined)
  const { head } = all.opened.table
  // a file that is not committed leaves nothing
  return Effect.forEach(paths, ({ path }) => Effect.scoped(openRejects({ path, head }))).pipe(
    Effect.mapError(reportFailure),
    Effect.asVoid,
  )
}

/** Opens the file, unless the flag is `none`; `byDefault` says whether it is written without the flag. */
export const open = (
  all: OpenImport,
  byDefault: boolean,
): Effect.Effect<Rejects | undefined, Failure, Scope.Scope> => {
  const path = all.flags.rejects === undefined && !byDefault ? undefined : pathOf(all)
  return path === undefined
    ? Effect.succeed(undefined)
    : Effect.mapError(openRejects({ path: path.path, head: all.opened.table.head }), reportFailure)
}

/** Adds a row that the check has found to be invalid, or a duplicate if those are rejected, too. */
export const addChecked = (
  rejects: Rejects,
  checked: CheckedRow,
  { options }: OpenImport,
): Effect.Effect<void, Failure> => {
  const isRejected =
    checked.state === "invalid" ||
    (checked.state === "duplicate" && options.checking.onDuplicate === "reject")
  if (!isRejected) return Effect.void
  const { problems, row, state: status } = checked
  return Effect.mapError(rejects.add({ row, problems, status }), reportFailure)
}

/** Completes the file; returns its path and rows, undefined if it has none. */
export const commit = (rejects: Rejects) => Effect.mapError(rejects.commit, reportFailure)

/** Writes the report, unless its flag is `none`; returns how its path is shown. */
export const writeReport = Effect.fnUntraced(function* (
  all: OpenImport,
  facts: Pick<ImportReport, "check" | "rejects" | "runId" | "totals">,
): Effect.fn.Return<string | undefined, Failure> {
  const path = reportPathOf(all)
  if (path === undefined) return undefined
  const { input, opened } = all
  const { format, encoding, delimiter, headerLine } = opened.table.head
  const report = {
    schemaVersion: 1,
    source: { name: input.name, format, encoding, delimiter, headerLine },
    mapping: toMappingFile(opened.mapped.mapping),
    ...facts,
  } as const
  const written = yield* Effect.mapError(Import.writeReport(path.path, report), reportFailure)
  return shownPath(input.cwd, written).shown
})
