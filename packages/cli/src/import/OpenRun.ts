/** Opens the journal of a run for a command that reads or changes it. */
import type { JournalService } from "@aelyst/journal"
import { JournalError } from "@aelyst/journal"
import type { RowRecord } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import { journalFailure } from "./JournalFailure.ts"
import { directoryOf, withRuns } from "./RunDirectory.ts"

/** Reports a journal that cannot be used. */
export const failed = <A, E, R>(
  effect: Effect.Effect<A, E | JournalError, R>,
): Effect.Effect<A, Exclude<E, JournalError> | Failure, R> =>
  Effect.mapError(effect, (error) =>
    error instanceof JournalError
      ? journalFailure(error)
      : // safe: the other case is above
        (error as Exclude<E, JournalError>),
  )

/** Opens a run and uses it. */
export const withRun = <A, R>(
  id: string,
  use: (journal: JournalService) => Effect.Effect<A, JournalError | Failure, R>,
) =>
  Effect.flatMap(directoryOf(), (directory) =>
    withRuns(directory, (runs) => failed(Effect.scoped(Effect.flatMap(runs.open(id), use)))),
  )

const isInDoubt = ({ doubt, state }: RowRecord): boolean => state === "unknown" || doubt

/** Returns the rows of a run whose contacts may exist. */
export const rowsInDoubt = (journal: JournalService): Stream.Stream<RowRecord, JournalError> =>
  Stream.filter(journal.rows({ states: ["planned", "sending", "unknown"] }), isInDoubt)
