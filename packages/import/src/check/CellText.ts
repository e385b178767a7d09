/** Returns the text of a cell without what spreadsheets and copying put around it (R34), and counts that. */
import * as Cell from "../read/Cell.ts"
import { isPlain } from "../read/PlainCell.ts"
import type { Counts } from "./Fault.ts"

/** Returns the text of a cell. A name keeps a space after it, since names travel as given (D13). */
export const clean = (cell: string, isName: boolean, counts: Counts): string => {
  if (cell === "" || isPlain(cell)) return cell
  const { text, fixes } = Cell.clean(cell)
  for (const fix of fixes) counts.fix(fix)
  const end = isName ? text : text.trimEnd()
  if (end !== text) counts.fix("space")
  return text.trim() === "" ? "" : end
}

/** Returns whether nothing is left of a cell. */
export const isBlank = (cell: string): boolean => Cell.clean(cell).text.trim() === ""

/** Returns the first of several values that Google writes into one cell, and counts that there are others. */
export const firstValue = (text: string, counts: Counts): string => {
  const at = text.indexOf(" ::: ")
  if (at === -1) return text
  counts.omit("other_values")
  return text.slice(0, at).trim()
}
