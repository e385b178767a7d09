/** Takes off what spreadsheets and copying put around a value (R34), and nothing that belongs to it. */
import type { Counts } from "./Fault.ts"

// white space, zero width, bidi marks and the byte order mark; not variation selectors, which belong to an emoji
const around =
  /^[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+|[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+$/g
const hidden = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/
const plain = /^[\p{L}\p{N}+](?:.*[\p{L}\p{N}.)])?$/u

const trim = (text: string, counts: Counts): string => {
  const trimmed = text.replace(around, "")
  if (trimmed === text) return text
  counts.fix(hidden.test(text.slice(0, 1) + text.slice(-1)) ? "invisible" : "spaces")
  return trimmed
}

/**
 * Returns the text of a cell without spaces and marks around it, Excel's `="…"` and the apostrophe that makes a cell text.
 * In a name only an apostrophe before a digit or a sign is one of those; `'t Hart` keeps its own.
 */
export const clean = (cell: string, isName: boolean, counts: Counts): string => {
  if (cell === "" || plain.test(cell)) return cell
  const text = trim(cell, counts)
  const [, inner] = /^="(.*)"$/s.exec(text) ?? []
  if (inner !== undefined) {
    counts.fix("formula")
    return trim(inner.replaceAll('""', '"'), counts)
  }
  if (!(isName ? /^'[\d+=@-]/ : /^'/).test(text)) return text
  counts.fix("apostrophe")
  return trim(text.replace(/^'(.*?)'?$/s, "$1"), counts)
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
