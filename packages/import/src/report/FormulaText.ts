/** Keeps texts from being run as formulas when a spreadsheet opens a file: an apostrophe makes a cell text. */

// what starts a formula, also after quotes and spaces, and in the forms of East Asian keyboards
const trigger = /^['" ]*[=+\-@\t\r\n\0＝＋－＠]/
const escaped = /^'['" ]*[=+\-@\t\r\n\0＝＋－＠]/

/** Returns a text that begins with no trigger. */
export const escapeFormula = (text: string): string => (trigger.test(text) ? `'${text}` : text)

/** Returns the text that was escaped. */
export const unescapeFormula = (text: string): string => (escaped.test(text) ? text.slice(1) : text)
