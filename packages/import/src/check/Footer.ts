/** Recognises rows that reports add below or between the rows of a table: totals, legal notes, who made it (R29). */

// a whole cell, in lower case
const notes = [
  /^(?:grand |sub-?|report |page )?totals?\b/,
  /^(?:gesamt|zwischen|end)?summen?\b|^gesamt(?:ergebnis|zahl)?\b|^total g[ée]n[ée]ral\b|^sous-total\b/,
  /^suma(?: total)?\b|^totale\b|^jumlah\b/,
  /\([\d.,]+ (?:records?|rows?|datens[äa]tze|enregistrements?|registros?)\)$/,
  /^(?:number of |total )?(?:records|rows|contacts|entries)\s*:?\s*[\d.,]*$/,
  /^confidential\b|^vertraulich\b|^confidentiel\b|^confidencial\b/,
  /^copyright\b|^©|^\(c\) ?\d{4}\b|all rights reserved/,
  /^(?:report )?(?:generated|exported|created|printed) (?:by|on|at)\b|^(?:erstellt|exportiert) (?:von|am)\b/,
  /^filtered by\b|^as of \d|^end of (?:report|file|list)\b/,
  /^page \d+(?: of \d+)?$|^seite \d+(?: von \d+)?$/,
  /^[-=_*#.]{3,}$/,
]

/** Returns whether the first text of a row is one that reports add. */
export const isNote = (text: string): boolean => {
  const lower = text.slice(0, 200).toLowerCase()
  return notes.some((note) => note.test(lower))
}
