/** The end of an import: the outcome of every row, in words and as JSON, and its exit code. */
import type { ImportStopped, ImportSummary, Totals } from "@aelyst/import"
import { afterLines, totalsLine } from "@aelyst/import"

import type { ExitName } from "../ExitCode.ts"
import type { Signal } from "../Host.ts"
import { exitOfSignal } from "../Report.ts"
import { clock, count, number, time } from "../Text.ts"

type Requests = "rateLimited" | "requests"

/** The counts of an import; the requests are absent if other machines sent them. */
export type KnownSummary = Omit<ImportSummary, Requests> & Partial<Pick<ImportSummary, Requests>>

/** Holds what the summary tells of an import. */
export interface Ended {
  readonly summary: KnownSummary
  /** The contacts that this command or its workers have created; those of earlier ones are "already there". */
  readonly created: number
  readonly signal: Signal | undefined
  /** Whether the rows could be read and recorded to their end. */
  readonly isComplete: boolean
  /** Whether duplicates are rejected, too. */
  readonly rejectsDuplicates: boolean
  /** The command that continues the run. */
  readonly resume: string
  readonly rejects: { readonly path: string; readonly rows: number } | undefined
  readonly report: string | undefined
  /** Whether only some of the rows were to be sent. */
  readonly isLimited: boolean
}

const early: Readonly<Partial<Record<ImportStopped, string>>> = {
  unauthorized: "Aelyst rejected the token (401): aelyst auth login, or set AELYST_TOKEN",
  errors: "as many rows were rejected or unknown as --max-errors allows",
  rate_limited: "the API asks for a longer wait than --max-wait allows (429)",
  unavailable: "the API has not responded for 15 minutes, or its certificate is not trusted",
  deadline: "its deadline has passed",
  journal: "its journal could not be written",
  aborted: "it was aborted",
}

/** Returns why a run stopped before its end, or left rows out; undefined if it did neither. */
const stopReason = ({ isComplete, isLimited, signal, summary }: Ended) => {
  if (signal !== undefined) return `it got ${signal}`
  const { not_sent, rateLimited = 0, stopped = "completed" } = summary
  // the failure that ended it is printed below
  if ((stopped === "aborted" || stopped === "stopped") && !isComplete) return undefined
  const isHeldBack = not_sent > 0 && rateLimited > 0 && !isLimited
  return early[stopped] ?? (isHeldBack ? early.rate_limited : undefined)
}

/** Returns the exit code of an import. */
export const exitOf = (ended: Ended): ExitName => {
  const { isComplete, isLimited, rejectsDuplicates, signal, summary } = ended
  if (signal !== undefined) return exitOfSignal[signal]
  if (stopReason(ended) !== undefined || !isComplete) return "stopped"
  const { duplicate, invalid, not_sent, rejected, unknown } = summary
  // such as rows whose wait for the rate limit would have been too long
  if (not_sent > 0 && !isLimited) return "stopped"
  const failed = invalid + rejected + unknown + (rejectsDuplicates ? duplicate : 0)
  return failed > 0 ? "incomplete" : "ok"
}

/** Returns the counts as they are told: what earlier processes created is already there. */
export const totalsOf = ({ created, summary }: Pick<Ended, "created" | "summary">): Totals => ({
  ...summary,
  created,
  existed: summary.existed + summary.created - created,
})

/** Returns the lines for people. */
export const lines = (ended: Ended): ReadonlyArray<string> => {
  const { created, isLimited, isComplete, rejects, report, resume, summary } = ended
  const { elapsedMs, inDoubt, not_sent, rateLimited = 0, requests } = summary
  const reason = stopReason(ended)
  const isDone = reason === undefined && isComplete
  const totals = totalsOf(ended)
  const facts = [
    ...(report === undefined ? [] : [`report: ${report}`]),
    ...(elapsedMs < 1_000 || created === 0
      ? []
      : [`average ${((created * 1_000) / elapsedMs).toFixed(1)}/s`]),
    ...(requests === undefined ? [] : [count(requests, "request")]),
    ...(rateLimited === 0 ? [] : [`${number(rateLimited)} × 429`]),
  ]
  const left = not_sent + inDoubt
  return [
    `${isDone ? "Done in" : "Stopped after"} ${elapsedMs < 1_000 ? time(elapsedMs) : clock(elapsedMs)}   ${totalsLine(totals)}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...afterLines(totals, rejects).map((line) => `  ${line}`),
    ...(facts.length === 0 ? [] : [`  ${facts.join("   ")}`]),
    ...(left === 0
      ? []
      : [
          isDone && isLimited
            ? `  ${count(left, "row")} left; to send them: ${resume}`
            : `  Nothing is lost: ${resume}`,
        ]),
  ]
}

/** Returns the summary as JSON; nothing of it belongs to a contact. */
export const json = (ended: Ended, run: string | undefined, exitCode: number) => ({
  ok: exitCode === 0,
  ...(run !== undefined && { run }),
  ...ended.summary,
  createdNow: ended.created,
  ...(ended.signal !== undefined && { signal: ended.signal }),
  rejects: ended.rejects?.path ?? null,
  report: ended.report ?? null,
  exitCode,
})
