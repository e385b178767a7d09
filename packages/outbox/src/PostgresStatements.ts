/** The tables of an outbox in Postgres, and the statements on them. None needs session state. */
import { claimColumns, entryColumns, longestLeaseMs, longestWaitMs } from "./Row.ts"

/** The format of the tables. */
export const version = 1

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
      due_at bigint,
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
    CREATE INDEX IF NOT EXISTS aelyst_outbox_due ON aelyst_outbox (due_at, seq) WHERE due_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS aelyst_outbox_key ON aelyst_outbox (key, seq) WHERE ended_at IS NULL;
    CREATE UNIQUE INDEX IF NOT EXISTS aelyst_outbox_sent ON aelyst_outbox (key) WHERE state IN ('claimed', 'sending');
    CREATE INDEX IF NOT EXISTS aelyst_outbox_owner ON aelyst_outbox (owner) WHERE owner IS NOT NULL;
    CREATE INDEX IF NOT EXISTS aelyst_outbox_ended ON aelyst_outbox (state, ended_at);
  END IF;
END $$`

/** The server's time in milliseconds. */
export const serverTime = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/** Returns SQL for the salted hash of a parameter; that of NULL is NULL. */
const hash = (parameter: string): string =>
  `sha256((SELECT salt FROM aelyst_outbox_meta) || convert_to(${parameter}::text, 'UTF8'))`

const held = "state IN ('claimed', 'sending')"

/**
 * Changes the claimed rows that a text of JSON lists, those whose claim is not lost. Rows that another session has locked are
 * left out, so that they delay no other, unless the statement waits for them; it must then be for one row.
 */
const ofClaims = (change: string, columns: string, locked: "SKIP LOCKED" | "") =>
  // the limit is the number of the rows, which the planner would not know otherwise
  `WITH asked AS (SELECT * FROM json_to_recordset($1::text::json) AS one (id text, epoch integer${columns}) LIMIT $2::integer),
    ours AS (SELECT row.seq, asked.* FROM asked JOIN aelyst_outbox AS row USING (id)
      WHERE row.epoch = asked.epoch AND row.${held} FOR UPDATE OF row ${locked})
    UPDATE aelyst_outbox AS row SET ${change} FROM ours WHERE row.seq = ours.seq RETURNING ours.id, ours.epoch`
const intend = (locked: "SKIP LOCKED" | "") =>
  ofClaims("state = 'sending', attempts = attempts + 1", "", locked)

const end = (now: string, locked: "SKIP LOCKED" | "") =>
  ofClaims(
    `state = ours.state, owner = NULL, lease_until = 0, status = ours.status, error = ours.error, due_at = NULL, ended_at = ${now},
      payload = CASE WHEN ours.state = 'parked' THEN payload END, doubt = doubt OR ours.lost`,
    ", state text, status integer, error text, lost boolean",
    locked,
  )

/** Returns SQL for whether a row is encrypted with a key whose id is in a list with commas. */
const needsKey = (row: string, keyIds: string) =>
  `substr(${row}.payload, 1, 1) = decode('01', 'hex')
    AND encode(substr(${row}.payload, 2, 4), 'hex') = ANY (string_to_array(${keyIds}::text, ','))`

/** Returns SQL for rows that no session sends, of those for which a condition is true. */
const claimable = (condition: string, limit: string) =>
  `SELECT one.seq FROM aelyst_outbox AS one
      WHERE ${condition}
        AND CASE WHEN (state = 'planned' OR lease_until <= (SELECT time FROM clock)
            OR lease_until > (SELECT time FROM clock) + ${longestLeaseMs}) AND NOT (${needsKey("one", "$4")})
          THEN NOT EXISTS (SELECT 1 FROM aelyst_outbox AS other
            WHERE other.ended_at IS NULL AND other.key = one.key AND other.seq <> one.seq
              AND (other.seq < one.seq OR other.state <> 'planned'))
          ELSE false END
      ORDER BY due_at, one.seq LIMIT ${limit} FOR UPDATE OF one SKIP LOCKED`

/** Returns the statements; `now` is SQL for the time. */
export const statementsAt = (now: string) => ({
  // each value is named once and in order, for drivers that write them otherwise
  add: `INSERT INTO aelyst_outbox (id, key, idempotency, submission, payload, due_at, accepted_at)
    SELECT $1::text, ${hash("$2")}, ${hash("$3")}, ${hash("$4")}, $5::bytea, time, time
    FROM (SELECT ${now} AS time) AS clock
    ON CONFLICT DO NOTHING RETURNING id`,
  // rows without an idempotency key
  addAll: `INSERT INTO aelyst_outbox (id, key, submission, payload, due_at, accepted_at)
    SELECT id, ${hash("key")}, ${hash("submission")}, decode(payload, 'base64'), time, time
    FROM json_to_recordset($1::text::json) AS one (id text, key text, submission text, payload text),
      (SELECT ${now} AS time) AS clock
    ON CONFLICT (id) DO NOTHING`,
  earlier: `SELECT id, submission = ${hash("$3")} AS same FROM aelyst_outbox
    WHERE id = $1 OR idempotency = ${hash("$2")}`,
  // The planner believes of a table that fills up that little is due, and would read, join and sort all of it for each claim. So
  // the time is selected, the conditions are a CASE, and each part can use one index only, which has the rows in order.
  // A row is due if no other row of its key is sent, and no older one has still to end: one that was begun earlier may be
  // committed later. What is too far ahead was noted before the clock was set back; it is read apart, to keep the order
  claim: `WITH clock AS MATERIALIZED (SELECT ${now} AS time), due AS (
      ${claimable("due_at <= (SELECT time FROM clock)", "$2::integer")}), ahead AS (
      ${claimable(
        `due_at > (SELECT time FROM clock) AND (accepted_at > (SELECT time FROM clock)
          OR due_at > (SELECT time FROM clock) + ${longestWaitMs})`,
        "(SELECT $2::integer - count(*) FROM due)",
      )})
    UPDATE aelyst_outbox SET epoch = epoch + 1, owner = $1, lease_until = (SELECT time FROM clock) + $3::bigint,
      doubt = doubt OR state = 'sending', replay = replay AND state <> 'sending', state = 'claimed'
    WHERE seq = ANY (ARRAY(SELECT seq FROM due UNION ALL SELECT seq FROM ahead))
    RETURNING ${claimColumns}`,
  refresh: `UPDATE aelyst_outbox SET lease_until = ${now} + $2::bigint WHERE owner = $1 AND ${held} RETURNING id`,
  intend: intend("SKIP LOCKED"),
  intendOne: intend(""),
  release: `UPDATE aelyst_outbox SET state = 'planned', owner = NULL, lease_until = 0, due_at = ${now} + $3::bigint,
      doubt = $4, rounds = $5, status = $6, error = $7
    WHERE id = $1 AND epoch = $2 AND ${held} RETURNING id`,
  end: end(now, "SKIP LOCKED"),
  endOne: end(now, ""),
  releaseAll: `UPDATE aelyst_outbox SET state = 'planned', owner = NULL, lease_until = 0
    WHERE owner = $1 AND state = 'claimed' RETURNING id`,
  get: `SELECT ${entryColumns} FROM aelyst_outbox WHERE id = $1`,
  payload: "SELECT payload FROM aelyst_outbox WHERE id = $1 AND payload IS NOT NULL",
  list: `SELECT ${entryColumns} FROM aelyst_outbox ORDER BY seq DESC LIMIT $1`,
  listPending: `SELECT ${entryColumns} FROM aelyst_outbox WHERE ended_at IS NULL ORDER BY seq DESC LIMIT $1`,
  listState: `SELECT ${entryColumns} FROM aelyst_outbox WHERE state = $1 ORDER BY seq DESC LIMIT $2`,
  pending:
    "SELECT count(*) AS count FROM (SELECT 1 FROM aelyst_outbox WHERE ended_at IS NULL LIMIT $1) AS one",
  readable: `SELECT 1 FROM aelyst_outbox AS one WHERE ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM aelyst_outbox AS older
    WHERE older.ended_at IS NULL AND older.key = one.key AND older.seq <= one.seq AND ${needsKey("older", "$1")}) LIMIT 1`,
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
    OR (ended_at IS NULL AND due_at IS NULL) OR attempts < 0 OR epoch < 0 OR (${held} AND owner IS NULL)`,
  version: "SELECT version FROM aelyst_outbox_meta",
})
