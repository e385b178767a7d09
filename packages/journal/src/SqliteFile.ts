/** One SQLite file: opening with a lock, and what each of its errors means. */
import { accessSync, constants, statSync } from "node:fs"
import type { BigIntStats } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { dirname } from "node:path"
import * as Result from "effect/Result"

import type { JournalReason } from "./JournalError.ts"
import { JournalError } from "./JournalError.ts"
import type { FileProblem } from "./NodeSqlite.ts"
import { fileFailureOf, loadSqlite } from "./NodeSqlite.ts"
import { createPrivateFile, syncDirectory } from "./PrivateFile.ts"
import { hasDamage } from "./WalCheck.ts"

const reasons: Readonly<Record<FileProblem, JournalReason>> = {
  locked: "locked",
  full: "full",
  io: "io",
  read_only: "read_only",
  cannot_open: "read_only",
  missing: "deleted",
  not_a_file: "not_a_journal",
  not_a_database: "not_a_journal",
  no_locks: "no_locks",
  too_many_files: "too_many_files",
  corrupt: "corrupt",
}

/** Returns what an error of SQLite or of the system means. Everything that SQLite does not expect is damage. */
export const errorOf = (path: string, cause: unknown): JournalError => {
  if (cause instanceof JournalError) return cause
  const failure = fileFailureOf(cause)
  if (failure === undefined) return new JournalError({ reason: "corrupt", path, cause })
  return new JournalError({ reason: reasons[failure.problem], path, detail: failure.code, cause })
}

/** Runs a function that may throw an error of SQLite or of the system. */
export const tryFile = <A>(path: string, run: () => A): Result.Result<A, JournalError> =>
  Result.try({ try: run, catch: (cause) => errorOf(path, cause) })

/** Creates a file for its owner only if there is none. */
const create = (path: string): void => {
  const created = Result.try(() => createPrivateFile(path))
  if (Result.isSuccess(created)) return
  if (fileFailureOf(created.failure)?.problem === "missing")
    throw new JournalError({ reason: "not_found", path, detail: "its directory does not exist" })
  throw created.failure
}

/** Throws unless the path is a regular file that only its owner, this user, can read and write. */
const checkFile = (path: string): BigIntStats => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) throw new JournalError({ reason: "not_found", path })
  if (!stats.isFile())
    throw new JournalError({ reason: "not_a_journal", path, detail: "not a file" })
  const user = process.getuid?.()
  if (user !== undefined && stats.uid !== BigInt(user))
    throw new JournalError({ reason: "unsafe", path, detail: "another user owns it" })
  if (user !== undefined && (stats.mode & 0o077n) !== 0n) {
    const mode = (stats.mode & 0o777n).toString(8).padStart(4, "0")
    throw new JournalError({ reason: "unsafe", path, detail: `mode ${mode}` })
  }
  // SQLite would open it anyway, to read
  accessSync(path, constants.R_OK | constants.W_OK)
  accessSync(dirname(path), constants.W_OK)
  return stats
}

/** Throws unless a path still names the same file. */
const checkSame = (path: string, now: BigIntStats | undefined, then: BigIntStats): void => {
  if (now !== undefined && now.ino === then.ino && now.dev === then.dev) return
  throw new JournalError({ reason: now === undefined ? "deleted" : "replaced", path })
}

/** An open file with the lock that keeps other processes out. Its methods throw; `tryFile` makes results of that. */
export class SqliteFile {
  readonly db: DatabaseSync
  readonly path: string
  readonly #stats: BigIntStats
  #wal: BigIntStats | undefined

  private constructor(db: DatabaseSync, path: string, stats: BigIntStats) {
    this.db = db
    this.path = path
    this.#stats = stats
  }

  /**
   * Opens a file and takes its lock; it is made if there is none and `mayCreate`. `waitMs` is how long to wait for a lock:
   * programs that start at the same moment meet each other's short locks.
   */
  static open(
    path: string,
    options: { readonly mayCreate: boolean; readonly waitMs: number },
  ): Result.Result<SqliteFile, JournalError> {
    return tryFile(path, () => {
      const Database = loadSqlite()
      if (Database === undefined) throw new JournalError({ reason: "unsupported", path })
      if (options.mayCreate) create(path)
      const stats = checkFile(path)
      if (hasDamage(path))
        throw new JournalError({ reason: "corrupt", path, detail: "the WAL is damaged" })
      const db = new Database(path)
      const locked = tryFile(path, () => {
        db.exec(`PRAGMA busy_timeout = ${options.waitMs}`)
        // before the first access, so that the lock is exclusive and the index of the WAL stays in memory
        db.exec("PRAGMA locking_mode = EXCLUSIVE")
        db.exec("PRAGMA foreign_keys = ON")
        db.exec("PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384")
        db.exec("PRAGMA synchronous = FULL")
        // takes the lock
        db.exec("BEGIN IMMEDIATE; COMMIT")
      })
      if (Result.isSuccess(locked)) return new SqliteFile(db, path, stats)
      db.close()
      throw locked.failure
    })
  }

  /** Reads a number such as `application_id`. */
  pragma(name: string): number {
    return Number(Object.values(this.db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
  }

  /** Turns the WAL on. We make the checkpoints and sync the directory, because SQLite ignores the errors of both. */
  useWal(): void {
    this.db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
    this.db.exec("BEGIN IMMEDIATE; COMMIT")
    syncDirectory(dirname(this.path))
  }

  /**
   * Throws if the file or its WAL is no longer what its path names: what was just committed would be lost with it.
   * Returns the size of the WAL in bytes.
   */
  checkIdentity(): bigint {
    const options = { bigint: true, throwIfNoEntry: false } as const
    checkSame(this.path, statSync(this.path, options), this.#stats)
    const wal = statSync(`${this.path}-wal`, options)
    this.#wal ??= wal
    if (this.#wal !== undefined) checkSame(`${this.path}-wal`, wal, this.#wal)
    return wal?.size ?? 0n
  }

  /**
   * Moves what the WAL holds into the file, and cuts the WAL off. With `reuse` it keeps its size and is written again from its
   * start: to sync a file that does not grow costs less.
   */
  checkpoint({ reuse = false } = {}): void {
    this.db.exec(`PRAGMA wal_checkpoint(${reuse ? "RESTART" : "TRUNCATE"})`)
  }

  close(): void {
    this.db.close()
  }
}
