/** A journal as it lies on the disk when its process is killed, and what it held after each commit. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { readFileSync } from "node:fs"
import { join } from "node:path"

import { SqliteJournal } from "../src/SqliteJournal.ts"
import { facts, keyOf, plan, shown, memoryDirectory } from "./runs.ts"

export interface Recorded {
  readonly db: Buffer
  readonly wal: Buffer
  /** The rows after each commit, from the plan on. */
  readonly states: ReadonlyArray<string>
}

const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })
const outcomes = ["created", "rejected", "unknown", "exists_after_doubt"] as const

/** Records 20 rows that are sent one after the other. `isClosed` tells whether the process ended in an orderly way. */
export const record = (isClosed: boolean) =>
  Effect.gen(function* () {
    const path = join(yield* memoryDirectory, "run.db")
    const states: Array<string> = []
    const sent = Effect.gen(function* () {
      // as in a resumed run, so that the plan is in the file and the rest in the WAL
      yield* Effect.scoped(
        Effect.flatMap(SqliteJournal.open(path, { create }), (journal) => journal.plan(plan(20))),
      )
      const journal = yield* SqliteJournal.open(path)
      const note = Effect.map(shown(journal), (rows) => states.push(rows.join()))
      yield* note
      const claim = yield* journal.claim()
      for (const [index, outcome] of Array.from({ length: 16 }, () => outcomes)
        .flat()
        .entries()) {
        if (index >= 18) break
        yield* journal.intent(claim, keyOf(index + 1), 1)
        yield* note
        yield* journal.outcome(claim, keyOf(index + 1), { outcome, code: "TEST" })
        yield* note
      }
      return isClosed ? Buffer.alloc(0) : readFileSync(`${path}-wal`)
    })
    // reading the file itself would end the lock of this process, and the journal is used no more
    const wal = isClosed ? yield* Effect.scoped(sent) : yield* sent
    return { db: readFileSync(path), wal, states } satisfies Recorded
  })

/** Opens a journal of these bytes and returns its rows, or the reason for which it is refused. */
export const read = (path: string) =>
  Effect.gen(function* () {
    const journal = yield* SqliteJournal.open(path)
    const rows = (yield* shown(journal)).join()
    const { problems } = yield* journal.verify
    yield* Stream.runDrain(journal.attempts())
    return { rows, problems }
  }).pipe(
    Effect.scoped,
    Effect.catch((error) => Effect.succeed({ reason: error.reason })),
  )
