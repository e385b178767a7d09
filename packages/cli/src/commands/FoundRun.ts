/** Finds a run by its ID: in the database, if one is named, else on this machine. A path is always that of a journal of this machine. */
import type { JournalService, RunsService } from "@aelyst/journal"
import { JournalError, Runs } from "@aelyst/journal"
import type { ImportStatus, ImportWorkflowService } from "@aelyst/workflow"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import type { Failure } from "../Failure.ts"
import { failed } from "../import/OpenRun.ts"
import { directoryOf, withRuns } from "../import/RunDirectory.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import { Screen } from "../Screen.ts"
import * as StoreOption from "../shared/StoreOption.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { visible } from "../Text.ts"

/** A run that was found, and where. */
export interface FoundRun {
  /** Its ID, as it is written there. */
  readonly id: string
  readonly runs: RunsService
  /** The imports of the database; undefined on this machine. */
  readonly imports: ImportWorkflowService | undefined
  /** Names the database. */
  readonly of: string
}

type Use<A, E, R> = (found: FoundRun) => Effect.Effect<A, E | JournalError, R>

const isPath = (id: string): boolean => /[\\/]/.test(id)

/** Succeeds with nothing if there is no such run. */
const ifFound = <A, E, R>(effect: Effect.Effect<A, E | JournalError, R>) =>
  effect.pipe(
    Effect.map(Option.some),
    Effect.catchIf(
      (error) => error instanceof JournalError && error.reason === "not_found",
      () => Effect.succeedNone,
    ),
  )

const isHere = (id: string) =>
  Effect.flatMap(directoryOf(), (directory) =>
    withRuns(directory, (runs) => ifFound(Effect.scoped(runs.open(id)))),
  ).pipe(
    Effect.map(Option.isSome),
    // a journal that cannot be opened is there; without a directory there is none
    Effect.catch((error) => Effect.succeed(error._tag === "JournalError")),
  )

/** Warns if a run of the database has the ID of one on this machine, as the same file imported in both ways has. */
export const warnIfHere = Effect.fnUntraced(function* (id: string, { shown }: DatabaseUrl) {
  const printer = yield* Screen
  if (!(yield* isHere(id))) return
  printer.notice(
    `this is the run ${id} of ${shown}; this machine has one with the same ID: unset AELYST_STORE, or give the path of its journal`,
  )
})

const inDatabase = <A, E, R>(database: DatabaseUrl, id: string, use: Use<A, E, R>) =>
  Effect.gen(function* () {
    const { ImportWorkflow } = yield* StoreOption.load
    const runs = yield* Runs
    const imports = yield* ImportWorkflow
    const found = yield* ifFound(Effect.scoped(runs.open(id)))
    if (Option.isNone(found)) return Option.none<A>()
    const { run } = found.value
    yield* warnIfHere(run.id, database)
    const of = ` of ${database.shown}`
    return Option.some(yield* use({ id: run.id, runs, imports, of }))
  }).pipe(failed, StoreOption.provide(database))

/** Finds a run and uses it. */
export const withFound = <A, E, R>(id: string, flags: DatabaseFlags, use: Use<A, E, R>) =>
  Effect.gen(function* () {
    const database = isPath(id) ? undefined : yield* findDatabase(flags)
    const found = database === undefined ? Option.none<A>() : yield* inDatabase(database, id, use)
    if (Option.isSome(found)) return found.value
    const directory = yield* directoryOf()
    return yield* withRuns(directory, (runs) =>
      failed(use({ id, runs, imports: undefined, of: "" })),
    )
  })

/** Opens a run and uses it; `status` is that of an import that several machines send. */
export const withRun = <A, R>(
  id: string,
  flags: DatabaseFlags,
  use: (
    journal: JournalService,
    status: ImportStatus | undefined,
  ) => Effect.Effect<A, JournalError | Failure, R>,
) =>
  withFound(id, flags, ({ id: found, imports, runs }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const journal = yield* runs.open(found)
        return yield* use(journal, imports && (yield* imports.status(found)))
      }),
    ),
  )

/** Names a run for a person. */
export const nameOf = ({ id, of }: FoundRun): string => `${visible(id)}${of}`
