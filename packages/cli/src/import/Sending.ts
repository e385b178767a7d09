/**
 * Sends the rows of an import and follows them: progress on stderr, a line of JSON for each row on stdout, the file of
 * rejected rows. The first signal stops the run, which waits for its requests in flight; the second ends the process.
 */
import { Hooks } from "@aelyst/core"
import type {
  CheckedRow,
  Findings,
  ImportProgress,
  PlannedRows,
  Problem,
  Rejects,
  RowResult,
  SendRun,
  SourceRow,
} from "@aelyst/import"
import { FindingsCollector } from "@aelyst/import"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import type { Failure } from "../Failure.ts"
import type { Signal } from "../Host.ts"
import { Host } from "../Host.ts"
import { Screen } from "../Screen.ts"
import { jsonLine, time } from "../Text.ts"
import type { Progress } from "../Waiting.ts"
import type { ProgressOf } from "./ProgressLines.ts"
import { ProgressView } from "./ProgressView.ts"
import { reportFailure } from "./RejectsFile.ts"
import type { KnownSummary } from "./Summary.ts"

/** Holds what is done with the rows as they end. */
export interface Following {
  readonly shown: Omit<ProgressOf, "created" | "stopping">
  readonly progress: Progress
  readonly isNdjson: boolean
  readonly showValues: boolean
  /** Whether each attempt is reported. */
  readonly isVerbose: boolean
  readonly rejects: Rejects | undefined
  /** Whether duplicates are rejected, too. */
  readonly rejectsDuplicates: boolean
}

/** Holds how a run ended. */
export interface Sent<E> {
  readonly summary: KnownSummary
  /** The contacts that this process has created. */
  readonly created: number
  readonly signal: Signal | undefined
  /** Why rows could not be read, recorded or written to the file of rejected rows. */
  readonly failure: E | undefined
  /** The rows that were sent and not created: personal data. */
  readonly findings: Findings
}

/** Keeps the rows that are under way, so that those that are rejected can be written as they were read. */
export class RowsUnderWay {
  readonly #rows = new Map<number, SourceRow>()

  /** Notes each row that passes. */
  watch<E, R>(rows: Stream.Stream<CheckedRow, E, R>): Stream.Stream<CheckedRow, E, R> {
    return Stream.map(rows, (checked) => {
      if (checked.state !== "foreign") this.#rows.set(checked.row.number, checked.row)
      return checked
    })
  }

  /** Notes each row of a plan. */
  watchAll<E, R>({ rows, rowsFrom }: PlannedRows<E, R>): PlannedRows<E, R> {
    return {
      rows: this.watch(rows),
      rowsFrom: (number) => this.watch(rowsFrom(number)),
    }
  }

  /** Returns a row that has ended, and forgets it. */
  take(number: number): SourceRow | undefined {
    const row = this.#rows.get(number)
    this.#rows.delete(number)
    return row
  }
}

const problemJson =
  (showValues: boolean) =>
  ({ value, ...problem }: RowResult["problems"][number]) =>
    showValues && value !== undefined ? { ...problem, value } : problem

/** Writes a result as a line of JSON. */
const rowLine = (result: RowResult, showValues: boolean): string => {
  const { apiMessage, line, number: row, problems, ...rest } = result
  return jsonLine({
    schemaVersion: 1,
    type: "row",
    row,
    line,
    ...rest,
    ...(problems.length > 0 && { problems: problems.map(problemJson(showValues)) }),
    ...(showValues && apiMessage !== undefined && { apiMessage }),
  })
}

/** Returns the status of a row in the file of rejected rows; undefined if it does not belong there. */
const rejectedAs = ({ outcome }: RowResult, duplicates: boolean) =>
  outcome === "invalid" || outcome === "rejected" || outcome === "unknown"
    ? outcome
    : outcome === "duplicate" && duplicates
      ? outcome
      : undefined

/** Adds the message of the API to the reason: it may quote the contact, as does the row itself. */
const withMessage = ({ apiMessage, problems }: RowResult): RowResult["problems"] =>
  apiMessage === undefined
    ? problems
    : problems.map((problem) => ({ ...problem, reason: `${problem.reason}: ${apiMessage}` }))

// the last line of the run says what to do
const withoutSuggestion = ({ suggestion: _suggestion, ...problem }: Problem): Problem => problem

const shownProblems = 10

/** Sends the rows of a run to its end. */
export const follow = <E, R>(
  run: SendRun<E, R>,
  rows: RowsUnderWay,
  { isNdjson, isVerbose, progress: how, rejects, rejectsDuplicates, showValues, shown }: Following,
) =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const { onSignal, outliveOutput } = yield* Host
    let signal: Signal | undefined
    let unwritten: Failure | undefined
    let created = 0
    onSignal?.((received) => {
      signal = received
      if (!printer.animated) printer.notice("Stopping: waiting for the requests in flight …")
      Effect.runFork(run.stop)
    })
    // the reader of the rows may leave: the contacts are created anyway
    outliveOutput?.()
    const view = new ProgressView(printer, how)
    const show = (progress: ImportProgress) =>
      Effect.sync(() => {
        const stopping = signal === undefined ? undefined : progress.inFlight
        view.show(progress, { ...shown, created, stopping })
      })
    yield* Effect.forkScoped(Stream.runForEach(run.progress(), show))
    const findings = new FindingsCollector(shownProblems)
    const showMessages = showValues || printer.isWatched
    const note = Effect.fnUntraced(function* (result: RowResult) {
      const { outcome, problems } = result
      if (outcome === "created" && !result.earlier) created++
      const row = rows.take(result.number)
      const status = rejectedAs(result, rejectsDuplicates)
      if (row !== undefined && status !== undefined) {
        // what the check has found is on the screen already
        if (status === "rejected" || status === "unknown") {
          const shownOf = showMessages ? withMessage(result) : problems
          findings.add({ state: "invalid", row, problems: shownOf.map(withoutSuggestion) })
        }
        const rejected = { row, problems: withMessage(result), status }
        const written = yield* Effect.result(rejects?.add(rejected) ?? Effect.void)
        if (Result.isFailure(written)) {
          unwritten ??= reportFailure(written.failure)
          // the requests under way must not be cut off by a file
          yield* run.stop
        }
      }
      if (isNdjson) printer.data(rowLine(result, showValues))
    })
    const report: Hooks.Callbacks = {
      onAttempt: ({ cause, durationMs, number, status }) => {
        const end = status ?? cause ?? "no response"
        printer.notice(`attempt ${number}: ${end} after ${time(durationMs)}`)
      },
    }
    const failure = yield* Stream.runForEach(run.results, note).pipe(
      isVerbose ? Effect.provideService(Hooks.Hooks, report) : identity,
      Effect.as(undefined),
      Effect.catch((error) => Effect.succeed(error)),
    )
    printer.clear()
    return {
      summary: yield* run.summary,
      created,
      signal,
      failure: failure ?? unwritten,
      findings: findings.findings(),
    }
  }).pipe(Effect.scoped)
