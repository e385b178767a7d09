/** The connection of a worker to Postgres, with two guards: a frozen session does not hold up the others. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** The options of a connection. */
export interface DatabaseOptions extends Pick<PgClient.PgPoolConfig, "maxConnections" | "ssl"> {
  /** Such as `postgres://user:password@host:5432/database`. */
  readonly url: Redacted.Redacted
  /** A name in `pg_stat_activity`. Default: `aelyst worker`. */
  readonly applicationName?: string | undefined
  /** How long a statement waits for a row that another session has locked. Default: 2 seconds. */
  readonly lockTimeout?: Duration.Input | undefined
  /** After how long the server ends a session of this client that is silent within a transaction. Default: 30 seconds. */
  readonly idleInTransaction?: Duration.Input | undefined
}

const millis = (duration: Duration.Input): string =>
  String(Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(duration))))

/**
 * Provides a client of Postgres with at most 8 connections and two guards, which the server applies: a session of a process that
 * was frozen within a transaction is ended, and a statement gives up if another session holds its rows.
 *
 * The guards are sent when a connection starts; a pooler may refuse them (pgbouncer: `ignore_startup_parameters`). Fails with
 * `SqlError` if the database cannot be reached.
 */
export const layer = ({
  applicationName = "aelyst worker",
  idleInTransaction = "30 seconds",
  lockTimeout = "2 seconds",
  maxConnections = 8,
  ...options
}: DatabaseOptions): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError> =>
  PgClient.layerFrom(
    Effect.tap(
      PgClient.make({
        ...options,
        applicationName,
        maxConnections,
        connectTimeout: "10 seconds",
        startupParameters: {
          idle_in_transaction_session_timeout: millis(idleInTransaction),
          lock_timeout: millis(lockTimeout),
        },
      }),
      // the pool connects when it is used
      (sql) => sql`SELECT 1`,
    ),
  )
