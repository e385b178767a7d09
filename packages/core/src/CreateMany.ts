/**
 * Many contacts in one run: a stream of rows in, a stream of row results out. A row's failure is a value, every row
 * ends in exactly one state, and the source is pulled only as fast as rows can be sent.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

import type { CreateOptions, CreateResult } from "./AelystClient.ts"
import { AelystClient } from "./AelystClient.ts"
import type { AelystError } from "./AelystError.ts"
import { UnavailableError } from "./AelystError.ts"
import type { RunScope } from "./Call.ts"
import type { ContactInput } from "./Contact.ts"
import * as Monotonic from "./Monotonic.ts"
import { notify } from "./Observer.ts"
import type { Delivery } from "./RetryPolicy.ts"

/** Holds one row of a run. */
export interface Row {
  readonly identifier: string
  readonly contact: ContactInput
}

/** Lists the states in which a row can end. */
export const rowStates = [
  "created",
  "existed",
  "exists_after_doubt",
  "invalid",
  "rejected",
  "unknown",
  "not_sent",
] as const

/** Names the state in which a row ended. */
export type RowState = (typeof rowStates)[number]

/** Tells what became of one row; `index` is its position in the source, from 0. */
export type RowResult = {
  readonly index: number
} & (
  | { readonly state: "created" | "exists_after_doubt"; readonly value: CreateResult }
  | {
      readonly state: Exclude<RowState, "created" | "exists_after_doubt">
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
export interface RunSummary extends Readonly<Record<RowState, number>> {
  readonly total: number
  readonly stopped?: Stopped
  /** Attempts that were refused for their rate. */
  readonly refusals: number
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
export const stateOf = (
  error: AelystError,
): Exclude<RowState, "created" | "exists_after_doubt"> => {
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

const millis = (input: Duration.Input | undefined, otherwise: number) =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

/**
 * Prepares a run; it starts when its results are consumed.
 *
 * **Details**
 *
 * The stream of results fails only as the source does. A refused token ends the run: rows already pulled and not sent
 * end as `not_sent`, and the source is pulled no further; the same holds for `maxErrors`, the deadline, certificate
 * errors and `giveUpAfter`. Interrupting the consumer cancels what is under way; the counts then say `aborted`.
 */
export const createMany = <E, R>(
  rows: Stream.Stream<Row, E, R>,
  options: RunOptions = {},
): Effect.Effect<Run<E, R>, never, AelystClient> =>
  Effect.gen(function* () {
    const client = yield* AelystClient
    const began = yield* Monotonic.nowMillis
    const counts: Record<RowState, number> = {
      created: 0,
      existed: 0,
      exists_after_doubt: 0,
      invalid: 0,
      rejected: 0,
      unknown: 0,
      not_sent: 0,
    }
    const stop = yield* Deferred.make<never, UnavailableError>()
    let stopped: Stopped | undefined
    let refusals = 0

    const summarize = (now: number): RunSummary => ({
      ...counts,
      total: rowStates.reduce((sum, state) => sum + counts[state], 0),
      ...(stopped !== undefined && { stopped }),
      refusals,
      elapsedMs: Math.round(now - began),
    })
    const halt = (why: Stopped) => {
      if (stopped !== undefined) return
      stopped = why
      if (why === "completed") return
      Deferred.doneUnsafe(stop, Exit.fail(new UnavailableError({ attempts: [], reason: "closed" })))
    }
    const note = (state: RowState) => {
      counts[state] += 1
      const errors = counts.invalid + counts.rejected + counts.unknown
      if (errors >= (options.maxErrors ?? Number.POSITIVE_INFINITY)) halt("errors")
    }
    const tally = Effect.fnUntraced(function* (result: RowResult) {
      const attempts = "value" in result ? result.value.attempts : result.error.attempts
      for (const attempt of attempts) if (attempt.refused === true) refusals += 1
      note(result.state)
      const why = "error" in result ? endsRun(result.error) : undefined
      if (why !== undefined) halt(why)
      if (options.onProgress !== undefined) {
        yield* notify(options.onProgress, summarize(yield* Monotonic.nowMillis))
      }
      return result
    })

    const giveUpMs = millis(options.giveUpAfter, 900_000)
    const run: RunScope = {
      deadlineAt: began + millis(options.deadline, Number.POSITIVE_INFINITY),
      stopped: Deferred.await(stop),
      pause: Effect.fnUntraced(function* (ms, lastAnswerAt) {
        const now = yield* Monotonic.nowMillis
        if (now - Math.max(began, lastAnswerAt) >= giveUpMs) halt("unavailable")
        yield* Effect.raceFirst(Effect.sleep(ms), run.stopped)
      }),
      // an interrupted row has no result to hold its state
      interrupted: (outcome) => note(outcome),
    }
    const rowOptions: CreateOptions = {
      delivery: options.delivery,
      retries: options.retries,
      timeout: options.timeout,
      maxWait: options.maxWait,
    }

    const createRow = ([row, index]: readonly [Row, number]) =>
      Effect.suspend((): Effect.Effect<CreateResult, AelystError> => {
        if (stopped !== undefined) {
          return Effect.fail(new UnavailableError({ attempts: [], reason: "closed" }))
        }
        return Effect.flatMap(client.validate(row.identifier, row.contact), (valid) =>
          client.createRow(valid, rowOptions, run),
        )
      }).pipe(
        Effect.match({
          onSuccess: (value): RowResult => ({ index, state: value.result, value }),
          onFailure: (error): RowResult => ({ index, state: stateOf(error), error }),
        }),
        Effect.flatMap(tally),
      )

    const results = rows.pipe(
      Stream.takeWhile(() => stopped === undefined),
      Stream.zipWithIndex,
      Stream.mapEffect(createRow, {
        concurrency: options.concurrency ?? 32,
        unordered: options.ordered !== true,
      }),
      Stream.onExit((exit) =>
        Effect.sync(() => halt(Exit.isSuccess(exit) ? "completed" : "aborted")),
      ),
    )
    return { results, summary: Effect.map(Monotonic.nowMillis, summarize) }
  })
