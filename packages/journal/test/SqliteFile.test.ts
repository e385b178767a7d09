import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { join } from "node:path"

import { JournalError } from "../src/JournalError.ts"
import { SqliteFile, errorOf } from "../src/SqliteFile.ts"
import { temporaryDirectory } from "./runs.ts"

const sqlite = (errcode: number) =>
  Object.assign(new Error("SQLite"), { code: "ERR_SQLITE_ERROR", errcode })
const system = (code: string) => Object.assign(new Error(code), { code })

describe("errorOf", () => {
  for (const [cause, reason] of [
    [sqlite(5), "locked"],
    [sqlite(8), "read_only"],
    [sqlite(1_032), "read_only"],
    [sqlite(778), "io"],
    [sqlite(1_034), "io"],
    [sqlite(11), "corrupt"],
    [sqlite(13), "full"],
    [sqlite(14), "read_only"],
    [sqlite(15), "no_locks"],
    [sqlite(26), "not_a_journal"],
    [sqlite(1), "corrupt"],
    [system("ENOSPC"), "full"],
    [system("EROFS"), "read_only"],
    [system("ENOENT"), "deleted"],
    [system("EIO"), "io"],
    [new TypeError("a wrong type"), "corrupt"],
  ] as const)
    it(`takes ${"errcode" in cause ? `SQLite's ${cause.errcode}` : cause.message} for ${reason}`, () => {
      const error = errorOf("/state/runs/run.db", cause)
      assert.strictEqual(error.reason, reason)
      assert.strictEqual(error.path, "/state/runs/run.db")
      assert.strictEqual(error.cause, cause)
    })

  it("keeps an error of the journal", () => {
    const error = new JournalError({ reason: "fenced", path: "run.db" })
    assert.strictEqual(errorOf("other.db", error), error)
  })
})

describe("SqliteFile", () => {
  it.effect("syncs each commit, without an option to do less", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "run.db")
      const file = Result.getOrThrow(SqliteFile.open(path, { mayCreate: true, waitMs: 0 }))
      file.useWal()
      assert.strictEqual(file.pragma("synchronous"), 2)
      assert.strictEqual(file.pragma("foreign_keys"), 1)
      assert.deepStrictEqual(
        { ...file.db.prepare("PRAGMA journal_mode").get() },
        { journal_mode: "wal" },
      )
      assert.deepStrictEqual(
        { ...file.db.prepare("PRAGMA locking_mode").get() },
        { locking_mode: "exclusive" },
      )
      const second = SqliteFile.open(path, { mayCreate: false, waitMs: 0 })
      assert(Result.isFailure(second))
      assert.strictEqual(second.failure.reason, "locked")
      file.close()
    }),
  )

  it.effect("refuses a path without a file unless it may create one", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "none.db")
      const opened = SqliteFile.open(path, { mayCreate: false, waitMs: 0 })
      assert(Result.isFailure(opened))
      assert.strictEqual(opened.failure.reason, "not_found")
      const nowhere = SqliteFile.open(join(path, "run.db"), { mayCreate: true, waitMs: 0 })
      assert(Result.isFailure(nowhere))
      assert.strictEqual(nowhere.failure.detail, "its directory does not exist")
    }),
  )
})
