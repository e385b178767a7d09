/** Finds the encoding of a text. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import * as Decode from "./Decode.ts"
import { ReadError } from "./ReadError.ts"
import type { Bytes } from "./Source.ts"
import { Utf8Scan } from "./Utf8.ts"

/** An encoding and how it was found. */
export interface Encoding {
  /** A label of `TextDecoder`. */
  readonly label: string
  readonly hasBom: boolean
  readonly isGuessed: boolean
}

const found = (label: string, hasBom = false, isGuessed = false): Encoding => ({
  label,
  hasBom,
  isGuessed,
})

const boms: ReadonlyArray<readonly [label: string, bom: readonly number[]]> = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
]

const fromBom = (sample: Uint8Array): Encoding | undefined => {
  const match = boms.find(([, bom]) => bom.every((byte, at) => sample[at] === byte))
  return match && found(match[0], true)
}

/**
 * Recognises UTF-16 without a byte order mark: letters, digits and separators have a zero byte, always on the same side.
 * Other files have no zero bytes, or few.
 */
const utf16 = (sample: Uint8Array): Encoding | undefined => {
  let even = 0
  let odd = 0
  for (let at = 0; at < sample.length; at++) {
    if (sample[at] !== 0) continue
    if (at % 2 === 0) even++
    else odd++
  }
  const many = sample.length / 8
  if (odd >= many && even < odd / 20) return found("utf-16le", false, true)
  if (even >= many && odd < even / 20) return found("utf-16be", false, true)
  return undefined
}

const fromOption = (label: string): Encoding | ReadError => {
  try {
    return found(new TextDecoder(label).encoding)
  } catch {
    return new ReadError({
      code: "OPTION_INVALID",
      message: `unknown encoding "${label}"`,
      hint: "Use a name such as utf-8, utf-16le, windows-1252, windows-1251, shift_jis, gb18030, euc-kr, big5 or macintosh.",
    })
  }
}

/** Reads a whole file to decide between UTF-8 and Windows-1252. */
const scan = Effect.fnUntraced(function* (bytes: Bytes) {
  const utf8 = new Utf8Scan()
  const pieces = bytes.parts === undefined ? Stream.make(bytes.sample) : bytes.all
  yield* Stream.runForEachWhile(pieces, (piece) =>
    Effect.sync(() => {
      utf8.push(piece)
      return !utf8.hasMultibyte || utf8.invalidAt === undefined
    }),
  )
  if (bytes.parts !== undefined || bytes.isComplete) utf8.end()
  if (utf8.invalidAt === undefined) return found("utf-8")
  if (!utf8.hasMultibyte) return found("windows-1252", false, true)
  // decoding stops at the same byte, and knows its line
  yield* bytes.all.pipe(Decode.decode("utf-8"), Stream.runDrain)
  return found("utf-8")
})

/**
 * Finds the encoding: a byte order mark, else the option, else UTF-16 by its zero bytes, else UTF-8; Windows-1252 if the file
 * is not UTF-8 and has no character that only UTF-8 explains. A file is read to its end for that, of a stream only the start.
 * Fails with `ENCODING_INVALID` if a file has both.
 */
export const find = (
  bytes: Bytes,
  option: string | undefined,
): Effect.Effect<Encoding, ReadError> => {
  const chosen = option === undefined ? undefined : fromOption(option)
  if (chosen instanceof ReadError) return Effect.fail(chosen)
  const known = fromBom(bytes.sample) ?? chosen ?? utf16(bytes.sample)
  return known === undefined ? scan(bytes) : Effect.succeed(known)
}
