/** The rows of a campaign, and what must become of each of them. */
import type { CheckedRow } from "@aelyst/import"

/** The purpose of a row: which outcomes are right for it, and how often the API may have created it. */
export type RowKind = "new" | "seeded" | "rejected" | "invalid" | "duplicate"

/** Returns what the row with this number, from 1, is for. */
export const kindOf = (number: number): RowKind => {
  if (number % 40 === 7) return "seeded"
  if (number % 40 === 13) return "rejected"
  if (number % 40 === 21) return "invalid"
  if (number % 40 === 34) return "duplicate"
  return "new"
}

/** Returns the identifier of a row; its beginning says which faults of the server it meets. */
export const identifierOf = (number: number): string => {
  const kind = kindOf(number)
  if (kind === "rejected") return `email:400-${number}@torture.example`
  if (kind === "seeded") return `email:seeded${number}@torture.example`
  return `email:row${kind === "duplicate" ? number - 1 : number}@torture.example`
}

/** Returns the first `count` rows as the check of a file hands them over. */
export const rowsOf = (count: number): ReadonlyArray<CheckedRow> =>
  Array.from({ length: count }, (_, index): CheckedRow => {
    const number = index + 1
    const row = { number, line: number + 1, cells: [] }
    switch (kindOf(number)) {
      case "invalid":
        return { state: "invalid", row, problems: [] }
      case "duplicate":
        return { state: "duplicate", row, of: number - 1, problems: [] }
      default:
        return {
          state: "ready",
          row,
          identifier: identifierOf(number),
          contact: { firstName: `Row ${number}` },
        }
    }
  })
