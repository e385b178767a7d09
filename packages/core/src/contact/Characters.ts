/**
 * Says what kinds of characters a text holds, in one pass and without regular
 * expressions, so that hostile input costs linear time. The rules for
 * identifiers, contacts and custom fields are built on it.
 */

/** The text holds a plain space (U+0020). */
export const SPACE = 1
/** The text holds a C0 or C1 control character, CR, LF and TAB included. */
export const CONTROL = 2
/** The text holds a bidi control, an invisible character or a space other than U+0020. */
export const INVISIBLE = 4
/** The text holds half of a surrogate pair, so that it has no UTF-8 form. */
export const LONE_SURROGATE = 8
/** The text holds NUL. */
export const NUL = 16

// First and last code point of each range, in order: Unicode's default-ignorable characters and
// spaces, the bidi controls, and the letters and patterns that render as nothing.
const invisible = [
  0xa0, 0xa0, 0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x1680, 0x1680, 0x17b4,
  0x17b5, 0x180b, 0x180f, 0x2000, 0x200f, 0x2028, 0x202f, 0x205f, 0x206f, 0x2800, 0x2800, 0x3000,
  0x3000, 0x3164, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0, 0xfff0, 0xfffb, 0x1bca0,
  0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0fff,
]

const isInvisible = (point: number): boolean => {
  for (let i = 0; i < invisible.length; i += 2) {
    const first = invisible[i]
    const last = invisible[i + 1]
    if (first === undefined || last === undefined || point < first) return false
    if (point <= last) return true
  }
  return false
}

const classify = (point: number): number => {
  if (point > 0x20 && point < 0x7f) return 0
  if (point === 0x20) return SPACE
  if (point === 0) return CONTROL | NUL
  if (point < 0xa0) return CONTROL
  if (point >= 0xd800 && point <= 0xdfff) return LONE_SURROGATE
  return isInvisible(point) ? INVISIBLE : 0
}

/** Returns the kinds found in `text` as bits: `SPACE`, `CONTROL`, `INVISIBLE`, `LONE_SURROGATE`, `NUL`. */
export const scan = (text: string): number => {
  let found = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x20 && unit < 0x7f) continue
    const point = text.codePointAt(i) ?? unit
    if (point > 0xffff) i++
    found |= classify(point)
  }
  return found
}

/** Returns the index of the first character of one of `kinds`, or -1. */
export const indexOf = (text: string, kinds: number): number => {
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0
    if ((classify(point) & kinds) !== 0) return i
    if (point > 0xffff) i++
  }
  return -1
}

/** Says whether nothing in `text` can be seen: it is empty, or spaces, controls and invisible characters only. */
export const isBlank = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0
    if ((classify(point) & (SPACE | CONTROL | INVISIBLE)) === 0) return false
    if (point > 0xffff) i++
  }
  return true
}

/** Says whether the UTF-8 form of `text` is longer than `limit` bytes; looks at no more than `limit` characters. */
export const isLongerThan = (text: string, limit: number): boolean => {
  if (text.length > limit) return true
  if (text.length * 3 <= limit) return false
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (point > 0xffff) i++
  }
  return bytes > limit
}

/** Says whether all of `text` from `start` on is ASCII. */
export const isAscii = (text: string, start: number): boolean => {
  for (let i = start; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Says whether the character code is an ASCII digit. */
export const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39

/** Says whether the character code is an ASCII letter. */
export const isLetter = (unit: number): boolean =>
  (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a)

/** Reads `text` from `start` to `end` (exclusive) as decimal digits; -1 where one of them is not a digit. */
export const digits = (text: string, start: number, end: number): number => {
  let value = 0
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i)
    if (!isDigit(unit)) return -1
    value = value * 10 + unit - 0x30
  }
  return value
}
