/** Checks of a run in Postgres: that each row's state follows from its attempts, and that no contact is kept after its end. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { attemptsOf } from "./AttemptLog.ts"
import type { Database } from "./Database.ts"
import type { AttemptRow, RowRecord, Verification } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import { isOpen } from "./PostgresStatements.ts"

/** A row with the text of its attempts. */
export interface LoggedRow extends RowRecord {
  readonly log: string
  /** Whether its payload is still there. */
  readonly isKept: boolean
}

/** So many problems are named. */
const mostNamed = 20

const follows = (
  { doubt, earlierRun, state }: LoggedRow,
  last: AttemptRow | undefined,
): boolean => {
  if (last === undefined) return state === "planned" || earlierRun !== undefined
  if (last.outcome === undefined) return state === "sending"
  if (last.outcome === "unknown") return doubt && (state === "planned" || state === "unknown")
  return state === (last.outcome === "not_sent" ? "planned" : last.outcome)
}

/** Returns what is wrong with a row. */
const problemsOf = (row: LoggedRow, attempts: ReadonlyArray<AttemptRow>, epochs: number) => {
  const { doubt, earlierRun, isKept, state } = row
  const mayBeSent = state === "planned" || state === "sending" || state === "unknown"
  const rules: ReadonlyArray<readonly [isBroken: boolean, problem: string]> = [
    [!follows(row, attempts.at(-1)), "has a state that does not follow from its attempts"],
    [
      !doubt && attempts.some(({ outcome }) => outcome === "unknown"),
      "lost an attempt and is not marked as in doubt",
    ],
    [
      row.attempts !== attempts.filter(({ attempt }) => attempt > 0).length,
      "has another number of attempts than it says",
    ],
    [attempts.some(({ epoch }) => epoch > epochs), "was ended by a claim that was never given"],
    [
      state === "created" &&
        row.attempts === 0 &&
        earlierRun === undefined &&
        !attempts.some(({ cause }) => cause === "RESOLVED"),
      "is created without an attempt",
    ],
    [isKept && !mayBeSent, "has ended and its contact is still stored"],
  ]
  return rules.flatMap(([isBroken, problem]) => (isBroken ? [`row ${row.number} ${problem}`] : []))
}

const statement = `SELECT rows, (SELECT last_value FROM aelyst_epoch) AS epochs,
  (SELECT count(*) FROM aelyst_range AS range WHERE run = $1 AND ended AND EXISTS (SELECT 1 FROM aelyst_row AS row
    WHERE row.run = $1 AND number BETWEEN first AND last AND ${isOpen})) AS closed
  FROM aelyst_run WHERE seq = $1`

/** Finds everything that is wrong with a run. */
export const verifyRun = (
  db: Database,
  seq: number,
  rows: Stream.Stream<LoggedRow, JournalError>,
): Effect.Effect<Verification, JournalError> =>
  Effect.gen(function* () {
    const read = db.first(statement, seq)
    let found = yield* read
    const problems: Array<string> = []
    let count = 0
    let sent = 0
    let unnamed = 0
    const note = (problem: string) => {
      if (problems.length < mostNamed) problems.push(problem)
      else unnamed += 1
    }
    yield* Stream.runForEach(
      rows,
      Effect.fnUntraced(function* (row) {
        const attempts = attemptsOf(row.number, row.log)
        count += 1
        sent += attempts.filter(({ attempt }) => attempt > 0).length
        // claims are given meanwhile
        if (attempts.some(({ epoch }) => epoch > Number(found?.["epochs"]))) found = yield* read
        for (const problem of problemsOf(row, attempts, Number(found?.["epochs"]))) note(problem)
      }),
    )
    const planned = Number(found?.["rows"])
    if (count !== planned) note(`${planned} rows were planned, ${count} are there`)
    const closed = Number(found?.["closed"])
    if (closed > 0) note(`${closed} ranges have ended and have rows left to send`)
    if (unnamed > 0) problems.push(`${unnamed} more problems`)
    return { isSound: problems.length === 0, rows: count, attempts: sent, problems }
  })
