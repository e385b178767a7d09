/** The journal of one run on `node:sqlite`. */
import { AttemptGate } from "@aelyst/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

import type {
  Claim,
  Earlier,
  EarlierRow,
  JournalService,
  PlannedRow,
  Range,
  RowKey,
  Run,
  RunCounts,
} from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import { RowHash, isEqual } from "./RowChecksum.ts"
import type { Columns } from "./RowStatements.ts"
import { RowStatements, isUnreleased, soundRow } from "./RowStatements.ts"
import { countRows, readAttempts, readRows } from "./RunReads.ts"
import type { NewRow } from "./RunPlan.ts"
import { insertRows } from "./RunPlan.ts"
import type { StoredRun } from "./RunTables.ts"
import { earlierRow, openRun, stateNumber, sumRun } from "./RunTables.ts"
import { SqliteFile, tryFile } from "./SqliteFile.ts"
import { checkDamage, verifyRun } from "./Verify.ts"
import { WriteQueue } from "./WriteQueue.ts"

const maxNumber = Number.MAX_SAFE_INTEGER
/** The rows of a plan that are looked up and written at a time. */
const planPage = 500

/** An open run: what it recorded, and its file. */
export class SqliteJournal implements JournalService {
  readonly run: Run
  /** Whether the file had no run before it was opened. */
  readonly isCreated: boolean
  readonly #file: SqliteFile
  readonly #rows: RowStatements
  readonly #queue: WriteQueue
  readonly #hash: RowHash

  private constructor(file: SqliteFile, { isCreated, run, salt }: StoredRun) {
    this.run = run
    this.isCreated = isCreated
    this.#file = file
    this.#rows = new RowStatements(file.db, file.path)
    this.#queue = new WriteQueue(file)
    this.#hash = new RowHash(salt)
  }

  /**
   * Opens the file of a run until the scope ends. If the file is new or empty, it gets the run that `create` returns. With `trust`
   * its rows are not checked for damage at once, only each one that is read.
   */
  static open(
    path: string,
    options: {
      readonly create?: (() => Omit<Run, "plannedAt">) | undefined
      readonly waitMs?: number
      readonly trust?: boolean
    } = {},
  ): Effect.Effect<SqliteJournal, JournalError, Scope.Scope> {
    const { create, trust, waitMs = 500 } = options
    return Effect.gen(function* () {
      const file = yield* Effect.acquireRelease(
        Effect.suspend(() =>
          Effect.fromResult(SqliteFile.open(path, { mayCreate: create !== undefined, waitMs })),
        ),
        (opened) => Effect.sync(() => Result.try(() => opened.close())),
      )
      return yield* Effect.suspend(() =>
        Effect.fromResult(
          tryFile(path, () => {
            const journal = new SqliteJournal(file, openRun(file, create))
            if (trust !== true) checkDamage(journal.#rows, path)
            // what is read from now on does not depend on the WAL of a killed process
            file.checkpoint()
            return journal
          }),
        ),
      )
    })
  }

  get path(): string {
    return this.#file.path
  }

  get failed(): Effect.Effect<JournalError> {
    return this.#queue.failed
  }

  #error(reason: JournalError["reason"]): JournalError {
    return new JournalError({ reason, path: this.path })
  }

  get #isResent(): boolean {
    return this.run.delivery === "natural-key"
  }

  readonly plan = <E, R>(
    rows: Stream.Stream<PlannedRow, E, R>,
    earlier?: Earlier,
  ): Effect.Effect<RunCounts, JournalError | E, R> => {
    const body = Effect.gen({ self: this }, function* () {
      if (this.#isPlanned()) return yield* Effect.fail(this.#error("already_planned"))
      const counts = yield* insertRows(rows, earlier, {
        isResent: this.#isResent,
        pageSize: planPage,
        write: (page) => this.#queue.now(() => page.filter((row) => this.#insert(row)).length),
      })
      const planned = yield* Clock.currentTimeMillis
      yield* this.#queue.now(() => {
        this.#rows.run(
          `UPDATE run SET planned = :planned, rows = :ready, invalid = :invalid, duplicate = :duplicate,
           outside = :foreign`,
          { planned, ...counts },
        )
        this.#rows.run(sumRun)
      })
    })
    return Effect.andThen(this.#queue.transaction(body), this.counts)
  }

  /** Adds a row of the plan. Returns false if there is one with this key. */
  #insert({ content, doubt, key, payload: _payload, state, ...row }: NewRow): boolean {
    return this.#rows.insert({
      ...row,
      key: this.#hash.key(key),
      content: this.#hash.content(content),
      state: stateNumber(state),
      doubt: Number(doubt),
    })
  }

  #isPlanned(): boolean {
    return this.#rows.get("SELECT 1 FROM run WHERE planned IS NOT NULL") !== undefined
  }

  readonly claim = (
    options: Parameters<JournalService["claim"]>[0] = {},
  ): Effect.Effect<Claim, JournalError> => {
    const { from = 1, leaseMs, owner, to = maxNumber } = options
    return this.#timed((now, monotonic) => {
      if (!this.#isPlanned()) return Result.fail(this.#error("not_planned"))
      const range = { first: from, last: to }
      const other = this.#rows.get(
        "SELECT 1 FROM claim WHERE expires > :now AND first <= :last AND last >= :first",
        { now, ...range },
      )
      if (other !== undefined) return Result.fail(this.#error("claimed"))
      const epoch = Number(
        this.#rows.get("UPDATE run SET epoch = epoch + 1 RETURNING epoch")?.["epoch"],
      )
      this.#rows.run("DELETE FROM claim WHERE first >= :first AND last <= :last", range)
      this.#rows.run("INSERT INTO claim VALUES (:epoch, :first, :last, :owner, :expires)", {
        epoch,
        ...range,
        owner: owner ?? null,
        expires: leaseMs === undefined ? null : now + leaseMs,
      })
      this.#rows.recover(from, to, this.#isResent)
      return Result.succeed({
        from,
        to,
        epoch,
        notAfter: leaseMs === undefined ? undefined : monotonic + leaseMs,
      })
    })
  }

  readonly renew = (claim: Claim, leaseMs: number): Effect.Effect<Claim, JournalError> =>
    this.#timed((now, monotonic) => {
      const renewed = this.#rows.run(
        `UPDATE claim SET expires = :expires WHERE epoch = :epoch AND ${isUnreleased} AND NOT EXISTS (
           SELECT 1 FROM claim AS other
           WHERE other.epoch > :epoch AND other.first <= claim.last AND other.last >= claim.first)`,
        { epoch: claim.epoch, expires: now + leaseMs },
      )
      return renewed === 0
        ? Result.fail(this.#error("fenced"))
        : Result.succeed({ ...claim, notAfter: monotonic + leaseMs })
    })

  readonly release = ({ epoch }: Claim): Effect.Effect<void, JournalError> =>
    Effect.asVoid(
      this.#queue.write(() =>
        Result.succeed(
          this.#rows.run("UPDATE claim SET expires = 0 WHERE epoch = :epoch", { epoch }),
        ),
      ),
    )

  readonly intent = (
    claim: Claim,
    key: string,
    attempt: number,
  ): Effect.Effect<void, JournalError> => {
    const hash = this.#hash.key(key)
    return this.#timed((now) => this.#rows.intent(claim, hash, attempt, now))
  }

  readonly outcome = (
    claim: Claim,
    key: string,
    end: Parameters<JournalService["outcome"]>[2],
  ): Effect.Effect<void, JournalError> => {
    const hash = this.#hash.key(key)
    return Effect.uninterruptible(this.#timed((now) => this.#rows.outcome(claim, hash, end, now)))
  }

  readonly resolve = (
    row: number,
    resolution: Parameters<JournalService["resolve"]>[1],
  ): Effect.Effect<void, JournalError> =>
    this.#timed((now) => this.#rows.resolve(row, resolution, now))

  /** Writes with the time at which the write was asked for. */
  #timed<A>(
    run: (now: number, monotonic: number) => Result.Result<A, JournalError>,
  ): Effect.Effect<A, JournalError> {
    return Effect.gen({ self: this }, function* () {
      const now = yield* Clock.currentTimeMillis
      const monotonic = yield* AttemptGate.monotonicMillis
      return yield* this.#queue.write(() => run(now, monotonic))
    })
  }

  readonly lookup = (rows: ReadonlyArray<RowKey>) =>
    this.#found(rows, (columns, isSame) => (isSame ? soundRow(this.path, columns) : undefined))

  /** Returns what this run knows of rows with these keys, if it sent them or took them from an earlier run. */
  readonly lookupEarlier = (
    rows: ReadonlyArray<RowKey>,
  ): Effect.Effect<ReadonlyArray<EarlierRow | undefined>, JournalError> =>
    this.#found(rows, (columns, isSame) => {
      const row = soundRow(this.path, columns)
      if (row.state === "planned" && !row.doubt) return undefined
      return earlierRow(this.run.id, row, isSame)
    })

  /** Finds rows by their keys; tells for each whether its content is the same. */
  #found<A>(
    rows: ReadonlyArray<RowKey>,
    make: (columns: Columns, isSame: boolean) => A | undefined,
  ): Effect.Effect<ReadonlyArray<A | undefined>, JournalError> {
    return this.#queue.now(() =>
      rows.map(({ content, key }) => {
        const columns = this.#rows.find(this.#hash.key(key))
        if (columns === undefined) return undefined
        return make(columns, isEqual(columns["content"], this.#hash.content(content)))
      }),
    )
  }

  readonly rows = (options?: Parameters<JournalService["rows"]>[0]) =>
    readRows((read) => this.#queue.now(() => read(this.#rows, this.path)), options)

  readonly attempts = (range?: Range) =>
    readAttempts((read) => this.#queue.now(() => read(this.#rows, this.path)), range)

  get counts(): Effect.Effect<RunCounts, JournalError> {
    return this.#queue.now(() => countRows(this.#rows))
  }

  get verify() {
    return this.#queue.now(() => verifyRun(this.#rows))
  }
}
