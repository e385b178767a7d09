/** Counts lines of text that arrives in pieces: LF, CR and CRLF each end a line. */

/** Returns how many line breaks a text has. */
export const countBreaks = (text: string): number => {
  let breaks = 0
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) breaks++
  for (let at = text.indexOf("\r"); at !== -1; at = text.indexOf("\r", at + 1))
    if (text[at + 1] !== "\n") breaks++
  return breaks
}

/** Knows the line that is reached, from 1. */
export class LineCounter {
  line = 1
  #endsWithCr = false

  push(text: string): void {
    if (text === "") return
    // the CR that ended the last piece was counted
    const isRestOfCrLf = this.#endsWithCr && text.startsWith("\n")
    this.line += countBreaks(text) - (isRestOfCrLf ? 1 : 0)
    this.#endsWithCr = text.endsWith("\r")
  }
}
