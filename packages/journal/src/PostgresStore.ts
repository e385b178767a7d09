/** The runs in the tables of a Postgres database, and the operations that several machines need of them. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Cipher } from "./Cipher.ts"
import type { RunEntry, RunFacts, RunsService } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import type { PostgresJournal, RunColumns } from "./PostgresJournal.ts"
import { openJournal } from "./PostgresJournal.ts"
import { runStatements } from "./PostgresStatements.ts"
import type { RunTables } from "./PostgresTables.ts"
import { tables as names, lacking } from "./PostgresTables.ts"
import { sha256 } from "./RowChecksum.ts"
import { idOf } from "./RunFiles.ts"
import { pruneRuns, stateOf } from "./RunList.ts"
import type { RowColumns } from "./RunTables.ts"
import { earlierRow, fingerprint, recordOf } from "./RunTables.ts"
import type { ApprovedRun, SharedRunsService } from "./SharedRuns.ts"

const accountOf = ({ origin, tokenClass }: RunFacts): string =>
  sha256(JSON.stringify([origin, tokenClass]))

/** Returns the runs of a database, whose tables are opened with the first operation. */
export const runsOf = (
  tables: Effect.Effect<RunTables, JournalError>,
  cipher: Cipher,
  rangeRows: number,
): RunsService & SharedRunsService => {
  const opened = Effect.map(tables, (all) => ({
    ...all,
    sql: runStatements(all.now),
    journalOf: (columns: RunColumns) => openJournal(all, columns, cipher),
  }))

  const open = Effect.fnUntraced(function* (id: string) {
    const { db, journalOf, sql } = yield* opened
    const [found] = yield* db.all<RunColumns>(sql.find, id)
    return found === undefined ? yield* db.error("not_found", id) : journalOf(found)
  })
  const entryOf = Effect.fnUntraced(function* (path: string, { progress, run }: PostgresJournal) {
    const { changedAt, counts, ranges, status } = yield* progress
    const ended = status === "cancelled" && run.plannedAt !== undefined ? "finished" : undefined
    const state = ranges.claimed > 0 ? "running" : (ended ?? stateOf(run, counts))
    return { id: run.id, path, state, changedAt, run, counts } satisfies RunEntry
  })
  const list = Effect.flatMap(opened, ({ db, journalOf, sql }) =>
    Effect.flatMap(
      db.all<RunColumns>(sql.list),
      Effect.forEach((found) => entryOf(db.path, journalOf(found))),
    ),
  )
  const on = <A>(id: string, use: (journal: PostgresJournal) => Effect.Effect<A, JournalError>) =>
    Effect.flatMap(open(id), use)
  const remove = (id: string) => on(id, (journal) => journal.remove)

  return {
    start: Effect.fnUntraced(function* (facts, { fresh = false } = {}) {
      const { db, journalOf, sql } = yield* opened
      const input = fingerprint(facts)
      // a longer ID is tried if another run has it
      for (let length = 4; ; length += 1) {
        type Newest = RunColumns & { readonly generation: number; readonly status: string }
        const [newest] = yield* db.all<Newest>(sql.newest, input)
        const generation = (newest?.generation ?? 0) + 1
        const id = idOf(`${input}-${generation}`, length)
        const values = [id, input, generation, accountOf(facts), JSON.stringify(facts), rangeRows]
        const isFound = newest !== undefined && newest.status !== "cancelled" && !fresh
        const [run] = isFound ? [newest] : yield* db.all<RunColumns>(sql.create, ...values)
        if (run !== undefined) return { journal: journalOf(run), isNew: run.planned === null }
      }
    }),
    open,
    list,
    earlier: Effect.fnUntraced(function* (run) {
      const { db, hash, sql } = yield* opened
      const account = accountOf(run)
      type Found = { readonly id: string; readonly busy: boolean }
      const found = yield* db.all<Found>(sql.earlier, account, run.id)
      return {
        runs: found.map(({ id }) => id),
        locked: found.filter(({ busy }) => busy).map(({ id }) => id),
        lookup: (rows) =>
          Effect.map(
            db.all<RowColumns & { readonly id: string | null; readonly isSame: boolean }>(
              sql.sentBefore,
              account,
              run.id,
              ...hash.columns(rows),
            ),
            (sent) =>
              sent.map((row) =>
                row.id === null ? undefined : earlierRow(row.id, recordOf(row), row.isSame),
              ),
          ),
      }
    }),
    remove,
    prune: Effect.fnUntraced(function* (options) {
      const { db, sql } = yield* opened
      const { now } = yield* db.one<{ readonly now: number }>("deleted", sql.now)
      return yield* pruneRuns({ list }, now, ({ id }) => remove(id), options)
    }),
    check: Effect.flatMap(opened, ({ db }) => Effect.asVoid(db.one("denied", lacking, names))),
    approve: (id, tokenClass) => on(id, ({ approve }) => approve(tokenClass)),
    approved: (origin) =>
      Effect.flatMap(opened, ({ db, sql }) => db.all<ApprovedRun>(sql.approved, origin)),
    end: (id) => on(id, ({ end }) => end),
    claimable: (id, limit = 100, which = "all") =>
      on(id, ({ claimable }) => claimable(limit, which)),
    postpone: (id, from, reason, counts) =>
      on(id, ({ postpone }) => postpone(from, reason, counts)),
    payloads: (id, range) =>
      Stream.unwrap(Effect.map(open(id), (journal) => journal.payloads(range))),
    progress: (id) => on(id, ({ progress }) => progress),
    setStatus: (id, status) => on(id, ({ setStatus }) => setStatus(status)),
  }
}
