/** The rules about the runs of a list that all stores share. */
import * as Effect from "effect/Effect"

import type { Run, RunCounts, RunEntry, RunsService } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"

const day = 86_400_000

/** Returns the state of a run that no other process uses. */
export const stateOf = ({ plannedAt }: Run, counts: RunCounts) => {
  if (plannedAt === undefined) return "unplanned"
  return counts.not_sent + counts.inDoubt > 0 ? "unfinished" : "finished"
}

/** Removes old runs; returns their IDs. */
export const pruneRuns = Effect.fnUntraced(function* (
  runs: Pick<RunsService, "list">,
  now: number,
  remove: (entry: RunEntry) => Effect.Effect<void, JournalError>,
  { olderThanMs = 30 * day, unfinished = false }: Parameters<RunsService["prune"]>[0] = {},
) {
  const states: ReadonlyArray<RunEntry["state"]> = unfinished
    ? ["finished", "unfinished", "unplanned"]
    : ["finished"]
  const old = (yield* runs.list).filter(
    ({ changedAt, state }) => now - changedAt > olderThanMs && states.includes(state),
  )
  for (const entry of old) yield* remove(entry)
  return old.map(({ id }) => id)
})
