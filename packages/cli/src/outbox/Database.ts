/** Connects to the database of an outbox. The driver is loaded with this module, by nothing else. */
import * as Redacted from "effect/Redacted"
import { Pool } from "pg"

import type { DatabaseUrl } from "./DatabaseUrl.ts"
import { problemOf } from "./DatabaseProblem.ts"

/** How long a connection or a statement may take, in milliseconds. */
const timeoutMs = 10_000

/** Runs statements until it is closed. */
export interface Database {
  readonly query: (
    text: string,
    values?: ReadonlyArray<unknown>,
  ) => Promise<{ readonly rows: ReadonlyArray<object> }>
  readonly close: () => Promise<void>
}

const poolOf = (url: string) => {
  const pool = new Pool({
    connectionString: url,
    application_name: "aelyst outbox",
    max: 4,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  })
  // an idle connection that breaks is replaced by the next statement, which reports it if it cannot be
  pool.on("error", () => {})
  return pool
}

const isWithoutTls = (error: unknown): boolean =>
  error instanceof Error && error.message === "The server does not support SSL connections"

/** Connects and looks for the outbox. Rejects with a `DatabaseProblem` if there is none; no error holds the URL. */
export const connect = async (database: DatabaseUrl): Promise<Database> => {
  const url = Redacted.value(database.url)
  let pool = poolOf(url)
  const find = () => pool.query("SELECT to_regclass('aelyst_outbox') IS NOT NULL AS found")
  try {
    const { rows } = await find().catch((error: unknown) => {
      if (database.mode !== "prefer" || !isWithoutTls(error)) throw error
      pool = poolOf(url.replace("sslmode=prefer", "sslmode=disable"))
      return find()
    })
    if (rows[0]?.found !== true) throw { code: "NO_OUTBOX" }
  } catch (error) {
    await pool.end()
    throw problemOf(error, database)
  }
  return {
    query: (text, values) => pool.query(text, values === undefined ? [] : [...values]),
    close: () => pool.end(),
  }
}
