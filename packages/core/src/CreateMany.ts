/**
 * Many contacts in one run: a stream of rows in, a stream of row results out. A row's failure is a value, every row has
 * exactly one outcome, and the source is pulled only as fast as rows can be sent.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import { AelystClient } from "./AelystClient.ts"
import type { RunOptions } from "./call/ClientOptions.ts"
import { parseRun } from "./call/ClientOptions.ts"
import type { CreateResult } from "./call/Call.ts"
import { Hooks, notify } from "./call/Hooks.ts"
import { Lifetime } from "./call/Lifetime.ts"
import * as RowSource from "./call/RowSource.ts"
import type { PulledRow } from "./call/RunProgress.ts"
import { RunProgress, outcomeOf, withRow } from "./call/RunProgress.ts"
import * as RetryPolicy from "./call/RetryPolicy.ts"
import type { RunScope } from "./call/RunScope.ts"
import { CreatesLeft, CurrentRun } from "./call/RunScope.ts"
import type { AelystError } from "./errors/AelystError.ts"
import { UnavailableError } from "./errors/AelystError.ts"
import * as MonotonicClock from "./pacing/MonotonicClock.ts"
import type { Row, RowEnd, RunEnd, RunSummary } from "./types.ts"

// the row is the caller's object, and may hold anything
const isInDoubt = (row: Row): boolean =>
  Result.getOrUndefined(Result.try((): unknown => row.doubt)) === true

export { rowOutcomes } from "./call/RunProgress.ts"
/** The result of one row: its `index` in the source from 0, the `row` itself, and its `outcome` with `value` or `error`. */
export type RowResult<A = Row> = RowEnd<A, CreateResult, AelystError>

/** A run: its results, to be consumed once; its counts at any time; and its end. */
export interface Run<A = Row, E = never, R = never> {
  readonly results: Stream.Stream<RowResult<A>, E, R>
  readonly summary: Effect.Effect<RunSummary>
  /**
   * Stops the run: no more rows are pulled and no more requests are sent. Requests in flight end as usual, other pulled
   * rows end as `not_sent`, and the results end after them. May be called more than once; a run that has not started
   * pulls nothing.
   */
  readonly stop: Effect.Effect<void>
  /**
   * Aborts the run: no more rows are pulled, and each row in progress ends at once with its outcome, those in flight as
   * `unknown`. The results end after them.
   */
  readonly abort: Effect.Effect<void>
  /**
   * Waits until the run has ended in any way, interruption included. Returns the final counts and the rows that were
   * pulled and have no result; those that are `unknown` are in doubt.
   */
  readonly settled: Effect.Effect<RunEnd<A>>
}

/**
 * Prepares a run; it starts when its results are consumed.
 *
 * **Details**
 *
 * The stream of results fails only if the source does. A rejected token ends the run: rows already pulled and not sent end
 * as `not_sent`, and no more rows are pulled; so do `stop`, `maxErrors`, the deadline, certificate errors and
 * `giveUpAfter`. Interrupting the consumer cancels what is in progress; the counts then say `aborted`, and `settled`
 * returns the rows that have no result. A wrong option is a defect, a `ConfigurationError`.
 *
 * A row counts as pulled when the run takes it in order to send it, which it does for `concurrency` rows at a time. Chunks
 * of the source make no difference: when a run stops, the rest of a chunk is dropped and counts nowhere.
 *
 * Of the client, only `create` is used, so that a test can replace the client by that function. If a `create` that does
 * not call `Hooks.onOutcome` is interrupted, its row counts as `unknown`.
 *
 * **Example** (Create three contacts, one of them invalid)
 *
 * ```ts
 * import { createMany, layerConfig } from "@aelyst/core"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const rows = Stream.make(
 *   { identifier: "id:many-1", contact: { firstName: "Ana" } },
 *   { identifier: "id:many-2", contact: { firstName: "Bo" } },
 *   { identifier: "email:nowhere", contact: { firstName: "Cy" } },
 * )
 * const program = Effect.gen(function* () {
 *   const run = yield* createMany(rows)
 *   yield* Stream.runDrain(run.results)
 *   const { created, invalid } = yield* run.summary
 *   return `${created} created, ${invalid} invalid`
 * }).pipe(Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)))
 *
 * console.log(await Effect.runPromise(program)) // => 2 created, 1 invalid
 * ```
 */
export const createMany = <A extends Row, E, R>(
  rows: Stream.Stream<A, E, R>,
  options: RunOptions = {},
): Effect.Effect<Run<A, E, R>, never, AelystClient> =>
  // one row at a time, so that the run can stop between any two of a chunk
  prepare((onRow) => Stream.map(Stream.rechunk(rows, 1), onRow), options)

/**
 * Prepares a run over an iterable, as `createMany` does over a stream; an error of the iterable is one of the results.
 *
 * A row counts as pulled when the iterable returns it. When the run ends, the iterable is told by `return()`, and the end
 * does not wait for it.
 *
 * **Example** (Rows in memory)
 *
 * ```ts
 * import { layerConfig } from "@aelyst/core"
 * import { createManyFrom } from "@aelyst/core/adapter"
 * import { Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const rows = [{ identifier: "id:from-1", contact: { firstName: "Ana" } }]
 * const program = Effect.gen(function* () {
 *   const run = yield* createManyFrom(rows)
 *   yield* Stream.runDrain(run.results)
 *   return (yield* run.summary).created
 * }).pipe(Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)))
 *
 * console.log(await Effect.runPromise(program)) // => 1
 * ```
 */
export const createManyFrom = <A extends Row>(
  rows: RowSource.Rows<A>,
  options: RunOptions = {},
): Effect.Effect<Run<A, unknown>, never, AelystClient> =>
  prepare((onRow) => RowSource.fromIterable(rows, onRow), options)

type Parts = Pick<Row, "identifier" | "contact">

/** Reads a row; one that is not an object, or whose getter throws, is an invalid row. */
const partsOf = (row: Row): Parts =>
  Result.getOrElse(
    Result.try((): Parts => ({ identifier: row.identifier, contact: row.contact })),
    // safe: `create` checks what it is given
    () => ({ identifier: undefined, contact: undefined }) as unknown as Parts,
  )

/** After so many rows the run yields to the event loop: rows that are invalid would otherwise never wait for anything. */
const rowsPerYield = 32

const prepare = <A extends Row, E, R>(
  source: (onRow: (row: A) => PulledRow<A>) => Stream.Stream<PulledRow<A>, E, R>,
  options: RunOptions,
): Effect.Effect<Run<A, E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    const client = yield* AelystClient
    const config = yield* Effect.orDie(Effect.fromResult(parseRun(options)))
    const { concurrency, deadlineMs, giveUpMs, maxErrors, ordered } = config
    const progress = new RunProgress<A>(maxErrors)
    const lifetime = new Lifetime()
    const { delivery, maxWait, onProgress, retries, timeout } = options
    const callOptions = { delivery, maxWait, retries, timeout }

    /** Creates the contact of a row, and follows its outcome in case that it is interrupted. */
    const createRow = (scope: RunScope, pulled: PulledRow<A>) => {
      const { identifier, contact } = partsOf(pulled.row)
      const inDoubt = pulled.outcome === "unknown"
      const call = Effect.suspend(() => {
        if (progress.stopped !== undefined) {
          const closed = new UnavailableError({ attempts: [], reason: "closed" })
          return Effect.fail(RetryPolicy.endingError(RetryPolicy.begin(inDoubt), closed))
        }
        // until the client reports otherwise
        pulled.outcome = "unknown"
        return client.create(
          identifier,
          contact,
          inDoubt ? { ...callOptions, doubt: true } : callOptions,
        )
      })
      return Effect.updateContext(call, (outer: Context.Context<never>) => {
        const hooks = Context.get(outer, Hooks)
        const left = Context.get(outer, CreatesLeft)
        return outer.pipe(
          Context.add(CreatesLeft, left === undefined ? undefined : left - pulled.index),
          Context.add(CurrentRun, scope),
          Context.add(Hooks, {
            ...hooks,
            onOutcome: (end) => {
              pulled.outcome = end.outcome
              return hooks.onOutcome?.(end)
            },
          }),
        )
      })
    }

    const resultOf = (scope: RunScope, pulled: PulledRow<A>) => {
      const { index, row } = pulled
      pulled.isStarted = true
      return Effect.match(createRow(scope, pulled), {
        onSuccess: (value): RowResult<A> => {
          progress.count(pulled, value.result)
          progress.observe(value)
          // safe: a row does not accept a contact that exists, so its result is never `existed`
          return withRow({ index, outcome: value.result, value }, row) as RowResult<A>
        },
        onFailure: (error): RowResult<A> => {
          const outcome = outcomeOf(error)
          progress.count(pulled, outcome)
          progress.observe(error)
          // safe: the outcome is that of the error
          return withRow({ index, outcome, error }, row) as RowResult<A>
        },
      })
    }

    const reportProgress = Effect.flatMap(
      MonotonicClock.nowMillis,
      (now) => notify(onProgress, progress.summary(now)) ?? Effect.void,
    )

    const start = Effect.gen(function* () {
      const now = yield* MonotonicClock.nowMillis
      progress.begin(now)
      if (deadlineMs !== Number.POSITIVE_INFINITY) {
        const end = Effect.sync(() => progress.halt("deadline"))
        yield* Effect.forkScoped(Effect.andThen(Effect.sleep(deadlineMs), end))
      }
      const scope: RunScope = {
        deadlineAt: now + deadlineMs,
        lifetime,
        stopped: () => progress.halted,
        stopping: Deferred.await(progress.halting),
        pause: Effect.fnUntraced(function* (ms, lastResponseAt) {
          const silent = Effect.map(
            MonotonicClock.nowMillis,
            (at) => at - Math.max(now, lastResponseAt()),
          )
          // timers count whole milliseconds: a wait that ends a fraction early would begin again at once
          yield* Effect.sleep(Math.max(1, Math.ceil(Math.min(ms, giveUpMs - (yield* silent)))))
          if ((yield* silent) >= giveUpMs) progress.halt("unavailable")
        }),
        holdResend: (wait) => progress.holdResend(wait, reportProgress),
      }
      const closed = Effect.flatMap(Deferred.await(progress.closing), () => Cause.done())
      let pulls = 0
      const open = Stream.transformPull(
        source((row) => progress.pull(row, isInDoubt(row))),
        (pull) =>
          Effect.succeed(
            Effect.gen(function* () {
              if (++pulls % rowsPerYield === 0) yield* Effect.yieldNow
              if (progress.stopped !== undefined) return yield* Cause.done()
              return yield* Effect.raceFirst(pull, closed)
            }),
          ),
      )
      const create = (row: PulledRow<A>) => Effect.tap(resultOf(scope, row), reportProgress)
      // the end of the run may have come first when the source emitted a row
      const late = Stream.suspend(() => Stream.fromIterable(progress.unstarted()))
      return open.pipe(
        Stream.mapEffect(create, { concurrency, unordered: !ordered }),
        Stream.concat(Stream.mapEffect(late, create)),
        Stream.map((result) => {
          progress.report(result)
          return result
        }),
        Stream.onEnd(Effect.sync(() => progress.close("completed"))),
      )
    })

    return {
      results: Stream.onExit(Stream.unwrap(start), () =>
        Effect.map(MonotonicClock.nowMillis, (now) => progress.end(now)),
      ),
      summary: Effect.map(MonotonicClock.nowMillis, (now) => progress.summary(now)),
      stop: Effect.map(MonotonicClock.nowMillis, (now) => progress.stop(now)),
      abort: Effect.flatMap(MonotonicClock.nowMillis, (now) => {
        progress.stop(now, "aborted")
        return lifetime.close
      }),
      settled: Deferred.await(progress.ended),
    }
  })
