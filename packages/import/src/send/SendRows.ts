/**
 * Sends the rows of one claim of a journal, through core's `createMany`: what has ended is passed over before it costs a
 * request, the intent of an attempt is durable before its request may leave, and the end of a row before it is reported.
 */
import type * as Core from "@aelyst/core"
import { AttemptGate, createMany } from "@aelyst/core"
import { ClientOptions, CreatesLeft } from "@aelyst/core/adapter"
import type { Claim, JournalService, RowOutcome, RowRecord } from "@aelyst/journal"
import { JournalError, attemptGate } from "@aelyst/journal"
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { CheckedRow, ReadyRow, RowResult } from "../types.ts"
import type { ClaimedRows } from "./ClaimedRows.ts"
import { endingOf } from "./Ending.ts"
import { InputChangedError } from "./InputChangedError.ts"
import { passedOver, sentRow, unrecordedRow } from "./RowEnd.ts"
import { rowText } from "./RowText.ts"
import type { RowText } from "./RowText.ts"

/** A row on its way through core's run. */
interface Outgoing extends Core.Row {
  readonly ready: ReadyRow
  readonly key: string
  readonly record: RowRecord
}

/** Whether a row that was sent was in doubt before, and whether it is now, so that it will be sent again. */
export interface Moved {
  readonly wasInDoubt: boolean
  readonly isInDoubt: boolean
}

/** The end of a row, and what it means for the counts. */
export interface Ended {
  readonly result: RowResult
  /** The change of the counts; undefined if the row had ended before, or was never ready. */
  readonly moved?: Moved | undefined
}

/** The part of a journal that sending needs. */
export interface RowLog {
  readonly run: Pick<JournalService["run"], "delivery" | "id">
  readonly lookup: (
    rows: ReadonlyArray<RowText & { readonly number: number }>,
  ) => ReturnType<JournalService["lookup"]>
  /** Returns whether the plan has a row of this number. */
  readonly isPlanned: (number: number) => Effect.Effect<boolean, JournalError>
  /** Records each attempt before it is sent; undefined if nothing is recorded. */
  readonly gate?: AttemptGate.Gate | undefined
  readonly outcome: (key: string, end: RowOutcome) => Effect.Effect<void, JournalError>
}

/** Returns the log of the rows of a claim; the claim may be renewed. */
export const logOf = (journal: JournalService, claim: () => Claim): RowLog => ({
  run: journal.run,
  lookup: (rows) => journal.lookup(rows),
  isPlanned: (number) =>
    Effect.map(Stream.runHead(journal.rows({ from: number, to: number })), Option.isSome),
  gate: attemptGate(journal, claim),
  outcome: (key, end) => Effect.suspend(() => journal.outcome(claim(), key, end)),
})

/** Returns a log that keeps nothing, for rows that no run was planned for. */
export const noLog = (delivery: JournalService["run"]["delivery"]): RowLog => ({
  run: { delivery, id: "" },
  lookup: (rows) =>
    Effect.succeed(
      rows.map(({ number }) => ({ number, line: 0, state: "planned", doubt: false, attempts: 0 })),
    ),
  isPlanned: () => Effect.succeed(true),
  outcome: () => Effect.void,
})

/** Why the rows of a claim ended: for a reason of core's run, or since the API asked for longer waits than `maxWait`. */
export type SentStopped = Core.Stopped | "rate_limited"

/** The rows of a claim as they end, and how to stop them. */
export interface SentRows<E, R> {
  /** Fails, after every row under way has ended, if the source or the journal did. */
  readonly ended: Stream.Stream<Ended, E | JournalError | InputChangedError, R>
  readonly run: Pick<Core.Run, "stop" | "abort">
  /** Why the rows ended; undefined until then. */
  readonly stopped: Effect.Effect<SentStopped | undefined>
}

export interface SendRowsOptions extends Pick<
  Core.RunOptions,
  "concurrency" | "deadline" | "giveUpAfter" | "maxErrors" | "maxWait" | "retries" | "timeout"
> {
  /** Sends so many rows at most. */
  readonly limit?: number | undefined
  /** Sends the rows with these numbers only. */
  readonly only?: ReadonlySet<number> | undefined
  /** How many rows there are to send: an input that ends before has changed. Default: not known. */
  readonly expected?: number | undefined
}

/** So many rows one after the other whose wait is too long are no matter of the rows: the API takes none now. */
const mostLongWaits = 5

/** Returns the wait that the 429 of a row asked for, in milliseconds; 0 if it ended otherwise. */
const askedWaitMs = (sent: Core.RowResult<unknown>): number => {
  if (!("error" in sent)) return 0
  const { error } = sent
  const newest = error._tag === "OutcomeUnknownError" ? error.last : error
  return newest?._tag === "RateLimitError" ? (newest.retryAfterMs ?? 0) : 0
}

/** How many chunks of rows that are passed over may wait to be reported. */
const chunksAhead = 2

const outgoingRow = (ready: ReadyRow, key: string, record: RowRecord): Outgoing => ({
  identifier: ready.identifier,
  // safe: the client checks what it is given
  contact: ready.contact as unknown as Core.Row["contact"],
  doubt: record.doubt,
  ready,
  key,
  record,
})

/** Prepares to send the rows of a claim; nothing happens before `ended` is consumed. */
export const sendRows = <E, R>(
  log: RowLog,
  { done, rows }: ClaimedRows<E, R>,
  { expected = 0, limit = Infinity, only, ...options }: SendRowsOptions,
): Effect.Effect<SentRows<E, R>, never, Core.AelystClient> =>
  Effect.gen(function* () {
    const isNaturalKey = log.run.delivery === "natural-key"
    const passed = yield* Queue.bounded<ReadonlyArray<Ended>, Cause.Done>(chunksAhead)
    const begun = yield* Deferred.make<void>()
    const { maxWait = ClientOptions.defaultMaxWaitMs(true) } = options
    let selected = 0
    let longWaits = 0
    let isRateLimited = false
    let failure: E | JournalError | InputChangedError | undefined
    const note = (error: E | JournalError | InputChangedError) =>
      Effect.sync(() => {
        failure ??= error
      })

    /** Passes over rows that are not to be sent, and returns the others. */
    const select = Effect.fnUntraced(function* (checked: ReadonlyArray<CheckedRow>) {
      const texts = checked.map((row) =>
        row.state === "ready" ? { ...rowText(row), number: row.row.number } : undefined,
      )
      const records = yield* log.lookup(texts.filter((text) => text !== undefined))
      const outgoing: Outgoing[] = []
      const ended: Ended[] = []
      let next = 0
      for (const [at, row] of checked.entries()) {
        const text = texts[at]
        const record = text && records[next++]
        if (row.state === "ready" && text !== undefined) {
          const { number } = row.row
          // a check that begins at a later row cannot know the duplicates of those before
          const isUnknown =
            record === undefined && (done === undefined || (yield* log.isPlanned(number)))
          if (isUnknown)
            return yield* new InputChangedError({ what: "row", run: log.run.id, row: number })
          if (record?.number === number && record.state === "planned") {
            if (only?.has(record.number) !== false)
              outgoing.push(outgoingRow(row, text.key, record))
            continue
          }
        }
        const result = passedOver(row, record)
        if (result !== undefined) ended.push({ result })
      }
      if (ended.length > 0) yield* Queue.offer(passed, ended)
      selected += outgoing.length
      return outgoing
    })
    const source = Stream.chunks(rows).pipe(
      Stream.mapEffect(select),
      Stream.tap((outgoing) =>
        outgoing.length === 0 ? Effect.void : Deferred.succeed(begun, undefined),
      ),
      Stream.flattenIterable,
      Stream.take(limit),
      // what is under way must not be cut off by a source that fails
      Stream.catch((error) => Stream.drain(Stream.fromEffect(note(error)))),
    )
    const run = yield* createMany(source, {
      ...options,
      delivery: isNaturalKey ? "natural-key" : "at-most-once",
    })

    const { gate } = log
    const notingGate: AttemptGate.Gate | undefined = gate && {
      before: (attempt) =>
        Effect.tapError(gate.before(attempt), ({ cause }) =>
          cause instanceof JournalError ? note(cause) : Effect.void,
        ),
    }

    /** Records the end of a row, then returns it. */
    const record = Effect.fnUntraced(function* (sent: Core.RowResult<Outgoing>) {
      const { key, ready, record: before } = sent.row
      const { attempts } = "value" in sent ? sent.value : sent.error
      // one that was not sent says nothing
      if (attempts.length > 0) {
        longWaits = askedWaitMs(sent) > Duration.toMillis(maxWait) ? longWaits + 1 : 0
        if (longWaits === mostLongWaits && (yield* run.summary).stopped === undefined) {
          isRateLimited = true
          yield* run.stop
        }
      }
      const ending = endingOf(sent)
      const isInDoubt = isNaturalKey && ending.outcome === "unknown"
      const written = yield* Effect.result(
        log.outcome(key, {
          ...ending,
          // the next run sends it again
          ...(isInDoubt && { outcome: "not_sent", doubt: true }),
          attempts,
        }),
      )
      if (Result.isFailure(written)) {
        yield* note(written.failure)
        yield* run.stop
      }
      const result = Result.isSuccess(written)
        ? sentRow(sent, ready, before, ending)
        : unrecordedRow(sent, ready, before, ending)
      return {
        result,
        moved: {
          wasInDoubt: before.doubt,
          isInDoubt: isNaturalKey && result.outcome === "unknown",
        },
      }
    })

    const sent = run.results.pipe(
      Stream.provideService(AttemptGate.AttemptGate, notingGate),
      Stream.provideService(CreatesLeft, expected === 0 ? undefined : expected),
      Stream.mapEffect(record, { concurrency: options.concurrency ?? 32, unordered: true }),
      Stream.onEnd(Deferred.succeed(begun, undefined)),
    )
    /** Fails if the source or the journal did, or if the source has ended too early. */
    const checkEnd = Effect.gen(function* () {
      const { stopped } = yield* run.summary
      const isCut = stopped === "completed" && selected < expected
      if (isCut) yield* note(new InputChangedError({ what: "input", run: log.run.id }))
      if (failure !== undefined) yield* Effect.fail(failure)
    })
    /** Reports the rows that are done, once rows are sent and until the run is stopped. */
    const report = (rowsDone: Stream.Stream<CheckedRow, E, R>) =>
      Effect.andThen(
        Deferred.await(begun),
        Stream.chunks(rowsDone).pipe(
          Stream.takeWhileEffect(() =>
            Effect.map(run.summary, ({ stopped = "completed" }) => stopped === "completed"),
          ),
          Stream.runForEach(select),
          Effect.catch(note),
        ),
      )
    const all =
      done === undefined ? sent : Stream.merge(sent, Stream.drain(Stream.fromEffect(report(done))))
    return {
      ended: Stream.merge(
        Stream.onEnd(all, Queue.end(passed)),
        Stream.flattenIterable(Stream.fromQueue(passed)),
      ).pipe(Stream.concat(Stream.drain(Stream.fromEffect(checkEnd)))),
      run,
      stopped: Effect.map(run.summary, ({ stopped }) => (isRateLimited ? "rate_limited" : stopped)),
    }
  })
