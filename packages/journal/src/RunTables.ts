/** The tables of a run in SQLite, their version, and what is kept of the run itself. */
import { randomBytes } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import * as Result from "effect/Result"

import type { EarlierRow, RowRecord, Run, RunFacts, SentOutcome } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import { checksum, sha256 } from "./RowChecksum.ts"
import type { SqliteFile } from "./SqliteFile.ts"

/** "Aely", in the header of each file. */
const applicationId = 0x41656c79
/** Raised with every change of the tables. `migrations` then gets the statements that lead to it. */
const schemaVersion = 1

/** Statements that bring a file of the version before to each version, from 1. */
const migrations: ReadonlyArray<string> = [
  `CREATE TABLE run (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    facts TEXT NOT NULL,
    salt BLOB NOT NULL,
    created INTEGER NOT NULL,
    planned INTEGER,
    rows INTEGER NOT NULL DEFAULT 0,
    invalid INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    outside INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE row (
    number INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    content BLOB NOT NULL,
    line INTEGER NOT NULL,
    state INTEGER NOT NULL,
    doubt INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    status INTEGER,
    code TEXT,
    earlier TEXT,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX row_key ON row (key);
  CREATE TABLE attempt (
    row INTEGER NOT NULL REFERENCES row,
    sequence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    started INTEGER NOT NULL,
    phase INTEGER,
    outcome INTEGER,
    status INTEGER,
    cause TEXT,
    PRIMARY KEY (row, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE claim (
    epoch INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    owner TEXT,
    expires INTEGER
  ) STRICT;`,
]

/** The states and outcomes as they are stored: a number each, the place in this list. */
export const states = [
  "planned",
  "sending",
  "created",
  "existed",
  "exists_after_doubt",
  "invalid",
  "rejected",
  "unknown",
] as const
export const stateNumber = (state: (typeof states)[number]): number => states.indexOf(state)
/** Of an outcome; `not_sent` leaves a row planned. */
export const outcomeNumber = (outcome: SentOutcome): number =>
  outcome === "not_sent" ? 0 : stateNumber(outcome)
/** The outcome with this number. */
export const sentOutcome = (number: number): SentOutcome => {
  const state = states[number]
  return state === undefined || state === "planned" || state === "sending" ? "not_sent" : state
}

/** The columns of a row, as both databases return them. */
export interface RowColumns {
  readonly number: number
  readonly line: number
  readonly state: number
  readonly doubt: boolean | number
  readonly attempts: number
  readonly status: number | null
  readonly code: string | null
  readonly earlier: string | null
}

/** Reads the columns of a row. */
export const recordOf = ({
  attempts,
  code,
  doubt,
  earlier,
  line,
  number,
  state,
  status,
}: RowColumns): RowRecord => ({
  number,
  line,
  state: states[state] ?? "unknown",
  doubt: Boolean(doubt),
  attempts,
  status: status ?? undefined,
  code: code ?? undefined,
  earlierRun: earlier ?? undefined,
})

/** Returns what a run knows of a row, for a later run. */
export const earlierRow = (
  run: string,
  { code, doubt, state, status }: RowRecord,
  isSame: boolean,
): EarlierRow => ({ run, state, doubt, isSame, status, code })

/** The phases of an attempt as they are stored. */
export const phases = ["connect", "headers", "body", "answered"] as const

/** Returns a text that is the same for the same input, origin and account, and for nothing else. */
export const fingerprint = ({ input, origin, tokenClass }: RunFacts): string =>
  sha256(JSON.stringify([input.sha256, input.bytes, input.mapping, origin, tokenClass]))

/** The record of a run in its file. */
export interface StoredRun {
  /** Whether the run was written just now. */
  readonly isCreated: boolean
  readonly run: Run
  readonly salt: Uint8Array
}

const sumOfRun = `checksum(concat_ws('|', id, facts, hex(salt), created, ifnull(planned, ''), rows, invalid,
  duplicate, outside))`
/** Sets the checksum of the run; ends every statement that changes it. */
export const sumRun = `UPDATE run SET sum = ${sumOfRun}`

const isEmpty = (file: SqliteFile): boolean =>
  file.pragma("application_id") === 0 &&
  file.pragma("user_version") === 0 &&
  file.db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"] === 0

const migrate = (file: SqliteFile, version: number): void => {
  for (const [index, statements] of migrations.entries())
    if (index >= version) file.db.exec(statements)
  file.db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`)
}

/** Defines the functions that the statements use. */
const define = (db: DatabaseSync): void =>
  db.function("checksum", { deterministic: true }, checksum)

/** Runs statements in one transaction; throws what they throw. */
const inTransaction = (db: DatabaseSync, run: () => void): void => {
  db.exec("BEGIN IMMEDIATE")
  const done = Result.try(run)
  if (Result.isSuccess(done)) return db.exec("COMMIT")
  Result.try(() => db.exec("ROLLBACK"))
  throw done.failure
}

/**
 * Prepares an open file: checks that it is a journal, brings it to this version, and reads its run; an empty file gets the
 * run that `create` returns. Throws.
 */
export const openRun = (file: SqliteFile, create?: () => Omit<Run, "plannedAt">): StoredRun => {
  const { db, path } = file
  define(db)
  const isCreated = isEmpty(file)
  if (isCreated) {
    if (create === undefined)
      throw new JournalError({ reason: "not_a_journal", path, detail: "empty" })
    file.useWal()
    const { createdAt, id, ...facts } = create()
    inTransaction(db, () => {
      migrate(file, 0)
      db.prepare(
        "INSERT INTO run (one, id, facts, salt, created, sum) VALUES (1, ?, ?, ?, ?, 0)",
      ).run(id, JSON.stringify(facts), randomBytes(16), createdAt)
      db.exec(sumRun)
    })
  } else {
    if (file.pragma("application_id") !== applicationId)
      throw new JournalError({
        reason: "not_a_journal",
        path,
        detail: "another program's database",
      })
    const version = file.pragma("user_version")
    if (version > schemaVersion)
      throw new JournalError({
        reason: "newer_version",
        path,
        detail: `version ${version}, this program knows ${schemaVersion}`,
      })
    file.useWal()
    if (version < schemaVersion) inTransaction(db, () => migrate(file, version))
  }
  return { isCreated, ...readRun(file) }
}

const readRun = ({ db, path }: SqliteFile): Omit<StoredRun, "isCreated"> => {
  const stored = db.prepare(`SELECT *, ${sumOfRun} = sum AS isSound FROM run`).get()
  if (stored === undefined || stored["isSound"] !== 1)
    throw new JournalError({ reason: "corrupt", path, detail: "the record of the run is damaged" })
  // safe: written by `openRun`, and its checksum is right
  const facts = JSON.parse(String(stored["facts"])) as RunFacts
  const planned = stored["planned"]
  return {
    run: {
      ...facts,
      id: String(stored["id"]),
      createdAt: Number(stored["created"]),
      plannedAt: planned === null ? undefined : Number(planned),
    },
    // safe: a column of bytes
    salt: stored["salt"] as Uint8Array,
  }
}
