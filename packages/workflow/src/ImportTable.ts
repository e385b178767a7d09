/**
 * The steps of imports, in two tables: which runs are approved, by whom they may be sent, and the ranges that wait because no
 * row of them could be ended. The rows and the claims are those of the journal. Each operation is one statement.
 */
import { PostgresRuns } from "@aelyst/journal/postgres"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** Two processes that start together create the tables once. */
const schema = `DO $$
BEGIN
  IF to_regclass('aelyst_import_wait') IS NULL THEN
    PERFORM pg_advisory_xact_lock(4704327);
    CREATE TABLE IF NOT EXISTS aelyst_import (
      run text PRIMARY KEY,
      origin text NOT NULL,
      token_class text NOT NULL,
      approved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      ended_at timestamptz
    );
    CREATE INDEX IF NOT EXISTS aelyst_import_open ON aelyst_import (approved_at) WHERE ended_at IS NULL;
    CREATE TABLE IF NOT EXISTS aelyst_import_wait (
      run text NOT NULL REFERENCES aelyst_import ON DELETE CASCADE,
      first bigint NOT NULL,
      tries integer NOT NULL,
      due_at timestamptz NOT NULL,
      reason text NOT NULL,
      PRIMARY KEY (run, first)
    );
  END IF;
END $$`

/** The tables. */
export const names = ["aelyst_import", "aelyst_import_wait"]

/** How often a range is claimed without an end of any row before it is parked. */
const maxTries = 5

/** An approved import; its times are epoch milliseconds of the server. */
export interface ApprovedImport {
  readonly run: string
  /** The class of the tokens that may send it. */
  readonly tokenClass: string
  readonly approvedAt: number
  readonly endedAt: number | undefined
}

/** A range that waits for a later try, or is parked. */
export interface WaitingRange {
  /** The number of its first row. */
  readonly from: number
  /** The outcome of its rows, or the reason of a `JournalError`. */
  readonly reason: string
  readonly isParked: boolean
}

const millis = (time: unknown): number | undefined =>
  time === null || time === undefined ? undefined : Number(time)

const importOf = (row: Readonly<Record<string, unknown>>): ApprovedImport => ({
  run: String(row["run"]),
  tokenClass: String(row["token_class"]),
  approvedAt: millis(row["approved"]) ?? 0,
  endedAt: millis(row["ended"]),
})

/** Opens the tables; the first operation creates them. */
export const make = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  let isReady = false
  const failed = Effect.mapError((error: SqlError) => PostgresRuns.errorOf("Postgres", error))
  const prepared = Effect.suspend(() =>
    isReady
      ? Effect.void
      : Effect.map(sql.unsafe(schema).unprepared, () => {
          isReady = true
        }),
  ).pipe(failed)
  const run = (text: string, values: ReadonlyArray<unknown>) =>
    Effect.andThen(prepared, failed(sql.unsafe<Readonly<Record<string, unknown>>>(text, values)))
  const columns = `run, token_class, extract(epoch FROM approved_at) * 1000 AS approved, extract(epoch FROM ended_at) * 1000 AS ended`

  return {
    /** Creates the tables unless they are there. */
    prepared,
    /** Approves an import; one that has ended is approved again. */
    approve: (id: string, origin: string, tokenClass: string) =>
      run(
        `WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = $1)
        INSERT INTO aelyst_import AS import (run, origin, token_class) VALUES ($1, $2, $3)
        ON CONFLICT (run) DO UPDATE SET origin = $2, token_class = $3, ended_at = NULL,
          approved_at = CASE WHEN import.ended_at IS NULL THEN import.approved_at ELSE excluded.approved_at END`,
        [id, origin, tokenClass],
      ),
    get: (id: string) =>
      Effect.map(run(`SELECT ${columns} FROM aelyst_import WHERE run = $1`, [id]), ([row]) =>
        row === undefined ? undefined : importOf(row),
      ),
    /** Imports that have not ended, the oldest first. */
    open: (origin: string) =>
      Effect.map(
        run(
          `SELECT ${columns} FROM aelyst_import WHERE ended_at IS NULL AND origin = $1 ORDER BY approved_at`,
          [origin],
        ),
        (rows) => rows.map(importOf),
      ),
    end: (id: string) =>
      run(
        `UPDATE aelyst_import SET ended_at = clock_timestamp() WHERE run = $1 AND ended_at IS NULL`,
        [id],
      ),
    /** Continues an import that is marked as ended, and gives every range another try. */
    reopen: (id: string) =>
      run(
        `WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = $1)
        UPDATE aelyst_import SET ended_at = NULL WHERE run = $1`,
        [id],
      ),
    /** Lets a range wait; each time without an end of a row counts, and waits twice as long. */
    wait: (id: string, from: number, reason: string, counts: boolean) =>
      run(
        `INSERT INTO aelyst_import_wait AS wait (run, first, tries, due_at, reason)
        VALUES ($1, $2, $4, clock_timestamp() + interval '5 seconds', $3)
        ON CONFLICT (run, first) DO UPDATE SET reason = $3,
          tries = CASE WHEN $4 = 0 THEN 0 ELSE wait.tries + 1 END,
          due_at = clock_timestamp() + interval '5 seconds' * CASE WHEN $4 = 0 THEN 1 ELSE 2 ^ wait.tries END`,
        [id, from, reason, counts ? 1 : 0],
      ),
    /** The ranges that are not due. */
    waiting: (id: string) =>
      Effect.map(
        run(
          `SELECT first, reason, tries >= ${maxTries} AS parked FROM aelyst_import_wait
          WHERE run = $1 AND (tries >= ${maxTries} OR due_at > clock_timestamp()) ORDER BY first`,
          [id],
        ),
        (rows): ReadonlyArray<WaitingRange> =>
          rows.map((row) => ({
            from: Number(row["first"]),
            reason: String(row["reason"]),
            isParked: row["parked"] === true,
          })),
      ),
    remove: (id: string) => run(`DELETE FROM aelyst_import WHERE run = $1`, [id]),
  }
})

/** The tables of imports. */
export type ImportTable = Effect.Success<typeof make>
