/** The runs in the tables of a Postgres database, and the operations that several machines need of them. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Cipher } from "./Cipher.ts"
import type { Columns, Database } from "./Database.ts"
import { lacking, tables } from "./Database.ts"
import type { EarlierRow, Run, RunEntry, RunFacts, RunsService } from "./Journal.ts"
import type { JournalError } from "./JournalError.ts"
import { PostgresJournal } from "./PostgresJournal.ts"
import { progressOf } from "./PostgresProgress.ts"
import { foundRows, recordOf } from "./PostgresRow.ts"
import { statementsOf } from "./PostgresStatements.ts"
import { sha256 } from "./RowChecksum.ts"
import { stateNumbers } from "./RowStatements.ts"
import { idOf } from "./RunFiles.ts"
import { fingerprint } from "./RunTables.ts"
import type { SharedRunsService } from "./SharedRuns.ts"

const day = 86_400_000

const columns = "seq, id, facts, created, planned, range_rows"

const accountOf = ({ origin, tokenClass }: RunFacts): string =>
  sha256(JSON.stringify([origin, tokenClass]))

const statements = (now: string) => ({
  newest: `SELECT ${columns}, generation, status FROM aelyst_run WHERE fingerprint = $1 ORDER BY generation DESC LIMIT 1`,
  create: `INSERT INTO aelyst_run (id, fingerprint, generation, account, facts, range_rows, created)
    VALUES ($1, $2, $3::integer, $4, $5, $6::integer, ${now}) ON CONFLICT DO NOTHING RETURNING ${columns}`,
  find: `SELECT ${columns} FROM aelyst_run WHERE lower(id) = lower($1)`,
  list: `SELECT ${columns} FROM aelyst_run ORDER BY created DESC, seq DESC`,
  earlier: `SELECT id, EXISTS (SELECT 1 FROM aelyst_range WHERE run = seq AND expires > ${now}) AS busy FROM aelyst_run
    WHERE account = $1 AND id <> $2 ORDER BY created DESC, seq DESC`,
  // per key the newest run that sent it, or left it in doubt
  sentBefore: `SELECT position, found.* FROM unnest($3::text[]) WITH ORDINALITY AS wanted (hash, position), LATERAL (
      SELECT id, number, line, state, doubt, attempts, one.status, code, earlier, content FROM aelyst_row AS one JOIN aelyst_run ON seq = run
      WHERE key = hash::uuid AND account = $1 AND id <> $2 AND planned IS NOT NULL AND (state <> ${stateNumbers.planned} OR doubt)
      ORDER BY created DESC, seq DESC LIMIT 1) AS found`,
  remove: `WITH gone AS (
      DELETE FROM aelyst_run WHERE seq = $1 AND NOT EXISTS (SELECT 1 FROM aelyst_range WHERE run = $1 AND expires > ${now})
      RETURNING seq
    ), ranges AS (DELETE FROM aelyst_range USING gone WHERE run = seq), rows AS (DELETE FROM aelyst_row USING gone WHERE run = seq)
    SELECT seq FROM gone`,
  // a cancelled run stays so: its contacts are erased
  setStatus: `WITH changed AS (
      UPDATE aelyst_run SET status = $2::text WHERE seq = $1 AND (status <> 'cancelled' OR $2::text = 'cancelled') RETURNING seq
    ), erased AS (
      UPDATE aelyst_row SET payload = NULL FROM changed WHERE run = seq AND payload IS NOT NULL AND $2::text = 'cancelled'
    ) SELECT seq FROM changed`,
})

/** Reads a run. */
const storedOf = (found: Columns) => {
  const { created, facts, id, planned, range_rows: size, seq } = found
  return {
    seq: Number(seq),
    size: Number(size),
    run: {
      // safe: written by `create`
      ...(JSON.parse(String(facts)) as RunFacts),
      id: String(id),
      createdAt: Number(created),
      plannedAt: planned === null ? undefined : Number(planned),
    },
  }
}

export class PostgresStore implements RunsService, SharedRunsService {
  readonly #db: Database
  readonly #cipher: Cipher
  readonly #rangeRows: number
  readonly #sql: ReturnType<typeof statements>

  constructor(db: Database, cipher: Cipher, rangeRows: number) {
    this.#db = db
    this.#cipher = cipher
    this.#rangeRows = rangeRows
    this.#sql = statements(db.now)
  }

  #journal(found: Columns): PostgresJournal {
    return new PostgresJournal(this.#db, storedOf(found), this.#cipher)
  }

  #find(id: string) {
    return Effect.flatMap(this.#db.first(this.#sql.find, id), (found) =>
      found === undefined ? Effect.fail(this.#db.error("not_found", id)) : Effect.succeed(found),
    )
  }

  /** Returns the newest run of an input that was not cancelled, or creates one. A longer ID is tried if another run has it. */
  #start(facts: RunFacts, isFresh: boolean, idLength = 4): Effect.Effect<Columns, JournalError> {
    return Effect.gen({ self: this }, function* () {
      const input = fingerprint(facts)
      const newest = yield* this.#db.first(this.#sql.newest, input)
      if (newest !== undefined && newest["status"] !== "cancelled" && !isFresh) return newest
      const generation = Number(newest?.["generation"] ?? 0) + 1
      const id = idOf(`${input}-${generation}`, idLength)
      const values = [id, input, generation, accountOf(facts), JSON.stringify(facts)]
      const created = yield* this.#db.first(this.#sql.create, ...values, this.#rangeRows)
      return created ?? (yield* this.#start(facts, isFresh, idLength + 1))
    })
  }

  readonly start = (facts: RunFacts, options: Parameters<RunsService["start"]>[1] = {}) =>
    Effect.map(this.#start(facts, options.fresh === true), (found) => {
      const journal = this.#journal(found)
      return { journal, isNew: journal.run.plannedAt === undefined }
    })

  readonly open = (id: string) => Effect.map(this.#find(id), (found) => this.#journal(found))

  get list(): Effect.Effect<ReadonlyArray<RunEntry>, JournalError> {
    return Effect.flatMap(this.#db.all(this.#sql.list), (all) =>
      Effect.forEach(all, (found) => {
        const { run, seq } = storedOf(found)
        return Effect.map(
          progressOf(this.#db, seq),
          ({ changedAt, counts, ranges, status }): RunEntry => {
            const isOpen = status !== "cancelled" && counts.not_sent + counts.inDoubt > 0
            const state = ranges.claimed > 0 ? "running" : isOpen ? "unfinished" : "finished"
            return {
              id: run.id,
              path: this.#db.path,
              state: run.plannedAt === undefined ? "unplanned" : state,
              changedAt,
              run,
              counts,
            }
          },
        )
      }),
    )
  }

  readonly earlier = (run: Run) => {
    const account = accountOf(run)
    const db = this.#db
    const { earlier, sentBefore } = this.#sql
    return Effect.map(db.all(earlier, account, run.id), (all) => ({
      runs: all.map(({ id }) => String(id)),
      locked: all.flatMap(({ busy, id }) => (busy === true ? [String(id)] : [])),
      lookup: Effect.fnUntraced(function* (rows: Parameters<PostgresJournal["lookup"]>[0]) {
        const hash = yield* db.hash
        const keys = rows.map(({ key }) => hash.keyHex(key))
        const found = yield* db.all(sentBefore, account, run.id, keys)
        return foundRows(rows, hash, found, (row, isSame): EarlierRow => {
          const { code, doubt, state, status } = recordOf(row)
          return { run: String(row["id"]), state, doubt, isSame, status, code }
        })
      }),
    }))
  }

  readonly remove = (id: string): Effect.Effect<void, JournalError> =>
    Effect.gen({ self: this }, function* () {
      const { seq } = storedOf(yield* this.#find(id))
      const gone = yield* this.#db.first(this.#sql.remove, seq)
      if (gone === undefined) return yield* this.#db.error("locked")
    })

  readonly prune = (options: Parameters<RunsService["prune"]>[0] = {}) => {
    const { olderThanMs = 30 * day, unfinished = false } = options
    return Effect.gen({ self: this }, function* () {
      const [clock] = yield* this.#db.all(`SELECT ${this.#db.now} AS now`)
      const old = (yield* this.list).filter(
        ({ changedAt, state }) =>
          Number(clock?.["now"]) - changedAt > olderThanMs &&
          (state === "finished" || (unfinished && state !== "running")),
      )
      for (const { id } of old) yield* this.remove(id)
      return old.map(({ id }) => id)
    })
  }

  readonly check = (others: ReadonlyArray<string> = []) =>
    Effect.flatMap(this.#db.first(lacking, [...tables, ...others]), (found) =>
      found === undefined
        ? Effect.void
        : Effect.fail(this.#db.error("denied", String(found["privilege"]))),
    )

  readonly claimable = (id: string, limit = 100) =>
    Effect.gen({ self: this }, function* () {
      const { seq, size } = storedOf(yield* this.#find(id))
      const found = yield* this.#db.all(statementsOf(this.#db.now, size).claimable, seq, limit)
      return found.map(({ epoch, first, last }) => ({
        from: Number(first),
        to: Number(last),
        epoch: Number(epoch),
      }))
    })

  readonly payloads = (id: string, range?: Parameters<PostgresJournal["payloads"]>[0]) =>
    Stream.unwrap(Effect.map(this.open(id), (journal) => journal.payloads(range)))

  readonly progress = (id: string) =>
    Effect.flatMap(this.#find(id), (found) => progressOf(this.#db, storedOf(found).seq))

  readonly setStatus = (id: string, status: Parameters<SharedRunsService["setStatus"]>[1]) =>
    Effect.gen({ self: this }, function* () {
      const { seq } = storedOf(yield* this.#find(id))
      const changed = yield* this.#db.first(this.#sql.setStatus, seq, status)
      if (changed === undefined) return yield* this.#db.error("cancelled")
    })
}
