/** The rows that a run may send, told apart from those that were done before it. */
import type { JournalError, JournalService } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

import type { CheckedRow } from "../types.ts"

/** The rows of an import, read from the start each time that they are run: those of a check. */
export interface PlannedRows<E, R> {
  readonly rows: Stream.Stream<CheckedRow, E, R>
  /** Returns the rows from a number on, those before it unchecked. */
  readonly rowsFrom: (number: number) => Stream.Stream<CheckedRow, E, R>
}

/** The rows of a claim. */
export interface ClaimedRows<E, R> {
  readonly rows: Stream.Stream<CheckedRow, E, R>
  /** Those before `rows`, none of which is left: they are reported while requests are under way. Default: none. */
  readonly done?: Stream.Stream<CheckedRow, E, R> | undefined
}

/** Returns the rows to send; if rows have ended, those before the first that is left apart. */
export const claimedRows = <E, R>(
  journal: JournalService,
  ended: number,
  planned: Stream.Stream<CheckedRow, E, R> | PlannedRows<E, R>,
): Effect.Effect<ClaimedRows<E, R>, JournalError> =>
  Effect.gen(function* () {
    if (Stream.isStream(planned)) return { rows: planned }
    const { rows, rowsFrom } = planned
    if (ended === 0) return { rows }
    const first = yield* Stream.runHead(journal.rows({ states: ["planned"] }))
    const number = Option.match(first, { onNone: () => Infinity, onSome: (row) => row.number })
    const done = Stream.takeWhile(rows, ({ row }) => row.number < number)
    return { rows: number === Infinity ? Stream.empty : rowsFrom(number), done }
  })
