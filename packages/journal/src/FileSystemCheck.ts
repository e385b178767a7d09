/** Checks that the locks of a file system hold, and names file systems that may lose a journal. */
import { spawnSync } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { JournalError } from "./JournalError.ts"
import { fileSystemOf, networkDriveOf } from "./NetworkDrive.ts"
import { SqliteFile } from "./SqliteFile.ts"

/** File systems that do not last, by their number in `statfs`. */
const passing: Readonly<Record<number, string>> = {
  0x794c7630: "a container's own layer",
  0x01021994: "memory",
}

/** Names the file system of a path if a journal on it may be lost or unsafe, such as `NFS`. */
export const unusualFileSystem = (path: string): string | undefined => {
  const type = fileSystemOf(path)
  return type === undefined ? undefined : (networkDriveOf(type) ?? passing[type])
}

// exits with 0 if it could write to the file, so if the lock does not hold
const intruder = `
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
  try {
    new DatabaseSync(process.argv[1]).exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT")
  } catch {
    process.exitCode = 1
  }`

/** Returns whether the lock on an open journal keeps another process out. */
export const holdsAgainstProcesses = (path: string): boolean =>
  spawnSync(process.execPath, ["--no-warnings", "-e", intruder, path]).status === 1

/**
 * Fails with `no_locks` unless the lock on an open journal keeps others out. File systems of other machines are asked from a
 * second process too, as their locks may hold within one process only.
 */
export const checkLock = (path: string): Effect.Effect<void, JournalError> =>
  Effect.suspend(() => {
    const second = SqliteFile.open(path, { mayCreate: false, waitMs: 0 })
    if (Result.isFailure(second)) {
      if (second.failure.reason !== "locked") return Effect.fail(second.failure)
      const name = networkDriveOf(fileSystemOf(path))
      if (name === undefined || holdsAgainstProcesses(path)) return Effect.void
      return Effect.fail(new JournalError({ reason: "no_locks", path, detail: name }))
    }
    second.success.close()
    return Effect.fail(new JournalError({ reason: "no_locks", path }))
  })
