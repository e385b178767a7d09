/**
 * The statements on the rows, ranges and claims of one run in Postgres; `$1` is its number. A pooler may give each
 * another connection. `now` is SQL for the time, `size` the rows of a range.
 */
import { stateNumbers } from "./RowStatements.ts"

const { invalid, planned, sending, unknown } = stateNumbers

/** SQL that is true for a row that is left to send, or being sent. */
export const isOpen = `state IN (${planned}, ${sending})`
/** SQL that is true for a row whose request may have left. */
export const isSending = `state = ${sending}`
/** The state, the doubt, and whether an earlier run brought a row into it, as one number. */
export const group =
  "state * 4 + doubt::integer * 2 + (attempts = 0 AND earlier IS NOT NULL)::integer"
const isPlanned = "EXISTS (SELECT 1 FROM aelyst_run WHERE seq = $1 AND planned IS NOT NULL)"
const rowColumns = "number, line, state, doubt, attempts, status, code, earlier"

export const statementsOf = (now: string, size: number) => {
  /** The first row of the range of a row. */
  const first = `number - (number - 1) % ${size}`
  /** The state of ranges, from their rows. */
  const tallies = (rows: string) => `
    SELECT first, bool_and(NOT open) AS ended, max(newest) AS newest, jsonb_object_agg(kind, n) AS tally
    FROM (SELECT ${first} AS first, ${group} AS kind, ${isOpen} AS open, count(*) AS n,
        max(changed) FILTER (WHERE attempts > 0 AND NOT ${isOpen}) AS newest
      FROM aelyst_row WHERE run = $1 ${rows} GROUP BY 1, 2, 3) AS kinds GROUP BY first`
  /**
   * Whether claim $3 holds the row with key $2. The lock on the range makes a new claim wait for this statement, so that it finds
   * what this one wrote; and this one for a new claim, so that it writes nothing after that.
   */
  const held = `held AS MATERIALIZED (
    SELECT 1 FROM aelyst_range WHERE run = $1 AND epoch = $3::bigint AND first = (
      SELECT ${first} FROM aelyst_row WHERE run = $1 AND key = $2::uuid) FOR SHARE)`
  // in doubt a row cannot be found invalid
  const ended = `CASE WHEN doubt AND $4::smallint = ${invalid} THEN ${unknown} ELSE $4::smallint END`
  const row = "run = $1 AND key = $2::uuid AND EXISTS (SELECT 1 FROM held)"

  return {
    // a newer load ends an older one: its statements find no owner
    beginPlan: `UPDATE aelyst_run SET load = load + 1 WHERE seq = $1 AND planned IS NULL RETURNING load`,
    clearPlan: `DELETE FROM aelyst_row WHERE run = $1
      AND EXISTS (SELECT 1 FROM aelyst_run WHERE seq = $1 AND load = $2 AND planned IS NULL)`,
    insert: `WITH owner AS MATERIALIZED (
        SELECT 1 FROM aelyst_run WHERE seq = $1 AND load = $2 AND planned IS NULL FOR SHARE
      ), added AS (
        INSERT INTO aelyst_row (run, number, line, key, content, state, doubt, status, code, earlier, payload, changed)
        SELECT $1, number, line, key, content, state, doubt, status, code, earlier, decode(payload, 'base64'), ${now}
        FROM json_to_recordset($3::json) AS new (number integer, line integer, key uuid, content bigint, state smallint,
          doubt boolean, status smallint, code text, earlier text, payload text)
        WHERE EXISTS (SELECT 1 FROM owner) ON CONFLICT (key, run) DO NOTHING RETURNING 1
      ) SELECT (SELECT count(*) FROM owner) AS owners, (SELECT count(*) FROM added) AS added`,
    endPlan: `WITH run AS (
        UPDATE aelyst_run SET planned = ${now}, rows = $3, invalid = $4, duplicate = $5, outside = $6
        WHERE seq = $1 AND load = $2 AND planned IS NULL RETURNING planned
      ), added AS (
        INSERT INTO aelyst_range (run, first, last, ended, tally, changed)
        SELECT $1, first, first + ${size - 1}, ended, tally, planned FROM run, (${tallies("")}) AS made
      ) SELECT planned FROM run`,
    take: `WITH run AS MATERIALIZED (
        SELECT planned, status, nextval('aelyst_epoch') AS epoch, ${now} AS time FROM aelyst_run WHERE seq = $1
      ), taken AS (
        UPDATE aelyst_range AS range SET epoch = run.epoch, owner = $4::text, expires = time + $5::bigint, tally = NULL, changed = time
        FROM run WHERE range.run = $1 AND last >= $2 AND first <= $3 AND coalesce(expires, 0) <= time
          AND planned IS NOT NULL AND status = 'active'
        RETURNING first, last
      ) SELECT planned IS NOT NULL AS planned, status, epoch, (SELECT count(*) FROM taken) AS taken,
        (SELECT count(*) FROM aelyst_range WHERE run = $1 AND last >= $2 AND first <= $3) AS wanted,
        (SELECT min(first) FROM taken) AS first, (SELECT max(last) FROM taken) AS last FROM run`,
    recover: `UPDATE aelyst_row SET state = $4, doubt = true, changed = ${now}, log = log || 'e${unknown}.' || ${now} || ';'
      WHERE run = $1 AND number BETWEEN $2 AND $3 AND state = ${sending}`,
    renew: `WITH renewed AS (
        UPDATE aelyst_range SET expires = ${now} + $5::bigint
        WHERE run = $1 AND first >= $2 AND last <= $3 AND epoch = $4 RETURNING 1
      ) SELECT (SELECT count(*) FROM renewed) =
        (SELECT count(*) FROM aelyst_range WHERE run = $1 AND first >= $2 AND last <= $3) AS held`,
    release: `UPDATE aelyst_range AS range SET epoch = -range.epoch, expires = NULL, owner = NULL, changed = ${now},
        ended = made.ended, newest = made.newest, tally = made.tally
      FROM (${tallies("AND number BETWEEN $2 AND $3")}) AS made
      WHERE range.run = $1 AND range.first = made.first AND range.epoch = $4`,
    intent: `WITH ${held} UPDATE aelyst_row SET state = ${sending}, attempts = attempts + 1, changed = ${now},
        log = log || 'i' || $4::integer || '.' || $3::bigint || '.' || ${now} || ';'
      WHERE ${row} AND state = CASE $4::integer WHEN 1 THEN ${planned} ELSE ${sending} END
        AND (SELECT status = 'active' FROM aelyst_run WHERE seq = $1) RETURNING 1`,
    outcome: `WITH ${held} UPDATE aelyst_row SET state = ${ended}, doubt = doubt OR $5::boolean, changed = ${now},
        status = coalesce($6::smallint, status), code = $7::text, payload = CASE WHEN ${ended} IN (${planned}, ${unknown}) THEN payload END,
        log = log || 'e' || CASE WHEN $5::boolean AND $4::smallint = ${planned} THEN ${unknown} ELSE ${ended} END || '.' || ${now} || $8::text || ';'
      WHERE ${row} AND (state = ${sending} OR state = ${planned} AND $4::smallint IN (${planned}, ${invalid}, ${unknown})) RETURNING 1`,
    why: `SELECT (SELECT status FROM aelyst_run WHERE seq = $1) AS status,
      EXISTS (SELECT 1 FROM aelyst_row WHERE run = $1 AND key = $2::uuid) AS found,
      EXISTS (SELECT 1 FROM aelyst_range WHERE run = $1 AND epoch = $3::bigint AND first = (
        SELECT ${first} FROM aelyst_row WHERE run = $1 AND key = $2::uuid)) AS held`,
    // a person decides about a row only when no process may be sending it
    resolve: `WITH range AS MATERIALIZED (
        SELECT first, coalesce(expires, 0) > ${now} AS busy FROM aelyst_range WHERE run = $1 AND $2 BETWEEN first AND last FOR UPDATE
      ), changed AS (
        UPDATE aelyst_row SET state = $3, doubt = true, changed = ${now}, log = log || 'r' || $3::integer || '.' || ${now} || ';',
          payload = CASE $3::integer WHEN ${planned} THEN payload END
        WHERE run = $1 AND number = $2 AND (state IN (${sending}, ${unknown}) OR state = ${planned} AND doubt)
          AND (SELECT NOT busy FROM range) RETURNING 1
      ), counted AS (
        UPDATE aelyst_range SET tally = NULL, ended = ended AND $3::integer <> ${planned}
        WHERE run = $1 AND first = (SELECT first FROM range) AND EXISTS (SELECT 1 FROM changed)
      ) SELECT busy, EXISTS (SELECT 1 FROM changed) AS resolved FROM range`,
    lookup: `SELECT position, content, ${rowColumns} FROM unnest($2::text[]) WITH ORDINALITY AS wanted (hash, position)
      JOIN aelyst_row ON run = $1 AND key = hash::uuid WHERE ${isPlanned}`,
    rows: `SELECT ${rowColumns}, payload IS NOT NULL AS kept, log FROM aelyst_row WHERE run = $1 AND number > $2 AND number <= $3
      AND state = ANY ($4::smallint[]) AND ${isPlanned} ORDER BY number LIMIT $5`,
    payloads: `SELECT number, line, payload FROM aelyst_row WHERE run = $1 AND number > $2 AND number <= $3
      AND payload IS NOT NULL AND ${isPlanned} ORDER BY number LIMIT $4`,
    claimable: `SELECT first, last, abs(epoch) AS epoch FROM aelyst_range WHERE run = $1 AND NOT ended
      AND coalesce(expires, 0) <= ${now} ORDER BY first LIMIT $2`,
  }
}
