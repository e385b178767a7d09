import { spawnSync } from "node:child_process"
import type { FileHandle } from "node:fs/promises"
import { lstat, mkdir, open, readFile, readdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { ReportError } from "../src/report/ReportError.ts"
import { openFile } from "../src/report/SafeFile.ts"
import { inDirectory } from "./directories.ts"

const write = (path: string, text: string) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const file = yield* openFile(path)
        yield* file.write(text)
        return yield* file.commit
      }),
    ),
  )

const failure = (path: string) => Effect.runPromise(Effect.flip(Effect.scoped(openFile(path))))

describe("files that are written completely or not at all", () => {
  it("appear under their names when they are committed, for their owner only", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.csv")
      assert.strictEqual(await write(path, "one\n"), path)
      assert.strictEqual(await readFile(path, "utf8"), "one\n")
      assert.deepStrictEqual(await readdir(directory), ["a.csv"])
      if (process.platform !== "win32") assert.strictEqual((await lstat(path)).mode & 0o777, 0o600)
    }))

  it("never replace one another", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.b.csv")
      assert.deepStrictEqual(
        [await write(path, "1"), await write(path, "2"), await write(path, "3")],
        [path, join(directory, "a.b.2.csv"), join(directory, "a.b.3.csv")],
      )
      assert.strictEqual(await readFile(path, "utf8"), "1")
    }))

  it("leave nothing behind if they are not committed", () =>
    inDirectory(async (directory) => {
      await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const file = yield* openFile(join(directory, "a.csv"))
            yield* file.write("half")
          }),
        ),
      )
      assert.deepStrictEqual(await readdir(directory), [])
    }))

  it("leave nothing behind if the process ends at once", () =>
    inDirectory(async (directory) => {
      const module = new URL("../src/report/SafeFile.ts", import.meta.url).href
      const program = `
        import * as Effect from "effect/Effect"
        import { openFile } from ${JSON.stringify(module)}
        const writing = Effect.gen(function* () {
          const file = yield* openFile(${JSON.stringify(join(directory, "a.csv"))})
          yield* file.write("half")
          process.exit(7)
        })
        await Effect.runPromise(Effect.scoped(writing))`
      const cwd = join(import.meta.dirname, "..")
      const args = ["--input-type=module", "--eval", program]
      assert.strictEqual(spawnSync(process.execPath, args, { cwd }).status, 7)
      assert.deepStrictEqual(await readdir(directory), [])
    }))

  it("get no name once a write has failed", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "a.csv")
      const handle = await open(join(directory, "b.csv"), "w")
      const prototype: FileHandle = Object.getPrototypeOf(handle)
      await handle.close()
      const full = Object.assign(new Error("full"), { code: "ENOSPC" })
      using _spy = vi.spyOn(prototype, "appendFile").mockRejectedValueOnce(full)
      const errors = await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const file = yield* openFile(path)
            const failed = [file.write("one"), file.write("two"), file.commit]
            return yield* Effect.forEach(failed, (effect) => Effect.flip(Effect.asVoid(effect)))
          }),
        ),
      )
      assert.deepStrictEqual(
        errors.map(({ errno }) => errno),
        ["ENOSPC", "ENOSPC", "ENOSPC"],
      )
      assert.deepStrictEqual(await readdir(directory), ["b.csv"])
    }))

  it("are refused in place of a device", async () => {
    if (process.platform === "win32") return
    assert.include((await failure("/dev/null")).message, "/dev/null: it is a device or a pipe")
  })

  it("are refused behind a symbolic link, also as a numbered name", () =>
    inDirectory(async (directory) => {
      const target = join(directory, "target")
      const path = join(directory, "a.csv")
      await writeFile(target, "keep")
      await symlink(target, path)
      const error = await failure(path)
      assert(error instanceof ReportError && error.reason === "link")
      assert.include(error.message, "symbolic link")
      const other = join(directory, "b.csv")
      await writeFile(other, "1")
      await symlink(target, join(directory, "b.2.csv"))
      await symlink(join(directory, "nowhere"), join(directory, "b.3.csv"))
      assert.strictEqual(await write(other, "2"), join(directory, "b.4.csv"))
      assert.strictEqual(await readFile(target, "utf8"), "keep")
    }))

  it("are refused in the place of a directory, and without one", () =>
    inDirectory(async (directory) => {
      await mkdir(join(directory, "d.csv"))
      assert.strictEqual((await failure(join(directory, "d.csv"))).reason, "directory")
      const missing = await failure(join(directory, "no", "a.csv"))
      assert.strictEqual(missing.errno, "ENOENT")
      assert.include(missing.advice, "directory that you can write to")
    }))
})
