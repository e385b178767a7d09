/**
 * One SQLite file that several processes share. Writes that come together are one transaction, durable before any of them
 * resolves. While another process holds the file they wait without stopping the event loop. After an error of the disk the
 * connection is not used again: SQLite would accept further writes although an earlier one is lost.
 */
import { chmodSync, mkdirSync, statSync } from "node:fs"
import { dirname, resolve as absolute } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"

import type { FileProblem } from "@aelyst/journal/storage"
import { createPrivateFile, fileFailureOf, loadSqlite } from "@aelyst/journal/storage"

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
  /** When it is given up, by `performance.now()`. */
  readonly until: number
}

/** How long a write waits for that of another process, in milliseconds. */
const patienceMs = 5_000
/** How much of it SQLite waits itself, which stops the event loop, and the time between two tries. */
const busyMs = 20
const retryMs = 20

/** Returns a number of the database's header. */
const pragma = (database: DatabaseSync, name: string): unknown =>
  database.prepare(`PRAGMA ${name}`).get()?.[name]

const numberOf = (database: DatabaseSync, name: string): number => Number(pragma(database, name))

/** Returns what tells the file at a path from every other; undefined if there is none. */
const identityOf = (path: string): string | undefined => {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev} ${found.ino}`
}

/** A connection that opens itself again after an error. */
export class SqliteFile {
  readonly path: string
  readonly #kind: FileKind
  readonly #mayCreate: boolean
  #database: DatabaseSync | undefined
  /** Which file the connection has opened. */
  #opened: string | undefined
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
      if (this.#isClosed) return reject(new OutboxError("CLOSED"))
      const until = performance.now() + patienceMs
      // safe: the job resolves with the result of `run`
      const job = { run, resolve: resolve as (value: unknown) => void, reject, until }
      if (this.#jobs.push(job) === 1) setImmediate(() => this.#commit())
    })
  }

  /** Runs a read, after the writes that were begun before it, even if they fail. */
  read<A>(run: Run<A>): Promise<A> {
    return this.outside(run)
  }

  /** Runs what needs no transaction, after the writes that were begun before it. */
  async outside<A>(run: Run<A>): Promise<A> {
    await this.#flushed()
    const until = performance.now() + patienceMs
    while (!this.#isClosed) {
      try {
        return run(this.#open())
      } catch (cause) {
        if (!isBusy(cause)) this.#discard()
        if (!isBusy(cause) || performance.now() > until) throw toOutboxError(cause)
        await sleep(retryMs)
      }
    }
    throw new OutboxError("CLOSED")
  }

  /** Returns whether the path is no longer the open file, because it was deleted or replaced. */
  isMoved(): boolean {
    return this.#database !== undefined && identityOf(this.path) !== this.#opened
  }

  /** Ends the connection after the writes that were begun before; further work rejects. */
  async close(): Promise<void> {
    const flushed = this.#flushed()
    this.#isClosed = true
    await flushed
    this.#discard()
  }

  async #flushed(): Promise<void> {
    // each write reports its own failure
    if (this.#jobs.length > 0) await this.write(() => {}).catch(() => {})
  }

  #commit(): void {
    const database = this.#begin()
    if (database === undefined) return
    const jobs = this.#jobs.splice(0)
    let isEnding = false
    try {
      const values = jobs.map(({ run }) => run(database))
      isEnding = true
      database.exec("COMMIT")
      for (const [index, { resolve }] of jobs.entries()) resolve(values[index])
    } catch (cause) {
      this.#discard()
      // a sync that failed may have written everything
      const isUnknown = isEnding && fileFailureOf(cause)?.problem === "io"
      const error = toOutboxError(cause, isUnknown ? "UNKNOWN" : "STORE")
      for (const { reject } of jobs) reject(error)
    }
  }

  /** Begins a transaction; undefined if there is none for now. */
  #begin(): DatabaseSync | undefined {
    try {
      const database = this.#open()
      database.exec("BEGIN IMMEDIATE")
      return database
    } catch (cause) {
      const now = performance.now()
      const waiting = isBusy(cause) ? this.#jobs.filter(({ until }) => until > now) : []
      const failed = this.#jobs.filter((job) => !waiting.includes(job))
      this.#jobs = waiting
      if (waiting.length > 0) setTimeout(() => this.#commit(), retryMs)
      if (!isBusy(cause)) this.#discard()
      for (const { reject } of failed) reject(toOutboxError(cause))
      return undefined
    }
  }

  #open(): DatabaseSync {
    return (this.#database ??= this.#connect())
  }

  #connect(): DatabaseSync {
    this.#makePrivate()
    const Database = loadSqlite()
    if (Database === undefined) {
      throw new OutboxError("STORE", { detail: "This Node.js has no `node:sqlite`." })
    }
    const database = new Database(this.path, { timeout: busyMs })
    try {
      this.#prepare(database)
      this.#opened = identityOf(this.path)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }

  /**
   * Creates the file, which only its owner may read, whatever the umask. One that exists is not opened here: closing it
   * again would release the locks that other connections of this process have on it.
   */
  #makePrivate(): void {
    const found = statSync(this.path, { throwIfNoEntry: false })
    if (found === undefined) {
      if (!this.#mayCreate)
        throw new OutboxError("STORE", { detail: `${this.path} does not exist.` })
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
      createPrivateFile(this.path)
    }
    if (this.#mayCreate && found?.isDirectory() !== true) chmodSync(this.path, 0o600)
  }

  /** Refuses a file that is not ours, and creates the tables in an empty one. */
  #prepare(database: DatabaseSync): void {
    const { applicationId, schema, version } = this.#kind
    const isEmpty = () => numberOf(database, "schema_version") === 0
    const isOurs = () => numberOf(database, "application_id") === applicationId
    if (isEmpty() ? !this.#mayCreate : !isOurs()) {
      throw new OutboxError("STORE", { detail: `${this.path} is not an outbox file.` })
    }
    // read after the check: another process may create the tables just now
    const found = isEmpty() ? version : numberOf(database, "user_version")
    if (found !== version) {
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

const cannotOpen = "The file cannot be opened: check the path and its permissions."

const sentences: Readonly<Record<FileProblem, string>> = {
  locked: "Another process holds the file.",
  full: "The disk is full.",
  io: "The disk failed.",
  read_only: "The file or its directory is read-only.",
  cannot_open: cannotOpen,
  missing: cannotOpen,
  not_a_file: cannotOpen,
  not_a_database: "The file is not an SQLite database.",
  no_locks: "The file system has no locks: keep the file on a local disk.",
  too_many_files: "Too many files are open: raise the limit (`ulimit -n`).",
  corrupt: "The file is damaged; `aelyst outbox verify` says where.",
}

const isBusy = (cause: unknown): boolean => fileFailureOf(cause)?.problem === "locked"

/** Converts an error of SQLite or of the file system: neither quotes a value that was to be written. */
const toOutboxError = (cause: unknown, kind: "STORE" | "UNKNOWN" = "STORE"): OutboxError => {
  if (cause instanceof OutboxError) return cause
  const failure = fileFailureOf(cause)
  const detail = failure && sentences[failure.problem]
  return new OutboxError(kind, { cause, ...(detail !== undefined && { detail }) })
}
