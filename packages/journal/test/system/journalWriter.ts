/**
 * Writes a journal and says on /dev/null what it was told is durable: `PLANNED`, `SENT k` and `DONE k`. A recorder of system calls
 * reads that. The second argument changes how often SQLite syncs, for the controls.
 */
import * as Effect from "effect/Effect"
import { openSync, writeSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"

import { SqliteJournal } from "../../src/SqliteJournal.ts"
import { facts, keyOf, plan } from "../runs.ts"

const [path = "", synchronous = "FULL", rows = "40"] = process.argv.slice(2)
const count = Number(rows)

const { exec } = DatabaseSync.prototype
const opened: Array<DatabaseSync> = []
DatabaseSync.prototype.exec = function (sql) {
  opened[0] = this
  return exec.call(this, sql.replace("synchronous = FULL", `synchronous = ${synchronous}`))
}

const markers = openSync("/dev/null", "w")
const mark = (text: string) => Effect.sync(() => writeSync(markers, text))
const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })

/** Lets the WAL be written from its start again: a journal does so after some hundred commits. */
const reuseLog = () => exec.call(opened[0], "PRAGMA wal_checkpoint(RESTART)")

const send = (journal: SqliteJournal, from: number, to: number) =>
  Effect.gen(function* () {
    const claim = yield* journal.claim()
    yield* Effect.forEach(
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
      (row) =>
        Effect.gen(function* () {
          yield* journal.intent(claim, keyOf(row), 1)
          yield* mark(`SENT ${row}`)
          yield* Effect.yieldNow
          yield* journal.outcome(claim, keyOf(row), { outcome: "created", status: 200 })
          yield* mark(`DONE ${row}`)
          if (row % 8 === 0) reuseLog()
        }),
      { concurrency: 3, discard: true },
    )
  })

// two processes' worth: a run, and its resume after an orderly end
const program = Effect.gen(function* () {
  yield* Effect.scoped(
    Effect.gen(function* () {
      const journal = yield* SqliteJournal.open(path, { create })
      yield* journal.plan(plan(count))
      yield* mark("PLANNED")
      yield* send(journal, 1, count / 2)
    }),
  )
  yield* Effect.scoped(
    Effect.flatMap(SqliteJournal.open(path), (journal) => send(journal, count / 2 + 1, count)),
  )
})

await Effect.runPromise(program)
