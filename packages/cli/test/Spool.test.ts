import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { spool } from "../src/import/Spool.ts"
import { Home, onPosix } from "./process.ts"

const stdin = (...chunks: ReadonlyArray<string>) => Readable.from(chunks, { objectMode: false })

describe("spool", () => {
  it("copies standard input into a file that only its owner can read, and removes it", async () => {
    using home = new Home()
    const directory = join(home.path, "spool")
    const program = Effect.map(spool(stdin("Email\n", "ana@example.com\n"), directory), (path) => {
      assert.strictEqual(readFileSync(path, "utf8"), "Email\nana@example.com\n")
      if (process.platform !== "win32") assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      return path
    })
    const path = await Effect.runPromise(Effect.scoped(program))
    assert.isFalse(existsSync(path))
    assert.deepStrictEqual(readdirSync(directory), [])
  })

  it("removes what a process that was killed has left, and nothing of one that runs", async () => {
    using home = new Home()
    // no process has this number: it is above the largest of Linux and macOS
    mkdirSync(join(home.path, "stdin-99999999-a"))
    mkdirSync(join(home.path, `stdin-${process.pid}-b`))
    await Effect.runPromise(Effect.scoped(spool(stdin(""), home.path)))
    assert.deepStrictEqual(readdirSync(home.path), [`stdin-${process.pid}-b`])
  })

  onPosix("fails in words if the directory cannot be written", async () => {
    using home = new Home()
    const file = join(home.path, "file")
    writeFileSync(file, "")
    const error = await Effect.runPromise(
      Effect.flip(Effect.scoped(spool(stdin(""), join(file, "below")))),
    )
    assert.match(error.message, /^the input cannot be kept for the import: .* \(ENOTDIR\)$/)
  })
})
