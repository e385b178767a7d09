import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { pathToFileURL } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

import { read } from "../src/index.ts"
import { utf8 } from "./fixtures/Fixture.ts"
import { readAll } from "./reading.ts"

const people = "Name,Email\nAna,a@example.com\nBo,b@example.com\n"

/** A folder that is removed with the scope. */
const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "aelyst-read-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
)

const fileOf = (content: string | Uint8Array) =>
  Effect.gen(function* () {
    const path = join(yield* folder, "contacts.csv")
    yield* Effect.promise(() => writeFile(path, content))
    return path
  })

describe("Source.open", () => {
  it.effect("reads a file as often as its rows are run", () =>
    Effect.gen(function* () {
      const path = yield* fileOf(people + "x,y\n".repeat(50_000))
      for (const source of [path, pathToFileURL(path)]) {
        const { rows } = yield* read(source)
        assert.strictEqual(yield* Stream.runCount(rows), 50_002)
        assert.strictEqual(yield* Stream.runCount(rows), 50_002)
        assert.lengthOf(yield* Stream.runCollect(Stream.take(rows, 1)), 1)
      }
    }),
  )

  it.effect("says why a file cannot be read, by its name only", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const missing = yield* Effect.flip(readAll(join(path, "missing.csv")))
      assert.deepInclude(missing, {
        code: "FILE_UNREADABLE",
        message: 'cannot read "missing.csv" (ENOENT)',
      })
      const directory = yield* Effect.flip(readAll(path))
      assert.deepInclude(directory, {
        code: "FILE_UNREADABLE",
        hint: "Give the path of a file, not of a folder.",
      })
    }),
  )

  it.effect("reads an empty file", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readAll(yield* fileOf("")))
      assert.deepInclude(error, { code: "FILE_EMPTY", message: '"contacts.csv" is empty' })
    }),
  )

  it.effect("fails if a file is gone when its rows are read", () =>
    Effect.gen(function* () {
      const path = yield* fileOf(people)
      const { rows } = yield* read(path)
      yield* Effect.promise(() => rm(path))
      assert.deepInclude(yield* Effect.flip(Stream.runDrain(rows)), { code: "FILE_UNREADABLE" })
    }),
  )

  it.effect("fails if a file is gone that is read a while after it was opened", () =>
    Effect.gen(function* () {
      const path = yield* fileOf(people)
      const { rows } = yield* read(path)
      yield* Effect.promise(() => rm(path))
      const pull = yield* Stream.toPull(rows)
      // until the system has answered
      yield* Effect.promise(() => setTimeout(50))
      assert.deepInclude(yield* Effect.flip(pull), { code: "FILE_UNREADABLE" })
    }),
  )

  it.effect("reads a stream once", () =>
    Effect.gen(function* () {
      const { rows } = yield* read(Stream.make(utf8(people)))
      assert.strictEqual(yield* Stream.runCount(rows), 2)
      assert.deepInclude(yield* Effect.flip(Stream.runDrain(rows)), { code: "SOURCE_USED" })
    }),
  )

  it.effect("reports a stream that fails", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(Stream.make(utf8(people)), Stream.fail({ code: "ECONNRESET" }))
      const error = yield* Effect.flip(readAll(broken))
      assert.deepInclude(error, {
        code: "FILE_UNREADABLE",
        message: "cannot read the source (ECONNRESET)",
      })
    }),
  )

  it.effect("hands out the rows of a live stream as they arrive", () =>
    Effect.gen(function* () {
      const queue = yield* Queue.unbounded<Uint8Array>()
      yield* Queue.offer(queue, utf8("Name,Em"))
      yield* Queue.offer(queue, utf8("ail\n"))
      const { head, rows } = yield* read(Stream.fromQueue(queue), { isLive: true })
      assert.deepStrictEqual(head.columns, ["Name", "Email"])
      const pull = yield* Stream.toPull(rows)
      for (const name of ["Ana", "Bo"]) {
        yield* Queue.offer(queue, utf8(`${name},x\n`))
        assert.deepStrictEqual(
          (yield* pull).map(({ cells }) => cells),
          [[name, "x"]],
        )
      }
    }),
  )

  it.effect("reads bytes of any size in pieces", () =>
    Effect.gen(function* () {
      const { rows } = yield* readAll(utf8(people + "é,y\n".repeat(60_000)))
      assert.lengthOf(rows, 60_002)
      assert.deepStrictEqual(rows.at(-1), { number: 60_002, line: 60_003, cells: ["é", "y"] })
    }),
  )
})
