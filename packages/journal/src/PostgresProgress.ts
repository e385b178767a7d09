/** The state of a run in one statement: sums over its ranges, and the rows of those that are sent now. */
import * as Effect from "effect/Effect"

import type { Database } from "./Database.ts"
import type { JournalError } from "./JournalError.ts"
import { group, isOpen, isSending } from "./PostgresStatements.ts"
import { countsOf } from "./RunReads.ts"
import { stateNumber, states } from "./RunTables.ts"
import type { RunStatus, SharedProgress } from "./SharedRuns.ts"

/** A row that a process sends now is left to be sent, as one that is planned: the difference of their groups. */
const sendingKind = (stateNumber("sending") - stateNumber("planned")) * 4
/** The time over which the pace is measured, in milliseconds. */
const recentMs = 60_000

const statement = (now: string) => `
WITH clock AS MATERIALIZED (SELECT ${now} AS at),
live AS MATERIALIZED (
  SELECT tally IS NULL AS counts, ${group} AS kind, ${isSending} AND coalesce(expires, 0) > at AS held, CASE WHEN attempts > 0 AND NOT ${isOpen} THEN one.changed END AS ended
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
)
SELECT status, planned, invalid, duplicate, outside, at, total, ranges.ended, claimed, held, recent, oldest,
  greatest(ranges.newest, pace.newest) AS newest, greatest(created, planned, ranges.changed, pace.newest) AS changed,
  (SELECT json_object_agg(kind, n)::text FROM kinds) AS kinds
FROM aelyst_run, clock, ranges, pace WHERE seq = $1`

/** Returns the state of a run, and when it changed. */
export const progressOf = (
  db: Database,
  seq: number,
): Effect.Effect<SharedProgress & { readonly changedAt: number }, JournalError> =>
  Effect.flatMap(db.first(statement(db.now), seq), (found) => {
    if (found === undefined) return Effect.fail(db.error("not_found"))
    const at = Number(found["at"])
    // safe: numbers by the number of a group
    const kinds = JSON.parse(String(found["kinds"] ?? "{}")) as Readonly<Record<string, number>>
    const counts = countsOf(
      {
        invalid: Number(found["invalid"]),
        duplicate: Number(found["duplicate"]),
        foreign: Number(found["outside"]),
      },
      Object.entries(kinds).map(([kind, n]) => ({
        state: states[Number(kind) >> 2] ?? "unknown",
        doubt: (Number(kind) & 2) !== 0,
        isEarlier: (Number(kind) & 1) !== 0,
        n,
      })),
    )
    const recent = Number(found["recent"])
    const perSecond =
      recent === 0 ? 0 : recent / Math.max(1, (at - Number(found["oldest"])) / 1_000)
    const left = counts.not_sent + counts.inDoubt
    return Effect.succeed({
      // safe: the table allows no other
      status: found["status"] as RunStatus,
      counts,
      underWay: Number(found["held"]),
      ranges: {
        total: Number(found["total"]),
        ended: Number(found["ended"]),
        claimed: Number(found["claimed"]),
      },
      perSecond,
      remainingMs: left === 0 ? 0 : perSecond === 0 ? undefined : (left / perSecond) * 1_000,
      lastEndedAt: found["newest"] === null ? undefined : Number(found["newest"]),
      at,
      changedAt: Number(found["changed"]),
    })
  })
