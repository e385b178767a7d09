/** Shared by the commands about runs: how a journal that cannot be used is reported, and which rows are in doubt. */
import type { JournalService } from "@aelyst/journal"
import { JournalError } from "@aelyst/journal"
import type { RowRecord } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import { journalFailure } from "./JournalFailure.ts"

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

const isInDoubt = ({ doubt, state }: RowRecord): boolean => state === "unknown" || doubt

/** Returns the rows of a run whose contacts may exist. */
export const rowsInDoubt = (journal: JournalService): Stream.Stream<RowRecord, JournalError> =>
  Stream.filter(journal.rows({ states: ["planned", "sending", "unknown"] }), isInDoubt)
