/**
 * Writes in groups: what is asked for in one turn of the event loop, up to 32 writes, is one transaction with one sync. A write
 * succeeds after the sync, never before. After the first error nothing is written any more.
 */
import type { StatementSync } from "node:sqlite"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { JournalError } from "./JournalError.ts"
import type { SqliteFile } from "./SqliteFile.ts"
import { tryFile } from "./SqliteFile.ts"

const mostInGroup = 32
/** The WAL is moved into the file when it is larger, in bytes. */
const walLimit = 4_194_304n
/** And after so many commits, which make half of that if each is of one row. */
const mostCommits = 256

type Written = Result.Result<unknown, JournalError>

interface Write {
  /** If it returns a failure, such as `fenced`, it has changed nothing. */
  readonly run: () => Written
  readonly settle: (written: Written) => void
}

export class WriteQueue {
  readonly #file: SqliteFile
  readonly #failed = Deferred.makeUnsafe<JournalError>()
  #error: JournalError | undefined
  #waiting: Array<Write> = []
  #isScheduled = false
  #isHeld = false
  #commits = 0
  readonly #begin: StatementSync
  readonly #commit: StatementSync

  constructor(file: SqliteFile) {
    this.#file = file
    this.#begin = file.db.prepare("BEGIN IMMEDIATE")
    this.#commit = file.db.prepare("COMMIT")
  }

  /** Waits for the first failed write. */
  get failed(): Effect.Effect<JournalError> {
    return Deferred.await(this.#failed)
  }

  /** Runs a write in the next group. If it is interrupted before that, nothing is written. */
  write<A>(run: () => Result.Result<A, JournalError>): Effect.Effect<A, JournalError> {
    return Effect.callback<A, JournalError>((resume) => {
      const settle = (written: Written) =>
        // safe: it is the result of `run`, or a failure
        resume(Effect.fromResult(written as Result.Result<A, JournalError>))
      const write: Write = { run, settle }
      this.#waiting.push(write)
      this.#schedule()
      return Effect.sync(() => {
        this.#waiting = this.#waiting.filter((other) => other !== write)
      })
    })
  }

  /** Runs a function that reads, or writes in an open transaction. What it throws is the last error of this file. */
  now<A>(run: () => A): Effect.Effect<A, JournalError> {
    return Effect.suspend(() => {
      if (this.#error !== undefined) return Effect.fail(this.#error)
      const done = tryFile(this.#file.path, run)
      return Effect.fromResult(Result.mapError(done, (error) => this.#fail(error)))
    })
  }

  /** Keeps groups back while an effect has a transaction open, commits it, and rolls it back if the effect does not succeed. */
  transaction<A, E, R>(body: Effect.Effect<A, E, R>): Effect.Effect<A, E | JournalError, R> {
    const { db } = this.#file
    const begin = this.now(() => {
      this.#isHeld = true
      db.exec("BEGIN IMMEDIATE")
    })
    const end = Effect.sync(() => {
      if (db.isTransaction) Result.try(() => db.exec("ROLLBACK"))
      this.#isHeld = false
      this.#schedule()
    })
    const commit = Effect.suspend(() => Effect.fromResult(this.#guard(() => db.exec("COMMIT"))))
    return begin.pipe(Effect.andThen(Effect.tap(body, () => commit)), Effect.ensuring(end))
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isHeld || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#isHeld) this.#flush()
      this.#schedule()
    })
  }

  #flush(): void {
    const group = this.#waiting.splice(0, mostInGroup)
    const { db } = this.#file
    const written = this.#guard(() => {
      this.#begin.run()
      const results = group.map((write) => write.run())
      this.#commit.run()
      return results
    })
    if (Result.isFailure(written)) Result.try(() => db.exec("ROLLBACK"))
    group.forEach((write, index) =>
      write.settle(
        Result.flatMap(written, (results) => results[index] ?? Result.succeed(undefined)),
      ),
    )
  }

  /** Runs a function that commits, checks that the file is still there, and remembers the first error. */
  #guard<A>(commit: () => A): Result.Result<A, JournalError> {
    if (this.#error !== undefined) return Result.fail(this.#error)
    const committed = tryFile(this.#file.path, () => ({
      value: commit(),
      walSize: this.#file.checkIdentity(),
    }))
    if (Result.isFailure(committed)) return Result.fail(this.#fail(committed.failure))
    this.#commits += 1
    const isLarge = committed.success.walSize > walLimit
    if (isLarge || this.#commits === mostCommits) {
      this.#commits = 0
      // what was committed is durable, whatever becomes of the checkpoint
      const moved = tryFile(this.#file.path, () => this.#file.checkpoint({ reuse: !isLarge }))
      if (Result.isFailure(moved)) this.#fail(moved.failure)
    }
    return Result.succeed(committed.success.value)
  }

  #fail(error: JournalError): JournalError {
    this.#error = error
    Deferred.doneUnsafe(this.#failed, Effect.succeed(error))
    return error
  }
}
