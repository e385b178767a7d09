/** The results of rows: of those that were sent now, and of those that were passed over. */
import type { RowResult as CoreResult } from "@aelyst/core"
import type { RowRecord } from "@aelyst/journal"

import type { CheckedRow, Problem, ReadyRow, RowResult } from "../types.ts"
import type { Ending } from "./Ending.ts"
import { keptEnding, problemsOf } from "./Ending.ts"

/** Returns the result of a row that is not sent: it was never ready, or has ended before. */
export const passedOver = (
  checked: CheckedRow,
  record: RowRecord | undefined,
): RowResult | undefined => {
  const { line, number } = checked.row
  if (checked.state === "foreign") return undefined
  if (checked.state !== "ready") {
    const { problems, state } = checked
    return { number, line, outcome: state, earlier: false, attempts: 0, problems }
  }
  const { identifier } = checked
  const ready = { number, line, identifier, attempts: record?.attempts ?? 0 }
  if (record === undefined || record.number !== number) {
    const problem = {
      code: "DUPLICATE_IN_FILE",
      line,
      reason:
        record === undefined
          ? "there is another row of the same contact"
          : `row ${record.number} is sent`,
    } as const
    return { ...ready, outcome: "duplicate", earlier: false, problems: [problem] }
  }
  const ending = keptEnding(record)
  const { outcome, status } = ending
  const known = status === undefined ? {} : { status }
  return { ...ready, ...known, outcome, earlier: true, problems: problemsOf(ending, line) }
}

/** Returns the result of a row that core's run has ended, and the journal has recorded. */
export const sentRow = (
  sent: CoreResult<unknown>,
  { identifier, row }: ReadyRow,
  before: RowRecord,
  ending: Ending,
): RowResult => {
  const end = "value" in sent ? sent.value : sent.error
  const { attempts } = end
  const [first] = attempts
  const last = attempts.at(-1)
  const apiMessage = "error" in sent ? sent.error.apiMessage : undefined
  return {
    number: row.number,
    line: row.line,
    identifier,
    outcome: ending.outcome,
    earlier: false,
    attempts: before.attempts + attempts.length,
    ...(ending.status !== undefined && { status: ending.status }),
    ...(first && last && { ms: last.startedAt + last.durationMs - first.startedAt }),
    problems: sent.outcome === "invalid" ? issuesOf(sent, row.line) : problemsOf(ending, row.line),
    ...(apiMessage !== undefined && { apiMessage }),
  }
}

const issuesOf = (
  { error }: CoreResult<unknown> & { readonly outcome: "invalid" },
  line: number,
): readonly Problem[] =>
  error.issues.map(({ path, rule, suggestion }) => ({
    code: "VALUE_INVALID",
    line,
    reason: `${path.join(".")}: ${rule}`,
    ...(suggestion !== undefined && { suggestion }),
  }))

/** Returns the result of a row whose end could not be recorded: nothing may be reported that the next run does not know. */
export const unrecordedRow = (
  sent: CoreResult<unknown>,
  ready: ReadyRow,
  before: RowRecord,
  ending: Ending,
): RowResult => {
  const result = sentRow(sent, ready, before, ending)
  if (ending.outcome === "not_sent" || ending.outcome === "invalid") return result
  const problem: Problem = {
    code: "OUTCOME_UNKNOWN",
    line: ready.row.line,
    reason: "the journal could not record how the row ended; the contact may exist",
    suggestion: "resume the import",
  }
  return { ...result, outcome: "unknown", problems: [problem] }
}
