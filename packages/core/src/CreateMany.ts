/**
 * Many contacts in one run: a stream of rows in, a stream of row results out. A row's failure is a value, every row
 * ends in exactly one state, and the source is pulled only as fast as rows can be sent.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

import type { CreateOptions } from "./AelystClient.ts"
import { AelystClient } from "./AelystClient.ts"
import type { AelystError } from "./errors/AelystError.ts"
import { UnavailableError } from "./errors/AelystError.ts"
import type { CreateResult, RunScope } from "./call/CreateCall.ts"
import { parseCall, parseRun } from "./call/ClientOptions.ts"
import type { ContactInput } from "./contact/Contact.ts"
import * as Monotonic from "./pacing/MonotonicClock.ts"
import { notify } from "./call/Hooks.ts"
import type { Delivery } from "./call/RetryPolicy.ts"

/** Holds one row of a run. */
export interface Row {
  readonly identifier: string
  readonly contact: ContactInput
}

/** Lists the states in which a row can end. */
export const rowOutcomes = [
  "created",
  "existed",
  "exists_after_doubt",
  "invalid",
  "rejected",
  "unknown",
  "not_sent",
] as const

/** Names the state in which a row ended. */
export type RowOutcome = (typeof rowOutcomes)[number]

/** Tells what became of one row; `index` is its position in the source, from 0. */
export type RowResult = {
  readonly index: number
} & (
  | { readonly outcome: "created" | "exists_after_doubt"; readonly value: CreateResult }
  | {
      readonly outcome: Exclude<RowOutcome, "created" | "exists_after_doubt">
      readonly error: AelystError
    }
)

/**
 * Names why a run ended: the source was exhausted, the token was refused, too many rows failed, it was interrupted,
 * its deadline passed, or the API gave no answer for too long.
 */
export type Stopped =
  | "completed"
  | "unauthorized"
  | "errors"
  | "aborted"
  | "deadline"
  | "unavailable"

/** Counts the rows by state; `total` is always their sum, and `stopped` is absent while the run goes on. */
export interface RunSummary extends Readonly<Record<RowOutcome, number>> {
  readonly total: number
  readonly stopped?: Stopped
  /** Attempts that were refused for their rate. */
  readonly rateLimited: number
  readonly elapsedMs: number
}

/** Holds the options of a run; each has a default. */
export interface RunOptions {
  /** Rows under way at a time, waiting in line included. Default 32. */
  readonly concurrency?: number | undefined
  /** Whether results come in the order of the source; else in the order of completion. Default false. */
  readonly ordered?: boolean | undefined
  /** What may be sent again. Default: the client's. */
  readonly delivery?: Delivery | undefined
  /** Resends of a row in doubt under `natural-key`. Default: the client's `retries`. */
  readonly retries?: number | undefined
  /** Time to the first byte of one attempt's answer. */
  readonly timeout?: Duration.Input | undefined
  /** The end of the run; rows not sent by then are `not_sent`. Default none. */
  readonly deadline?: Duration.Input | undefined
  /** The longest `Retry-After` that is waited for. Default 15 minutes. */
  readonly maxWait?: Duration.Input | undefined
  /** Ends the run after so long without any answer. Default 15 minutes. */
  readonly giveUpAfter?: Duration.Input | undefined
  /** Ends the run after so many rows that ended `invalid`, `rejected` or `unknown`. Default: never. */
  readonly maxErrors?: number | undefined
  /** Called with the counts after every row. */
  readonly onProgress?: ((summary: RunSummary) => void) | undefined
}

/** Holds a run: its results, to be consumed once, and its counts at any time. */
export interface Run<E = never, R = never> {
  readonly results: Stream.Stream<RowResult, E, R>
  readonly summary: Effect.Effect<RunSummary>
}

/** Gives the state of a row by the error that ended it. */
const outcomeOf = (error: AelystError): Exclude<RowOutcome, "created" | "exists_after_doubt"> => {
  switch (error._tag) {
    case "InvalidContactError":
      return "invalid"
    case "BadRequestError":
      return error.exists ? "existed" : "rejected"
    case "UnexpectedResponseError":
      return error.outcome
    case "InternalServerError":
    case "OutcomeUnknownError":
      return "unknown"
    case "ConnectionError":
    case "UnavailableError":
    case "RateLimitError":
    case "AuthenticationError":
      return "not_sent"
  }
}

const endsRun = (error: AelystError): Stopped | undefined => {
  const newest = error._tag === "OutcomeUnknownError" ? (error.last ?? error) : error
  if (newest._tag === "AuthenticationError") return "unauthorized"
  if (newest._tag === "ConnectionError" && newest.kind === "certificate") return "unavailable"
  if (newest._tag === "UnavailableError" && newest.reason === "deadline") return "deadline"
  return undefined
}

const zeros = (): Record<RowOutcome, number> => ({
  created: 0,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 0,
  rejected: 0,
  unknown: 0,
  not_sent: 0,
})

/**
 * Prepares a run; it starts when its results are consumed.
 *
 * **Details**
 *
 * The stream of results fails only as the source does. A refused token ends the run: rows already pulled and not sent
 * end as `not_sent`, and the source is pulled no further; the same holds for `maxErrors`, the deadline, certificate
 * errors and `giveUpAfter`. Interrupting the consumer cancels what is under way; the counts then say `aborted`. An
 * option that makes no sense is a defect, a `ConfigurationError`.
 */
export const createMany = <E, R>(
  rows: Stream.Stream<Row, E, R>,
  options: RunOptions = {},
): Effect.Effect<Run<E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    const client = yield* AelystClient
    const own = yield* Effect.orDie(Effect.fromResult(parseRun(options)))
    const { deadlineMs = Number.POSITIVE_INFINITY } = yield* Effect.orDie(
      Effect.fromResult(parseCall(options)),
    )
    const counts = zeros()
    let began: number | undefined
    let ended: number | undefined
    let stopped: Stopped | undefined
    let halted: "closed" | "deadline" | undefined
    let refusals = 0
    /** Done once the source is to be pulled no further. */
    const closing = yield* Deferred.make<void>()
    /** Done once rows that wait are to end unsent. */
    const halting = yield* Deferred.make<"closed" | "deadline">()

    const summarize = (now: number): RunSummary => ({
      ...counts,
      total: rowOutcomes.reduce((sum, state) => sum + counts[state], 0),
      ...(stopped !== undefined && { stopped }),
      rateLimited: refusals,
      elapsedMs: began === undefined ? 0 : Math.round((ended ?? now) - began),
    })
    const close = (why: Stopped) => {
      stopped ??= why
      Deferred.doneUnsafe(closing, Effect.void)
    }
    const halt = (why: Stopped) => {
      close(why)
      halted ??= why === "deadline" ? why : "closed"
      Deferred.doneUnsafe(halting, Effect.succeed(halted))
    }
    const note = (state: RowOutcome) => {
      counts[state] += 1
      if (counts.invalid + counts.rejected + counts.unknown >= own.maxErrors) halt("errors")
    }
    const tally = Effect.fnUntraced(function* (result: RowResult) {
      const attempts = "value" in result ? result.value.attempts : result.error.attempts
      for (const attempt of attempts) if (attempt.rateLimited === true) refusals += 1
      const why = "error" in result ? endsRun(result.error) : undefined
      // a wait that cannot end in time tells of this row and those behind it; rows in front of it may still go
      if (why === "deadline") close(why)
      else if (why !== undefined) halt(why)
      if (options.onProgress !== undefined) {
        const told = notify(options.onProgress, summarize(yield* Monotonic.nowMillis))
        if (told !== undefined) yield* told
      }
      return result
    })

    const rowOptions: CreateOptions = {
      delivery: options.delivery,
      retries: options.retries,
      timeout: options.timeout,
      maxWait: options.maxWait,
    }

    const createRow = (run: Omit<RunScope, "ended">, [row, index]: readonly [Row, number]) =>
      Effect.suspend(() => {
        let noted = false
        const end = (state: RowOutcome) => {
          if (!noted) note(state)
          noted = true
        }
        const create = Effect.suspend((): Effect.Effect<CreateResult, AelystError> => {
          if (stopped !== undefined) {
            return Effect.fail(new UnavailableError({ attempts: [], reason: "closed" }))
          }
          return Effect.flatMap(client.validate(row.identifier, row.contact), (valid) =>
            client.createRow(valid, rowOptions, { ...run, ended: end }),
          )
        })
        return create.pipe(
          Effect.match({
            onSuccess: (value): RowResult => ({ index, outcome: value.result, value }),
            onFailure: (error): RowResult => ({ index, outcome: outcomeOf(error), error }),
          }),
          Effect.tap((result) => Effect.sync(() => end(result.outcome))),
          Effect.flatMap(tally),
          // a row that was interrupted before its call began has nobody else to tell of it
          Effect.onExit((exit) =>
            Exit.isSuccess(exit) ? Effect.void : Effect.sync(() => end("not_sent")),
          ),
        )
      })

    const start = Effect.gen(function* () {
      const now = yield* Monotonic.nowMillis
      began = now
      const deadlineAt = now + deadlineMs
      if (deadlineMs !== Number.POSITIVE_INFINITY) {
        yield* Effect.forkScoped(
          Effect.andThen(
            Effect.sleep(deadlineMs),
            Effect.sync(() => halt("deadline")),
          ),
        )
      }
      const run: Omit<RunScope, "ended"> = {
        deadlineAt,
        stopped: () => halted,
        stopping: Deferred.await(halting),
        pause: Effect.fnUntraced(function* (ms, lastAnswerAt) {
          const silent = Effect.map(Monotonic.nowMillis, (at) => at - Math.max(now, lastAnswerAt()))
          // timers count whole milliseconds: a wait that ends a fraction early would be asked for again at once
          yield* Effect.sleep(Math.max(1, Math.ceil(Math.min(ms, own.giveUpMs - (yield* silent)))))
          if ((yield* silent) >= own.giveUpMs) halt("unavailable")
        }),
      }
      const closed = Effect.flatMap(Deferred.await(closing), () => Cause.done())
      const open = Stream.transformPull(rows, (pull) =>
        Effect.succeed(
          Effect.suspend(() =>
            stopped === undefined ? Effect.raceFirst(pull, closed) : Cause.done(),
          ),
        ),
      )
      return open.pipe(
        Stream.zipWithIndex,
        Stream.mapEffect((row) => createRow(run, row), {
          concurrency: own.concurrency,
          unordered: options.ordered !== true,
        }),
        Stream.onEnd(Effect.sync(() => close("completed"))),
      )
    })

    const results = Stream.unwrap(start).pipe(
      Stream.onExit(() =>
        Effect.map(Monotonic.nowMillis, (now) => {
          halt("aborted")
          ended = now
        }),
      ),
    )
    return { results, summary: Effect.map(Monotonic.nowMillis, summarize) }
  })
