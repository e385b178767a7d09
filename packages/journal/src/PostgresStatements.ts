/**
 * The statements on runs in Postgres. A pooler may give each another connection. `now` is SQL for the time. Those that change
 * something return a row if they did, or `reason` and `detail`.
 */
import { stateNumbers } from "./RowStatements.ts"

const { invalid, planned, sending, unknown } = stateNumbers

/** SQL that is true for a row that is left to send, or being sent. */
const isOpen = `state IN (${planned}, ${sending})`
/** The state, the doubt, and whether an earlier run brought a row into it, as one number. */
const group = "state * 4 + doubt::integer * 2 + (attempts = 0 AND earlier IS NOT NULL)::integer"
const isPlanned = "EXISTS (SELECT 1 FROM aelyst_run WHERE seq = $1 AND planned IS NOT NULL)"
const rowColumns = "number, line, state, doubt, attempts, one.status, code, earlier"
/** A row that a process sends now is left to be sent, as one that is planned: the difference of their groups. */
const sendingKind = (sending - planned) * 4
/** The time over which the pace is measured, in milliseconds. */
const recentMs = 60_000
/** How long a range waits for its second try, in milliseconds; each time without an end of a row it waits twice as long. */
const waitMs = 5_000
/** How often a range is tried without an end of any row before it is parked. */
const maxTries = 5
const isParked = `tries >= ${maxTries}`
/** SQL for the ranges of a run that have rows left to send. */
const openRanges = "FROM aelyst_range AS range WHERE range.run = $1 AND NOT range.ended"
/** SQL that is true for a range that waits in this way. */
const waits = (how: string) =>
  `EXISTS (SELECT 1 FROM aelyst_wait AS wait WHERE wait.run = $1 AND wait.first = range.first AND (${how}))`

/** The statements on one run, its rows, ranges and claims; `$1` is its number, `size` the rows of a range. */
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
      ) SELECT (SELECT count(*)::integer FROM added) AS added FROM owner`,
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
      ) SELECT CASE WHEN planned IS NULL THEN 'not_planned' WHEN status <> 'active' THEN status END AS reason,
        epoch::float8, coalesce((SELECT min(first) FROM taken), $2) AS "from", coalesce((SELECT max(last) FROM taken), $3) AS "to",
        (SELECT count(*) FROM taken) = (SELECT count(*) FROM aelyst_range WHERE run = $1 AND last >= $2 AND first <= $3) AS "isComplete"
      FROM run`,
    recover: `UPDATE aelyst_row SET state = $4, doubt = true, changed = ${now}, log = log || 'e${unknown}.' || ${now} || ';'
      WHERE run = $1 AND number BETWEEN $2 AND $3 AND state = ${sending}`,
    renew: `WITH renewed AS (
        UPDATE aelyst_range SET expires = ${now} + $5::bigint
        WHERE run = $1 AND first >= $2 AND last <= $3 AND epoch = $4 RETURNING 1
      ) SELECT 1 WHERE (SELECT count(*) FROM renewed) = (SELECT count(*) FROM aelyst_range WHERE run = $1 AND first >= $2 AND last <= $3)`,
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
    /** Why the row with key $2 was not changed under claim $3; $4 tells whether by an intent. */
    why: `SELECT CASE WHEN found IS NULL THEN 'wrong_state' WHEN epoch <> $3::bigint THEN 'fenced'
        WHEN $4 AND status <> 'active' THEN status ELSE 'wrong_state' END AS reason,
        CASE WHEN found IS NULL THEN 'the run has no such row' WHEN epoch <> $3::bigint OR $4 AND status <> 'active' THEN NULL
        ELSE 'it has ended, or another attempt is open' END AS detail
      FROM aelyst_run LEFT JOIN (SELECT run AS found, ${first} AS begin FROM aelyst_row WHERE run = $1 AND key = $2::uuid) AS one ON true
      LEFT JOIN aelyst_range ON run = found AND first = begin WHERE seq = $1`,
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
      ) SELECT CASE WHEN busy THEN 'claimed' WHEN NOT EXISTS (SELECT 1 FROM changed) THEN 'wrong_state' END AS reason,
        CASE WHEN NOT busy THEN 'row ' || $2 || ' is not in doubt' END AS detail FROM range`,
    lookup: `SELECT ${rowColumns} FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS wanted (hash, content, position)
      LEFT JOIN aelyst_row AS one ON run = $1 AND key = hash::uuid AND one.content = wanted.content AND ${isPlanned} ORDER BY position`,
    rows: `SELECT ${rowColumns}, payload IS NOT NULL AS "isKept", log FROM aelyst_row AS one WHERE run = $1 AND number > $2
      AND number <= $3 AND state = ANY ($5::smallint[]) AND ${isPlanned} ORDER BY number LIMIT $4`,
    payloads: `SELECT number, line, payload FROM aelyst_row WHERE run = $1 AND number > $2 AND number <= $3
      AND payload IS NOT NULL AND ${isPlanned} ORDER BY number LIMIT $4`,
    claimable: `SELECT first AS "from", last AS "to", abs(epoch)::float8 AS epoch ${openRanges} AND coalesce(expires, 0) <= ${now}
      AND ($3 = 'all' OR expires IS NOT NULL) AND NOT ${waits(`${isParked} OR due > ${now}`)} ORDER BY first LIMIT $2`,
    /** Lets the range from row $2 wait; $4 tells whether this counts as a try. */
    postpone: `INSERT INTO aelyst_wait AS wait (run, first, tries, due, reason)
      SELECT seq, $2, $4::boolean::integer, ${now} + ${waitMs}, $3 FROM aelyst_run WHERE seq = $1
      ON CONFLICT (run, first) DO UPDATE SET reason = excluded.reason, tries = CASE WHEN $4 THEN wait.tries + 1 ELSE 0 END,
        due = ${now} + ${waitMs} * CASE WHEN $4 THEN 2 ^ wait.tries ELSE 1 END`,
    // approved again, a run that has ended is a new one for workers
    approve: `WITH tried AS (DELETE FROM aelyst_wait WHERE run = $1)
      UPDATE aelyst_run SET origin = $2, token_class = $3, approved = CASE WHEN ended IS NULL THEN coalesce(approved, ${now}) ELSE ${now} END,
        ended = CASE WHEN NOT EXISTS (SELECT 1 ${openRanges}) THEN ${now} END WHERE seq = $1 AND status <> 'cancelled'`,
    end: `UPDATE aelyst_run SET ended = ${now} WHERE seq = $1 AND ended IS NULL AND status = 'active'
      AND NOT EXISTS (SELECT 1 ${openRanges} AND NOT ${waits(isParked)})`,
    /** Sums over the ranges, and the rows of those that are sent now. */
    progress: `WITH clock AS MATERIALIZED (SELECT ${now} AS at), live AS MATERIALIZED (
        SELECT tally IS NULL AS counts, ${group} AS kind, state = ${sending} AND coalesce(expires, 0) > at AS held,
          CASE WHEN attempts > 0 AND NOT ${isOpen} THEN one.changed END AS ended
        FROM aelyst_range AS range JOIN aelyst_row AS one ON one.run = $1 AND number BETWEEN first AND last, clock
        WHERE range.run = $1 AND (tally IS NULL OR range.newest > at - ${recentMs})
      ), kinds AS (
        SELECT kind, sum(n) AS n FROM (
          SELECT key::integer AS kind, value::bigint AS n FROM aelyst_range, jsonb_each_text(tally) WHERE run = $1
          UNION ALL SELECT kind - held::integer * ${sendingKind}, 1 FROM live WHERE counts) AS found GROUP BY kind
      ), ranges AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE ended) AS ended, count(*) FILTER (WHERE expires > at) AS claimed,
          max(newest) AS newest, max(changed) AS changed FROM aelyst_range, clock WHERE run = $1
      ), pace AS (
        SELECT count(*) FILTER (WHERE ended > at - ${recentMs}) AS recent, min(ended) FILTER (WHERE ended > at - ${recentMs}) AS oldest,
          max(ended) AS newest, count(*) FILTER (WHERE held) AS held FROM live, clock
      ) SELECT json_strip_nulls(json_build_object('status', status, 'at', at, 'underWay', held, 'approvedAt', approved, 'endedAt', aelyst_run.ended,
        'parked', (SELECT coalesce(json_agg(json_build_object('from', first, 'reason', reason) ORDER BY first), '[]')
          FROM aelyst_wait WHERE run = $1 AND ${isParked}),
        'plan', json_build_object('invalid', invalid, 'duplicate', duplicate, 'foreign', outside),
        'kinds', coalesce((SELECT json_agg(kinds) FROM kinds), '[]'),
        'ranges', json_build_object('total', total, 'ended', ranges.ended, 'claimed', claimed),
        'perSecond', CASE recent WHEN 0 THEN 0 ELSE recent / greatest(1, (at - oldest) / 1000.0) END,
        'lastEndedAt', greatest(ranges.newest, pace.newest), 'changedAt', greatest(created, planned, ranges.changed, pace.newest)))::text AS progress
      FROM aelyst_run, clock, ranges, pace WHERE seq = $1`,
    remove: `WITH gone AS (
        DELETE FROM aelyst_run WHERE seq = $1 AND NOT EXISTS (SELECT 1 FROM aelyst_range WHERE run = $1 AND expires > ${now})
        RETURNING seq
      ), ranges AS (DELETE FROM aelyst_range USING gone WHERE run = seq), waits AS (DELETE FROM aelyst_wait USING gone WHERE run = seq),
      rows AS (DELETE FROM aelyst_row USING gone WHERE run = seq)
      SELECT seq FROM gone`,
    // a cancelled run stays so: its contacts are erased
    setStatus: `WITH changed AS (
        UPDATE aelyst_run SET status = $2::text,
          ended = CASE $2::text WHEN 'active' THEN NULL WHEN 'cancelled' THEN coalesce(ended, ${now}) ELSE ended END
        WHERE seq = $1 AND (status <> 'cancelled' OR $2::text = 'cancelled') RETURNING seq
      ), tried AS (
        DELETE FROM aelyst_wait USING changed WHERE run = seq AND $2::text = 'active'
      ), erased AS (
        UPDATE aelyst_row SET payload = NULL FROM changed WHERE run = seq AND payload IS NOT NULL AND $2::text = 'cancelled'
      ) SELECT seq FROM changed`,
    /** The values that a check compares with the rows. */
    verify: `SELECT rows, (SELECT last_value::float8 FROM aelyst_epoch) AS epochs,
      (SELECT count(*)::integer FROM aelyst_range AS range WHERE run = $1 AND ended AND EXISTS (SELECT 1 FROM aelyst_row AS row
        WHERE row.run = $1 AND number BETWEEN first AND last AND ${isOpen})) AS closed FROM aelyst_run WHERE seq = $1`,
  }
}

const runColumns = "seq, id, facts, created::float8, planned::float8, range_rows AS size"

/** The statements on the runs of a database. */
export const runStatements = (now: string) => ({
  now: `SELECT ${now}::float8 AS now`,
  newest: `SELECT ${runColumns}, generation, status FROM aelyst_run WHERE fingerprint = $1 ORDER BY generation DESC LIMIT 1`,
  create: `INSERT INTO aelyst_run (id, fingerprint, generation, account, facts, range_rows, created)
    VALUES ($1, $2, $3::integer, $4, $5, $6::integer, ${now}) ON CONFLICT DO NOTHING RETURNING ${runColumns}`,
  find: `SELECT ${runColumns} FROM aelyst_run WHERE lower(id) = lower($1)`,
  list: `SELECT ${runColumns} FROM aelyst_run ORDER BY aelyst_run.created DESC, seq DESC`,
  earlier: `SELECT id, EXISTS (SELECT 1 FROM aelyst_range WHERE run = seq AND expires > ${now}) AS busy FROM aelyst_run
    WHERE account = $1 AND id <> $2 ORDER BY created DESC, seq DESC`,
  approved: `SELECT id AS run, token_class AS "tokenClass", approved::float8 AS "approvedAt" FROM aelyst_run
    WHERE origin = $1 AND approved IS NOT NULL AND ended IS NULL AND status <> 'cancelled' ORDER BY approved`,
  // per key the newest run that sent it, or left it in doubt
  sentBefore: `SELECT found.*, found.content = wanted.content AS "isSame"
    FROM unnest($3::text[], $4::bigint[]) WITH ORDINALITY AS wanted (hash, content, position) LEFT JOIN LATERAL (
      SELECT id, content, ${rowColumns} FROM aelyst_row AS one JOIN aelyst_run ON seq = run
      WHERE key = hash::uuid AND account = $1 AND id <> $2 AND planned IS NOT NULL AND (state <> ${planned} OR doubt)
      ORDER BY created DESC, seq DESC LIMIT 1) AS found ON true ORDER BY position`,
})
