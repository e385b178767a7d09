/** Checks of a run's file: that it is not damaged, and that each row's state follows from its attempts. */
import { Findings } from "./Findings.ts"
import type { AttemptRow, Verification } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import type { RowStatements } from "./RowStatements.ts"
import { rowOf, selectRow } from "./RowStatements.ts"
import { attemptOf } from "./RunReads.ts"

/** So many problems of the file itself are named. */
const mostNamed = 20
/** The rows that are read at a time. */
const pageSize = 500

const integrity = (statements: RowStatements): ReadonlyArray<string> =>
  statements
    .all(`PRAGMA integrity_check(${mostNamed})`)
    .map((found) => String(found["integrity_check"]))
    .filter((found) => found !== "ok")

const rowCount = (statements: RowStatements) =>
  statements.get("SELECT (SELECT count(*) FROM row) AS found, rows AS planned, epoch FROM run")

/** Throws if the file is damaged: nothing may be sent on the word of such a file. */
export const checkDamage = (statements: RowStatements, path: string): void => {
  const counted = rowCount(statements)
  const damaged = statements.get(`SELECT number FROM (${selectRow}) WHERE isSound = 0 LIMIT 1`)
  const detail =
    damaged !== undefined
      ? `row ${Number(damaged["number"])} is damaged`
      : counted?.["found"] !== counted?.["planned"]
        ? "rows are missing"
        : integrity(statements)[0]
  if (detail !== undefined) throw new JournalError({ reason: "corrupt", path, detail })
}

/** Finds everything that is wrong with a run. */
export const verifyRun = (statements: RowStatements): Verification => {
  const findings = new Findings()
  const counted = rowCount(statements)
  for (const problem of integrity(statements)) findings.note(true, problem)
  const lost = `SELECT DISTINCT row FROM attempt WHERE row > :after AND row NOT IN (SELECT number FROM row) ORDER BY row LIMIT ${pageSize}`
  for (let found = statements.all(lost, { after: 0 }); found.length > 0;) {
    const numbers = found.map(({ row }) => Number(row))
    for (const row of numbers) findings.note(true, "has attempts but is not part of the run", row)
    found = statements.all(lost, { after: numbers.at(-1) ?? 0 })
  }
  const page = `${selectRow} WHERE number > :after ORDER BY number LIMIT ${pageSize}`
  const entries = "SELECT * FROM attempt WHERE row BETWEEN :first AND :last ORDER BY row, sequence"
  for (let rows = statements.all(page, { after: 0 }); rows.length > 0;) {
    const records = rows.map(rowOf)
    const [first = 0, last = 0] = [records[0]?.number, records.at(-1)?.number]
    const attempts = new Map<number, Array<AttemptRow>>()
    for (const entry of statements.all(entries, { first, last }).map(attemptOf))
      attempts.set(entry.row, [...(attempts.get(entry.row) ?? []), entry])
    for (const [index, record] of records.entries()) {
      findings.note(rows[index]?.["isSound"] !== 1, "is damaged", record.number)
      findings.row(record, attempts.get(record.number) ?? [], Number(counted?.["epoch"]))
    }
    rows = statements.all(page, { after: last })
  }
  return findings.result(Number(counted?.["planned"]))
}
