/** Checks bytes for UTF-8 as they arrive, and knows where they are not. */
import { isAscii, isUtf8 } from "node:buffer"

/** Returns how many bytes at the end begin a character that is not complete. */
const incompleteTail = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

/** The limits of the second byte of a character, by its first: no overlong forms, no surrogates, nothing above U+10FFFF. */
const secondByte = (first: number): readonly [number, number] => {
  if (first === 0xe0) return [0xa0, 0xbf]
  if (first === 0xed) return [0x80, 0x9f]
  if (first === 0xf0) return [0x90, 0xbf]
  if (first === 0xf4) return [0x80, 0x8f]
  return [0x80, 0xbf]
}

const lengthOf = (first: number): number => {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first <= 0xdf) return 2
  if (first >= 0xe0 && first <= 0xef) return 3
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0
}

/** Returns the length of the character at an offset; 0 if it is not one, -1 if the bytes end inside of it. */
const characterAt = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at] ?? 0
  const length = lengthOf(first)
  const [least, most] = secondByte(first)
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next]
    if (byte === undefined) return -1
    if (byte < (next === 1 ? least : 0x80) || byte > (next === 1 ? most : 0xbf)) return 0
  }
  return length
}

/** Checks pieces of a file. Offsets count from the start of the file. */
export class Utf8Scan {
  /** Whether a character of several bytes was found. */
  hasMultibyte = false
  /** The offset of the first byte that does not belong to a character. */
  invalidAt: number | undefined
  #offset = 0
  #rest: Uint8Array = new Uint8Array(0)

  push(piece: Uint8Array): void {
    if (this.#rest.length === 0 && isAscii(piece)) {
      this.#offset += piece.length
      return
    }
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const complete = bytes.subarray(0, bytes.length - incompleteTail(bytes))
    if (isUtf8(complete)) this.hasMultibyte ||= !isAscii(complete)
    else this.#walk(complete)
    this.#offset += complete.length
    // a copy, because the piece may be a buffer that is used again
    this.#rest = bytes.slice(complete.length)
  }

  end(): void {
    if (this.#rest.length > 0) this.invalidAt ??= this.#offset
  }

  #walk(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const length = characterAt(bytes, at)
      if (length <= 0) this.invalidAt ??= this.#offset + at
      else if (length > 1) this.hasMultibyte = true
      if (this.hasMultibyte && this.invalidAt !== undefined) return
      at += Math.max(1, length)
    }
  }
}
