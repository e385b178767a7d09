/** Rows as the check of a file hands them over. */
import { Stream } from "effect"

import type { PlannedRows } from "../src/send/ClaimedRows.ts"
import type { CheckedRow, DuplicateRow, ForeignRow, InvalidRow, ReadyRow } from "../src/types.ts"

const rowOf = (number: number) => ({ number, line: number + 1, cells: [] })

export const readyRow = (
  number: number,
  contact: ReadyRow["contact"] = { firstName: `Ana ${number}` },
): ReadyRow => ({
  state: "ready",
  row: rowOf(number),
  identifier: `email:row${number}@example.com`,
  contact,
})

export const invalidRow = (number: number): InvalidRow => ({
  state: "invalid",
  row: rowOf(number),
  problems: [{ code: "EMAIL_INVALID", line: number + 1, reason: "not an e-mail address" }],
})

export const duplicateRow = (number: number, of: number): DuplicateRow => ({
  state: "duplicate",
  row: rowOf(number),
  of,
  problems: [{ code: "DUPLICATE_IN_FILE", line: number + 1, reason: `row ${of} is sent` }],
})

export const foreignRow = (number: number): ForeignRow => ({
  state: "foreign",
  row: rowOf(number),
  reason: "a footer",
})

/** Returns rows to be sent as a check has them. */
export const plannedRows = (rows: ReadonlyArray<CheckedRow>): PlannedRows<never, never> => ({
  rows: Stream.fromIterable(rows),
  rowsFrom: (number) => Stream.fromIterable(rows.filter(({ row }) => row.number >= number)),
})
