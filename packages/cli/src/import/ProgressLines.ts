/** Writes the progress of an import: three lines for a terminal, one for a log. */
import type { ImportProgress, ImportWait } from "@aelyst/import"

import { clock, count, number } from "../Text.ts"

/** Holds what is shown of a run besides its progress. */
export interface ProgressOf {
  /** The name of the file, without control characters. */
  readonly file: string
  readonly host: string
  readonly run: string
  /** The rows that this run can send, those of earlier processes included; undefined for a stream. */
  readonly total: number | undefined
  /** The rows that this process has created. */
  readonly created: number
  /** The requests in flight that the run waits for before it stops; undefined before it stops. */
  readonly stopping?: number | undefined
}

// eighths of a cell, so that the bar moves with every row
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const

/** Draws a share between 0 and 1 as a bar of this many cells; in ASCII only whole cells. */
export const bar = (share: number, cells: number, ascii = false): string => {
  const drawn = Math.round(Math.min(1, Math.max(0, share)) * cells * 8)
  const full = Math.floor(drawn / 8)
  return ascii ? "#".repeat(full) : "█".repeat(full) + (eighths[drawn % 8] ?? "")
}

/** Returns how many contacts of the file exist. */
const existing = ({ created, existed, exists_after_doubt }: ImportProgress): number =>
  created + existed + exists_after_doubt

/** Returns how many of the rows that can be sent have ended; those in doubt will be sent again. */
export const doneOf = (progress: ImportProgress): number =>
  existing(progress) + progress.rejected + progress.unknown - progress.inDoubt

/** Returns how many contacts of the file exist that this process did not create. */
const alreadyOf = (progress: ImportProgress, created: number): number =>
  existing(progress) - created

const percentOf = (done: number, total: number): number =>
  total === 0 ? 100 : Math.floor((done / total) * 100)

const seconds = (ms: number): string => clock(Math.max(1_000, Math.ceil(ms / 1_000) * 1_000))

const waitTexts = {
  rate_limit: "⏸ rate limited, resuming",
  circuit: "⏸ the API is not responding, next try",
  doubt: "⏸ no response to some rows, sending them again",
  budget: "⏸ too many resends, sending the next",
} as const satisfies Readonly<Record<ImportWait["reason"], string>>

const waitText = ({ ms, reason }: ImportWait): string =>
  `${waitTexts[reason]} ${ms === undefined ? "soon" : `in ${seconds(ms)}`}`

const stoppingText = (requests: number): string =>
  `Stopping: waiting for ${requests === 0 ? "the requests in flight" : count(requests, "request")} (Ctrl-C again to quit now) …`

/** Returns the three lines for a terminal of this width. */
export const lines = (
  progress: ImportProgress,
  { created, file, host, stopping, total }: ProgressOf,
  width: number,
  ascii = false,
): ReadonlyArray<string> => {
  const { etaMs, limit, perSecond, rateLimited, remaining, waiting } = progress
  const done = doneOf(progress)
  const headline = [
    `Importing ${file} → ${host}`,
    total === undefined
      ? count(done, "row")
      : `${number(done)}/${number(total)}  ${percentOf(done, total)} %`,
    ...(perSecond === undefined ? [] : [`${perSecond.toFixed(1)}/s`]),
    ...(etaMs === undefined ? [] : [`ETA ${clock(etaMs)}`]),
  ]
  const counts = [
    `✔ ${number(created)} created`,
    `↷ ${number(alreadyOf(progress, created))} already`,
    `✖ ${number(progress.rejected)} rejected`,
    `? ${number(progress.unknown)} unknown`,
  ].join("  ")
  const times429 = rateLimited === 0 ? [] : [`${number(rateLimited)} × 429`]
  const limits = [
    ...(limit === undefined ? [] : [`limit ${limit}`]),
    ...(remaining === undefined ? [] : [`left ${remaining}`]),
    ...times429,
  ].join(" · ")
  const status =
    stopping !== undefined
      ? [stoppingText(stopping)]
      : waiting === undefined
        ? [counts, ...(limits === "" ? [] : [limits])]
        : [waitText(waiting), ...times429]
  return [
    headline.join("   "),
    total === undefined
      ? ""
      : `  ${bar(total === 0 ? 1 : done / total, Math.min(40, width - 4), ascii)}`,
    `  ${status.join("   ")}`,
  ]
}

/** Returns the line for a log. */
export const logLine = (progress: ImportProgress, { created, run, total }: ProgressOf): string => {
  const { etaMs, perSecond, rateLimited, rejected, unknown, waiting } = progress
  const done = doneOf(progress)
  return [
    `import ${run}`,
    total === undefined ? String(done) : `${done}/${total} ${percentOf(done, total)}%`,
    `created=${created} already=${alreadyOf(progress, created)}`,
    `rejected=${rejected} unknown=${unknown}`,
    ...(perSecond === undefined ? [] : [`rate=${perSecond.toFixed(1)}/s`]),
    ...(etaMs === undefined ? [] : [`eta=${Math.ceil(etaMs / 1_000)}s`]),
    ...(rateLimited === 0 ? [] : [`rate_limited=${rateLimited}`]),
    ...(waiting === undefined ? [] : [`waiting=${waiting.reason}`]),
  ].join(" ")
}
