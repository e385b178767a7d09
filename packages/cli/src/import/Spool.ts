/**
 * Keeps standard input in a file, because an import reads its input twice: to check all rows, then to send them. Only its owner
 * can read the file, and it is removed at the end, or by the next import if the process was killed.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { Failure, file } from "../Failure.ts"
import { codeOf } from "../Files.ts"
import type { Reader } from "../Host.ts"
import { visible } from "../Text.ts"

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === "EPERM"
  }
}

/** Removes what processes that were killed have left. */
const removeLeft = (directory: string): void => {
  for (const name of Fs.readdirSync(directory)) {
    const [, pid] = /^stdin-(\d+)-/.exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid))) {
      Fs.rmSync(Path.join(directory, name), { recursive: true, force: true })
    }
  }
}

const unwritable = (error: unknown): Failure => {
  const code = codeOf(error)
  const full = code === "ENOSPC" || code === "EDQUOT"
  return file(
    `the input cannot be kept for the import: ${full ? "the disk is full" : "the state directory cannot be written"} (${code})`,
    full
      ? "fix:   free some space"
      : "fix:   set AELYST_STATE_DIR to a directory that can be written",
  )
}

/** A pipe that cannot be read. */
export const unreadable = (name: string, error: unknown): Failure =>
  file(
    `${visible(name)} cannot be read (${codeOf(error)})`,
    "fix:   check the path and its permissions",
  )

const attempt = <A>(write: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: write, catch: unwritable })

const copy = async (stdin: Reader, fd: number, stopped: AbortSignal): Promise<void> => {
  for await (const chunk of stdin) {
    if (stopped.aborted) return
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk
    try {
      for (let at = 0; at < bytes.length;) at += Fs.writeSync(fd, bytes, at)
    } catch (error) {
      throw unwritable(error)
    }
  }
}

/** Copies standard input into a file of this directory; returns its path. The file is removed when the scope ends. */
export const spool = (
  stdin: Reader,
  directory: string,
): Effect.Effect<string, Failure, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      attempt(() => {
        Fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
        removeLeft(directory)
        return Fs.mkdtempSync(Path.join(directory, `stdin-${process.pid}-`))
      }),
      (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true })),
    )
    const path = Path.join(folder, "input")
    // with its mode from the start: others cannot open it at any moment
    const fd = yield* Effect.acquireRelease(
      attempt(() => Fs.openSync(path, "wx", 0o600)),
      (open) => Effect.sync(() => Fs.closeSync(open)),
    )
    yield* Effect.tryPromise({
      try: (signal) => copy(stdin, fd, signal),
      catch: (error) => (error instanceof Failure ? error : unreadable("the pipe", error)),
    })
    return path
  })
