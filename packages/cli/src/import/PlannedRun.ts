/** Sends a file: plans its rows in the journal, asks, sends those that have not ended, and reports. */
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

import type { CheckSummary, Prepared } from "@aelyst/import"
import { prepare, send } from "@aelyst/import"
import type { RunCounts, RunFacts, RunsService } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Scope from "effect/Scope"

import type { Failure } from "../Failure.ts"
import type { Host } from "../Host.ts"
import type { Report } from "../Report.ts"
import { Screen } from "../Screen.ts"
import { count } from "../Text.ts"
import * as CheckedFile from "./CheckedFile.ts"
import * as Client from "./Client.ts"
import * as EndOfImport from "./EndOfImport.ts"
import * as Facts from "./Facts.ts"
import type { Errors } from "./FlagValues.ts"
import type { SendingImport } from "./Import.ts"
import * as Question from "./Question.ts"
import * as RejectsFile from "./RejectsFile.ts"
import { directoryOf, withRuns } from "./RunDirectory.ts"
import type { Sent } from "./Sending.ts"
import { RowsUnderWay, follow } from "./Sending.ts"
import { tokenClass } from "./TokenClass.ts"

/** Holds an import whose rows are checked. */
export interface CheckedImport extends SendingImport {
  readonly checked: CheckSummary
}

/** A directory for a journal that is not kept. */
const temporary = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "aelyst-run-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true })),
)

const factsOf = Effect.fnUntraced(function* (
  { flags, found, input, opened, options, settings }: SendingImport,
  runs: RunsService,
  resume: string | undefined,
  isShared: boolean,
) {
  // safe: only a stream has no path, and it is not planned
  const file = yield* Facts.fingerprint(String(input.source))
  const facts: Omit<RunFacts, "tokenClass"> = {
    input: { ...file, mapping: Facts.mappingFingerprint(opened.mapped.mapping, options.checking) },
    origin: settings.origin,
    delivery: options.delivery,
    tool: "aelyst",
    options: Facts.storedOptions({ flags, input, options, settings }),
  }
  const own = tokenClass(found.token)
  if (flags.fresh) return { ...facts, tokenClass: own }
  const { allowChanged } = flags
  const how = { allowChanged, isShared }
  const known = yield* Facts.classOf(runs, facts, own, resume, settings, how)
  return { ...facts, ...known }
})

/** Returns how many rows have not ended. */
export const leftOf = ({ inDoubt, not_sent }: RunCounts): number => not_sent + inDoubt
const readyOf = ({ duplicate, invalid, total }: RunCounts): number => total - invalid - duplicate

/** Returns how many rows may fail before the run stops: the one that reaches the number is the last. */
const maxErrorsOf = (errors: Errors, counts: RunCounts): number =>
  Math.max(1, "rows" in errors ? errors.rows : Math.ceil(readyOf(counts) * errors.share))

/** Sends the rows of a plan that have not ended, and reports on all of them, as `tell` has it. */
export const sendPrepared = Effect.fnUntraced(function* (
  all: CheckedImport,
  prepared: Prepared,
  tell: (sent: Sent<EndOfImport.SendFailure>) => Sent<EndOfImport.SendFailure> = identity,
) {
  const { flags, input, options, progress, settings } = all
  const { counts, journal } = prepared
  const { concurrency, limit, maxErrors, sample } = options.sending
  const rows = new RowsUnderWay()
  const rejects = yield* RejectsFile.open(all, true)
  const checking = yield* CheckedFile.rows(all)
  const run = yield* Effect.mapError(
    send(journal, rows.watchAll(checking), {
      ...Client.runOptions(settings),
      ...(concurrency !== undefined && { concurrency }),
      ...(maxErrors !== undefined && { maxErrors: maxErrorsOf(maxErrors, counts) }),
      limit,
      sample,
    }),
    EndOfImport.sendFailure,
  )
  const most = limit ?? sample ?? Number.POSITIVE_INFINITY
  const total = readyOf(counts) - leftOf(counts) + Math.min(leftOf(counts), most)
  const { host } = settings
  const sent = yield* follow(run, rows, {
    shown: { file: input.name, host, run: journal.run.id, total },
    progress,
    isNdjson: flags.ndjson,
    showValues: flags.showValues,
    isVerbose: all.globals.verbose > 0,
    rejects,
    rejectsDuplicates: options.checking.onDuplicate === "reject",
  })
  const id = flags.noJournal ? undefined : journal.run.id
  return yield* EndOfImport.end(all, { sent: tell(sent), rejects, run: id, checked: all.checked })
})

/**
 * Plans the rows of an import and asks whether to send them. A new run that is not to be sent is removed when the scope ends, as
 * is one of another token whose place it takes.
 */
export const plan = Effect.fnUntraced(function* (
  all: CheckedImport,
  runs: RunsService,
  resume: string | undefined,
  isShared: boolean,
) {
  const { flags, globals, options, settings } = all
  const printer = yield* Screen
  let unwanted: string | undefined
  // before the journal is opened, so that it is closed by then
  yield* Effect.addFinalizer(() =>
    unwanted === undefined ? Effect.void : Effect.ignore(runs.remove(unwanted)),
  )
  const { replaced, ...facts } = yield* factsOf(all, runs, resume, isShared)
  const checked = yield* CheckedFile.rows(all)
  const { allowChanged, fresh } = flags
  const prepared = yield* prepare(checked.rows, facts, {
    allowChanged,
    fresh,
    resume: replaced === undefined ? resume : undefined,
  }).pipe(Effect.provideService(Runs, runs), Effect.mapError(EndOfImport.sendFailure))
  const { counts, isNew, journal, locked } = prepared
  if (isNew) unwanted = journal.run.id
  if (replaced !== undefined) {
    printer.notice(
      `run ${journal.run.id} takes the place of ${replaced}, whose token was never accepted`,
    )
  }
  if (locked.length > 0) {
    printer.warn(
      `${count(locked.length, "other run")} in use could not be looked at, and may send the same rows: ${locked.join(", ")}`,
    )
  }
  const { limit, sample } = options.sending
  const goOn = yield* Question.ask(
    {
      run: flags.noJournal ? undefined : journal.run.id,
      isNew,
      counts,
      toSend: Math.min(leftOf(counts), limit ?? sample ?? Number.POSITIVE_INFINITY),
    },
    settings,
    globals,
  )
  if (goOn) unwanted = replaced
  else printer.notice("nothing was sent")
  return { prepared, goOn }
})

/** Plans, asks and sends. */
const planAndSend = Effect.fnUntraced(function* (
  all: CheckedImport,
  runs: RunsService,
  resume: string | undefined,
) {
  const { goOn, prepared } = yield* plan(all, runs, resume, false)
  if (!goOn) return
  const client = Client.clientLayer(all.settings, all.found)
  yield* Client.explained(Effect.provide(sendPrepared(all, prepared), client))
}, Effect.scoped)

/** Runs an import whose file is checked; `resume` is the run to continue. */
export const run = (
  all: CheckedImport,
  resume: string | undefined,
): Effect.Effect<void, Failure | Report, Host | Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const directory = all.flags.noJournal ? yield* temporary : yield* directoryOf(all.flags.journal)
    return yield* withRuns(directory, (runs) => planAndSend(all, runs, resume))
  })
