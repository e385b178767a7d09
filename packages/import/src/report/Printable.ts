/** Escapes texts from files, so that printing them cannot move the cursor, change colours or reverse the text. */

// C0, C1, line separators, bidi marks and zero width
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

const most = 40

/** Returns a text of at most 40 characters, without a character that a terminal obeys. */
export const printable = (text: string): string => {
  const short = text.length > most ? `${text.slice(0, most - 1)}…` : text
  return short.replace(
    unsafe,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** Returns an integer as people read it: `1,204`. The first formatter of `Intl` takes longer than the check of a small file. */
export const count = (number: number): string => String(number).replace(/\B(?=(?:\d{3})+$)/g, ",")

/** Returns a number and a noun: `1 row`, `1,204 rows`. */
export const counted = (number: number, noun: string): string =>
  `${count(number)} ${noun}${number === 1 ? "" : "s"}`
