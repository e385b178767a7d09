/** Ends an import: closes the file of rejected rows, writes the report, prints the summary and gives the exit code. */
import type { CheckSummary, Rejects } from "@aelyst/import"
import { InputChangedError, findingLines } from "@aelyst/import"
import type { JournalError } from "@aelyst/journal"
import * as Effect from "effect/Effect"

import type { ExitName } from "../ExitCode.ts"
import { exitTable } from "../ExitCode.ts"
import { Failure, unsent } from "../Failure.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import { jsonLine, visible } from "../Text.ts"
import type { CheckFailure } from "./CheckedFile.ts"
import type { SendingImport } from "./Import.ts"
import { journalFailure } from "./JournalFailure.ts"
import * as RejectsFile from "./RejectsFile.ts"
import type { Sent } from "./Sending.ts"
import { hashesOf, resumeCommand } from "./SetValues.ts"
import type { Ended, KnownSummary } from "./Summary.ts"
import * as Summary from "./Summary.ts"

/** The reasons for which the rows of a run end before the last. */
export type SendFailure = CheckFailure | JournalError | InputChangedError

/** Reports why a run could not continue. */
export const sendFailure = (error: SendFailure): Failure | Report => {
  if (!("_tag" in error) || error._tag === "Failure") return error
  if (error._tag === "JournalError") return journalFailure(error)
  const [problem = "", ...advice] = error.message.split(/(?<=\.) /)
  return new Failure({
    exit: "usage",
    code: "INPUT_CHANGED",
    message: visible(problem.replace(/\.$/, "")),
    hints: [`fix:   ${visible(advice.join(" "))}`],
  })
}

/** Returns the report of a failure after rows may have been sent: the summary says how many were. */
const reportOf = (failure: Failure, exit: ExitName): Report => {
  const { details, members, ...report } = Reports.ofFailure(failure)
  const { name } = members
  return { ...report, exit, members: { name }, details: details.filter((line) => line !== unsent) }
}

/** Returns what the command that resumes a run needs if its token was accepted until it was rejected. */
const allowing = ({ duplicate, invalid, not_sent, rows, stopped }: KnownSummary): string =>
  stopped === "unauthorized" && not_sent + invalid + duplicate < rows
    ? " --allow-changed, with a token of the same account"
    : ""

/** Holds what the end needs to know of a run. */
export interface Ending {
  readonly sent: Sent<SendFailure>
  readonly run: string | undefined
  readonly rejects: Rejects | undefined
  /** The findings of the check; undefined for a stream, which is checked as it is sent. */
  readonly checked: CheckSummary | undefined
}

/** Prints the end, and fails with its exit code unless that is 0. */
export const end = (
  all: SendingImport,
  { checked, rejects, run, sent }: Ending,
): Effect.Effect<void, Failure | Report, Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const failures: Array<Failure> = []
    // rows may have been sent: their outcome is told even if a file cannot be written
    const ifWritten = <A>(write: Effect.Effect<A, Failure>) =>
      write.pipe(
        Effect.catch((failure) => {
          failures.push(failure)
          return Effect.succeed(undefined)
        }),
      )
    const written =
      rejects === undefined ? undefined : yield* ifWritten(RejectsFile.commit(rejects))
    const { flags, input, options } = all
    const shown = written && RejectsFile.shownPath(input.cwd, written.path).shown
    const report =
      checked === undefined
        ? undefined
        : yield* ifWritten(
            RejectsFile.writeReport(all, {
              check: checked,
              totals: sent.summary,
              ...(run !== undefined && { runId: run }),
              ...(shown !== undefined && { rejects: shown }),
            }),
          )
    const isChanged = sent.failure instanceof InputChangedError
    const ended: Ended = {
      summary: sent.summary,
      created: sent.created,
      signal: sent.signal,
      isComplete: sent.failure === undefined,
      rejectsDuplicates: options.checking.onDuplicate === "reject",
      resume:
        run === undefined || input.path === "-" || isChanged
          ? "run the same command again"
          : resumeCommand(run, hashesOf(flags.set)) + allowing(sent.summary),
      rejects: written && shown !== undefined ? { path: shown, rows: written.rows } : undefined,
      isLimited: options.sending.limit !== undefined || options.sending.sample !== undefined,
      report,
    }
    const outcome = Summary.exitOf(ended)
    const exit = outcome === "ok" && failures.length > 0 ? "usage" : outcome
    const { code } = exitTable[exit]
    const json = Summary.json(ended, run, code)
    if (flags.ndjson) printer.data(jsonLine({ schemaVersion: 1, type: "summary", ...json }))
    else if (printer.json) printer.value(json)
    const { showValues } = flags
    const found = findingLines(sent.findings, { showValues: showValues || printer.isWatched })
    for (const line of found) printer.notice(`  ${visible(line)}`)
    for (const line of Summary.lines(ended)) printer.notice(line)
    const reason = sent.failure === undefined ? [] : [sendFailure(sent.failure)]
    const problems = [...reason, ...failures].filter((problem) => problem instanceof Failure)
    // a full disk fails the file of rejects twice
    const [first, ...others] = new Map(problems.map((one) => [one.message, one])).values()
    if (first !== undefined) {
      const one = reportOf(first, exit)
      const also = others.map(({ message }) => `also:  ${message}`)
      Reports.print({ ...one, details: [...one.details, ...also] }, printer)
    }
    if (exit !== "ok") yield* Effect.fail(Reports.ended(exit))
  })
