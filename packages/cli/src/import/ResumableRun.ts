/** Finds the run that `aelyst resume` continues, on this machine or in a database. */
import * as Fs from "node:fs"
import * as Path from "node:path"

import * as Effect from "effect/Effect"

import { warnIfHere } from "../commands/FoundRun.ts"
import * as SharedRuns from "../commands/SharedRuns.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Host } from "../Host.ts"
import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"
import { findDatabase } from "../outbox/StoreLocation.ts"
import type { Screen } from "../Screen.ts"
import type { DatabaseFlags } from "../StoreFlags.ts"
import { visible } from "../Text.ts"
import { failed } from "./OpenRun.ts"
import { directoryOf, withRuns } from "./RunDirectory.ts"
import * as StoredOptions from "./StoredOptions.ts"

/** Holds a run and what it recorded of its command line. */
export interface ResumableRun {
  readonly id: string
  readonly directory: string
  /** The database that has it; undefined for one of this machine. */
  readonly database: DatabaseUrl | undefined
  readonly stored: StoredOptions.StoredOptions
}

/** A run of this machine, or of a database, where others may be sending it. */
interface Candidate {
  readonly entry: SharedRuns.SharedEntry
  readonly database: DatabaseUrl | undefined
}

const isUnfinished = ({ database, entry: { run, state } }: Candidate): boolean =>
  (state === "unfinished" ||
    state === "unplanned" ||
    (state === "running" && database !== undefined)) &&
  StoredOptions.read(run?.options) !== undefined

const createdAt = ({ entry: { changedAt, run } }: Candidate): number => run?.createdAt ?? changedAt

const unknown = (id: string | undefined, all: ReadonlyArray<Candidate>): Failure => {
  if (id === undefined) {
    const busy = all.find(({ entry }) => entry.state === "running")?.entry
    return usage(
      busy === undefined
        ? "there is no unfinished run"
        : `run ${busy.id} is in use by another process, and there is no other unfinished run`,
      "runs:  aelyst runs",
    )
  }
  const found = all.find(({ entry }) => entry.id === id)
  if (found === undefined) return usage(`unknown run ${visible(id)}`, "runs:  aelyst runs")
  return found.entry.state === "running"
    ? usage(`run ${id} is in use by another process`, "fix:   wait until it ends")
    : usage(`run ${id} was not made by aelyst import`, "runs:  aelyst runs")
}

/** Returns why a run cannot read its file again. */
const obstacle = ({ database, id, stored: { file } }: ResumableRun, step?: string) => {
  if (step === "cancelled") {
    return usage(`run ${id} was cancelled`, "fix:   import its file again: that is a new run")
  }
  if (file === "-") {
    return usage(
      `run ${id} read standard input, which cannot be read again`,
      "fix:   run its command again; rows that are created are skipped",
    )
  }
  return database === undefined || Fs.existsSync(file)
    ? undefined
    : usage(
        `the file of run ${id} is not on this machine: ${visible(file)}`,
        `fix:   aelyst runs continue ${id} lets workers send it without its file`,
      )
}

/** Finds the run with this ID or path, or the newest unfinished one. */
export const resumable = (
  id: string | undefined,
  flags: DatabaseFlags,
): Effect.Effect<ResumableRun, Failure, Host | Screen> =>
  Effect.gen(function* () {
    // the path of a journal that is kept elsewhere
    const isPath = id !== undefined && /[\\/]/.test(id)
    const directory = yield* directoryOf(isPath ? Path.dirname(id) : undefined)
    const database = isPath ? undefined : yield* findDatabase(flags)
    const here = yield* withRuns(directory, (runs) => failed(runs.list))
    const there = database === undefined ? [] : yield* SharedRuns.entries(database)
    const all: ReadonlyArray<Candidate> = [
      ...there.map((entry) => ({ entry, database })),
      ...here.map((entry) => ({ entry, database: undefined })),
    ]
    const found =
      id === undefined
        ? all.toSorted((a, b) => createdAt(b) - createdAt(a)).find(isUnfinished)
        : all.find(({ entry }) =>
            isPath ? Path.resolve(entry.path) === Path.resolve(id) : entry.id === id,
          )
    const stored = StoredOptions.read(found?.entry.run?.options)
    if (found === undefined || stored === undefined) {
      return yield* Effect.fail(unknown(isPath ? found?.entry.id : id, all))
    }
    const run = { id: found.entry.id, directory, database: found.database, stored }
    const reason = obstacle(run, found.entry.step)
    if (reason !== undefined) return yield* Effect.fail(reason)
    if (run.database !== undefined) yield* warnIfHere(run.id, run.database)
    return run
  })
