/** Finds the run that `aelyst resume` continues. */
import * as Path from "node:path"

import type { RunEntry } from "@aelyst/journal"
import * as Effect from "effect/Effect"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Host } from "../Host.ts"
import { visible } from "../Text.ts"
import { journalFailure } from "./JournalFailure.ts"
import { directoryOf, withRuns } from "./RunDirectory.ts"
import * as StoredOptions from "./StoredOptions.ts"

/** Holds a run and what it recorded of its command line. */
export interface ResumableRun {
  readonly id: string
  readonly directory: string
  readonly stored: StoredOptions.StoredOptions
}

const isUnfinished = ({ run, state }: RunEntry): boolean =>
  (state === "unfinished" || state === "unplanned") &&
  StoredOptions.read(run?.options) !== undefined

const unknown = (id: string | undefined, entries: ReadonlyArray<RunEntry>): Failure => {
  if (id === undefined) {
    const busy = entries.find(({ state }) => state === "running")
    return usage(
      busy === undefined
        ? "there is no unfinished run"
        : `run ${busy.id} is in use by another process, and there is no other unfinished run`,
      "runs:  aelyst runs",
    )
  }
  const entry = entries.find((one) => one.id === id)
  if (entry === undefined) return usage(`unknown run ${visible(id)}`, "runs:  aelyst runs")
  return entry.state === "running"
    ? usage(`run ${id} is in use by another process`, "fix:   wait until it ends")
    : usage(`run ${id} was not made by aelyst import`, "runs:  aelyst runs")
}

/** Finds the run with this ID or path, or the newest unfinished one. */
export const resumable = (id: string | undefined): Effect.Effect<ResumableRun, Failure, Host> =>
  Effect.gen(function* () {
    // the path of a journal that is kept elsewhere
    const isPath = id !== undefined && /[\\/]/.test(id)
    const directory = yield* directoryOf(isPath ? Path.dirname(id) : undefined)
    const entries = yield* Effect.mapError(
      withRuns(directory, (runs) => runs.list),
      journalFailure,
    )
    const entry =
      id === undefined
        ? entries.find(isUnfinished)
        : entries.find((one) =>
            isPath ? Path.resolve(one.path) === Path.resolve(id) : one.id === id,
          )
    const stored = StoredOptions.read(entry?.run?.options)
    return entry === undefined || stored === undefined
      ? yield* Effect.fail(unknown(isPath ? entry?.id : id, entries))
      : { id: entry.id, directory, stored }
  })
