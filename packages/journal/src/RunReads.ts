/** Reads rows, attempts and counts of a run in SQLite, a page at a time. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

import type {
  AttemptRow,
  JournalService,
  Range,
  RowRecord,
  RowState,
  RunCounts,
} from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import type { Columns, RowStatements } from "./RowStatements.ts"
import { selectRow, soundRow } from "./RowStatements.ts"
import { phases, sentOutcome, stateNumber, states } from "./RunTables.ts"

const pageSize = 500

/** Runs a function that reads. */
type Run = <A>(
  read: (statements: RowStatements, path: string) => A,
) => Effect.Effect<A, JournalError>

/** Returns whether a row may have been created without a proof of it. */
export const isInDoubt = ({
  doubt,
  state,
}: {
  readonly doubt: boolean
  readonly state: RowState
}): boolean => state === "sending" || state === "unknown" || (state === "planned" && doubt)

/** Reads pages until one is empty; each begins after the row with which the last one ended. */
export const pages = <A>(
  { from = 1 }: Range,
  read: (after: number) => Effect.Effect<ReadonlyArray<A>, JournalError>,
  numberOf: (made: A) => number,
): Stream.Stream<A, JournalError> =>
  Stream.paginate(from - 1, (after) =>
    Effect.map(read(after), (page) => {
      const end = page.at(-1)
      return [page, end === undefined ? Option.none() : Option.some(numberOf(end))] as const
    }),
  )

/** Reads rows in order. */
export const readRows = (run: Run, options: Parameters<JournalService["rows"]>[0] = {}) => {
  const last = options.to ?? Number.MAX_SAFE_INTEGER
  const wanted = (options.states ?? states).map(stateNumber).join(", ")
  const sql = `${selectRow} WHERE number > :after AND number <= :last AND state IN (${wanted})
    ORDER BY number LIMIT ${pageSize}`
  return pages(
    options,
    (after) =>
      run((statements, path) =>
        statements.all(sql, { after, last }).map((columns) => soundRow(path, columns)),
      ),
    (row) => row.number,
  )
}

/** Reads attempts in order; a page has all of each of its rows. */
export const readAttempts = (run: Run, range: Range = {}) => {
  const last = range.to ?? Number.MAX_SAFE_INTEGER
  const sql = `SELECT * FROM attempt WHERE row IN (
      SELECT DISTINCT row FROM attempt WHERE row > :after AND row <= :last ORDER BY row LIMIT ${pageSize})
    ORDER BY row, sequence`
  return pages(
    range,
    (after) => run((statements) => statements.all(sql, { after, last }).map(attemptOf)),
    (entry) => entry.row,
  )
}

/** Reads the columns of an attempt. */
export const attemptOf = (columns: Columns): AttemptRow => {
  const { attempt, cause, epoch, outcome, phase, row, sequence, started, status } = columns
  return {
    row: Number(row),
    sequence: Number(sequence),
    attempt: Number(attempt),
    epoch: Number(epoch),
    startedAt: Number(started),
    phase: phase === null ? undefined : phases[Number(phase)],
    status: status === null ? undefined : Number(status),
    cause: cause === null ? undefined : String(cause),
    outcome: outcome === null ? undefined : sentOutcome(Number(outcome)),
  }
}

/** So many rows in one state. */
export interface RowGroup extends Pick<RowRecord, "doubt" | "state"> {
  /** Whether an earlier run brought them into it. */
  readonly isEarlier: boolean
  readonly n: number
}

/** Reads a group: its state, its doubt, and whether an earlier run brought rows into it are one number. */
export const groupOf = ({ kind, n }: { readonly kind: number; readonly n: number }): RowGroup => ({
  state: states[kind >> 2] ?? "unknown",
  doubt: (kind & 2) !== 0,
  isEarlier: (kind & 1) !== 0,
  n,
})

/** Returns the counts of a run, given what its plan counted and its rows by state. */
export const countsOf = (
  { duplicate, foreign, invalid }: Pick<RunCounts, "duplicate" | "foreign" | "invalid">,
  groups: ReadonlyArray<RowGroup>,
): RunCounts => {
  const counts = {
    created: 0,
    existed: 0,
    exists_after_doubt: 0,
    invalid,
    rejected: 0,
    unknown: 0,
    not_sent: 0,
    duplicate,
    foreign,
    earlier: 0,
    inDoubt: 0,
  }
  let total = invalid + duplicate
  for (const { doubt, isEarlier, n, state } of groups) {
    const isOpen = state === "planned" || state === "sending"
    if (isInDoubt({ state, doubt })) counts.unknown += n
    else counts[isOpen ? "not_sent" : state] += n
    if (isOpen && isInDoubt({ state, doubt })) counts.inDoubt += n
    if (!isOpen && isEarlier) counts.earlier += n
    total += n
  }
  return { total, ...counts }
}

/** Counts the rows by outcome. */
export const countRows = (statements: RowStatements): RunCounts => {
  const run = statements.get("SELECT invalid, duplicate, outside FROM run") ?? {}
  const groups = statements.all(
    `SELECT state * 4 + doubt * 2 + (attempts = 0 AND earlier IS NOT NULL) AS kind, count(*) AS n FROM row GROUP BY 1`,
  )
  return countsOf(
    {
      invalid: Number(run["invalid"]),
      duplicate: Number(run["duplicate"]),
      foreign: Number(run["outside"]),
    },
    groups.map(({ kind, n }) => groupOf({ kind: Number(kind), n: Number(n) })),
  )
}
