/** Keeps the contacts of an outbox in a Postgres database, for several machines. */
import { invalid } from "./options.ts"
import type { PostgresQuery } from "./PostgresStore.ts"
import { schema } from "./PostgresStatements.ts"
import { postgresStore } from "./PostgresStore.ts"
import type { OutboxStore } from "./types.ts"

export type { OutboxStore } from "./types.ts"
export type { PostgresQuery } from "./PostgresStore.ts"

/** The options of `postgres`. */
export interface PostgresOptions {
  /**
   * Runs a statement with the driver of your app, such as `(text, values) => pool.query(text, values)`. Give it a timeout:
   * nothing is accepted or sent while it does not answer.
   */
  readonly query: PostgresQuery
}

/**
 * The statement that creates the tables, for migrations. Without it the first operation of an outbox creates them, which
 * needs the right to do so.
 */
export const postgresSchema: string = schema

/**
 * Creates the store of an outbox on Postgres 13 or newer. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for an
 * invalid option.
 *
 * **Example** (One outbox for several machines)
 *
 * ```ts
 * import { Aelyst } from "@aelyst/node"
 * import { outbox } from "@aelyst/outbox"
 * import { postgres } from "@aelyst/outbox/postgres"
 * import { Pool } from "pg"
 *
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL, query_timeout: 5_000 })
 * const store = postgres({ query: (text, values) => pool.query(text, values) })
 * const box = outbox({ client: new Aelyst(), store })
 * ```
 */
export const postgres = (options: PostgresOptions): OutboxStore => {
  const query: unknown = Reflect.get(Object(options), "query")
  if (typeof query !== "function") {
    throw invalid(
      "query",
      "must be a function, such as (text, values) => pool.query(text, values)",
      query,
    )
  }
  return postgresStore(options.query)
}
