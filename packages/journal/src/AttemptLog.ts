/**
 * The attempts of a row as one text that only grows, so that Postgres writes them with the row itself: `i1.7.1764300000000;` is
 * an intent (attempt, epoch, time), `e2.1764300000000|1:3:200:;` an end (outcome and time, then phase, status and cause of
 * attempts), `r2.1764300000000;` a decision.
 */
import type { AttemptEnd, AttemptRow } from "./recordTypes.ts"
import { codeOnly } from "./RowStatements.ts"
import { phases, sentOutcome } from "./RunTables.ts"

type Entry = { -readonly [Name in keyof AttemptRow]: AttemptRow[Name] }

/** Returns the part of an end that says how its attempts ended. */
export const attemptEnds = (attempts: ReadonlyArray<AttemptEnd> = []): string =>
  attempts
    .map(
      ({ cause, number, phase, status }) =>
        `|${number}:${phases.indexOf(phase)}:${status ?? ""}:${codeOnly(cause) ?? ""}`,
    )
    .join("")

/** Reads the text of a row. */
export const attemptsOf = (row: number, text: string): ReadonlyArray<AttemptRow> => {
  const entries: Array<Entry> = []
  const add = (entry: Omit<Entry, "row" | "sequence">) =>
    entries.push({ row, sequence: entries.length + 1, ...entry })
  for (const [, kind, head = "", ends = ""] of text.matchAll(/([ier])([\d.]*)([^;]*);/g)) {
    const [first = 0, second = 0, third = 0] = head.split(".").map(Number)
    if (kind === "i") {
      add({ attempt: first, epoch: second, startedAt: third, phase: undefined })
      continue
    }
    const open = entries.filter((entry) => entry.outcome === undefined)
    for (const [, number, phase, status, cause] of ends.matchAll(/\|(.*?):(.*?):(.*?):([^|]*)/g)) {
      const entry = open.find(({ attempt }) => attempt === Number(number))
      if (entry === undefined) continue
      entry.phase = phases[Number(phase)]
      if (status) entry.status = Number(status)
      if (cause) entry.cause = cause
    }
    const isDecision = kind === "r"
    const outcome = sentOutcome(first)
    for (const entry of open) entry.outcome = isDecision ? "unknown" : outcome
    const end = { attempt: 0, epoch: 0, startedAt: second, phase: undefined, outcome }
    if (isDecision) add({ ...end, cause: "RESOLVED" })
    else if (open.length === 0 && outcome !== "not_sent") add(end)
  }
  return entries
}
