/** A Postgres cluster for tests of journals, and stores on it whose time passes on demand. */
import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SqlClient } from "effect/sql/SqlClient"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { Cipher } from "../../src/Cipher.ts"
import { runsOf } from "../../src/PostgresStore.ts"
import { openTables } from "../../src/PostgresTables.ts"

const tables =
  "aelyst_journal, aelyst_run, aelyst_range, aelyst_wait, aelyst_row, test_clock, test_rows"

/** Removes all tables, and sets a clock. */
export const reset = async ({ query }: Pick<PostgresServer, "query">): Promise<void> => {
  await query(`DROP TABLE IF EXISTS ${tables}`)
  await query("DROP SEQUENCE IF EXISTS aelyst_epoch")
  await query("CREATE TABLE test_clock AS SELECT 1764300000000::bigint AS time")
}

/** The client of another machine. pgbouncer keeps no prepared statements. */
const sqlOn = (port: number, startupOptions?: string, role?: string) =>
  Layer.build(
    PgClient.layer({
      url: Redacted.make(urlOf(port, role)),
      maxConnections: 4,
      prepare: false,
      startupOptions,
    }),
  ).pipe(
    Effect.map((context) => Context.get(context, SqlClient)),
    Effect.orDie,
  )

/** A store of another machine; time passes as `tick` says. */
export const storeOn = (
  port: number,
  {
    keys = [],
    rangeRows = 200,
    role,
    settings,
  }: {
    keys?: ReadonlyArray<Uint8Array>
    rangeRows?: number
    role?: string
    settings?: string
  } = {},
) =>
  Effect.map(sqlOn(port, settings, role), (sql) =>
    runsOf(openTables(sql, "(SELECT time FROM test_clock)"), new Cipher(keys), rangeRows),
  )

/** Advances the clock of the stores. */
export const tick = ({ query }: Pick<PostgresServer, "query">, ms: number) =>
  Effect.promise(() => query("UPDATE test_clock SET time = time + $1", [ms]))
