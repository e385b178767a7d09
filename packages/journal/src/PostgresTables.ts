/** The tables of runs in Postgres. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"

import { once, openDatabase } from "./Database.ts"
import { RowHash } from "./RowChecksum.ts"

/** Raised with every change of the tables. */
const version = 1

// Rows are narrow, have two indexes, and no update changes an indexed column, so Postgres rewrites them in place. Keys are hashes
// with one salt for the database: the runs of one account are compared. Ranges that wait are in another table, since another
// session may have locked its row.
const schema = `DO $$
BEGIN
  IF to_regclass('aelyst_journal') IS NULL THEN
    PERFORM pg_advisory_xact_lock(4704326);
    CREATE TABLE IF NOT EXISTS aelyst_run (
      seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE,
      fingerprint text NOT NULL, generation integer NOT NULL, account text NOT NULL,
      facts text NOT NULL, range_rows integer NOT NULL,
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'cancelled')),
      created bigint NOT NULL, load integer NOT NULL DEFAULT 0, planned bigint, rows integer NOT NULL DEFAULT 0,
      invalid integer NOT NULL DEFAULT 0, duplicate integer NOT NULL DEFAULT 0, outside integer NOT NULL DEFAULT 0,
      approved bigint, origin text, token_class text, ended bigint,
      UNIQUE (fingerprint, generation)
    );
    CREATE SEQUENCE IF NOT EXISTS aelyst_epoch;
    CREATE TABLE IF NOT EXISTS aelyst_range (
      run integer NOT NULL, first integer NOT NULL, last integer NOT NULL, ended boolean NOT NULL,
      epoch bigint NOT NULL DEFAULT 0, expires bigint, newest bigint, changed bigint NOT NULL, owner text, tally jsonb,
      PRIMARY KEY (run, first)
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS aelyst_wait (
      run integer NOT NULL, first integer NOT NULL, tries integer NOT NULL, due bigint NOT NULL, reason text NOT NULL,
      PRIMARY KEY (run, first)
    );
    CREATE TABLE IF NOT EXISTS aelyst_row (
      key uuid NOT NULL, content bigint NOT NULL, changed bigint NOT NULL,
      run integer NOT NULL, number integer NOT NULL, line integer NOT NULL,
      state smallint NOT NULL, attempts smallint NOT NULL DEFAULT 0, status smallint, doubt boolean NOT NULL,
      code text, earlier text, log text NOT NULL DEFAULT '', payload bytea,
      PRIMARY KEY (run, number), UNIQUE (key, run)
    ) WITH (fillfactor = 85);
    CREATE TABLE IF NOT EXISTS aelyst_journal AS SELECT ${version} AS version,
      sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) AS salt;
  END IF;
END $$`

/** The tables that the runs need. */
export const tables = ["aelyst_journal", "aelyst_run", "aelyst_range", "aelyst_wait", "aelyst_row"]

/** Names the first of the privileges on the tables `$1`, and on the sequence, that the user lacks. */
export const lacking = `SELECT 'denied' AS reason, privilege || ' on ' || name AS detail
  FROM unnest($1::text[]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
  WHERE NOT has_table_privilege(name, privilege) AND NOT (name = 'aelyst_journal' AND privilege <> 'SELECT')
  UNION ALL SELECT 'denied', 'USAGE on aelyst_epoch' WHERE NOT has_sequence_privilege('aelyst_epoch', 'USAGE')
  UNION ALL SELECT NULL, NULL`

/** SQL for the time in epoch milliseconds. */
const serverTime = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** Opens the tables, which are created if they are not there. */
export const openTables = (client: SqlClient, now = serverTime) => {
  const database = openDatabase(client, schema)
  const select = "SELECT version, salt FROM aelyst_journal"
  return once(
    Effect.gen(function* () {
      const db = yield* database
      const stored = yield* db.one<{ version: number; salt: Uint8Array }>("deleted", select)
      if (stored.version > version) return yield* db.error("newer_version")
      return { db, hash: new RowHash(stored.salt), now }
    }),
  )
}

/** The open tables. */
export type RunTables = Effect.Success<ReturnType<typeof openTables>>
