/**
 * The rows of an outbox in one table of a Postgres database, over any driver. Each operation is one statement without
 * session state, so a pool in front of the server (pgbouncer in transaction mode) may give each to another connection.
 */
import { OutboxError } from "./OutboxError.ts"
import type { Row } from "./Row.ts"
import { claimColumns, claimsOf, entryColumns, entryOf, keysOf, statsOf } from "./Row.ts"
import type { NewRow, Statement, Store } from "./Store.ts"

/** Runs a statement; resolves to its rows, or to an object with them, as `pg` does. */
export type PostgresQuery = (
  text: string,
  values?: Array<unknown>,
) => Promise<ReadonlyArray<object> | { readonly rows: ReadonlyArray<object> }>

const version = 1

/** The tables; two processes that start together create them once. */
export const schema = `DO $$
BEGIN
  IF to_regclass('aelyst_outbox') IS NULL THEN
    PERFORM pg_advisory_xact_lock(4704325);
    CREATE TABLE IF NOT EXISTS aelyst_outbox_meta (version integer NOT NULL, salt bytea NOT NULL);
    INSERT INTO aelyst_outbox_meta (version, salt)
      SELECT ${version}, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
      WHERE NOT EXISTS (SELECT 1 FROM aelyst_outbox_meta);
    CREATE TABLE IF NOT EXISTS aelyst_outbox (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL UNIQUE,
      key bytea NOT NULL,
      idempotency bytea UNIQUE,
      submission bytea NOT NULL,
      payload bytea,
      state text NOT NULL DEFAULT 'planned' CHECK (state IN
        ('planned', 'claimed', 'sending', 'created', 'existed', 'exists_after_doubt', 'rejected', 'parked')),
      epoch integer NOT NULL DEFAULT 0,
      owner text,
      lease_until bigint NOT NULL DEFAULT 0,
      due_at bigint NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      rounds integer NOT NULL DEFAULT 0,
      doubt boolean NOT NULL DEFAULT false,
      replay boolean NOT NULL DEFAULT false,
      status integer,
      error text,
      accepted_at bigint NOT NULL,
      ended_at bigint,
      CHECK ((payload IS NULL) = (state IN ('created', 'existed', 'exists_after_doubt', 'rejected')))
    );
    CREATE INDEX IF NOT EXISTS aelyst_outbox_due ON aelyst_outbox (due_at, seq) WHERE ended_at IS NULL;
    CREATE INDEX IF NOT EXISTS aelyst_outbox_key ON aelyst_outbox (key, seq) WHERE ended_at IS NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS aelyst_outbox_sent ON aelyst_outbox (key) WHERE state IN ('claimed', 'sending');
    CREATE INDEX IF NOT EXISTS aelyst_outbox_owner ON aelyst_outbox (owner) WHERE ended_at IS NULL;
    CREATE INDEX IF NOT EXISTS aelyst_outbox_ended ON aelyst_outbox (state, ended_at);
  END IF;
END $$`

/** The server's time in milliseconds. */
const serverTime = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** Returns SQL for the salted hash of a parameter; that of NULL is NULL. */
const hash = (parameter: string): string =>
  `sha256((SELECT salt FROM aelyst_outbox_meta) || convert_to(${parameter}::text, 'UTF8'))`

const held = "state IN ('claimed', 'sending')"

const statementsAt = (now: string) => ({
  // each value is named once and in order, for drivers that write them otherwise
  add: `INSERT INTO aelyst_outbox (id, key, idempotency, submission, payload, due_at, accepted_at)
    SELECT $1::text, ${hash("$2")}, ${hash("$3")}, ${hash("$4")}, $5::bytea, time, time
    FROM (SELECT ${now} AS time) AS clock
    ON CONFLICT DO NOTHING RETURNING id`,
  earlier: `SELECT id, submission = ${hash("$3")} AS same FROM aelyst_outbox
    WHERE id = $1 OR idempotency = ${hash("$2")}`,
  // a row is due if no other row of its key is sent, and no older one has still to end: one that was begun earlier may be
  // committed later
  claim: `WITH clock AS MATERIALIZED (SELECT ${now} AS time), due AS (
      SELECT one.seq FROM aelyst_outbox AS one, clock
      WHERE ended_at IS NULL AND due_at <= time AND (state = 'planned' OR lease_until <= time)
        AND NOT EXISTS (SELECT 1 FROM aelyst_outbox AS other
          WHERE other.ended_at IS NULL AND other.key = one.key AND other.seq <> one.seq
            AND (other.seq < one.seq OR other.state <> 'planned'))
      ORDER BY due_at, one.seq LIMIT $2 FOR UPDATE OF one SKIP LOCKED)
    UPDATE aelyst_outbox AS row SET epoch = epoch + 1, owner = $1, lease_until = time + $3::bigint,
      doubt = doubt OR state = 'sending', replay = replay AND state <> 'sending', state = 'claimed'
    FROM due, clock WHERE row.seq = due.seq
    RETURNING ${claimColumns.replace(/\w+/g, "row.$&")}`,
  refresh: `UPDATE aelyst_outbox SET lease_until = ${now} + $2::bigint WHERE owner = $1 AND ${held} RETURNING id`,
  intend: `UPDATE aelyst_outbox SET state = 'sending', attempts = attempts + 1
    WHERE id = $1 AND epoch = $2 AND ${held} RETURNING id`,
  release: `UPDATE aelyst_outbox SET state = 'planned', owner = NULL, lease_until = 0, due_at = ${now} + $3::bigint,
      doubt = $4, rounds = $5, status = $6, error = $7
    WHERE id = $1 AND epoch = $2 AND ${held} RETURNING id`,
  end: `UPDATE aelyst_outbox SET state = $3::text, owner = NULL, lease_until = 0, status = $4, error = $5, ended_at = ${now},
      payload = CASE WHEN $3::text = 'parked' THEN payload END, doubt = doubt OR $6
    WHERE id = $1 AND epoch = $2 AND ${held} RETURNING id`,
  releaseAll: `UPDATE aelyst_outbox SET state = 'planned', owner = NULL, lease_until = 0
    WHERE owner = $1 AND state = 'claimed' RETURNING id`,
  get: `SELECT ${entryColumns} FROM aelyst_outbox WHERE id = $1`,
  payload: "SELECT payload FROM aelyst_outbox WHERE id = $1 AND payload IS NOT NULL",
  list: `SELECT ${entryColumns} FROM aelyst_outbox ORDER BY seq DESC LIMIT $1`,
  listPending: `SELECT ${entryColumns} FROM aelyst_outbox WHERE ended_at IS NULL ORDER BY seq DESC LIMIT $1`,
  listState: `SELECT ${entryColumns} FROM aelyst_outbox WHERE state = $1 ORDER BY seq DESC LIMIT $2`,
  pending:
    "SELECT count(*) AS count FROM (SELECT 1 FROM aelyst_outbox WHERE ended_at IS NULL LIMIT $1) AS one",
  stats: `SELECT state AS name, count(*) AS value FROM aelyst_outbox GROUP BY state
    UNION ALL SELECT 'oldest', min(accepted_at) FROM aelyst_outbox WHERE ended_at IS NULL`,
  // the first byte says that a payload is encrypted, the next four are the id of the key: see `Cipher`
  keysInUse: `SELECT encode(substr(payload, 2, 4), 'hex') AS name, count(*) AS value FROM aelyst_outbox
    WHERE substr(payload, 1, 1) = decode('01', 'hex') GROUP BY name`,
  replay: `UPDATE aelyst_outbox SET state = 'planned', ended_at = NULL, due_at = ${now}, rounds = 0, replay = true
    WHERE id = $1 AND state = 'parked' RETURNING id`,
  discard: `UPDATE aelyst_outbox SET state = 'rejected', error = 'Discarded', status = NULL, payload = NULL, ended_at = ${now}
    WHERE id = $1 AND state = 'parked' RETURNING id`,
  prune: `DELETE FROM aelyst_outbox
    WHERE state IN ('created', 'existed', 'exists_after_doubt', 'rejected') AND ended_at <= ${now} - $1::bigint`,
  strange: `SELECT id FROM aelyst_outbox WHERE (state IN ('planned', 'claimed', 'sending')) <> (ended_at IS NULL)
    OR attempts < 0 OR epoch < 0 OR (${held} AND owner IS NULL)`,
  version: "SELECT version FROM aelyst_outbox_meta",
})

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
      throw error instanceof OutboxError ? error : storeError(error, isSent && name === "add")
    }
  }
  const changes = async (name: keyof typeof statements, ...values: Array<unknown>) =>
    (await run(name, ...values)).length > 0
  return {
    add: async (row) => {
      const began = performance.now()
      const add = () => changes("add", ...valuesOf(row))
      const isAdded = await add().catch((error: unknown) => {
        if (!isUnknown(error) || performance.now() - began > repeatMs) throw error
        // the `id` is unique, so a repeat settles whether the first one was committed
        return add().catch(() => Promise.reject(error))
      })
      if (isAdded) return undefined
      const { id, idempotencyKey = null, submission } = row
      // a row is there: of this call, whose response was lost, or of an earlier one with the same key
      const [earlier] = await run("earlier", id, idempotencyKey, submission).catch(
        (error: unknown) => Promise.reject(asUnknown(error)),
      )
      if (earlier?.["id"] === id) return undefined
      return { id: String(earlier?.["id"]), isSame: earlier?.["same"] === true }
    },
    statement: (row): Statement => ({ text: statements.add, values: valuesOf(row) }),
    claim: async (owner, limit, leaseMs) => {
      try {
        return claimsOf(await run("claim", owner, limit, leaseMs))
      } catch (error) {
        // another process has claimed a row of the same key at the same time: the next look sees it
        if (isConflict(error)) return []
        throw error
      }
    },
    refresh: async (owner, leaseMs) => void (await run("refresh", owner, leaseMs)),
    intend: ({ epoch, id }) => changes("intend", id, epoch),
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
      changes("end", id, epoch, state, status ?? null, error ?? null, lost),
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
