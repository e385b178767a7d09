/** The rows of an outbox in an SQLite file. */
import { createHash, randomBytes } from "node:crypto"
import type { DatabaseSync, StatementSync } from "node:sqlite"

import {
  claimColumns,
  claimsOf,
  entryColumns,
  entryOf,
  keysOf,
  longestLeaseMs,
  longestWaitMs,
  statsOf,
} from "./Row.ts"
import { OutboxError } from "./OutboxError.ts"
import { SqliteFile } from "./SqliteFile.ts"
import type { Claim, Earlier, EndState, Ended, NewRow, Released, Store } from "./Store.ts"
import type { OutboxState } from "./types.ts"

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
  submission BLOB NOT NULL,
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
CREATE UNIQUE INDEX outbox_sent ON outbox (key) WHERE state IN ('claimed', 'sending');
CREATE INDEX outbox_owner ON outbox (owner) WHERE ended_at IS NULL;
CREATE INDEX outbox_ended ON outbox (state, ended_at)`,
}

/** Returns SQL for whether a row is encrypted with a key whose id is in a list of JSON. */
const needsKey = (row: string, keyIds: string) =>
  `substr(${row}.payload, 1, 1) = x'01' AND lower(hex(substr(${row}.payload, 2, 4))) IN (SELECT value FROM json_each(${keyIds}))`

const statements = {
  insertSalt: "INSERT INTO meta (salt) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM meta)",
  salt: "SELECT salt FROM meta",
  add: `INSERT INTO outbox (id, key, idempotency, submission, payload, state, due_at, accepted_at)
    VALUES (?, ?, ?, ?, ?, 'planned', ?, ?) ON CONFLICT (idempotency) DO NOTHING`,
  earlier: "SELECT id, submission FROM outbox WHERE idempotency = ?",
  // a row is due if no older row of its key has still to end; times too far ahead were noted before the clock was set back
  claim: `UPDATE outbox SET epoch = epoch + 1, owner = :owner, lease_until = :until,
      doubt = doubt OR state = 'sending', replay = replay AND state != 'sending', state = 'claimed'
    WHERE seq IN (
      SELECT seq FROM outbox AS one
      WHERE ended_at IS NULL AND (due_at <= :now OR accepted_at > :now OR due_at > :now + ${longestWaitMs})
        AND (state = 'planned' OR lease_until <= :now OR lease_until > :now + ${longestLeaseMs})
        AND NOT (${needsKey("one", ":without")})
        AND NOT EXISTS (SELECT 1 FROM outbox AS older
          WHERE older.ended_at IS NULL AND older.key = one.key AND older.seq < one.seq)
      ORDER BY due_at, seq LIMIT :limit)
    RETURNING ${claimColumns}`,
  refresh: `UPDATE outbox SET lease_until = ? WHERE owner = ? AND state IN ('claimed', 'sending')`,
  intend: `UPDATE outbox SET state = 'sending', attempts = attempts + 1
    WHERE id = ? AND epoch = ? AND state IN ('claimed', 'sending')`,
  release: `UPDATE outbox SET state = 'planned', owner = NULL, lease_until = 0, due_at = ?, doubt = ?, rounds = ?,
      status = ?, error = ?
    WHERE id = ? AND epoch = ? AND state IN ('claimed', 'sending')`,
  end: `UPDATE outbox SET state = ?, owner = NULL, lease_until = 0, status = ?, error = ?, ended_at = ?,
      payload = iif(?, payload, NULL), doubt = doubt OR ?
    WHERE id = ? AND epoch = ? AND state IN ('claimed', 'sending')`,
  releaseAll: `UPDATE outbox SET state = 'planned', owner = NULL, lease_until = 0
    WHERE owner = ? AND state = 'claimed'`,
  get: `SELECT ${entryColumns} FROM outbox WHERE id = ?`,
  payload: "SELECT payload FROM outbox WHERE id = ? AND payload IS NOT NULL",
  list: `SELECT ${entryColumns} FROM outbox ORDER BY seq DESC LIMIT ?`,
  listPending: `SELECT ${entryColumns} FROM outbox WHERE ended_at IS NULL ORDER BY seq DESC LIMIT ?`,
  listState: `SELECT ${entryColumns} FROM outbox WHERE state = ? ORDER BY seq DESC LIMIT ?`,
  pending: "SELECT count(*) AS count FROM (SELECT 1 FROM outbox WHERE ended_at IS NULL LIMIT ?)",
  readable: `SELECT 1 FROM outbox AS one WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM outbox AS older
    WHERE older.ended_at IS NULL AND older.key = one.key AND older.seq <= one.seq AND ${needsKey("older", "?")}) LIMIT 1`,
  stats: `SELECT state AS name, count(*) AS value FROM outbox GROUP BY state
    UNION ALL SELECT 'oldest', min(accepted_at) FROM outbox WHERE ended_at IS NULL`,
  // the first byte says that a payload is encrypted, the next four are the id of the key: see `Cipher`
  keysInUse: `SELECT hex(substr(payload, 2, 4)) AS name, count(*) AS value FROM outbox
    WHERE substr(payload, 1, 1) = x'01' GROUP BY name`,
  replay: `UPDATE outbox SET state = 'planned', ended_at = NULL, due_at = ?, rounds = 0, replay = 1
    WHERE id = ? AND state = 'parked'`,
  discard: `UPDATE outbox SET state = 'rejected', error = 'Discarded', status = NULL, payload = NULL, ended_at = ?
    WHERE id = ? AND state = 'parked'`,
  prune: `DELETE FROM outbox
    WHERE state IN ('created', 'existed', 'exists_after_doubt', 'rejected') AND ended_at <= ?`,
  integrity: "PRAGMA integrity_check",
  strange: `SELECT id FROM outbox WHERE (state IN ('planned', 'claimed', 'sending')) != (ended_at IS NULL)
    OR attempts < 0 OR epoch < 0 OR (state IN ('claimed', 'sending') AND owner IS NULL)`,
} as const

type Name = keyof typeof statements

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>()

/** Returns a statement of this connection; it is prepared once. */
const use = (database: DatabaseSync, name: Name): StatementSync => {
  let all = prepared.get(database)
  if (all === undefined) prepared.set(database, (all = new Map()))
  let statement = all.get(name)
  if (statement === undefined) all.set(name, (statement = database.prepare(statements[name])))
  return statement
}

const salts = new WeakMap<DatabaseSync, Uint8Array>()

/** Returns the hash of a text with the salt of the file, which is made once. */
const hashOf = (database: DatabaseSync, text: string): Uint8Array => {
  let salt = salts.get(database)
  if (salt === undefined) {
    use(database, "insertSalt").run(randomBytes(32))
    // safe: the line above has made one
    salt = use(database, "salt").get()?.["salt"] as Uint8Array
    salts.set(database, salt)
  }
  return createHash("sha256").update(salt).update(text).digest()
}

const moved = (path: string): OutboxError =>
  new OutboxError("STORE", {
    detail: `${path} was deleted or replaced while the outbox was open: call \`drain\`, which still sends what it held, and restart the app.`,
  })

/** Opens the rows of a file; it is created with the first operation, or must exist. */
export const sqliteStore = (
  path: string,
  now: () => number = Date.now,
  create: boolean = true,
): Store => {
  const file = new SqliteFile(path, kind, create)
  const changes = (name: Name, ...values: ReadonlyArray<string | number | null>) =>
    file.write((database) => Number(use(database, name).run(...values).changes) > 0)
  const truncate = () =>
    file.outside((database) => void database.exec("PRAGMA wal_checkpoint(TRUNCATE)"))

  return {
    add: async ({ id, idempotencyKey, key, payload, submission }: NewRow) => {
      const earlierOrMoved = await file.write((database): Earlier | "moved" | undefined => {
        // no error here: the connection must stay open for the rows that are still to be sent
        if (file.isMoved()) return "moved"
        const hash = (text: string) => hashOf(database, text)
        const idempotency = idempotencyKey === undefined ? null : hash(idempotencyKey)
        const digest = hash(submission)
        const at = now()
        // Node.js 22.19 takes a numbered parameter such as ?6 for a named one
        const added = use(database, "add").run(id, hash(key), idempotency, digest, payload, at, at)
        if (added.changes !== 0) return undefined
        const earlier = use(database, "earlier").get(idempotency)
        // safe: a column of bytes of the row with which it was in conflict
        const theirs = earlier?.["submission"] as Uint8Array
        return { id: String(earlier?.["id"]), isSame: Buffer.from(theirs).equals(digest) }
      })
      if (earlierOrMoved === "moved") throw moved(file.path)
      return earlierOrMoved
    },
    claim: (owner, limit, leaseMs, keyIds = []) =>
      file.write((database) => {
        const at = now()
        const without = JSON.stringify(keyIds)
        const times = { now: at, until: at + leaseMs }
        return claimsOf(use(database, "claim").all({ owner, limit, without, ...times }))
      }),
    refresh: async (owner, leaseMs) => void (await changes("refresh", now() + leaseMs, owner)),
    intend: ({ epoch, id }) => changes("intend", id, epoch),
    release: ({ epoch, id }: Claim, how: Released) => {
      const { delayMs, doubt, error, rounds, status } = how
      const ending = [status ?? null, error ?? null]
      return changes(
        "release",
        Math.ceil(now() + delayMs),
        doubt ? 1 : 0,
        rounds,
        ...ending,
        id,
        epoch,
      )
    },
    end: ({ epoch, id }, state: EndState, { error, lost, status }: Ended) =>
      changes(
        "end",
        state,
        status ?? null,
        error ?? null,
        now(),
        state === "parked" ? 1 : 0,
        lost ? 1 : 0,
        id,
        epoch,
      ),
    releaseAll: async (owner) => void (await changes("releaseAll", owner)),
    get: (id) =>
      file.read((database) => {
        const row = use(database, "get").get(id)
        return row && entryOf(row)
      }),
    payload: (id) =>
      file.read((database) => {
        // safe: a column of bytes
        return use(database, "payload").get(id)?.["payload"] as Uint8Array | undefined
      }),
    list: (state: OutboxState | undefined, limit) =>
      file.read((database) => {
        if (state === undefined) return use(database, "list").all(limit).map(entryOf)
        if (state === "pending") return use(database, "listPending").all(limit).map(entryOf)
        return use(database, "listState").all(state, limit).map(entryOf)
      }),
    pending: (most) =>
      file.read((database) => Number(use(database, "pending").get(most)?.["count"])),
    hasReadable: (without) =>
      file.read((database) => use(database, "readable").get(JSON.stringify(without)) !== undefined),
    stats: () => file.read((database) => statsOf(use(database, "stats").all())),
    keysInUse: () => file.read((database) => keysOf(use(database, "keysInUse").all())),
    replay: (id) => changes("replay", now(), id),
    discard: (id) => changes("discard", now(), id),
    prune: async (retentionMs) => void (await changes("prune", now() - retentionMs)),
    erase: truncate,
    verify: () =>
      file.outside((database) => {
        const found = use(database, "integrity")
          .all()
          .map((row) => String(row["integrity_check"]))
        const strange = use(database, "strange").all()
        return [
          ...found.filter((one) => one !== "ok"),
          ...strange.map((row) => `${String(row["id"])}: its columns contradict each other`),
        ]
      }),
    close: async () => {
      await truncate().catch(() => {})
      await file.close()
    },
  }
}
