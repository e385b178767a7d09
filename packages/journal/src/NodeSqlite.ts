/** `node:sqlite` and the meaning of its errors, without Effect: the files of journals and of outboxes share it. */
import type { DatabaseSync } from "node:sqlite"

let constructor: typeof DatabaseSync | undefined

/** Returns the class of `node:sqlite`; undefined if this Node.js has none. */
export const loadSqlite = (): typeof DatabaseSync | undefined => (constructor ??= load())

const load = (): typeof DatabaseSync | undefined => {
  // older Nodes warn that node:sqlite is experimental; only that warning is silenced
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: ReadonlyArray<unknown>) => {
    if (!String(warning).includes("SQLite is an experimental feature"))
      Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    return process.getBuiltinModule("node:sqlite")?.DatabaseSync
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * Names what is wrong with a file.
 *
 * - `locked`: another connection holds it
 * - `full`: the disk is full
 * - `io`: the disk failed to read, write or sync
 * - `read_only`: the file or its directory cannot be written
 * - `cannot_open`: SQLite cannot open it
 * - `missing`: it or its directory does not exist
 * - `not_a_file`: the path, or a part of it, is something else
 * - `not_a_database`: it is not an SQLite file
 * - `no_locks`: the file system has no locks
 * - `too_many_files`: this process, or the system, has as many files open as it may
 * - `corrupt`: everything that SQLite does not expect
 */
export type FileProblem =
  | "locked"
  | "full"
  | "io"
  | "read_only"
  | "cannot_open"
  | "missing"
  | "not_a_file"
  | "not_a_database"
  | "no_locks"
  | "too_many_files"
  | "corrupt"

const bySystemCode: Readonly<Record<string, FileProblem>> = {
  EACCES: "read_only",
  EPERM: "read_only",
  EROFS: "read_only",
  ENOENT: "missing",
  EEXIST: "not_a_file",
  EISDIR: "not_a_file",
  ENOTDIR: "not_a_file",
  ENOSPC: "full",
  EDQUOT: "full",
  ENOLCK: "no_locks",
  EMFILE: "too_many_files",
  ENFILE: "too_many_files",
}

// primary result codes of SQLite: https://sqlite.org/rescode.html
const bySqliteCode: Readonly<Record<number, FileProblem>> = {
  3: "read_only",
  5: "locked",
  6: "locked",
  7: "io",
  8: "read_only",
  10: "io",
  13: "full",
  14: "cannot_open",
  15: "no_locks",
  22: "full",
  26: "not_a_database",
}

/** The meaning of an error, and its code for messages. */
export interface FileFailure {
  readonly problem: FileProblem
  readonly code: string
}

/** Returns what an error of SQLite or of the system means; undefined for any other error. */
export const fileFailureOf = (cause: unknown): FileFailure | undefined => {
  const code: unknown = Reflect.get(Object(cause), "code")
  const sqliteCode: unknown = Reflect.get(Object(cause), "errcode")
  if (typeof sqliteCode === "number") {
    const problem = bySqliteCode[sqliteCode & 0xff] ?? "corrupt"
    return { problem, code: `SQLite error ${sqliteCode}` }
  }
  return typeof code === "string" ? { problem: bySystemCode[code] ?? "io", code } : undefined
}
