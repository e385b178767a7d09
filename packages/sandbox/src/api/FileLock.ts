/**
 * Locks a file for one process at a time. The lock is the operating system's, held through SQLite on a file next to it, so
 * it vanishes with the process, however that ends. The empty file stays: removing it could give two processes the lock.
 */
import type * as Sqlite from "node:sqlite"

import { configError } from "./Config.ts"

// read at its point of use: without a data file nothing loads SQLite
const sqlite = (): typeof Sqlite => {
  const { emitWarning } = process
  // Node.js 22 warns that SQLite is experimental; locking has not changed since
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error ? Reflect.get(error, "errcode") : undefined
const SQLITE_BUSY = 5

/**
 * Locks `path`; returns what releases it. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if another sandbox, in
 * this process or in another one, has locked it, or if the file next to it cannot be written.
 */
export const lock = (path: string): (() => void) => {
  const { DatabaseSync } = sqlite()
  try {
    const database = new DatabaseSync(`${path}.lock`)
    try {
      database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
    } catch (error) {
      database.close()
      throw error
    }
    return () => database.close()
  } catch (error) {
    throw configError(
      codeOf(error) === SQLITE_BUSY
        ? "`data`: another sandbox uses this file. Stop it, or name another file"
        : "`data`: the file cannot be locked. Check its directory and its permissions",
    )
  }
}
