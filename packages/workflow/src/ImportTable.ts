/**
 * The steps of imports, in two tables: which runs are approved, by whom they may be sent, and the ranges that wait because no
 * row of them could be ended. The rows and the claims are those of the journal. Each operation is one statement.
 */
import { PostgresRuns } from "@aelyst/journal/postgres"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Two processes that start together create the tables once. */
const schema = `DO $$
BEGIN
  IF to_regclass('aelyst_import_wait') IS NULL THEN
    PERFORM pg_advisory_xact_lock(4704327);
    CREATE TABLE IF NOT EXISTS aelyst_import (
      run text PRIMARY KEY, origin text NOT NULL, token_class text NOT NULL,
      approved_at timestamptz NOT NULL DEFAULT clock_timestamp(), ended_at timestamptz
    );
    CREATE INDEX IF NOT EXISTS aelyst_import_open ON aelyst_import (approved_at) WHERE ended_at IS NULL;
    CREATE TABLE IF NOT EXISTS aelyst_import_wait (
      run text NOT NULL REFERENCES aelyst_import ON DELETE CASCADE, first bigint NOT NULL,
      tries integer NOT NULL, due_at timestamptz NOT NULL, reason text NOT NULL, PRIMARY KEY (run, first)
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
  readonly endedAt: number | null
}

/** A range that waits for a later try, or is parked. */
export interface WaitingRange {
  /** The number of its first row. */
  readonly from: number
  /** The outcome of its rows, or the reason of a `JournalError`. */
  readonly reason: string
  readonly isParked: boolean
}

const columns = `run, token_class AS "tokenClass", (extract(epoch FROM approved_at) * 1000)::float8 AS "approvedAt",
  (extract(epoch FROM ended_at) * 1000)::float8 AS "endedAt"`

/** Opens the tables; the first operation creates them. */
export const make = Effect.gen(function* () {
  const database = PostgresRuns.openDatabase(yield* SqlClient.SqlClient, schema)
  const run = <Row extends object>(text: string, ...values: ReadonlyArray<unknown>) =>
    Effect.flatMap(database, (db) => db.all<Row>(text, ...values))

  return {
    /** Creates the tables unless they are there. */
    prepared: Effect.asVoid(database),
    /** Approves an import; one that has ended is approved again. */
    approve: (id: string, origin: string, tokenClass: string) =>
      run(
        `WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = $1)
        INSERT INTO aelyst_import AS import (run, origin, token_class) VALUES ($1, $2, $3)
        ON CONFLICT (run) DO UPDATE SET origin = $2, token_class = $3, ended_at = NULL,
          approved_at = CASE WHEN import.ended_at IS NULL THEN import.approved_at ELSE excluded.approved_at END`,
        id,
        origin,
        tokenClass,
      ),
    get: (id: string) =>
      Effect.map(
        run<ApprovedImport>(`SELECT ${columns} FROM aelyst_import WHERE run = $1`, id),
        ([found]) => found,
      ),
    /** Imports that have not ended, the oldest first. */
    open: (origin: string) =>
      run<ApprovedImport>(
        `SELECT ${columns} FROM aelyst_import WHERE ended_at IS NULL AND origin = $1 ORDER BY approved_at`,
        origin,
      ),
    end: (id: string) =>
      run(
        `UPDATE aelyst_import SET ended_at = clock_timestamp() WHERE run = $1 AND ended_at IS NULL`,
        id,
      ),
    /** Continues an import that is marked as ended, and gives every range another try. */
    reopen: (id: string) =>
      run(
        `WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = $1)
        UPDATE aelyst_import SET ended_at = NULL WHERE run = $1`,
        id,
      ),
    /** Lets a range wait; each time without an end of a row counts, and waits twice as long. */
    wait: (id: string, from: number, reason: string, counts: boolean) =>
      run(
        `INSERT INTO aelyst_import_wait AS wait (run, first, tries, due_at, reason)
        VALUES ($1, $2, $4, clock_timestamp() + interval '5 seconds', $3)
        ON CONFLICT (run, first) DO UPDATE SET reason = $3,
          tries = CASE WHEN $4 = 0 THEN 0 ELSE wait.tries + 1 END,
          due_at = clock_timestamp() + interval '5 seconds' * CASE WHEN $4 = 0 THEN 1 ELSE 2 ^ wait.tries END`,
        id,
        from,
        reason,
        counts ? 1 : 0,
      ),
    /** The ranges that are not due. */
    waiting: (id: string) =>
      run<WaitingRange>(
        `SELECT first::float8 AS "from", reason, tries >= ${maxTries} AS "isParked" FROM aelyst_import_wait
        WHERE run = $1 AND (tries >= ${maxTries} OR due_at > clock_timestamp()) ORDER BY first`,
        id,
      ),
    remove: (id: string) => run(`DELETE FROM aelyst_import WHERE run = $1`, id),
  }
})

/** The tables of imports. */
export type ImportTable = Effect.Success<typeof make>
