/** Cells of CSV files that no spreadsheet takes for a formula. */
const isFormula = (text: string): boolean => /^[\s"']*[=+\-@\t\r\n\0＝＋－＠]/u.test(text)

/**
 * Returns a text as a cell of a CSV file. One that a spreadsheet would read as a formula gets an apostrophe in front, also if
 * spaces or quotes come first or its sign is a full-width one.
 */
export const csvCell = (text: string): string => {
  const safe = isFormula(text) ? `'${text}` : text
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
