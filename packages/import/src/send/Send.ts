/**
 * The last stage of an import: sends the rows of a plan that have not ended, as one range, and counts them. `SendRange` sends
 * a part of the rows, for several processes.
 */
import { AelystClient, Hooks } from "@aelyst/core"
import type { ConfigurationError } from "@aelyst/core"
import { ClientOptions } from "@aelyst/core/adapter"
import type { JournalService, Run } from "@aelyst/journal"
import { JournalError } from "@aelyst/journal"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type {
  CheckedRow,
  ImportProgress,
  ImportStopped,
  ImportSummary,
  RowResult,
} from "../types.ts"
import type { PlannedRows } from "./ClaimedRows.ts"
import { claimedRows } from "./ClaimedRows.ts"
import type { InputChangedError } from "./InputChangedError.ts"
import { sampleOf } from "./Sample.ts"
import type { Ended, SendRowsOptions, SentRows, SentStopped } from "./SendRows.ts"
import { logOf, noLog, sendRows } from "./SendRows.ts"
import { Tally, noRows } from "./Tally.ts"

/** The options of sending; each has a default. */
export interface SendOptions extends Omit<SendRowsOptions, "only" | "expected"> {
  /** Sends only so many rows, drawn at random from those that have not ended: a trial. Default: all. */
  readonly sample?: number | undefined
}

/** An import that sends: its rows as they end, its counts at any time, and how to end it. */
export interface SendRun<E = never, R = never> {
  /**
   * Each row as it ends, in the order of completion, to be consumed once. Rows that were never ready, and those that had ended
   * before, are among them. After the last row it fails if the file could not be read to its end, or if the journal could not
   * be written.
   */
  readonly results: Stream.Stream<RowResult, E | JournalError | InputChangedError, R>
  readonly summary: Effect.Effect<ImportSummary>
  /** Emits the state of the import now, then once in a while (by default every 250 ms), and at its end. */
  readonly progress: (every?: Duration.Input) => Stream.Stream<ImportProgress>
  /** Sends no more rows; requests under way end as usual, and the results end after them. */
  readonly stop: Effect.Effect<void>
  /** Ends each row under way at once, those in flight as `unknown`; the results end after them. */
  readonly abort: Effect.Effect<void>
}

/**
 * Prepares to send the rows of a planned journal that have not ended; the first request leaves when `results` is consumed.
 *
 * **Details**
 *
 * `rows` must be the rows that were planned. A row that has ended, here or in an earlier run, is passed over before it costs
 * a request; given a check, or anything else with `rowsFrom`, the first request does not wait for the check of the rows before
 * it. Each attempt is in the journal before its request may leave, and each end before it is a result. An attempt of an
 * earlier process whose end is not known leaves its row in doubt: under `natural-key` the row is sent again after the
 * client's `doubtDelay`, and a contact that exists is then `exists_after_doubt`; else it is `unknown`. Under `natural-key` a
 * row that ends `unknown` is sent again when the run is resumed.
 *
 * If the journal cannot be written, nothing more is sent, and rows under way whose end could not be recorded are `unknown`.
 *
 * Fails with `JournalError` if the rows cannot be claimed. A wrong option is a defect, a `ConfigurationError` of core.
 *
 * **Example** (One row)
 *
 * ```ts
 * import { layerConfig } from "@aelyst/core"
 * import { prepare, send } from "@aelyst/import"
 * import type { CheckedRow } from "@aelyst/import"
 * import { SqliteRuns } from "@aelyst/journal"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 * import { mkdtempSync } from "node:fs"
 *
 * const rows = Stream.make<ReadonlyArray<CheckedRow>>({
 *   state: "ready",
 *   row: { number: 1, line: 2, cells: [] },
 *   identifier: "id:sent",
 *   contact: { firstName: "Ana" },
 * })
 * const facts = {
 *   input: { sha256: "00", bytes: 1, mapping: "" },
 *   origin: "https://api.aelyst.ai",
 *   tokenClass: "default",
 *   delivery: "natural-key",
 *   tool: "example",
 * } as const
 * const program = Effect.gen(function* () {
 *   const { journal } = yield* prepare(rows, facts)
 *   const run = yield* send(journal, rows, { concurrency: 8 })
 *   yield* Stream.runForEach(run.results, ({ number, outcome }) => Effect.logDebug(number, outcome))
 *   return (yield* run.summary).created
 * })
 *
 * const live = Layer.merge(
 *   Layer.provide(layerConfig(), FetchHttpClient.layer),
 *   SqliteRuns.layer({ directory: mkdtempSync("runs-") }),
 * )
 * console.log(await Effect.runPromise(Effect.scoped(Effect.provide(program, live)))) // => 1
 * ```
 */
export const send = <E, R>(
  journal: JournalService,
  rows: Stream.Stream<CheckedRow, E, R> | PlannedRows<E, R>,
  { sample, ...options }: SendOptions = {},
): Effect.Effect<SendRun<E, R>, JournalError, AelystClient | Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.orDie(Effect.fromResult(checkCount("limit", options.limit)))
    yield* Effect.orDie(Effect.fromResult(checkCount("sample", sample)))
    const claim = yield* Effect.acquireRelease(journal.claim(), (held) =>
      Effect.ignore(journal.release(held)),
    )
    const counts = yield* journal.counts
    const only = sample === undefined ? undefined : yield* sampleOf(journal, sample)
    const left = counts.not_sent + counts.inDoubt
    const most = Math.min(left, sample ?? options.limit ?? left)
    const tally = new Tally(counts, most)
    const log = logOf(journal, () => claim)
    const ended = counts.total - counts.invalid - counts.duplicate - left
    const claimed = yield* claimedRows(journal, ended, rows)
    const sent = yield* sendRows(log, claimed, { ...options, only, expected: most })
    return yield* follow(tally, sent, ({ result, moved }, now) => {
      if (moved !== undefined) tally.count(result.outcome, moved, now)
    })
  })

/**
 * Prepares to send rows as they come, such as those of an endless pipe. Nothing is planned and nothing is kept: if the process
 * is killed, the rows that have ended are not known. The counts are those of the rows that have ended.
 *
 * **Example** (One row)
 *
 * ```ts
 * import { layerConfig } from "@aelyst/core"
 * import { sendUnplanned } from "@aelyst/import"
 * import type { CheckedRow } from "@aelyst/import"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const rows = Stream.make<ReadonlyArray<CheckedRow>>({
 *   state: "ready",
 *   row: { number: 1, line: 2, cells: [] },
 *   identifier: "id:unplanned",
 *   contact: { firstName: "Ana" },
 * })
 * const program = Effect.gen(function* () {
 *   const run = yield* sendUnplanned(rows)
 *   yield* Stream.runDrain(run.results)
 *   return (yield* run.summary).created
 * }).pipe(Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)))
 *
 * console.log(await Effect.runPromise(program)) // => 1
 * ```
 */
export const sendUnplanned = <E, R>(
  rows: Stream.Stream<CheckedRow, E, R>,
  { delivery = "natural-key", ...options }: UnplannedOptions = {},
): Effect.Effect<SendRun<E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    yield* Effect.orDie(Effect.fromResult(checkCount("limit", options.limit)))
    const tally = new Tally(noRows, options.limit ?? Infinity)
    const sent = yield* sendRows(noLog(delivery), { rows }, options)
    return yield* follow(tally, sent, ({ result, moved }, now) => {
      tally.add(moved === undefined ? result.outcome : "not_sent")
      if (moved !== undefined) tally.count(result.outcome, moved, now)
    })
  })

/** The options of sending rows that were not planned. */
export interface UnplannedOptions extends Omit<SendOptions, "sample"> {
  /** Which attempts may be sent again. Default `natural-key`. */
  readonly delivery?: Run["delivery"] | undefined
}

const nameOf = (stopped: SentStopped): ImportStopped => (stopped === "gate" ? "journal" : stopped)

const stoppedBy = (cause: Cause.Cause<unknown>): ImportStopped =>
  Option.getOrUndefined(Cause.findErrorOption(cause)) instanceof JournalError
    ? "journal"
    : "aborted"

/** Checks a number of rows; a wrong one is a defect, as every wrong option of a run. */
export const checkCount = (
  name: string,
  count: number | undefined,
): Result.Result<void, ConfigurationError> =>
  count === undefined || (Number.isSafeInteger(count) && count >= 1)
    ? Result.void
    : ClientOptions.fail(name, "must be an integer of at least 1", count)

/** Counts the rows as they end, and follows what their requests wait for. */
const follow = <E, R>(
  tally: Tally,
  { ended: rows, run, stopped: why }: SentRows<E, R>,
  count: (ended: Ended, now: number) => void,
): Effect.Effect<SendRun<E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    const client = yield* AelystClient
    const clock = yield* Clock.Clock
    const done = yield* Deferred.make<void>()
    let hasEnded = false
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

    const end = Effect.fnUntraced(function* (
      exit: Exit.Exit<unknown, E | JournalError | InputChangedError>,
    ) {
      const stopped = (yield* why) ?? "aborted"
      // a consumer that turns away from the results is a success, too
      const ended = hasEnded ? nameOf(stopped) : "aborted"
      tally.end(now(), Exit.isSuccess(exit) ? ended : stoppedBy(exit.cause))
      yield* Deferred.succeed(done, undefined)
    })
    const results = Stream.suspend(() => {
      tally.begin(now())
      return rows
    }).pipe(
      Stream.map((row) => {
        count(row, now())
        return row.result
      }),
      Stream.onEnd(
        Effect.sync(() => {
          hasEnded = true
        }),
      ),
      Stream.onExit(end),
      Stream.updateContext((outer: Context.Context<R>) =>
        Context.add(outer, Hooks.Hooks, tally.hooks(Context.get(outer, Hooks.Hooks), now)),
      ),
    )
    const progress = Effect.map(client.rateLimit, (pacer) => tally.progress(now(), pacer))
    return {
      results,
      summary: Effect.sync(() => tally.summary(now())),
      progress: (every = 250) =>
        Stream.tick(every).pipe(
          Stream.interruptWhen(Deferred.await(done)),
          Stream.concat(Stream.make(undefined)),
          Stream.mapEffect(() => progress),
        ),
      stop: run.stop,
      abort: run.abort,
    }
  })
