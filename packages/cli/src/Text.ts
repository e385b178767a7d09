/**
 * Escapes text for a terminal, a pipe or a shell: no text from outside can move a cursor, set a title or end a quotation.
 */

// Controls, invisible and direction-changing characters, line and paragraph separators, halves of surrogate pairs.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  if (character === "\n") return "\\n"
  if (character === "\t") return "\\t"
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`
}

/** Escapes every character that a terminal would act on or hide, line breaks included. */
export const visible = (text: string): string => text.replace(unseen, escapeOf)

// JSON.stringify leaves DEL, the C1 controls and the direction marks as they are.
const unescaped = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu

/** Escapes in a JSON text every character that a terminal would act on; the value stays the same. */
export const quietJson = (json: string): string =>
  json.replace(unescaped, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  )

/** Renders a value as one line of JSON that is safe to print. */
export const jsonLine = (value: unknown): string => quietJson(JSON.stringify(value))

/** Quotes a text for a POSIX shell. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const asciiForms: Readonly<Record<string, string>> = {
  "✔": "OK",
  "✖": "x",
  "⏸": "||",
  "…": "...",
  "—": "-",
  "–": "-",
  "·": "-",
  "→": "->",
  "“": '"',
  "”": '"',
}

/** Writes the symbols of this program in ASCII; letters of any script stay. */
export const asciiSymbols = (text: string): string =>
  text.replace(/[✔✖⏸…—–·→“”]/gu, (symbol) => asciiForms[symbol] ?? "?")

/** Renders a time for people: `143 ms`, `7.4 s`, `2 min 5 s`. */
export const time = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`
  const seconds = Math.round(ms / 1_000)
  const rest = seconds % 60
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`
}

/** Writes a sentence as the second half of one: without backticks, its first word in lower case. */
export const clause = (sentence: string): string =>
  sentence.replaceAll("`", "").replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())

/** Counts a thing: `1 attempt`, `2 attempts`. */
export const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`
