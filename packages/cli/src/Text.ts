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
  "←": "<-",
  "↷": "=",
  "×": "x",
  "█": "#",
  "“": '"',
  "”": '"',
}

/** Writes the symbols of this program in ASCII; letters of any script stay. */
export const asciiSymbols = (text: string): string =>
  text.replace(/[✔✖⏸…—–·→←↷×█“”]/gu, (symbol) => asciiForms[symbol] ?? "?")

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

/** Writes an integer with its thousands separated: `1,204`. */
export const number = (n: number): string => String(n).replace(/\B(?=(?:\d{3})+$)/g, ",")

/** Counts a thing: `1 attempt`, `2 attempts`. */
export const count = (n: number, thing: string): string =>
  `${number(n)} ${thing}${n === 1 ? "" : "s"}`

const two = (n: number): string => String(n).padStart(2, "0")

/** Renders a time for a progress line, in whole seconds: `28s`, `1m06s`, `2h05m`. */
export const clock = (ms: number): string => {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
}
