/**
 * Quotes the cells that some programs write as `="+60123456789"` without quotes of CSV around them, so that a parser of CSV
 * reads them as that text. Nothing else changes.
 */
import type { Stage } from "./Stage.ts"

const QUOTE = '"'

/** Outside of quotes, in a quoted cell, in such a formula, or after a quote in a formula. */
type State = "outside" | "quoted" | "formula" | "formulaQuote"

class Quoter implements Stage<string, string> {
  readonly #delimiter: string
  #state: State = "outside"
  /** The last character of the piece before; a file begins like a line. */
  #before = "\n"
  /** An equals sign at the end of a piece, which may begin a formula. */
  #held = ""

  constructor(delimiter: string) {
    this.#delimiter = delimiter
  }

  readonly push = (piece: string, out: string[]): undefined => {
    const text = this.#held + piece
    const quoted = this.#quote(text)
    this.#held = this.#state === "outside" && text.endsWith("=") ? "=" : ""
    const end = text.length - this.#held.length
    if (end > 0) this.#before = text[end - 1] ?? ""
    out.push(quoted.slice(0, quoted.length - this.#held.length))
  }

  readonly end = (out: string[]): undefined => {
    out.push(this.#state === "formulaQuote" ? QUOTE.repeat(3) : this.#held)
  }

  #quote(text: string): string {
    let out = ""
    let from = 0
    // copies what comes before an offset, then other text instead of the skipped characters
    const replace = (to: number, skipped: number, instead: string, state: State) => {
      out += text.slice(from, to) + instead
      from = to + skipped
      this.#state = state
    }
    let at = 0
    while (at < text.length) {
      if (this.#state === "formulaQuote") {
        if (text[at] === QUOTE) replace(at++, 1, QUOTE.repeat(4), "formula")
        else replace(at, 0, QUOTE.repeat(3), "outside")
        continue
      }
      const quote = text.indexOf(QUOTE, at)
      if (quote === -1) break
      if (this.#state === "formula") replace(quote, 1, "", "formulaQuote")
      else if (this.#state === "quoted") this.#state = "outside"
      else if (this.#isFormula(text, quote)) replace(quote - 1, 2, `"=""`, "formula")
      else this.#state = "quoted"
      at = quote + 1
    }
    return out + text.slice(from)
  }

  #isFormula(text: string, quote: number): boolean {
    if (text[quote - 1] !== "=") return false
    const before = quote > 1 ? text[quote - 2] : this.#before
    return before === this.#delimiter || before === "\n" || before === "\r"
  }
}

/** Creates a stage that quotes such cells. */
export const make = (delimiter: string): Stage<string, string> => new Quoter(delimiter)
