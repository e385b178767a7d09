import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { findFile, listFiles, newestOf, nextOf, prepareDirectory } from "../src/RunFiles.ts"
import { facts, otherFile, temporaryDirectory } from "./runs.ts"

describe("RunFiles", () => {
  it("gives the same input the same name in every process", () => {
    const first = nextOf("/state", [], facts)
    assert.deepStrictEqual(nextOf("/state", [], { ...facts, tool: "another" }), first)
    assert.match(first.path, /^\/state\/r_[0-9A-HJKMNP-TV-Z]{4}-[0-9a-f]{16}-1\.db$/)
    const second = nextOf("/state", [first], facts)
    assert.strictEqual(second.generation, 2)
    assert.strictEqual(newestOf([first, second], facts), second)
    assert.strictEqual(newestOf([first, second], otherFile("ff")), undefined)
  })

  it("gives an ID that is taken one more character", () => {
    const first = nextOf("/state", [], facts)
    const taken = { ...first, input: "0".repeat(16) }
    assert.strictEqual(nextOf("/state", [taken], facts).id.length, first.id.length + 1)
  })

  it.effect("finds a file by its ID, and leaves others alone", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const names = [
        "r_7Q2F-0123456789abcdef-1.db",
        "r_7Q2F-0123456789abcdef-1.db-wal",
        "notes.txt",
      ]
      for (const name of names) writeFileSync(join(directory, name), "")
      const files = Result.getOrThrow(listFiles(directory))
      assert.deepStrictEqual(
        files.map(({ id }) => id),
        ["r_7Q2F"],
      )
      assert.strictEqual(
        Result.getOrThrow(findFile(directory, "r_7q2f")).path,
        join(directory, "r_7Q2F-0123456789abcdef-1.db"),
      )
      writeFileSync(join(directory, "r_7Q2F-fedcba9876543210-1.db"), "")
      const two = findFile(directory, "r_7Q2F")
      assert(Result.isFailure(two))
      assert.strictEqual(two.failure.reason, "ambiguous")
      assert.deepStrictEqual(Result.getOrThrow(listFiles(join(directory, "none"))), [])
    }),
  )

  it.effect("refuses a directory that others can write to", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "runs")
      mkdirSync(directory)
      chmodSync(directory, 0o777)
      const prepared = prepareDirectory(directory)
      assert(Result.isFailure(prepared))
      assert.strictEqual(prepared.failure.reason, "unsafe")
    }),
  )
})
