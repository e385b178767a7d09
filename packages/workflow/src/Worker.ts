/**
 * The worker that each machine runs: it takes ranges of approved imports, one after the other, and sends their rows. What
 * carries the promise is the journal: a claim on the rows with an epoch, and the intent of each attempt.
 */
import { hostname } from "node:os"

import { AelystClient } from "@aelyst/core"
import type {
  ImportRows,
  InputChangedError,
  RangeSummary,
  RowResult,
  SendRangeOptions,
} from "@aelyst/import"
import { sendRange } from "@aelyst/import"
import type { JournalError, JournalReason, Runs } from "@aelyst/journal"
import type { OpenRange } from "@aelyst/journal/postgres"
import { SharedRuns } from "@aelyst/journal/postgres"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

/** The options of a worker. */
export interface WorkerOptions extends Omit<SendRangeOptions, "onRow" | "until"> {
  /** Only imports for this origin, such as `https://api.aelyst.ai`, … */
  readonly origin: string
  /** … and for tokens of this class, as their runs have it. */
  readonly tokenClass: string
  /** How many ranges it sends at a time, besides one that it takes over from a worker that died. Default 2. */
  readonly ranges?: number | undefined
  /** How long it waits when there is nothing to do, in milliseconds. Default 1,000. */
  readonly pollMs?: number | undefined
  /** When this ends, the worker takes no more rows, waits for its requests under way, and releases its ranges. Default: never. */
  readonly stop?: Effect.Effect<unknown> | undefined
  /** Ends the worker once no import is left that it could send. Default: false, it waits for the next. */
  readonly untilIdle?: boolean | undefined
  /** Runs for each row that this worker has ended. */
  readonly onRow?: ((run: string, result: RowResult) => Effect.Effect<void>) | undefined
  /** After how long without an end of a row, while nothing forbids requests, it logs a warning. Default: 5 minutes. */
  readonly alarmMs?: number | undefined
  /** How long it leaves an import alone whose encryption key it does not have, in milliseconds. Default: 1 minute. */
  readonly sealedMs?: number | undefined
}

/** Why a worker ended: it was stopped, nothing was left to do, or the API rejected its token. */
export type WorkerEnd = "stopped" | "idle" | "unauthorized"

/** Reasons that say nothing about a range: another process was faster, or the import may not be sent now. */
const passing: ReadonlySet<JournalReason> = new Set(["claimed", "fenced", "paused", "cancelled"])
/** Reasons that say nothing about a range either, but the database has to recover. */
const outage: ReadonlySet<JournalReason> = new Set([
  "unavailable",
  "io",
  "full",
  "read_only",
  "denied",
  "sql_error",
])

/** Whether the import was removed meanwhile. */
const isRemoved = ({ reason }: JournalError): boolean => reason === "not_found"

/** The code of a statement that gave up on a locked row. */
const lockTimeout = "55P03"

const watchMs = 30_000
/** An outage is over when nothing has failed for so long. */
const calmMs = 60_000
/** Workers that look at the same time take different ranges. */
const spread = 4

const sealedText = (run: string, keyId: string, sealedMs: number) =>
  `the contacts of ${run} are encrypted with the key ${keyId}, which this worker does not have, so it leaves them to others, and tries again every ${sealedMs / 1_000} s. To send them here, start it with the key of the import in AELYST_STORE_KEY.`

const foreignText = (run: string) =>
  `${run} is for workers with another token. If that is of the same account: aelyst runs continue ${run} --allow-changed`

/**
 * Sends the approved imports of one account, together with the other workers of the same database, until it is stopped.
 *
 * **Details**
 *
 * A range of rows belongs to one worker at a time. If that one dies or is frozen, another takes the range over when the lease
 * has ended, 30 seconds after its newest renewal; rows whose request was under way are then in doubt. A range of which no row could be
 * ended waits, and is parked after five tries, while others pass. While the database cannot be reached nothing is sent. An import
 * whose encryption key it does not have is left to others for a minute.
 *
 * It never fails on its own account: problems of the database are logged, and it continues. A wrong option is a defect, a
 * `ConfigurationError` of core.
 */
export const work = ({
  alarmMs = 300_000,
  sealedMs = 60_000,
  leaseMs = 30_000,
  onRow,
  origin,
  owner = `${hostname()}:${process.pid}`,
  pollMs = 1_000,
  ranges = 2,
  stop = Effect.never,
  tokenClass,
  untilIdle = false,
  ...sending
}: WorkerOptions): Effect.Effect<WorkerEnd, never, AelystClient | ImportRows | Runs | SharedRuns> =>
  Effect.gen(function* () {
    const shared = yield* SharedRuns
    const client = yield* AelystClient
    const end = yield* Deferred.make<WorkerEnd>()
    const endAs = (how: WorkerEnd) => Deferred.succeed(end, how)
    const nap = (ms: number) => Effect.raceFirst(Effect.sleep(ms), Deferred.await(end))
    /** When each warning was last due. */
    const warnings = new Map<string, number>()
    /** Imports whose key this worker does not have, and when it looks at each again. */
    const sealed = new Map<string, number>()
    /** Imports that are for another token. */
    const foreign = new Set<string>()
    /** When the API last asked to wait, on the clock of this machine. */
    let askedAt = Number.NEGATIVE_INFINITY

    /** Warns of a problem of the database once for each outage. */
    const report = Effect.fnUntraced(function* (error: JournalError) {
      const { advice, path, problem, reason } = error
      // other advice is for the journal of a single import
      const help = reason === "denied" || reason === "sql_error" ? ` ${advice}` : ""
      const text = outage.has(reason)
        ? `${path}: ${problem}. The worker continues as soon as it can.${help}`
        : error.message
      const now = yield* Clock.currentTimeMillis
      const isNew = now - (warnings.get(text) ?? Number.NEGATIVE_INFINITY) > calmMs
      warnings.set(text, now)
      if (isNew) yield* Effect.logWarning(text)
      yield* nap(pollMs)
    })

    /** Sends a range; true unless it is left to other workers. */
    const take = Effect.fnUntraced(function* (run: string, { from, to }: OpenRange) {
      let hasEnded = false
      const note = (result: RowResult) => {
        if (result.earlier || result.outcome === "not_sent") return Effect.void
        hasEnded ||= result.outcome !== "unknown"
        return onRow?.(run, result) ?? Effect.void
      }
      const options = { ...sending, leaseMs, owner, onRow: note, until: Deferred.await(end) }
      const wait = (reason: string, counts: boolean) =>
        Effect.as(shared.postpone(run, from, reason, counts), true)

      /** Lets the range wait if some of its rows did not end. */
      const settle = Effect.fnUntraced(function* (summary: RangeSummary) {
        const { not_sent = 0, stopped, unknown = 0 } = summary
        if (sealed.delete(run))
          yield* Effect.logInfo(`this worker can read the contacts of ${run} now, and sends them`)
        if (stopped === "rate_limited") askedAt = yield* Clock.currentTimeMillis
        if (stopped === "unauthorized") yield* endAs("unauthorized")
        if (yield* Deferred.isDone(end)) return true
        if (unknown > 0) return yield* wait("unknown", !hasEnded)
        if (stopped !== "completed") return yield* wait(stopped, false)
        return not_sent === 0 || (yield* wait("not_sent", false))
      })
      const failed = Effect.fnUntraced(function* (error: JournalError | InputChangedError) {
        if (error._tag !== "JournalError") return yield* wait(error._tag, !hasEnded)
        const { detail = "", keyId, reason } = error
        if (passing.has(reason)) return false
        if (keyId !== undefined) {
          if (!sealed.has(run)) yield* Effect.logWarning(sealedText(run, keyId, sealedMs))
          sealed.set(run, (yield* Clock.currentTimeMillis) + sealedMs)
          return false
        }
        // another session has locked rows of the range, and does not let go
        if (detail.includes(lockTimeout)) return yield* wait("locked", false)
        return outage.has(reason) ? yield* error : yield* wait(reason, !hasEnded)
      })
      return yield* sendRange(run, from, to, options).pipe(
        Effect.flatMap(settle),
        Effect.catch(failed),
      )
    })

    /** Sends a range of an import, or only one of a dead owner; false if none is free. */
    const sendOne = Effect.fnUntraced(
      function* (run: string, isTakeover: boolean) {
        const free = yield* shared.claimable(run, spread, isTakeover ? "lapsed" : "all")
        const [range] = yield* Random.shuffle(free)
        if (range !== undefined) return yield* take(run, range)
        // the worker that closed the last range may be dead
        if (!isTakeover) yield* shared.end(run)
        return false
      },
      Effect.catchIf(isRemoved, () => Effect.succeed(false)),
    )

    /** Returns the imports that are for this worker's token. */
    const mine = Effect.gen(function* () {
      const all = yield* shared.approved(origin)
      for (const { run, tokenClass: of } of all) {
        if (of === tokenClass || foreign.has(run)) continue
        foreign.add(run)
        yield* Effect.logInfo(foreignText(run))
      }
      return all.filter((found) => found.tokenClass === tokenClass)
    })

    const round = Effect.fnUntraced(function* (isTakeover: boolean) {
      const now = yield* Clock.currentTimeMillis
      const readable = (yield* mine).filter(({ run }) => (sealed.get(run) ?? 0) <= now)
      for (const { run } of readable) if (yield* sendOne(run, isTakeover)) return
      if (untilIdle && readable.length === 0) yield* endAs("idle")
      else yield* nap(pollMs)
    })

    /** Warns if an import does not move although it could. */
    const watch = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { opensIn } = yield* client.rateLimit
      if (opensIn !== undefined) askedAt = now
      for (const { approvedAt, run } of yield* mine) {
        const { at, lastEndedAt = 0, ranges: all, status } = yield* shared.progress(run)
        const still = Math.min(at - Math.max(lastEndedAt, approvedAt), now - askedAt)
        if (status === "active" && all.ended < all.total && still > alarmMs)
          yield* Effect.logWarning(
            `no row of ${run} has ended for ${Math.floor(still / 60_000)} min`,
          )
      }
    })

    const slot = Effect.fnUntraced(function* (isTakeover: boolean) {
      const guarded = round(isTakeover).pipe(Effect.catch(report))
      while (!(yield* Deferred.isDone(end))) yield* guarded
    })
    const watching = watch.pipe(
      Effect.catch(report),
      Effect.repeat(Schedule.spaced(Math.min(watchMs, alarmMs))),
    )
    yield* Effect.forkScoped(Effect.andThen(stop, endAs("stopped")))
    yield* Effect.forkScoped(watching)
    // the rows of a dead worker do not wait until this one has ended a range
    yield* Effect.all([slot(true), ...Array.from({ length: ranges }, () => slot(false))], {
      concurrency: "unbounded",
    })
    return yield* Deferred.await(end)
  }).pipe(Effect.scoped)
