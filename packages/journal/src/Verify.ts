/** Checks of a run's file: that it is not damaged, and that each row's state follows from its attempts. */
import type { Verification } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import type { RowStatements } from "./RowStatements.ts"
import { selectRow, stateNumbers } from "./RowStatements.ts"

const { created, planned, sending, unknown } = stateNumbers
/** So many rows of one kind of problem are named. */
const mostNamed = 20

// the newest entry of each row
const last = `SELECT row, outcome, max(sequence) FROM attempt GROUP BY row`

/** For each rule the rows that break it. */
const rules: ReadonlyArray<readonly [problem: string, rows: string]> = [
  ["is damaged", `SELECT number FROM (${selectRow}) WHERE isSound = 0`],
  [
    "has a state that does not follow from its attempts",
    `SELECT number FROM row LEFT JOIN (${last}) AS last ON last.row = number WHERE NOT CASE
      WHEN last.row IS NULL THEN state = ${planned} OR earlier IS NOT NULL
      WHEN outcome IS NULL THEN state = ${sending}
      WHEN outcome = ${unknown} THEN doubt AND state IN (${planned}, ${unknown})
      ELSE state = outcome END`,
  ],
  [
    "lost an attempt and is not marked as in doubt",
    `SELECT DISTINCT number FROM row JOIN attempt ON attempt.row = number
      WHERE outcome = ${unknown} AND NOT doubt`,
  ],
  [
    "has another number of attempts than it says",
    `SELECT number FROM row LEFT JOIN
      (SELECT row, count(*) AS made FROM attempt WHERE attempt > 0 GROUP BY row) AS made ON made.row = number
      WHERE attempts <> ifnull(made, 0)`,
  ],
  [
    "was ended by a claim that was never given",
    `SELECT DISTINCT row AS number FROM attempt WHERE epoch > (SELECT epoch FROM run)`,
  ],
  [
    "has attempts but is not part of the run",
    "SELECT DISTINCT row AS number FROM attempt WHERE row NOT IN (SELECT number FROM row)",
  ],
  [
    "is created without an attempt",
    `SELECT number FROM row WHERE state = ${created} AND attempts = 0 AND earlier IS NULL
      AND NOT EXISTS (SELECT 1 FROM attempt WHERE row = number AND cause = 'RESOLVED')`,
  ],
]

const integrity = (statements: RowStatements): ReadonlyArray<string> =>
  statements
    .all(`PRAGMA integrity_check(${mostNamed})`)
    .map((found) => String(found["integrity_check"]))
    .filter((found) => found !== "ok")

const rowCount = (statements: RowStatements) =>
  statements.get("SELECT (SELECT count(*) FROM row) AS found, rows AS planned FROM run")

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
  const counted = rowCount(statements)
  const problems = [...integrity(statements)]
  if (counted?.["found"] !== counted?.["planned"])
    problems.push(
      `${Number(counted?.["planned"])} rows were planned, ${Number(counted?.["found"])} are there`,
    )
  for (const [problem, rows] of rules) {
    const found = statements.all(`${rows} LIMIT ${mostNamed + 1}`)
    for (const row of found.slice(0, mostNamed))
      problems.push(`row ${Number(row["number"])} ${problem}`)
    if (found.length > mostNamed) problems.push(`more rows: ${problem}`)
  }
  return {
    isSound: problems.length === 0,
    rows: Number(counted?.["found"]),
    attempts: Number(statements.get("SELECT count(*) AS n FROM attempt WHERE attempt > 0")?.["n"]),
    problems,
  }
}
