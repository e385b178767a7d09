import { execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"

import { read } from "../../src/index.ts"

describe("Source.open", () => {
  it.effect("reads a named pipe, which has no size, once", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "aelyst-read-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true })),
      )
      const pipe = join(folder, "contacts.csv")
      execFileSync("mkfifo", [pipe])
      const text = `Name,Email\n${"Ana,a@example.com\n".repeat(50_000)}`
      const writing = yield* Effect.forkChild(Effect.promise(() => writeFile(pipe, text)))
      const { rows } = yield* read(pipe)
      assert.strictEqual(yield* Stream.runCount(rows), 50_000)
      yield* Fiber.join(writing)
      assert.deepInclude(yield* Effect.flip(Stream.runDrain(rows)), { code: "SOURCE_USED" })
    }),
  )
})
