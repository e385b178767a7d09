import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"

import { SqliteJournal } from "../src/SqliteJournal.ts"
import { facts, plan, temporaryDirectory } from "./runs.ts"

const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })
const opened = (path: string) => Effect.scoped(SqliteJournal.open(path, { create }))

const change = (path: string, sql: string) => {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

const journalFile = Effect.gen(function* () {
  const path = join(yield* temporaryDirectory, "run.db")
  yield* Effect.scoped(
    Effect.flatMap(SqliteJournal.open(path, { create }), (journal) => journal.plan(plan(3))),
  )
  return path
})

describe("RunTables", () => {
  it.effect(
    "K8: takes a file without tables as new, such as one whose creation was interrupted",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const empty = join(directory, "empty.db")
        writeFileSync(empty, "", { mode: 0o600 })
        const headed = join(directory, "headed.db")
        writeFileSync(headed, "", { mode: 0o600 })
        change(headed, "PRAGMA journal_mode = WAL")
        assert.isAbove(statSync(headed).size, 0)
        for (const path of [empty, headed]) {
          const error = yield* Effect.flip(Effect.scoped(SqliteJournal.open(path)))
          assert.strictEqual(error.reason, "not_a_journal")
          assert.strictEqual((yield* opened(path)).run.id, "r_TEST")
        }
      }),
  )

  it.effect("K8: refuses what is something else, and leaves it as it is", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const write = (name: string, content?: string) => {
        const path = join(directory, name)
        if (content === undefined) mkdirSync(path)
        else writeFileSync(path, content, { mode: 0o600 })
        return path
      }
      const database = write("other.db", "")
      change(database, "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')")
      const before = statSync(database)
      const paths = [
        write("a-directory"),
        write("leads.csv", "First Name;Email\n".repeat(99)),
        database,
      ]
      for (const path of paths) {
        const error = yield* Effect.flip(opened(path))
        assert.strictEqual(error.reason, "not_a_journal", path)
        assert.include(error.message, path)
      }
      assert.deepInclude(statSync(database), { size: before.size, mtimeMs: before.mtimeMs })
    }),
  )

  it.effect("K8: refuses a newer version by its number", () =>
    Effect.gen(function* () {
      const path = yield* journalFile
      change(path, "PRAGMA user_version = 7")
      const error = yield* Effect.flip(opened(path))
      assert.strictEqual(error.reason, "newer_version")
      assert.include(error.message, "(version 7, this program knows 1). Update this program.")
    }),
  )

  it.effect("refuses a record of the run that was changed", () =>
    Effect.gen(function* () {
      const path = yield* journalFile
      change(path, "UPDATE run SET rows = rows - 1")
      const error = yield* Effect.flip(opened(path))
      assert.strictEqual(error.reason, "corrupt")
    }),
  )

  it.effect("creates the file for its owner only, and refuses one that others can read", () =>
    Effect.gen(function* () {
      const before = process.umask(0)
      const path = yield* journalFile.pipe(
        Effect.ensuring(Effect.sync(() => process.umask(before))),
      )
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      chmodSync(path, 0o644)
      const error = yield* Effect.flip(opened(path))
      assert.strictEqual(error.reason, "unsafe")
      assert.include(error.message, "(mode 0644). Set its mode to 0600")
    }),
  )
})
