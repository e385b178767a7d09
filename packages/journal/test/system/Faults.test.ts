import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { memoryDirectory, temporaryDirectory } from "../runs.ts"

const writer = fileURLToPath(new URL("faultyWriter.ts", import.meta.url))
const node = [process.execPath, "--no-warnings", writer]

/** Runs a program and returns the lines that it said. Whatever the disk does, it ends in an orderly way. */
const run = (program: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const ended = spawnSync(program, args, { encoding: "utf8" })
  assert.strictEqual(ended.status, 0, ended.stderr)
  return ended.stdout.trim().split("\n")
}

const numbered = (lines: ReadonlyArray<string>, word: string): ReadonlyArray<number> =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(" ")[1]))

/** Checks a run with a fault and the one after it, on a disk that works again. */
const judge = (faulty: ReadonlyArray<string>, next: ReadonlyArray<string>, count: number): void => {
  const failure = faulty.findIndex((line) => line.startsWith("FAILED"))
  const shown = faulty.join(", ")
  // not one request after the first error
  if (failure !== -1) assert.deepStrictEqual(numbered(faulty.slice(failure), "SENT"), [], shown)
  const done = numbered(faulty, "DONE")
  const again = numbered(next, "SENT")
  const rows = next.filter((line) => line.startsWith("ROW"))
  assert.deepStrictEqual(
    rows.map((line) => line.split(" ")[2]),
    Array.from({ length: count }, () => "created"),
    shown,
  )
  for (const row of done) assert.notInclude(again, row, shown)
  // every request is in the journal, those of the first process too
  for (const row of numbered(faulty, "SENT")) {
    const attempts = Number(rows[row - 1]?.split(" ")[3])
    assert.isAtLeast(attempts, 1 + Number(again.includes(row)), shown)
  }
}

const inject = (
  paths: ReadonlyArray<string>,
  path: string,
  fault: string,
): ReadonlyArray<string> => {
  const only = paths.flatMap((one) => ["-P", one])
  const strace = ["-f", "-qq", "-o", "/dev/null", ...only, "-e", `inject=${fault}`]
  return run("strace", ...strace, ...node, path, "5")
}

describe("a disk that fails", () => {
  for (const [title, call, error, reason] of [
    ["K2: is full at the write number", "pwrite64", "ENOSPC", "full"],
    ["K2: fails to sync at the sync number", "fsync", "EIO", "io"],
  ] as const)
    for (const when of [1, 3, 6, 10, 15, 21, "1+", "11+"])
      it.live(`${title} ${when}: nothing is sent after it`, () =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          const path = join(directory, "run.db")
          const files = [path, `${path}-wal`, `${path}-journal`]
          // SQLite ignores a failure to sync the directory, so one that happens once is invisible
          const paths = typeof when === "number" ? files : [...files, directory]
          const faulty = inject(paths, path, `${call}:error=${error}:when=${when}`)
          const failures = faulty.filter((line) => line.startsWith("FAILED"))
          assert.isAbove(failures.length, 0)
          for (const line of failures) assert.strictEqual(line, `FAILED ${reason}`)
          judge(faulty, run(process.execPath, ...node.slice(1), path, "5"), 5)
        }),
      )

  it.live("K1: is full in the middle of a run: stops, and continues when there is space", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const program = `mount -t tmpfs -o size=400k none "$1" && shift && "$@" && echo NEXT &&
        mount -o remount,size=64m "$DISK" && "$@"`
      process.env["DISK"] = directory
      const arguments_ = [...node, join(directory, "run.db"), "200"]
      const said = run("unshare", "-rm", "sh", "-c", program, "sh", directory, ...arguments_)
      const at = said.indexOf("NEXT")
      const faulty = said.slice(0, at)
      assert.include(faulty, "FAILED full")
      assert.isAbove(numbered(faulty, "DONE").length, 0)
      judge(faulty, said.slice(at), 200)
    }),
  )
})

describe("a file that may not be used", () => {
  const isRoot = process.getuid?.() === 0
  const nobody = 65_534
  /** Runs the writer as a user without special rights. */
  const asUser = (path: string) =>
    run(process.execPath, ...node.slice(1), path, "5", ...(isRoot ? [`${nobody}`] : []))
  const owned = (path: string, mode: number) => {
    if (isRoot) chownSync(path, nobody, nobody)
    chmodSync(path, mode)
  }

  it.live("K3: a directory that cannot be written, a file that cannot be, or neither", () =>
    Effect.gen(function* () {
      const directory = join(yield* memoryDirectory, "runs")
      chmodSync(join(directory, ".."), 0o755)
      const path = join(directory, "run.db")
      mkdirSync(directory)
      owned(directory, 0o500)
      assert.deepStrictEqual(asUser(path), ["FAILED read_only"])
      owned(directory, 0o700)
      assert.include(asUser(path), "ROW 5 created 1")
      owned(path, 0o400)
      assert.deepStrictEqual(asUser(path), ["FAILED read_only"])
      owned(path, 0o600)
      owned(directory, 0o500)
      assert.deepStrictEqual(asUser(path), ["FAILED read_only"])
      owned(directory, 0o700)
      assert.include(asUser(path), "ROW 5 created 1")
      rmSync(path)
      assert.isFalse(existsSync(`${path}-wal`))
    }),
  )

  it.live("K3: another user's file", () =>
    Effect.gen(function* () {
      const directory = yield* memoryDirectory
      chmodSync(directory, 0o755)
      const path = join(directory, "run.db")
      run(process.execPath, ...node.slice(1), path, "5")
      chmodSync(path, 0o666)
      chmodSync(directory, 0o777)
      // root sees that others can read it, another user that it is not theirs
      assert.deepStrictEqual(asUser(path), ["FAILED unsafe"])
    }),
  )
})

describe("a process that may open no more files", () => {
  it.effect("P8: names that limit, for a new journal and for one that exists", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "run.db")
      const source = new URL("../../src/SqliteFile.ts", import.meta.url).href
      const program = `
        import { openSync } from "node:fs"
        import { Result } from "effect"
        import { SqliteFile } from ${JSON.stringify(source)}
        const open = (name) => SqliteFile.open(name, { mayCreate: true, waitMs: 0 })
        Result.getOrThrow(open(${JSON.stringify(path)})).close()
        try { for (;;) openSync("/dev/null") } catch {}
        for (const end of ["", ".new"]) console.log(open(${JSON.stringify(path)} + end).failure.message)`
      const limited = 'ulimit -n 64 && exec "$0" "$@"'
      const flags = ["--no-warnings", "--input-type=module", "--eval", program]
      const problem =
        "too many files are open (EMFILE). Raise the limit of open files (`ulimit -n`), or lower the concurrency, then resume the run."
      assert.deepStrictEqual(run("sh", "-c", limited, process.execPath, ...flags), [
        `${path}: ${problem}`,
        `${path}.new: ${problem}`,
      ])
    }),
  )
})
