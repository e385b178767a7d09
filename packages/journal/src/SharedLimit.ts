/** One rate limit for all processes, in a table of a Postgres database, through the user's own client. */
import type { StoreExchange, StoreReply } from "@aelyst/core/shared-store"
import { OptionError, makeSharedStore } from "@aelyst/core/shared-store"
import type { SharedRateLimitStore } from "@aelyst/core/types"

/** Runs one SQL statement and resolves to its rows. */
export type Query = (
  text: string,
  values: Array<string | null>,
) => Promise<{ readonly rows: ReadonlyArray<unknown> }>

/** The options of a shared limit. */
export interface SharedLimitOptions {
  /** Runs a statement, such as `(text, values) => pool.query(text, values)` with pg. */
  readonly query: Query
  /**
   * The number of processes that share the limit, at least 1. While the database does not reply, each of them uses that part of
   * it, so count those of a deploy too, when old and new ones run at a time.
   */
  readonly instances: number
}

// unlogged: after a crash of the database the processes write the state again
const createTable = `create unlogged table if not exists aelyst_shared_limit (
  key text primary key,
  version text not null,
  state text not null,
  expires_at timestamptz not null
)`

// One statement. A statement that the client kept until the process had stopped waiting for it is too late to write.
const compareAndSet = `with clock as materialized (
  select clock_timestamp() as at, extract(epoch from clock_timestamp()) * 1000 as now
), written as (
  insert into aelyst_shared_limit as record (key, version, state, expires_at)
  select $1, $3, $4, at + interval '1 hour' from clock
  where $3::text is not null and now <= $5::float8
  on conflict (key) do update
  set version = excluded.version, state = excluded.state, expires_at = excluded.expires_at
  where record.version = $2
  returning key
)
select now::float8 as now, record.version, record.state as text,
  case when $3::text is null then coalesce(record.version, '') = $2 else exists (select from written) end as matched
from clock left join aelyst_shared_limit as record on record.key = $1`

const deleteExpired = `delete from aelyst_shared_limit where expires_at < clock_timestamp()`

/**
 * Creates the store of a limit that processes share, for `rateLimit: { shared }` of a client.
 *
 * It keeps two rows for each token and origin, under keys that do not contain the token, in the table
 * `aelyst_shared_limit`, which it creates if it can. Every step is one statement, so that a pooler may give each a different
 * connection. While the database does not reply, each process continues with its part of the limit. Throws a `TypeError`
 * with `code: "ERR_AELYST_CONFIG"` if an option is wrong; the first call rejects with one if there is no such table, or the
 * server is no Postgres.
 */
export const sharedLimit = ({ instances, query }: SharedLimitOptions): SharedRateLimitStore => {
  if (typeof query !== "function") {
    throw new OptionError("query", "must be a function that runs a statement on Postgres")
  }
  let cleaned: Promise<unknown> | undefined
  const exchange: StoreExchange = async (key, expected, write) => {
    cleaned ??= query(deleteExpired, []).catch(() => undefined)
    const { version = null, text = null, notAfter } = write ?? {}
    const values = [key, expected, version, text, notAfter === undefined ? null : String(notAfter)]
    try {
      return replyOf(await query(compareAndSet, values))
    } catch (error) {
      const code = codeOf(error)
      // another process has written: an error, in an isolation level above the default
      if (code === serializationFailure) {
        return { ...(await exchange(key, expected, undefined)), matched: false }
      }
      if (code !== undefinedTable) throw error
    }
    // it fails if it may not, or if another process does it at this moment
    await query(createTable, []).catch(() => undefined)
    try {
      return replyOf(await query(compareAndSet, values))
    } catch (error) {
      throw codeOf(error) === undefinedTable ? noTable() : error
    }
  }
  return makeSharedStore(exchange, instances)
}

const serializationFailure = "40001"
const undefinedTable = "42P01"

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined

/** The row of the statement; version and text are null if there is no record. */
interface Found {
  readonly now: number
  readonly matched: boolean
  readonly version: string | null
  readonly text: string | null
}

const replyOf = (result: { readonly rows: ReadonlyArray<unknown> } | undefined): StoreReply => {
  // safe: what is read of it is checked
  const row = result?.rows?.[0] as Partial<Found> | undefined
  if (typeof row?.now !== "number" || typeof row.matched !== "boolean") {
    throw new OptionError("query", "must return `{ rows }`, the rows of a Postgres database")
  }
  const { matched, now, text, version } = row
  return { matched, now, version: version ?? "", text: text ?? "" }
}

const noTable = (): OptionError =>
  new OptionError(
    "query",
    "must reach a database that has the table `aelyst_shared_limit`, or lets it be created",
  )
