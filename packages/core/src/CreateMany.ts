/**
 * Many contacts in one run: a stream of rows in, a stream of row results out. A row's failure is a value, every row has
 * exactly one outcome, and the source is pulled only as fast as rows can be sent.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

import { AelystClient } from "./AelystClient.ts"
import type { RunOptions } from "./call/ClientOptions.ts"
import { parseRun } from "./call/ClientOptions.ts"
import type { CreateResult } from "./call/Call.ts"
import { Hooks, notify } from "./call/Hooks.ts"
import { RunProgress, outcomeOf } from "./call/RunProgress.ts"
import type { RunScope } from "./call/RunScope.ts"
import { CurrentRun } from "./call/RunScope.ts"
import type { AelystError } from "./errors/AelystError.ts"
import { UnavailableError } from "./errors/AelystError.ts"
import * as MonotonicClock from "./pacing/MonotonicClock.ts"
import type { CallOutcome, Row, RowEnd, RunSummary } from "./types.ts"

export { rowOutcomes } from "./call/RunProgress.ts"
/** The result of one row; `index` is its position in the source, from 0. */
export type RowResult = RowEnd<CreateResult, AelystError>

/** A run: its results, to be consumed once, and its counts at any time. */
export interface Run<E = never, R = never> {
  readonly results: Stream.Stream<RowResult, E, R>
  readonly summary: Effect.Effect<RunSummary>
}

/**
 * Prepares a run; it starts when its results are consumed.
 *
 * **Details**
 *
 * The stream of results fails only if the source does. A rejected token ends the run: rows already pulled and not sent end
 * as `not_sent`, and no more rows are pulled; so do `maxErrors`, the deadline, certificate errors and
 * `giveUpAfter`. Interrupting the consumer cancels what is in progress; the counts then say `aborted`. A wrong option is a
 * defect, a `ConfigurationError`.
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
export const createMany = <E, R>(
  rows: Stream.Stream<Row, E, R>,
  options: RunOptions = {},
): Effect.Effect<Run<E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    const client = yield* AelystClient
    const config = yield* Effect.orDie(Effect.fromResult(parseRun(options)))
    const { concurrency, deadlineMs, giveUpMs, maxErrors, ordered } = config
    const progress = new RunProgress(maxErrors)
    const { delivery, maxWait, onProgress, retries, timeout } = options
    const callOptions = { delivery, maxWait, retries, timeout }

    const createRow = (scope: RunScope, [row, index]: readonly [Row, number]) =>
      Effect.suspend(() => {
        let outcome: CallOutcome = "not_sent"
        const create = Effect.suspend(() =>
          progress.stopped === undefined
            ? client.create(row.identifier, row.contact, callOptions)
            : Effect.fail(new UnavailableError({ attempts: [], reason: "closed" })),
        )
        // the end of the call is heard even if the row is interrupted
        const observed = Effect.updateContext(create, (outer: Context.Context<never>) => {
          const hooks = Context.get(outer, Hooks)
          return outer.pipe(
            Context.add(CurrentRun, scope),
            Context.add(Hooks, {
              ...hooks,
              onOutcome: (end) => {
                outcome = end.outcome
                return hooks.onOutcome?.(end)
              },
            }),
          )
        })
        return Effect.onExit(
          Effect.match(observed, {
            onSuccess: (value): RowResult => ({ index, outcome: value.result, value }),
            onFailure: (error): RowResult => ({ index, outcome: outcomeOf(error), error }),
          }),
          (exit) =>
            Effect.sync(() => progress.count(Exit.isSuccess(exit) ? exit.value.outcome : outcome)),
        ).pipe(Effect.tap(report))
      })

    const report = (result: RowResult) =>
      Effect.flatMap(MonotonicClock.nowMillis, (now) => {
        progress.observe("value" in result ? result.value : result.error)
        return notify(onProgress, progress.summary(now)) ?? Effect.void
      })

    const start = Effect.gen(function* () {
      const now = yield* MonotonicClock.nowMillis
      progress.begin(now)
      if (deadlineMs !== Number.POSITIVE_INFINITY) {
        const end = Effect.sync(() => progress.halt("deadline"))
        yield* Effect.forkScoped(Effect.andThen(Effect.sleep(deadlineMs), end))
      }
      const scope: RunScope = {
        deadlineAt: now + deadlineMs,
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
      }
      const closed = Effect.flatMap(Deferred.await(progress.closing), () => Cause.done())
      const open = Stream.transformPull(rows, (pull) =>
        Effect.succeed(
          Effect.suspend(() =>
            progress.stopped === undefined ? Effect.raceFirst(pull, closed) : Cause.done(),
          ),
        ),
      )
      return open.pipe(
        Stream.zipWithIndex,
        Stream.mapEffect((row) => createRow(scope, row), {
          concurrency,
          unordered: !ordered,
        }),
        Stream.onEnd(Effect.sync(() => progress.close("completed"))),
      )
    })

    return {
      results: Stream.onExit(Stream.unwrap(start), () =>
        Effect.map(MonotonicClock.nowMillis, (now) => progress.end(now)),
      ),
      summary: Effect.map(MonotonicClock.nowMillis, (now) => progress.summary(now)),
    }
  })
