/** The journal of one run in Postgres, which several processes may have open. */
import { AttemptGate } from "@aelyst/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { attemptEnds, attemptsOf } from "./AttemptLog.ts"
import type { Cipher } from "./Cipher.ts"
import type { Database } from "./Database.ts"
import type {
  Claim,
  Earlier,
  JournalService,
  PlannedRow,
  Range,
  RowKey,
  Run,
  RunCounts,
} from "./Journal.ts"
import type { JournalError, JournalReason } from "./JournalError.ts"
import { progressOf } from "./PostgresProgress.ts"
import { foundRows, insertedRow, openedRows, recordOf } from "./PostgresRow.ts"
import { statementsOf } from "./PostgresStatements.ts"
import type { LoggedRow } from "./PostgresVerify.ts"
import { verifyRun } from "./PostgresVerify.ts"
import { codeOnly, stateNumbers } from "./RowStatements.ts"
import type { NewRow } from "./RunPlan.ts"
import { insertRows } from "./RunPlan.ts"
import { pages } from "./RunReads.ts"
import { outcomeNumber, stateNumber, states } from "./RunTables.ts"
import type { StoredRow } from "./SharedRuns.ts"

/** The rows that are written in one statement, and read in one. */
const planPage = 2_000
const readPage = 1_000

/** A run as it is stored. */
export interface StoredRun {
  readonly seq: number
  /** The rows of a range. */
  readonly size: number
  readonly run: Run
}

/** Errors that say something about a row or a claim. Others are failures of the database. */
const logical: ReadonlySet<JournalReason> = new Set([
  "already_planned",
  "cancelled",
  "claimed",
  "fenced",
  "not_planned",
  "paused",
  "unreadable",
  "wrong_state",
])

/** The highest number of a row. */
const maxNumber = 0x7fffffff

/** A run that is open to send it. */
export class PostgresJournal implements JournalService {
  readonly run: Run
  readonly #seq: number
  readonly #db: Database
  readonly #cipher: Cipher
  readonly #statements: ReturnType<typeof statementsOf>
  readonly #failed = Deferred.makeUnsafe<JournalError>()

  constructor(db: Database, { run, seq, size }: StoredRun, cipher: Cipher) {
    this.run = run
    this.#seq = seq
    this.#db = db
    this.#cipher = cipher
    this.#statements = statementsOf(db.now, size)
  }

  get failed(): Effect.Effect<JournalError> {
    return Deferred.await(this.#failed)
  }

  #all(name: keyof ReturnType<typeof statementsOf>, ...values: ReadonlyArray<unknown>) {
    return this.#db
      .all(this.#statements[name], this.#seq, ...values)
      .pipe(
        Effect.tapError((error) =>
          logical.has(error.reason) ? Effect.void : Deferred.succeed(this.#failed, error),
        ),
      )
  }

  #first(name: keyof ReturnType<typeof statementsOf>, ...values: ReadonlyArray<unknown>) {
    return Effect.map(this.#all(name, ...values), (rows) => rows[0])
  }

  /** Runs an effect unless the database has failed: nothing may begin that could not be recorded. */
  #unlessFailed<A>(effect: Effect.Effect<A, JournalError>): Effect.Effect<A, JournalError> {
    return Effect.suspend(() =>
      Deferred.isDoneUnsafe(this.#failed) ? Effect.flatMap(this.failed, Effect.fail) : effect,
    )
  }

  readonly plan = <E, R>(
    rows: Stream.Stream<PlannedRow, E, R>,
    earlier?: Earlier,
  ): Effect.Effect<RunCounts, JournalError | E, R> =>
    Effect.gen({ self: this }, function* () {
      const begun = yield* this.#unlessFailed(this.#first("beginPlan"))
      if (begun === undefined) return yield* this.#db.error("already_planned")
      const load = Number(begun["load"])
      // rows of a load that was killed, or of one that this one ends
      yield* this.#all("clearPlan", load)
      const counts = yield* insertRows(rows, earlier, {
        isResent: this.#isResent,
        pageSize: planPage,
        write: (page) => this.#insert(load, page),
      }).pipe(Effect.onError(() => Effect.ignore(this.#all("clearPlan", load))))
      const { duplicate, foreign, invalid, ready } = counts
      const ended = yield* this.#first("endPlan", load, ready, invalid, duplicate, foreign)
      if (ended === undefined) return yield* this.#db.error("fenced")
      return yield* this.counts
    })

  #insert(load: number, page: ReadonlyArray<NewRow>): Effect.Effect<number, JournalError> {
    return Effect.gen({ self: this }, function* () {
      const hash = yield* this.#db.hash
      const seal = (number: number, payload: unknown) =>
        this.#cipher.seal(this.#id(number), payload).toString("base64")
      const rows = page.map((row) => insertedRow(row, hash, seal))
      const found = yield* this.#first("insert", load, JSON.stringify(rows))
      if (Number(found?.["owners"]) === 0) return yield* this.#db.error("fenced")
      return Number(found?.["added"])
    })
  }

  /** Names a row for its encryption. */
  #id(number: number): string {
    return `${this.run.id}:${number}`
  }

  get #isResent(): boolean {
    return this.run.delivery === "natural-key"
  }

  readonly claim = (
    options: Parameters<JournalService["claim"]>[0] = {},
  ): Effect.Effect<Claim, JournalError> => {
    const { from = 1, leaseMs, owner, to = maxNumber } = options
    const claimed = Effect.gen({ self: this }, function* () {
      const monotonic = yield* AttemptGate.monotonicMillis
      const found = (yield* this.#first("take", from, to, owner ?? null, leaseMs ?? null)) ?? {}
      const { epoch, first, last, planned, status, taken: count, wanted } = found
      if (planned !== true) return yield* this.#db.error("not_planned")
      if (status === "paused" || status === "cancelled") return yield* this.#db.error(status)
      const claim = {
        from: Number(first ?? from),
        to: Number(last ?? to),
        epoch: Number(epoch),
        notAfter: leaseMs === undefined ? undefined : monotonic + leaseMs,
      }
      if (Number(count) === Number(wanted)) return claim
      yield* this.release(claim)
      return yield* this.#db.error("claimed")
    })
    // its own statement: it sees what the older claims wrote while `take` waited for them
    const recover = ({ from: first, to: last }: Claim) =>
      this.#all("recover", first, last, stateNumbers[this.#isResent ? "planned" : "unknown"])
    return this.#unlessFailed(Effect.tap(claimed, recover))
  }

  readonly renew = (claim: Claim, leaseMs: number): Effect.Effect<Claim, JournalError> =>
    Effect.gen({ self: this }, function* () {
      const monotonic = yield* AttemptGate.monotonicMillis
      const found = yield* this.#first("renew", claim.from, claim.to, claim.epoch, leaseMs)
      if (found?.["held"] !== true) return yield* this.#db.error("fenced")
      return { ...claim, notAfter: monotonic + leaseMs }
    })

  readonly release = ({ epoch, from, to }: Claim): Effect.Effect<void, JournalError> =>
    Effect.asVoid(this.#all("release", from, to, epoch))

  readonly intent = (
    { epoch }: Claim,
    key: string,
    attempt: number,
  ): Effect.Effect<void, JournalError> =>
    this.#unlessFailed(this.#change("intent", key, epoch, attempt))

  readonly outcome = (
    { epoch }: Claim,
    key: string,
    { attempts, code, doubt, outcome, status }: Parameters<JournalService["outcome"]>[2],
  ): Effect.Effect<void, JournalError> => {
    const isDoubt = doubt === true || outcome === "unknown" || outcome === "exists_after_doubt"
    return Effect.uninterruptible(
      this.#change(
        "outcome",
        key,
        epoch,
        outcomeNumber(outcome),
        isDoubt,
        status ?? null,
        codeOnly(code),
        attemptEnds(attempts),
      ),
    )
  }

  /** Changes a row under a claim, or finds the reason for which it was not changed. */
  #change(name: "intent" | "outcome", key: string, epoch: number, ...values: Array<unknown>) {
    return Effect.gen({ self: this }, function* () {
      const hash = (yield* this.#db.hash).keyHex(key)
      if ((yield* this.#first(name, hash, epoch, ...values)) !== undefined) return
      const { found, held, status } = (yield* this.#first("why", hash, epoch)) ?? {}
      if (found !== true) return yield* this.#db.error("wrong_state", "the run has no such row")
      if (held !== true) return yield* this.#db.error("fenced")
      if (name === "intent" && (status === "paused" || status === "cancelled"))
        return yield* this.#db.error(status)
      return yield* this.#db.error("wrong_state", "it has ended, or another attempt is open")
    })
  }

  readonly resolve = (
    row: number,
    resolution: Parameters<JournalService["resolve"]>[1],
  ): Effect.Effect<void, JournalError> => {
    const state = stateNumber(resolution === "send_again" ? "planned" : resolution)
    return Effect.flatMap(this.#first("resolve", row, state), (found) => {
      if (found?.["busy"] === true) return Effect.fail(this.#db.error("claimed"))
      return found?.["resolved"] === true
        ? Effect.void
        : Effect.fail(this.#db.error("wrong_state", `row ${row} is not in doubt`))
    })
  }

  readonly lookup = (rows: ReadonlyArray<RowKey>) =>
    Effect.gen({ self: this }, function* () {
      const hash = yield* this.#db.hash
      const found = yield* this.#all(
        "lookup",
        rows.map(({ key }) => hash.keyHex(key)),
      )
      return foundRows(rows, hash, found, (columns, isSame) =>
        isSame ? recordOf(columns) : undefined,
      )
    })

  /** Reads rows with the text of their attempts. */
  readonly logged = (options: Parameters<JournalService["rows"]>[0] = {}) => {
    const last = Math.min(options.to ?? maxNumber, maxNumber)
    const wanted = (options.states ?? states).map(stateNumber)
    return pages(
      options,
      (after) =>
        Effect.map(this.#all("rows", after, last, wanted, readPage), (page) =>
          page.map((columns): LoggedRow => ({
            ...recordOf(columns),
            log: String(columns["log"]),
            isKept: columns["kept"] === true,
          })),
        ),
      (row) => row.number,
    )
  }

  readonly rows = (options?: Parameters<JournalService["rows"]>[0]) =>
    Stream.map(this.logged(options), ({ isKept: _isKept, log: _log, ...record }) => record)

  readonly attempts = (range?: Range) =>
    Stream.flatMap(this.logged(range), ({ log, number }) =>
      Stream.fromIterable(attemptsOf(number, log)),
    )

  /** Reads rows that have not ended with their payloads. */
  readonly payloads = (range: Range = {}): Stream.Stream<StoredRow, JournalError> => {
    const last = Math.min(range.to ?? maxNumber, maxNumber)
    const read = (after: number) =>
      Effect.flatMap(this.#all("payloads", after, last, readPage), (page) =>
        Effect.fromResult(
          openedRows(page, this.#db.path, (row, bytes) => this.#cipher.open(this.#id(row), bytes)),
        ),
      )
    return pages(range, read, (row) => row.number)
  }

  get counts(): Effect.Effect<RunCounts, JournalError> {
    return Effect.map(progressOf(this.#db, this.#seq), ({ counts }) => counts)
  }

  get verify() {
    return verifyRun(this.#db, this.#seq, this.logged())
  }
}
