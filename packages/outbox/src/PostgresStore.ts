/**
 * The rows of an outbox in one table of a Postgres database, over any driver. Each operation is one statement without
 * session state, so a pool in front of the server (pgbouncer in transaction mode) may give each to another connection.
 */
import { Batches } from "./Batches.ts"
import { OutboxError } from "./OutboxError.ts"
import { serverTime, statementsAt, version, schema } from "./PostgresStatements.ts"
import type { Row } from "./Row.ts"
import { claimsOf, entryOf, keysOf, statsOf } from "./Row.ts"
import type { Claim, NewRow, Statement, Store } from "./Store.ts"

/** Runs a statement; resolves to its rows, or to an object with them, as `pg` does. */
export type PostgresQuery = (
  text: string,
  values?: Array<unknown>,
) => Promise<ReadonlyArray<object> | { readonly rows: ReadonlyArray<object> }>

const uniqueViolation = "23505"

/** How soon a lost connection must have been noticed for a statement to be repeated, in milliseconds. */
const repeatMs = 1_000

/** The codes of errors before there is a connection, of the system and of postgres.js. */
const unconnected =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|CONNECT_TIMEOUT)$/

/** Returns whether a statement that failed has provably changed nothing; a server that stops may have committed it. */
const isUndone = (code: string, message: string): boolean =>
  /^[0-9A-Z]{5}$/.test(code)
    ? !/^(?:08|57P0[124]|40003)/.test(code)
    : unconnected.test(code) || message.includes("timeout exceeded when trying to connect")

/** Converts an error of the driver. It is no cause: Postgres quotes the row that it refuses, and drivers their URL. */
const storeError = (cause: unknown, isWrite: boolean): OutboxError => {
  const given: unknown = Reflect.get(Object(cause), "code")
  const code = typeof given === "string" && /^\w{4,20}$/.test(given) ? given : ""
  const message = cause instanceof Error ? cause.message : ""
  const detail = code === "" ? "Postgres." : `Postgres: ${code}.`
  return new OutboxError(isWrite && !isUndone(code, message) ? "UNKNOWN" : "STORE", { detail })
}

const isUnknown = (error: unknown): boolean =>
  error instanceof OutboxError && error.code === "ERR_AELYST_OUTBOX_UNKNOWN"

/** Converts an error of the store that comes once a row may be there: it is not known which one. */
const asUnknown = (error: unknown): unknown => {
  if (!(error instanceof OutboxError) || error.code !== "ERR_AELYST_OUTBOX_STORE") return error
  return new OutboxError("UNKNOWN", error.detail === undefined ? {} : { detail: error.detail })
}

/** Adds rows, again if the response was lost: their ids are unique, so that this settles whether they were added before. */
const settled = async <A>(add: () => Promise<A>): Promise<A> => {
  const began = performance.now()
  return add().catch((error: unknown) => {
    if (!isUnknown(error) || performance.now() - began > repeatMs) throw error
    return add().catch(() => Promise.reject(error))
  })
}

const rowsOf = (result: Awaited<ReturnType<PostgresQuery>>): ReadonlyArray<Row> =>
  // safe: each statement selects columns by name
  ("rows" in result ? result.rows : [...result]) as ReadonlyArray<Row>

const valuesOf = ({ id, idempotencyKey, key, payload, submission }: NewRow): Array<unknown> => [
  id,
  key,
  idempotencyKey ?? null,
  submission,
  Buffer.from(payload),
]

/** The row of a claim, and what of it changes. */
type ClaimChange = Pick<Claim, "id" | "epoch"> & Readonly<Record<string, unknown>>

/** Opens the rows of a database; the tables are created with the first operation. `now` is SQL for the time. */
export const postgresStore = (query: PostgresQuery, now: string = serverTime): Store => {
  const statements = statementsAt(now)
  let ready: Promise<void> | undefined
  let isClosed = false

  const prepare = async (): Promise<void> => {
    await query(schema)
    const [found] = rowsOf(await query(statements.version))
    if (Number(found?.["version"]) === version) return
    const detail = `The tables have format ${String(found?.["version"])}; this version reads format ${version}.`
    throw new OutboxError("STORE", { detail })
  }
  const run = async (
    name: keyof typeof statements,
    ...values: Array<unknown>
  ): Promise<ReadonlyArray<Row>> => {
    if (isClosed) throw new OutboxError("CLOSED")
    let isSent = false
    try {
      ready ??= prepare()
      await ready.catch((error: unknown) => {
        ready = undefined
        throw error
      })
      isSent = true
      return rowsOf(await query(statements[name], values))
    } catch (error) {
      throw error instanceof OutboxError
        ? error
        : storeError(error, isSent && name.startsWith("add"))
    }
  }
  const changes = async (name: keyof typeof statements, ...values: Array<unknown>) =>
    (await run(name, ...values)).length > 0
  // none of them can be in conflict with another, or wait for it
  const adds = new Batches(async (rows: ReadonlyArray<NewRow>) => {
    const values = rows.map(({ id, key, payload, submission }) => {
      return { id, key, submission, payload: Buffer.from(payload).toString("base64") }
    })
    await settled(() => run("addAll", JSON.stringify(values)))
    return rows.map(() => undefined)
  })
  /** Changes claimed rows, many at a time; each resolves to false if its claim is lost. */
  const ofClaims = (name: "intend" | "end") =>
    new Batches(
      async (
        claims: ReadonlyArray<ClaimChange>,
      ): Promise<ReadonlyArray<boolean | Promise<boolean>>> => {
        const changed = await run(name, JSON.stringify(claims), claims.length)
        const ours = new Set(changed.map(({ epoch, id }) => `${String(id)} ${String(epoch)}`))
        return claims.map(
          (claim) =>
            // it is lost, or another session has locked the row
            ours.has(`${claim.id} ${claim.epoch}`) ||
            changes(`${name}One`, JSON.stringify([claim]), 1),
        )
      },
    )
  const intents = ofClaims("intend")
  const ends = ofClaims("end")
  return {
    add: async (row) => {
      if (row.idempotencyKey === undefined) return adds.add(row)
      if (await settled(() => changes("add", ...valuesOf(row)))) return undefined
      const { id, idempotencyKey = null, submission } = row
      // a row is there: of this call, whose response was lost, or of an earlier one with the same key
      const [earlier] = await run("earlier", id, idempotencyKey, submission).catch(
        (error: unknown) => Promise.reject(asUnknown(error)),
      )
      if (earlier?.["id"] === id) return undefined
      return { id: String(earlier?.["id"]), isSame: earlier?.["same"] === true }
    },
    statement: (row): Statement => ({ text: statements.add, values: valuesOf(row) }),
    claim: async (owner, limit, leaseMs, without = []) => {
      try {
        return claimsOf(await run("claim", owner, limit, leaseMs, without.join()))
      } catch (error) {
        // another process has claimed a row of the same key at the same time: the next look sees it
        if (isConflict(error)) return []
        throw error
      }
    },
    refresh: async (owner, leaseMs) => void (await run("refresh", owner, leaseMs)),
    intend: ({ epoch, id }) => intents.add({ id, epoch }),
    release: ({ epoch, id }, { delayMs, doubt, error, rounds, status }) =>
      changes(
        "release",
        id,
        epoch,
        Math.ceil(delayMs),
        doubt,
        rounds,
        status ?? null,
        error ?? null,
      ),
    end: ({ epoch, id }, state, { error, lost, status }) =>
      ends.add({ id, epoch, state, status, error, lost }),
    releaseAll: async (owner) => void (await run("releaseAll", owner)),
    get: async (id) => {
      const [row] = await run("get", id)
      return row && entryOf(row)
    },
    // safe: a column of bytes
    payload: async (id) => (await run("payload", id))[0]?.["payload"] as Uint8Array | undefined,
    list: async (state, limit) => {
      if (state === undefined) return (await run("list", limit)).map(entryOf)
      if (state === "pending") return (await run("listPending", limit)).map(entryOf)
      return (await run("listState", state, limit)).map(entryOf)
    },
    pending: async (most) => Number((await run("pending", most))[0]?.["count"]),
    hasReadable: async (without) => (await run("readable", without.join())).length > 0,
    stats: async () => statsOf(await run("stats")),
    keysInUse: async () => keysOf(await run("keysInUse")),
    replay: (id) => changes("replay", id),
    discard: (id) => changes("discard", id),
    prune: async (retentionMs) => void (await run("prune", retentionMs)),
    // old versions of a row are erased by Postgres itself, when it vacuums the table
    erase: async () => {},
    verify: async () =>
      (await run("strange")).map(
        (row) => `${String(row["id"])}: its columns contradict each other`,
      ),
    close: async () => {
      isClosed = true
    },
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof OutboxError && error.message.includes(uniqueViolation)
