/** Checks that the locks of a file system hold, and names file systems that may lose a journal. */
import { spawnSync } from "node:child_process"
import { statfsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { JournalError } from "./JournalError.ts"
import { SqliteFile } from "./SqliteFile.ts"

/** File systems by their number in `statfs`: those of another machine, and those that do not last. */
const remote: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "SMB",
  0xfe534d42: "SMB",
  0x01021997: "9p",
  0x65735546: "FUSE",
  0x6a656a63: "virtiofs",
  0x786f4256: "a shared folder",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x5346414f: "AFS",
}
const passing: Readonly<Record<number, string>> = {
  0x794c7630: "a container's own layer",
  0x01021994: "memory",
}

const typeOf = (path: string): number => {
  const stats = Result.try(() => statfsSync(path))
  // the number is signed on some systems
  return Result.isSuccess(stats) ? stats.success.type >>> 0 : 0
}

/** Names the file system of a path if a journal on it may be lost or unsafe, such as `NFS`. */
export const unusualFileSystem = (path: string): string | undefined => {
  const type = typeOf(path)
  return remote[type] ?? passing[type]
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
      const name = remote[typeOf(path)]
      if (name === undefined || holdsAgainstProcesses(path)) return Effect.void
      return Effect.fail(new JournalError({ reason: "no_locks", path, detail: name }))
    }
    second.success.close()
    return Effect.fail(new JournalError({ reason: "no_locks", path }))
  })
