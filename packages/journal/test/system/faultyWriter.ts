/**
 * Sends rows under a journal whose disk may fail, and says what it did and what it was told. What counts as a request is the line
 * `SENT`, written after the intent. After the first error it tries on, as a program with a mistake would.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { writeSync } from "node:fs"

import type { JournalError } from "../../src/JournalError.ts"
import { SqliteJournal } from "../../src/SqliteJournal.ts"
import { facts, keyOf, plan } from "../runs.ts"

const [path = "", rows = "5", user] = process.argv.slice(2)
// after the modules are loaded: that user may not be able to read them
if (user !== undefined) process.setuid?.(Number(user))
const count = Number(rows)
const say = (text: string) => Effect.sync(() => writeSync(1, `${text}\n`))
const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })

const sendRow = (
  journal: SqliteJournal,
  claim: Parameters<SqliteJournal["intent"]>[0],
  row: number,
) =>
  Effect.gen(function* () {
    yield* journal.intent(claim, keyOf(row), 1)
    yield* say(`SENT ${row}`)
    yield* journal.outcome(claim, keyOf(row), { outcome: "created", status: 200 })
    yield* say(`DONE ${row}`)
  })

const failed = (error: JournalError) => say(`FAILED ${error.reason}`)

const program = Effect.gen(function* () {
  const journal = yield* SqliteJournal.open(path, { create })
  if (journal.run.plannedAt === undefined) yield* journal.plan(plan(count))
  yield* say("PLANNED")
  const claim = yield* journal.claim()
  const open = yield* Stream.runCollect(journal.rows({ states: ["planned"] }))
  for (const { number } of open) yield* sendRow(journal, claim, number).pipe(Effect.catch(failed))
  const ended = yield* Stream.runCollect(journal.rows())
  for (const { attempts, number, state } of ended) yield* say(`ROW ${number} ${state} ${attempts}`)
}).pipe(Effect.scoped, Effect.catch(failed))

await Effect.runPromise(program)
