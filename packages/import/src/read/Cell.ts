/** Takes off what spreadsheets and copying put around a value. */
import { isPlain } from "./PlainCell.ts"

/** Names something that was taken off. */
export type CellFix = "formula" | "apostrophe" | "space" | "invisible"

const FORMULA = /^="((?:[^"]|"")*)"\s*$/
/** Spreadsheets write an apostrophe before text that looks like a number or a formula. `'t Hooft` is a name. */
const APOSTROPHE = /^'(?=[-+=@\d]|\S+@)/
/** Zero-width characters, marks of direction, soft hyphens and byte order marks. */
const INVISIBLE =
  /^[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]+|[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]+$/g

/**
 * Cleans a cell: `="+6012"` becomes `+6012`; an apostrophe before a number, a formula or an address goes, and so do spaces and
 * tabs before the value, and zero-width characters and marks of direction around it. Cleaning twice changes nothing.
 *
 * **Example** (A phone number that a spreadsheet protected)
 *
 * ```ts
 * import { Cell } from "@aelyst/import"
 *
 * console.log(Cell.clean('="+60123456789"')) // => { text: '+60123456789', fixes: [ 'formula' ] }
 * ```
 */
export const clean = (
  cell: string,
): { readonly text: string; readonly fixes: readonly CellFix[] } => {
  if (isPlain(cell)) return { text: cell, fixes: [] }
  const fixes = new Set<CellFix>()
  let text = cell
  const step = (fix: CellFix, next: string) => {
    if (next !== text) fixes.add(fix)
    text = next
  }
  for (let before; before !== text;) {
    before = text
    step("space", text.trimStart())
    step("invisible", text.replaceAll(INVISIBLE, ""))
    step(
      "formula",
      text.replace(FORMULA, (_, inner: string) => inner.replaceAll('""', '"')),
    )
    step("apostrophe", text.replace(APOSTROPHE, ""))
  }
  return { text, fixes: [...fixes] }
}
