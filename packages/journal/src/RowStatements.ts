/** The statements on rows, attempts and claims of one run in SQLite. They throw; `WriteQueue` makes errors of that. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite"
import * as Result from "effect/Result"

import type { AttemptEnd, Claim, Resolution, RowOutcome, RowRecord } from "./Journal.ts"
import type { JournalReason } from "./JournalError.ts"
import { JournalError } from "./JournalError.ts"
import { checksum, isEqual } from "./RowChecksum.ts"
import type { RowColumns } from "./RunTables.ts"
import { outcomeNumber, phases, recordOf, stateNumber, states } from "./RunTables.ts"

type Value = string | number | Uint8Array | null
export type Columns = Record<string, SQLOutputValue>

/** The states that statements name. */
export const stateNumbers = {
  planned: stateNumber("planned"),
  sending: stateNumber("sending"),
  created: stateNumber("created"),
  invalid: stateNumber("invalid"),
  unknown: stateNumber("unknown"),
} as const
const { invalid, planned, sending, unknown } = stateNumbers

const rowColumns = "number, key, content, line, state, doubt, attempts, status, code, earlier"
/** The columns that a run changes. */
type Changes = Partial<Record<"state" | "doubt" | "attempts" | "status" | "code", string>>

/** Returns SQL for the checksum of a row, with new values of some columns. */
const sumOf = ({
  attempts = "attempts",
  code = "code",
  doubt = "doubt",
  state = "state",
  status = "status",
}: Changes = {}) =>
  `checksum(concat_ws('|', number, hex(key), hex(content), line, ${state}, ${doubt}, ${attempts},
    ifnull(${status}, ''), ifnull(${code}, ''), ifnull(earlier, '')))`

/** Returns SQL that changes rows and their checksum; each value as it is stored. */
const updateRow = (changes: Changes): string => {
  const columns = Object.entries({ ...changes, sum: sumOf(changes) })
  return `UPDATE row SET ${columns.map(([name, value]) => `${name} = ${value}`).join(", ")}`
}

/** The columns of a row, and whether its checksum is right. */
export const selectRow = `SELECT ${rowColumns}, ${sumOf()} = sum AS isSound FROM row`

/** A released claim stays as one that expired at 0: it still ends older ones. */
export const isUnreleased = "ifnull(expires, 1) > 0"
// no newer claim on the row, and this one was not given back
const isHeld = `number BETWEEN :first AND :last
  AND EXISTS (SELECT 1 FROM claim WHERE epoch = :epoch AND ${isUnreleased})
  AND NOT EXISTS (
    SELECT 1 FROM claim WHERE epoch > :epoch AND number BETWEEN first AND last
  )`
const nextSequence = "(SELECT ifnull(max(sequence), 0) + 1 FROM attempt WHERE row = :row)"

// Made once: a text that is put together for each row costs as much as the statement.
const beginRow = `${updateRow({ state: `${sending}`, attempts: "attempts + 1" })}
  WHERE key = :key AND state = :from AND ${isHeld} RETURNING number`
const beginAttempt = `INSERT INTO attempt (row, sequence, attempt, epoch, started)
  VALUES (:row, ${nextSequence}, :attempt, :epoch, :now)`
// a number that is bound is a float
const endRow = `${updateRow({
  state: `CAST(iif(doubt AND :state = ${invalid}, ${unknown}, :state) AS INTEGER)`,
  doubt: "doubt OR :doubt",
  status: "ifnull(CAST(:status AS INTEGER), status)",
  code: ":code",
})}
  WHERE key = :key AND (state = ${sending} OR state = ${planned} AND :fromPlanned)
    AND ${isHeld} RETURNING number, state`
const findRow = `${selectRow} WHERE key = :key`

/** Keeps codes such as `ECONNRESET`. Other texts could quote a contact. */
export const codeOnly = (text: string | undefined): string | null =>
  text === undefined ? null : /^[A-Za-z][\w.-]{0,39}$/.test(text) ? text : "OTHER"

/** Returns the end of a row as both databases store it. */
export const storedEnd = ({ code, doubt, outcome, status }: RowOutcome) => ({
  state: outcomeNumber(outcome),
  isDoubt: doubt === true || outcome === "unknown" || outcome === "exists_after_doubt",
  status: status ?? null,
  code: codeOnly(code),
})

/** Reads the columns of a row, whether it is damaged or not. */
export const rowOf = (columns: Columns): RowRecord =>
  // safe: the tables are strict
  recordOf(columns as unknown as RowColumns)

/** Reads the columns of a row; throws if it is damaged. */
export const soundRow = (path: string, columns: Columns): RowRecord => {
  if (columns["isSound"] === 1 && states[Number(columns["state"])] !== undefined)
    return rowOf(columns)
  const detail = `row ${Number(columns["number"])} is damaged`
  throw new JournalError({ reason: "corrupt", path, detail })
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").toUpperCase()

/** A row of a plan as it is stored. */
interface NewRow {
  readonly number: number
  readonly key: Uint8Array
  readonly content: Uint8Array
  readonly line: number
  readonly state: number
  readonly doubt: number
  readonly status: number | null
  readonly code: string | null
  readonly earlier: string | null
}

export class RowStatements {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, path: string) {
    this.#db = db
    this.#path = path
    db.exec("PRAGMA temp_store = MEMORY")
  }

  /** Prepares a statement once. */
  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }

  all(sql: string, values: Readonly<Record<string, Value>> = {}): ReadonlyArray<Columns> {
    return this.#statement(sql).all(values)
  }

  get(sql: string, values: Readonly<Record<string, Value>> = {}): Columns | undefined {
    return this.#statement(sql).get(values)
  }

  /** Returns the number of rows that it changed. */
  run(sql: string, values: Readonly<Record<string, Value>> = {}): number {
    return Number(this.#statement(sql).run(values).changes)
  }

  /** Adds a row of the plan. Returns false if there is one with this key. */
  insert(row: NewRow): boolean {
    const { code, content, doubt, earlier, key, line, number, state, status } = row
    // as `sumOf` computes it
    const values = [number, hex(key), hex(content), line, state, doubt, 0, status, code, earlier]
    const sql = `INSERT INTO row (${rowColumns}, sum) VALUES (:number, :key, :content, :line, :state, :doubt, 0, :status,
      :code, :earlier, :sum) ON CONFLICT (key) DO NOTHING`
    return this.run(sql, { ...row, sum: checksum(values.join("|")) }) === 1
  }

  /** Finds a row by its key; throws if the index names a wrong one. */
  find(key: Uint8Array): Columns | undefined {
    const columns = this.get(findRow, { key })
    if (columns === undefined || isEqual(columns["key"], key)) return columns
    throw new JournalError({ reason: "corrupt", path: this.#path, detail: "the index is damaged" })
  }

  /** Returns the reason for which a statement with a claim changed nothing. */
  #whyUnchanged(claim: Claim, key: Uint8Array): JournalError {
    const values = { key, ...claimValues(claim) }
    const error = (reason: JournalReason, detail?: string) =>
      new JournalError({ reason, path: this.#path, detail })
    if (this.find(key) === undefined) return error("wrong_state", "the run has no such row")
    if (this.get(`SELECT 1 FROM row WHERE key = :key AND ${isHeld}`, values) === undefined)
      return error("fenced")
    return error("wrong_state", "it has ended, or another attempt is open")
  }

  intent(
    claim: Claim,
    key: Uint8Array,
    attempt: number,
    now: number,
  ): Result.Result<void, JournalError> {
    const row = this.get(beginRow, {
      key,
      from: attempt === 1 ? planned : sending,
      ...claimValues(claim),
    })
    if (row === undefined) return Result.fail(this.#whyUnchanged(claim, key))
    this.run(beginAttempt, { row: Number(row["number"]), attempt, epoch: claim.epoch, now })
    return Result.void
  }

  outcome(
    claim: Claim,
    key: Uint8Array,
    end: RowOutcome,
    now: number,
  ): Result.Result<void, JournalError> {
    const { code, isDoubt, state, status } = storedEnd(end)
    // without an attempt a row can only be left, found invalid, or stay in doubt
    const fromPlanned = ["not_sent", "invalid", "unknown"].includes(end.outcome)
    const row = this.get(endRow, {
      key,
      state,
      doubt: Number(isDoubt),
      status,
      code,
      fromPlanned: Number(fromPlanned),
      ...claimValues(claim),
    })
    if (row === undefined) return Result.fail(this.#whyUnchanged(claim, key))
    const number = Number(row["number"])
    for (const attempt of end.attempts ?? []) this.#endAttempt(number, attempt)
    this.#endAttempts(number, isDoubt && state === planned ? unknown : Number(row["state"]), now)
    return Result.void
  }

  #endAttempt(row: number, { cause, number, phase, status }: AttemptEnd): void {
    this.run(
      `UPDATE attempt SET phase = :phase, status = :status, cause = :cause
       WHERE row = :row AND attempt = :number AND outcome IS NULL`,
      { row, number, phase: phases.indexOf(phase), status: status ?? null, cause: codeOnly(cause) },
    )
  }

  /** Sets the outcome of the open attempts of a row; an end without an attempt gets an entry too. */
  #endAttempts(row: number, outcome: number, now: number, cause: string | null = null): void {
    const ended = this.run(
      "UPDATE attempt SET outcome = :outcome WHERE row = :row AND outcome IS NULL",
      { row, outcome },
    )
    if (ended > 0 || (outcome === planned && cause === null)) return
    this.run(
      `INSERT INTO attempt (row, sequence, attempt, epoch, started, outcome, cause)
       VALUES (:row, ${nextSequence}, 0, 0, :now, :outcome, :cause)`,
      { row, outcome, now, cause },
    )
  }

  /** Marks the rows of a range whose sending was never ended as in doubt. */
  recover(first: number, last: number, isResent: boolean): void {
    const range = "BETWEEN :first AND :last"
    this.run(
      `UPDATE attempt SET outcome = ${unknown} WHERE outcome IS NULL AND row IN
       (SELECT number FROM row WHERE state = ${sending} AND number ${range})`,
      { first, last },
    )
    this.run(
      `${updateRow({ state: `${isResent ? planned : unknown}`, doubt: "1" })}
       WHERE state = ${sending} AND number ${range}`,
      { first, last },
    )
  }

  resolve(number: number, resolution: Resolution, now: number): Result.Result<void, JournalError> {
    const state = stateNumber(resolution === "send_again" ? "planned" : resolution)
    const changed = this.run(
      `${updateRow({ state: "CAST(:state AS INTEGER)", doubt: "1" })} WHERE number = :number
       AND (state IN (${sending}, ${unknown}) OR state = ${planned} AND doubt)`,
      { number, state },
    )
    if (changed === 0) {
      const detail = `row ${number} is not in doubt`
      return Result.fail(new JournalError({ reason: "wrong_state", path: this.#path, detail }))
    }
    this.run("UPDATE attempt SET outcome = :unknown WHERE row = :row AND outcome IS NULL", {
      row: number,
      unknown,
    })
    this.#endAttempts(number, state, now, "RESOLVED")
    return Result.void
  }
}

const claimValues = ({ epoch, from, to }: Claim) => ({ epoch, first: from, last: to })
