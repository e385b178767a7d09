/**
 * `aelyst import` and `aelyst resume`: reads, checks, asks, sends and reports. What sends is loaded when something is sent: a
 * check starts faster without it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { confirm } from "../Confirm.ts"
import * as Connection from "../Connection.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import * as CheckedFile from "../import/CheckedFile.ts"
import * as ImportOptions from "../import/ImportOptions.ts"
import * as Input from "../import/Input.ts"
import * as OpenTable from "../import/OpenTable.ts"
import * as RejectsFile from "../import/RejectsFile.ts"
import type { ResumableRun } from "../import/ResumableRun.ts"
import * as SetValues from "../import/SetValues.ts"
import type { ImportFlags } from "../ImportFlags.ts"
import type { Report } from "../Report.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import { Screen } from "../Screen.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import * as Token from "../Token.ts"
import * as Waiting from "../Waiting.ts"

/** Confirms a header that was found below other rows: on the terminal, by `--yes` not. */
const confirmHeader = Effect.fnUntraced(function* (opened: OpenTable.OpenTable, mayAsk: boolean) {
  const { isHeaderGuessed, headerLine } = opened.table.head
  if (!isHeaderGuessed) return
  const isConfirmed =
    mayAsk && (yield* confirm(`Is line ${headerLine} the header, with these columns?`, true))
  yield* OpenTable.checkHeader(opened, isConfirmed)
})

const start = Effect.fnUntraced(function* (
  flags: ImportFlags,
  globals: GlobalFlags,
  resume: ResumableRun | undefined,
): Effect.fn.Return<void, Failure | Report, Host | Screen | Scope.Scope> {
  const progress = yield* Waiting.parseProgress(globals.progress)
  const { options, settings } = yield* ImportOptions.resolve(flags, globals)
  const named =
    ImportOptions.localFlag(flags) === undefined ? yield* findDatabase(flags) : undefined
  const database = resume === undefined ? named : resume.database
  if (flags.follow && database === undefined) {
    return yield* Effect.fail(
      usage(
        "--follow needs a database",
        "fix:   name it in AELYST_STORE, or by --store-file <path>",
      ),
    )
  }
  const wanted = (["report", "rejects"] as const).find((name) => (flags[name] ?? "none") !== "none")
  const isLeft = database !== undefined && resume === undefined && !flags.follow && !flags.check
  if (isLeft && wanted !== undefined) {
    return yield* Effect.fail(
      usage(
        `--${wanted} needs --follow, since the workers of a database write no file`,
        `fix:   add --follow, or leave out --${wanted}`,
      ),
    )
  }
  const printer = yield* Screen
  // before a large file is read for nothing
  const found = flags.check ? undefined : yield* Token.require(globals, settings)
  if (found !== undefined) yield* Connection.announce(settings, found.from, globals.verbose > 0)
  if (database !== undefined) yield* StoreOption.check(database)
  const input = yield* Input.open(flags.file, flags.stream)
  const { mapping, reading } = options
  const opened = yield* OpenTable.open(input, reading, mapping, flags, flags.stream)
  yield* confirmHeader(opened, settings.mayAsk && !printer.json)
  const all = { flags, globals, input, opened, options, progress, settings }
  if (found !== undefined && flags.stream) {
    const StreamedRun = yield* Effect.promise(() => import("../import/StreamedRun.ts"))
    return yield* StreamedRun.run({ ...all, found })
  }
  // the workers of a database write no file
  if (found !== undefined && (database === undefined || flags.follow)) {
    yield* RejectsFile.checkPaths(all)
  }
  const checked = yield* CheckedFile.check(all, {
    isResumed: resume !== undefined,
    isShared: database !== undefined,
  })
  if (found === undefined) return yield* CheckedFile.end(all, checked)
  const planned = { ...all, found, checked }
  if (database !== undefined) {
    const SharedRun = yield* Effect.promise(() => import("../import/SharedRun.ts"))
    return yield* SharedRun.run(planned, database, resume?.id)
  }
  const PlannedRun = yield* Effect.promise(() => import("../import/PlannedRun.ts"))
  return yield* PlannedRun.run(planned, resume?.id)
}, Effect.scoped)

/** Runs `import`. */
export const run = (
  flags: ImportFlags,
  globals: GlobalFlags,
): Effect.Effect<void, Failure | Report, Host | Screen> => start(flags, globals, undefined)

/** Holds the flags of `resume`. */
export interface ResumeFlags extends DatabaseFlags {
  readonly run: string | undefined
  readonly set: ReadonlyArray<string>
  readonly allowChanged: boolean
  readonly ndjson: boolean
  readonly showValues: boolean
}

/** A resumed run is no trial, and no new one. */
const rerun = {
  limit: undefined,
  sample: undefined,
  fresh: false,
  noJournal: false,
  store: undefined,
  storeFile: undefined,
} as const

/** Runs `resume`: the import again, with its recorded options. */
export const resume = Effect.fnUntraced(function* (
  { run: id, store, storeFile, ...flags }: ResumeFlags,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure | Report, Host | Screen> {
  const { resumable } = yield* Effect.promise(() => import("../import/ResumableRun.ts"))
  const found = yield* resumable(id, { store, storeFile })
  const { database, stored } = found
  yield* Effect.fromResult(SetValues.check(found.id, stored.set, flags.set))
  const { baseUrl, delivery, profile, rate } = stored
  yield* start(
    {
      ...stored.flags,
      ...flags,
      ...rerun,
      file: stored.file,
      journal: database === undefined ? found.directory : undefined,
      follow: database !== undefined,
    },
    {
      ...globals,
      baseUrl: globals.baseUrl ?? baseUrl,
      profile: globals.profile ?? profile,
      delivery,
      rate: globals.rate ?? (rate === undefined ? undefined : String(rate)),
    },
    found,
  )
})
