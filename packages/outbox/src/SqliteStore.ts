/** The rows of an outbox in an SQLite file. */
import { randomBytes } from "node:crypto"
import type { DatabaseSync, StatementSync } from "node:sqlite"

import { SqliteFile } from "./SqliteFile.ts"
import type { Claim, EndState, Ending, NewRow, Released, Store } from "./Store.ts"
import type { OutboxEntry, OutboxState, OutboxStats } from "./types.ts"

const kind = {
  applicationId: 0x41_4c_4f_42,
  version: 1,
  schema: `
CREATE TABLE meta (salt BLOB NOT NULL) STRICT;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  key BLOB NOT NULL,
  idempotency BLOB UNIQUE,
  fingerprint BLOB NOT NULL,
  payload BLOB,
  state TEXT NOT NULL CHECK (state IN
    ('planned', 'claimed', 'sending', 'created', 'existed', 'exists_after_doubt', 'rejected', 'parked')),
  epoch INTEGER NOT NULL DEFAULT 0,
  owner TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  rounds INTEGER NOT NULL DEFAULT 0,
  doubt INTEGER NOT NULL DEFAULT 0,
  replay INTEGER NOT NULL DEFAULT 0,
  status INTEGER,
  error TEXT,
  accepted_at INTEGER NOT NULL,
  ended_at INTEGER,
  CHECK ((payload IS NULL) = (state IN ('created', 'existed', 'exists_after_doubt', 'rejected')))
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE ended_at IS NULL;
CREATE INDEX outbox_key ON outbox (key, seq) WHERE ended_at IS NULL;
CREATE INDEX outbox_owner ON outbox (owner) WHERE ended_at IS NULL;
CREATE INDEX outbox_ended ON outbox (state, ended_at)`,
}

const statements = {
  insertSalt: "INSERT INTO meta (salt) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM meta)",
  salt: "SELECT salt FROM meta",
  add: `INSERT INTO outbox (id, key, idempotency, fingerprint, payload, state, due_at, accepted_at)
    VALUES (?, ?, ?, ?, ?, 'planned', ?6, ?6) ON CONFLICT (idempotency) DO NOTHING`,
  known: "SELECT id, fingerprint FROM outbox WHERE idempotency = ?",
  // a row is due if no older row of its key has still to end
  claim: `UPDATE outbox SET epoch = epoch + 1, owner = :owner, lease_until = :until,
      doubt = doubt OR state = 'sending', replay = replay AND state != 'sending', state = 'claimed'
    WHERE seq IN (
      SELECT seq FROM outbox AS one
      WHERE ended_at IS NULL AND due_at <= :now AND (state = 'planned' OR lease_until <= :now)
        AND NOT EXISTS (SELECT 1 FROM outbox AS older
          WHERE older.ended_at IS NULL AND older.key = one.key AND older.seq < one.seq)
      ORDER BY due_at, seq LIMIT :limit)
    RETURNING seq, id, epoch, doubt, replay, rounds, payload`,
  refresh:
    "UPDATE outbox SET lease_until = ? WHERE owner = ? AND ended_at IS NULL AND state != 'planned'",
  intend: `UPDATE outbox SET state = 'sending', attempts = attempts + 1
    WHERE id = ? AND epoch = ? AND state IN ('claimed', 'sending')`,
  release: `UPDATE outbox SET state = 'planned', owner = NULL, lease_until = 0, due_at = ?, doubt = ?, rounds = ?,
      status = ?, error = ?
    WHERE id = ? AND epoch = ? AND state IN ('claimed', 'sending')`,
  end: `UPDATE outbox SET state = ?1, owner = NULL, lease_until = 0, status = ?2, error = ?3, ended_at = ?4,
      payload = iif(?1 = 'parked', payload, NULL), doubt = doubt OR ?5
    WHERE id = ?6 AND epoch = ?7 AND state IN ('claimed', 'sending')`,
  releaseAll: `UPDATE outbox SET state = 'planned', owner = NULL, lease_until = 0
    WHERE owner = ? AND state = 'claimed'`,
  get: "SELECT * FROM outbox WHERE id = ?",
  list: "SELECT * FROM outbox ORDER BY seq DESC LIMIT ?",
  listPending: "SELECT * FROM outbox WHERE ended_at IS NULL ORDER BY seq DESC LIMIT ?",
  listState: "SELECT * FROM outbox WHERE state = ? ORDER BY seq DESC LIMIT ?",
  pending: "SELECT count(*) AS count FROM outbox WHERE ended_at IS NULL",
  stats: "SELECT state, count(*) AS count, min(accepted_at) AS oldest FROM outbox GROUP BY state",
  replay: `UPDATE outbox SET state = 'planned', ended_at = NULL, due_at = ?, rounds = 0, replay = 1
    WHERE id = ? AND state = 'parked'`,
  prune: "DELETE FROM outbox WHERE ended_at < ? AND state != 'parked'",
  integrity: "PRAGMA integrity_check",
  strange: `SELECT id FROM outbox WHERE (state IN ('planned', 'claimed', 'sending')) != (ended_at IS NULL)
    OR attempts < 0 OR epoch < 0 OR (state IN ('claimed', 'sending') AND owner IS NULL)`,
} as const

type Row = Readonly<Record<string, unknown>>

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>()

/** Returns a statement of this connection; it is prepared once. */
const use = (database: DatabaseSync, name: keyof typeof statements): StatementSync => {
  let all = prepared.get(database)
  if (all === undefined) prepared.set(database, (all = new Map()))
  let statement = all.get(name)
  if (statement === undefined) all.set(name, (statement = database.prepare(statements[name])))
  return statement
}

const entryOf = (row: Row): OutboxEntry => ({
  // safe: the columns of the table
  id: row["id"] as string,
  state: row["ended_at"] === null ? "pending" : (row["state"] as EndState),
  acceptedAt: row["accepted_at"] as number,
  attempts: row["attempts"] as number,
  doubt: row["doubt"] === 1,
  ...(row["ended_at"] !== null && { endedAt: row["ended_at"] as number }),
  ...(row["status"] !== null && { status: row["status"] as number }),
  ...(row["error"] !== null && { error: row["error"] as string }),
})

const claimOf = (row: Row): Claim => ({
  // safe: the columns of the table
  id: row["id"] as string,
  epoch: row["epoch"] as number,
  doubt: row["doubt"] === 1,
  replay: row["replay"] === 1,
  rounds: row["rounds"] as number,
  payload: row["payload"] as Uint8Array,
})

const open: ReadonlySet<unknown> = new Set(["planned", "claimed", "sending"])

const statsOf = (rows: ReadonlyArray<Row>): OutboxStats => {
  const count = (state: string) =>
    Number(rows.find((row) => row["state"] === state)?.["count"] ?? 0)
  const claimed = count("claimed") + count("sending")
  const oldest = Math.min(
    ...rows.filter((row) => open.has(row["state"])).map((row) => Number(row["oldest"])),
  )
  return {
    pending: count("planned") + claimed,
    claimed,
    created: count("created"),
    existed: count("existed"),
    existsAfterDoubt: count("exists_after_doubt"),
    rejected: count("rejected"),
    parked: count("parked"),
    ...(Number.isFinite(oldest) && { oldestPendingAt: oldest }),
  }
}

/** Opens the rows of a file; it is created with the first operation. */
export const sqliteStore = (path: string): Store => {
  const file = new SqliteFile(path, kind)
  const changes = (
    name: keyof typeof statements,
    ...values: ReadonlyArray<string | number | null>
  ) => file.write((database) => Number(use(database, name).run(...values).changes) > 0)

  return {
    salt: () =>
      file.write((database) => {
        use(database, "insertSalt").run(randomBytes(32))
        // safe: the line above has made one
        return use(database, "salt").get()?.["salt"] as Uint8Array
      }),
    add: ({ fingerprint, id, idempotency, key, payload }: NewRow, now) =>
      file.write((database) => {
        const add = use(database, "add")
        if (add.run(id, key, idempotency, fingerprint, payload, now).changes !== 0) return undefined
        const known = use(database, "known").get(idempotency)
        // safe: the columns of the table, and the conflict was with this row
        return { id: known?.["id"] as string, fingerprint: known?.["fingerprint"] as Uint8Array }
      }),
    claim: (owner, limit, now, leaseMs) =>
      file.write((database) =>
        use(database, "claim")
          .all({ owner, limit, now, until: now + leaseMs })
          .toSorted((a, b) => Number(a["seq"]) - Number(b["seq"]))
          .map(claimOf),
      ),
    refresh: async (owner, until) => {
      await changes("refresh", until, owner)
    },
    intend: ({ epoch, id }) => changes("intend", id, epoch),
    release: ({ epoch, id }, { doubt, dueAt, error, rounds, status }: Released) =>
      changes("release", dueAt, doubt ? 1 : 0, rounds, status ?? null, error ?? null, id, epoch),
    end: ({ epoch, id }, state: EndState, { error, lost, status }: Ending, now) =>
      changes("end", state, status ?? null, error ?? null, now, lost === true ? 1 : 0, id, epoch),
    releaseAll: async (owner) => {
      await changes("releaseAll", owner)
    },
    get: (id) =>
      file.read((database) => {
        const row = use(database, "get").get(id)
        return row && entryOf(row)
      }),
    list: (state: OutboxState | undefined, limit) =>
      file.read((database) => {
        const rows =
          state === undefined
            ? use(database, "list").all(limit)
            : state === "pending"
              ? use(database, "listPending").all(limit)
              : use(database, "listState").all(state, limit)
        return rows.map(entryOf)
      }),
    stats: () => file.read((database) => statsOf(use(database, "stats").all())),
    pending: () => file.read((database) => Number(use(database, "pending").get()?.["count"])),
    replay: (id, now) => changes("replay", now, id),
    prune: async (before) => {
      await changes("prune", before)
    },
    erase: () => file.outside((database) => void database.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
    verify: () =>
      file.read((database) => {
        const found = use(database, "integrity")
          .all()
          .map((row) => String(row["integrity_check"]))
        const strange = use(database, "strange")
          .all()
          .map((row) => `${String(row["id"])}: its columns contradict each other`)
        return [...found.filter((line) => line !== "ok"), ...strange]
      }),
    close: async () => {
      await file
        .outside((database) => void database.exec("PRAGMA wal_checkpoint(TRUNCATE)"))
        .catch(() => {})
      file.close()
    },
  }
}
