/**
 * The attempts of a row as one text that only grows, so that Postgres writes them with the row itself: `i1.7.1764300000000;` is
 * an intent (attempt, epoch, time), `e2|1:3:200:;` an end (outcome, then phase, status and cause of attempts), `r2;` a decision.
 */
import type { AttemptEnd, AttemptRow, SentOutcome } from "./recordTypes.ts"
import { codeOnly } from "./RowStatements.ts"
import { phases, states } from "./RunTables.ts"

type Entry = { -readonly [Name in keyof AttemptRow]: AttemptRow[Name] }

/** Returns the part of an end that says how its attempts ended. */
export const attemptEnds = (attempts: ReadonlyArray<AttemptEnd> = []): string =>
  attempts
    .map(
      ({ cause, number, phase, status }) =>
        `|${number}:${phases.indexOf(phase)}:${status ?? ""}:${codeOnly(cause) ?? ""}`,
    )
    .join("")

const outcomeOf = (digit: string): SentOutcome => {
  const state = states[Number(digit)]
  return state === undefined || state === "planned" || state === "sending" ? "not_sent" : state
}

/** Reads the text of a row. */
export const attemptsOf = (row: number, text: string): ReadonlyArray<AttemptRow> => {
  const entries: Array<Entry> = []
  const add = (entry: Omit<Entry, "row" | "sequence">) =>
    entries.push({ row, sequence: entries.length + 1, ...entry })
  const isOpen = (entry: Entry) => entry.outcome === undefined
  const end = (outcome: SentOutcome) => {
    for (const entry of entries) entry.outcome ??= outcome
  }
  for (const event of text.split(";").filter(Boolean)) {
    const [head = "", ...ends] = event.slice(1).split("|")
    if (event.startsWith("i")) {
      const [attempt, epoch, startedAt] = head.split(".").map(Number)
      if (attempt === undefined || epoch === undefined || startedAt === undefined) continue
      add({ attempt, epoch, startedAt, phase: undefined })
      continue
    }
    const isDecision = event.startsWith("r")
    const [state = "", at] = head.split(".")
    const outcome = outcomeOf(state)
    for (const one of ends) {
      const [number, phase, status, cause] = one.split(":")
      const entry = entries.find((open) => isOpen(open) && open.attempt === Number(number))
      if (entry === undefined) continue
      entry.phase = phases[Number(phase)]
      if (status !== "") entry.status = Number(status)
      if (cause !== "") entry.cause = cause
    }
    const isNew = isDecision || (!entries.some(isOpen) && outcome !== "not_sent")
    end(isDecision ? "unknown" : outcome)
    if (isNew)
      add({
        attempt: 0,
        epoch: 0,
        startedAt: Number(at),
        phase: undefined,
        outcome,
        ...(isDecision && { cause: "RESOLVED" }),
      })
  }
  return entries
}
