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

/** Opens the tables; the first operation creates them. */
export const make = Effect.gen(function* () {
  const database = PostgresRuns.openDatabase(yield* SqlClient.SqlClient, schema)
  /** Runs a statement; the values in it are bound. */
  const run = <Row extends object>(parts: TemplateStringsArray, ...values: Array<unknown>) => {
    const text = parts.reduce((before, part, at) => `${before}$${at}${part}`)
    return Effect.flatMap(database, (db) => db.all<Row>(text, ...values))
  }
  const imports = (where: string, value: string) => {
    const text = `SELECT run, token_class AS "tokenClass", (extract(epoch FROM approved_at) * 1000)::float8 AS "approvedAt",
      (extract(epoch FROM ended_at) * 1000)::float8 AS "endedAt" FROM aelyst_import WHERE ${where} ORDER BY approved_at`
    return Effect.flatMap(database, (db) => db.all<ApprovedImport>(text, value))
  }

  return {
    /** Creates the tables unless they are there. */
    prepared: Effect.asVoid(database),
    /** Approves an import; one that has ended is approved again. */
    approve: (id: string, origin: string, tokenClass: string) =>
      run`WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = ${id})
        INSERT INTO aelyst_import AS import (run, origin, token_class) VALUES (${id}, ${origin}, ${tokenClass})
        ON CONFLICT (run) DO UPDATE SET origin = excluded.origin, token_class = excluded.token_class, ended_at = NULL,
          approved_at = CASE WHEN import.ended_at IS NULL THEN import.approved_at ELSE excluded.approved_at END`,
    get: (id: string) => Effect.map(imports("run = $1", id), ([found]) => found),
    /** Imports that have not ended, the oldest first. */
    open: (origin: string) => imports("ended_at IS NULL AND origin = $1", origin),
    end: (id: string) =>
      run`UPDATE aelyst_import SET ended_at = clock_timestamp() WHERE run = ${id} AND ended_at IS NULL`,
    /** Continues an import that is marked as ended, and gives every range another try. */
    reopen: (id: string) =>
      run`WITH gone AS (DELETE FROM aelyst_import_wait WHERE run = ${id})
        UPDATE aelyst_import SET ended_at = NULL WHERE run = ${id}`,
    /** Lets a range wait; each time without an end of a row counts, and waits twice as long. */
    wait: (id: string, from: number, reason: string, counts: boolean) =>
      run`INSERT INTO aelyst_import_wait AS wait (run, first, tries, due_at, reason)
        VALUES (${id}, ${from}, ${counts}::boolean::integer, clock_timestamp() + interval '5 seconds', ${reason})
        ON CONFLICT (run, first) DO UPDATE SET reason = excluded.reason,
          tries = CASE WHEN ${counts} THEN wait.tries + 1 ELSE 0 END,
          due_at = clock_timestamp() + interval '5 seconds' * CASE WHEN ${counts} THEN 2 ^ wait.tries ELSE 1 END`,
    /** The ranges that are not due. */
    waiting: (id: string) =>
      run<WaitingRange>`SELECT first::float8 AS "from", reason, tries >= ${maxTries} AS "isParked" FROM aelyst_import_wait
        WHERE run = ${id} AND (tries >= ${maxTries} OR due_at > clock_timestamp()) ORDER BY first`,
    remove: (id: string) => run`DELETE FROM aelyst_import WHERE run = ${id}`,
  }
})

/** The tables of imports. */
export type ImportTable = Effect.Success<typeof make>
