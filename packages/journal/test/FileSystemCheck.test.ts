import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { checkLock, holdsAgainstProcesses, unusualFileSystem } from "../src/FileSystemCheck.ts"
import { SqliteFile } from "../src/SqliteFile.ts"
import { temporaryDirectory } from "./runs.ts"

const open = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const file = Result.getOrThrow(SqliteFile.open(path, { mayCreate: true, waitMs: 0 }))
      file.useWal()
      file.db.exec("CREATE TABLE some (one INTEGER)")
      return file
    }),
    (file) => Effect.sync(() => file.close()),
  )

describe("FileSystemCheck", () => {
  it.effect("R40: finds that a lock keeps others out, in this process and in another", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "run.db")
      yield* open(path)
      yield* checkLock(path)
      assert.isTrue(holdsAgainstProcesses(path))
    }),
  )

  it.effect("R40: finds that nothing keeps others out", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "run.db")
      yield* Effect.scoped(open(path))
      assert.isFalse(holdsAgainstProcesses(path))
      const error = yield* Effect.flip(checkLock(path))
      assert.strictEqual(error.reason, "no_locks")
      assert.include(error.message, `${path}: this file system cannot hold a journal. Choose`)
    }),
  )

  it.effect("names no local disk", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "run.db")
      writeFileSync(path, "")
      assert.include([undefined, "a container's own layer", "memory"], unusualFileSystem(path))
      assert.strictEqual(unusualFileSystem(join(path, "nothing")), undefined)
    }),
  )
})
