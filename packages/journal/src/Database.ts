/** A Postgres database with the tables of runs: one statement at a time, and what each of its errors means. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

import type { JournalReason } from "./JournalError.ts"
import { JournalError } from "./JournalError.ts"
import { RowHash } from "./RowChecksum.ts"

/** Raised with every change of the tables. */
const version = 1

// Rows are narrow, have two indexes, and no update changes an indexed column, so Postgres rewrites them in place. Keys are hashes
// with one salt for the database: the runs of one account are compared.
const schema = `DO $$
BEGIN
  IF to_regclass('aelyst_journal') IS NULL THEN
    PERFORM pg_advisory_xact_lock(4704326);
    CREATE TABLE IF NOT EXISTS aelyst_run (
      seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL UNIQUE,
      fingerprint text NOT NULL,
      generation integer NOT NULL,
      account text NOT NULL,
      facts text NOT NULL,
      range_rows integer NOT NULL,
      status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'cancelled')),
      created bigint NOT NULL,
      load integer NOT NULL DEFAULT 0,
      planned bigint,
      rows integer NOT NULL DEFAULT 0,
      invalid integer NOT NULL DEFAULT 0,
      duplicate integer NOT NULL DEFAULT 0,
      outside integer NOT NULL DEFAULT 0,
      UNIQUE (fingerprint, generation)
    );
    CREATE SEQUENCE IF NOT EXISTS aelyst_epoch;
    CREATE TABLE IF NOT EXISTS aelyst_range (
      run integer NOT NULL,
      first integer NOT NULL,
      last integer NOT NULL,
      ended boolean NOT NULL,
      epoch bigint NOT NULL DEFAULT 0,
      expires bigint,
      newest bigint,
      changed bigint NOT NULL,
      owner text,
      tally jsonb,
      PRIMARY KEY (run, first)
    ) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS aelyst_row (
      key uuid NOT NULL,
      content bigint NOT NULL,
      changed bigint NOT NULL,
      run integer NOT NULL,
      number integer NOT NULL,
      line integer NOT NULL,
      state smallint NOT NULL,
      attempts smallint NOT NULL DEFAULT 0,
      status smallint,
      doubt boolean NOT NULL,
      code text,
      earlier text,
      log text NOT NULL DEFAULT '',
      payload bytea,
      PRIMARY KEY (run, number),
      UNIQUE (key, run)
    ) WITH (fillfactor = 85);
    CREATE TABLE IF NOT EXISTS aelyst_journal AS SELECT ${version} AS version,
      sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) AS salt;
  END IF;
END $$`

/** The tables that the runs need. */
export const tables = ["aelyst_journal", "aelyst_run", "aelyst_range", "aelyst_row"]

/** SQL that names the privileges on the tables `$1`, and on the sequence, that the user lacks. */
export const lacking = `SELECT privilege || ' on ' || name AS privilege
  FROM unnest($1::text[]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
  WHERE NOT has_table_privilege(name, privilege) AND NOT (name = 'aelyst_journal' AND privilege <> 'SELECT')
  UNION ALL SELECT 'USAGE on aelyst_epoch' WHERE NOT has_sequence_privilege('aelyst_epoch', 'USAGE')`

/** A row of a result, or the only one. */
export type Columns = Readonly<Record<string, unknown>>

const reasons: Readonly<Record<string, JournalReason>> = {
  "25006": "read_only",
  "42501": "denied",
  "42P01": "deleted",
  "53100": "full",
  "58030": "io",
  XX001: "corrupt",
  XX002: "corrupt",
}

/** Classes of codes of statements that fail on a server that works. */
const sqlErrors = /^(?:0A|22|23|42|54)\w{3}$/

const codeOf = (error: unknown): string | undefined => {
  const code: unknown = Reflect.get(Object(error), "code")
  if (typeof code === "string") return /^\w{4,20}$/.test(code) ? code : undefined
  const cause: unknown = Reflect.get(Object(error), "cause")
  return cause === undefined ? undefined : codeOf(cause)
}

/**
 * Returns the error of a statement on tables of the same database. The driver's is not its cause: Postgres quotes the row that it
 * refuses, drivers their URL.
 */
export const errorOf = (path: string, { reason }: SqlError): JournalError => {
  const code = codeOf(reason) ?? ""
  const byClass = sqlErrors.test(code) ? "sql_error" : "unavailable"
  return new JournalError({ reason: reasons[code] ?? byClass, path, detail: code || undefined })
}

/** Statements of concurrent processes can be refused for each other; nothing of such a statement has happened. */
const isConflict = ({ reason }: SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError"

const serverTime = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** Runs statements on the tables, which it creates before the first. */
export class Database {
  /** SQL for the time in epoch milliseconds. */
  readonly now: string
  readonly #sql: SqlClient
  #opened: { readonly path: string; readonly hash: RowHash } | undefined

  constructor(sql: SqlClient, now: string = serverTime) {
    this.#sql = sql
    this.now = now
  }

  /** The name of the database. */
  get path(): string {
    return this.#opened?.path ?? "Postgres"
  }

  /** Returns the error of an operation on these tables. */
  error(reason: JournalReason, detail?: string): JournalError {
    return new JournalError({ reason, path: this.path, detail })
  }

  #statement(text: string, values: ReadonlyArray<unknown>) {
    return this.#sql.unsafe<Columns>(text, values).pipe(
      Effect.retry({ while: isConflict, times: 20 }),
      Effect.mapError((error) => errorOf(this.path, error)),
    )
  }

  readonly #open = Effect.gen({ self: this }, function* () {
    yield* this.#statement(schema, [])
    const [found] = yield* this.#statement(
      "SELECT version, salt, current_database()::text AS name FROM aelyst_journal",
      [],
    )
    const path = String(found?.["name"])
    if (Number(found?.["version"]) > version)
      return yield* new JournalError({ reason: "newer_version", path })
    // safe: a column of bytes
    this.#opened = { path, hash: new RowHash(found?.["salt"] as Uint8Array) }
    return this.#opened
  })

  /** The hash of keys and contents. */
  get hash(): Effect.Effect<RowHash, JournalError> {
    return Effect.map(
      Effect.suspend(() => (this.#opened ? Effect.succeed(this.#opened) : this.#open)),
      ({ hash }) => hash,
    )
  }

  /** Runs a statement; `?` in it is no placeholder, `$1` is. */
  readonly all = (
    text: string,
    ...values: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<Columns>, JournalError> =>
    Effect.andThen(this.hash, this.#statement(text, values))

  readonly first = (text: string, ...values: ReadonlyArray<unknown>) =>
    Effect.map(this.all(text, ...values), (rows) => rows[0])
}
