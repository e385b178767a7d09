/** Recognises rows that do not belong to the table: totals, notices below a report, and headers repeated in the middle. */
import type { SourceRow, TableHead } from "../types.ts"
import * as Cell from "./Cell.ts"

const TOTAL =
  /^(?:grand |sub-?|report )?totals?(?:\s*(?:[:(].*|\d[\d.,\s]*|records?|rows?|count)?)$|^(?:record|row) count\b|\([\d.,]+ (?:records?|rows?)\)$|^total g[ée]n[ée]ral\b|^sous-total\b|^(?:gesamt|zwischen)?summe\b|^gesamt(?:ergebnis)?(?:\s*[:(].*)?$|^\d[\d.,]* (?:records?|rows?|contacts?)(?: (?:exported|total))?\.?$/i
const NOTICE =
  /^confidential\b|^vertraulich\b|^copyright\b|^©|^\(c\) |^all rights reserved|^(?:report )?(?:generated|exported|created|printed|run) (?:by|on|at|from)\b|^as of\b|^filtered by\b|^sorted by\b|^page \d+ (?:of|\/) \d+|^-+ ?end of (?:report|file)\b|^end of (?:report|file)\b|^erstellt (?:von|am)\b/i
/** An address or a phone number: such a row may be a contact. */
const REACHABLE = /@|^\D{0,2}\+?\d[\d\s().-]{6,}$/

/** Recognises footers; rows must be given in their order, and those that are contacts may be left out. */
export type Footers = (row: SourceRow) => string | undefined

const reasonOf = (values: readonly string[], isBelowFooter: boolean): string | undefined => {
  const first = values[0] ?? ""
  if (values.some((value) => /@|^\+\d/.test(value))) return undefined
  if (TOTAL.test(first)) return "a total, not a contact"
  if (values.length > 1 || REACHABLE.test(first)) return undefined
  if (NOTICE.test(first)) return "a notice of the report, not a contact"
  return isBelowFooter ? "a line below the table, not a contact" : undefined
}

/**
 * Creates a test that is given the rows in their order; contacts may be left out. It returns why a row does not belong to the
 * table; undefined for a contact.
 *
 * **Details**
 *
 * A row with an address, or a number that begins with +, is never a footer. A single value that is neither an address nor a phone number is one if it reads like a
 * total or a notice, or if it stands below another footer, as the name of a company under a report does.
 *
 * **Example** (The last line of a report)
 *
 * ```ts
 * import { Footer } from "@aelyst/import"
 *
 * const footers = Footer.make({ columns: ["First Name", "Email"] })
 * console.log(footers({ number: 1, line: 2, cells: ["Ana", "ana@example.com"] })) // => undefined
 * console.log(footers({ number: 2, line: 3, cells: ["Grand Totals (1 records)", ""] })) // => a total, not a contact
 * ```
 */
export const make = (head: Pick<TableHead, "columns">): Footers => {
  const header = head.columns
  let footer = -1

  const repeatsHeader = (cells: readonly string[]): boolean =>
    cells[0]?.trim() === header[0] && cells.every((cell, at) => cell.trim() === (header[at] ?? ""))

  return (row) => {
    if (header.length > 1 && repeatsHeader(row.cells)) return "the header again, not a contact"
    // a footer has few values; most rows are contacts and need no look at each cell
    const values = row.cells.filter((cell) => cell !== "").map((cell) => Cell.clean(cell).text)
    const reason = header.length > 1 ? reasonOf(values, row.number === footer + 1) : undefined
    if (reason !== undefined) footer = row.number
    return reason
  }
}
