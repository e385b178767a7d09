/**
 * One SQLite file that several processes share. Writes that come together are one transaction, durable before any of them
 * resolves. After an error of the disk the connection is not used again: SQLite would accept further writes although
 * an earlier one is lost.
 */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs"
import { dirname, resolve as absolute } from "node:path"
import type { DatabaseSync } from "node:sqlite"

import { OutboxError } from "./OutboxError.ts"

/** The tables of a file, and the numbers in SQLite's header that mark it. */
export interface FileKind {
  readonly applicationId: number
  readonly version: number
  readonly schema: string
}

type Run<A> = (database: DatabaseSync) => A

interface Job {
  readonly run: Run<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: OutboxError) => void
}

/** How long a write waits for another process's, in milliseconds. */
const busyMs = 5_000

/** Returns a number of the database's header. */
const pragma = (database: DatabaseSync, name: string): unknown =>
  database.prepare(`PRAGMA ${name}`).get()?.[name]

const numberOf = (database: DatabaseSync, name: string): number => Number(pragma(database, name))

/** A connection that opens itself again after an error. */
export class SqliteFile {
  readonly path: string
  readonly #kind: FileKind
  readonly #mayCreate: boolean
  #database: DatabaseSync | undefined
  #jobs: Array<Job> = []
  #isClosed = false

  constructor(path: string, kind: FileKind, mayCreate: boolean = true) {
    this.path = absolute(path)
    this.#kind = kind
    this.#mayCreate = mayCreate
  }

  /** Runs a write in the transaction of this turn of the event loop. */
  write<A>(run: Run<A>): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      // safe: the job resolves with the result of `run`
      const job = { run, resolve: resolve as (value: unknown) => void, reject }
      if (this.#jobs.push(job) === 1) setImmediate(() => this.#commit())
    })
  }

  /** Runs a read, after the writes that were begun before it. */
  read<A>(run: Run<A>): Promise<A> {
    return this.write(run)
  }

  /** Runs what SQLite does not run in a transaction, after the writes that were begun before it. */
  async outside<A>(run: Run<A>): Promise<A> {
    this.#commit()
    try {
      return run(this.#open())
    } catch (cause) {
      this.#discard()
      throw cause instanceof OutboxError ? cause : storeError(cause)
    }
  }

  /** Ends the connection; further work rejects. */
  close(): void {
    this.#commit()
    this.#isClosed = true
    this.#discard()
  }

  #commit(): void {
    const jobs = this.#jobs
    this.#jobs = []
    if (jobs.length === 0) return
    try {
      const database = this.#open()
      database.exec("BEGIN IMMEDIATE")
      const values = jobs.map(({ run }) => run(database))
      database.exec("COMMIT")
      for (const [index, { resolve }] of jobs.entries()) resolve(values[index])
    } catch (cause) {
      this.#discard()
      const error = cause instanceof OutboxError ? cause : storeError(cause)
      for (const { reject } of jobs) reject(error)
    }
  }

  #open(): DatabaseSync {
    if (this.#isClosed) throw new OutboxError("CLOSED")
    return (this.#database ??= this.#connect())
  }

  #connect(): DatabaseSync {
    if (this.#mayCreate) {
      // only the owner may read contacts, whatever the umask
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
      closeSync(openSync(this.path, "a", 0o600))
      chmodSync(this.path, 0o600)
    } else if (statSync(this.path, { throwIfNoEntry: false }) === undefined) {
      throw new OutboxError("STORE", { detail: `${this.path} does not exist.` })
    }
    const { DatabaseSync: Database } = process.getBuiltinModule("node:sqlite")
    const database = new Database(this.path, { timeout: busyMs })
    try {
      this.#prepare(database)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** Refuses a file that is not ours, and creates the tables in an empty one. */
  #prepare(database: DatabaseSync): void {
    const { applicationId, schema, version } = this.#kind
    const isEmpty = () => numberOf(database, "schema_version") === 0
    const found = numberOf(database, "user_version")
    const isOurs = () => numberOf(database, "application_id") === applicationId
    if (isEmpty() ? !this.#mayCreate : !isOurs()) {
      throw new OutboxError("STORE", { detail: `${this.path} is not an outbox file.` })
    }
    if (!isEmpty() && found !== version) {
      const detail = `${this.path} has format ${found}; this version reads format ${version}.`
      throw new OutboxError("STORE", { detail })
    }
    database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON")
    database.exec("BEGIN IMMEDIATE")
    // another process may have been faster
    if (isEmpty()) {
      database.exec(
        `${schema}; PRAGMA application_id=${applicationId}; PRAGMA user_version=${version}`,
      )
    }
    database.exec("COMMIT")
  }

  #discard(): void {
    try {
      this.#database?.close()
    } catch {
      // it is not used again
    }
    this.#database = undefined
  }
}

const reasons: Readonly<Record<number, string>> = {
  5: "Another process holds the file.",
  8: "The file or its directory is read-only.",
  10: "The disk failed.",
  11: "The file is damaged; `aelyst outbox verify` says where.",
  13: "The disk is full.",
  14: "The file cannot be opened: check the path and its permissions.",
  26: "The file is not an SQLite database.",
}

/** Converts an error of SQLite or of the file system: neither quotes a value that was to be written. */
const storeError = (cause: unknown): OutboxError => {
  const code: unknown = Reflect.get(Object(cause), "errcode")
  // the lowest byte is the primary code
  const detail = typeof code === "number" ? reasons[code & 0xff] : undefined
  return new OutboxError("STORE", { cause, ...(detail !== undefined && { detail }) })
}
