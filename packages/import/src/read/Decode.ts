/** Turns bytes into text and refuses bytes that are not text of the encoding. */
import { TextDecoder } from "node:util"

import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

import { LineCounter } from "./LineCounter.ts"
import { ReadError } from "./ReadError.ts"
import type { Bytes } from "./Source.ts"
import { type Stage, through } from "./Stage.ts"
import { Utf8Scan } from "./Utf8.ts"

/** Stands for bytes that cannot be decoded. */
const REPLACEMENT = "\uFFFD"
/** The end-of-file mark of DOS; some programs pad a file with it. */
// oxlint-disable-next-line no-control-regex -- it is a control character
const END_OF_FILE = /\u001A+$/
/** More of them are content. */
const LONGEST_PADDING = 1024

const notUtf8 = (line: number, byte: number): ReadError =>
  new ReadError({
    code: "ENCODING_INVALID",
    message: `line ${line} is not valid UTF-8: byte ${byte} of the file does not belong to a character`,
    hint: "Save the file as UTF-8, or pass its encoding, such as --encoding windows-1252, and check how the names read.",
    line,
    byte,
  })

const notDecodable = (label: string, line: number): ReadError =>
  new ReadError({
    code: "ENCODING_INVALID",
    message: `line ${line} is not valid ${label}, or a character in it was lost before`,
    hint: "Pass the encoding of the file with --encoding, or save the file as UTF-8.",
    line,
  })

const hasNul = (line: number): ReadError =>
  new ReadError({
    code: "NUL_CHARACTER",
    message: `line ${line} has a NUL character, which no text has`,
    hint: "The file is damaged or not a text file. Save it as UTF-8, or pass --encoding if it is UTF-16.",
    line,
  })

class Decoder implements Stage<Uint8Array, string> {
  readonly #decoder: TextDecoder
  readonly #utf8: Utf8Scan | undefined
  readonly #lines = new LineCounter()
  #offset = 0
  #isStarted = false
  #padding = ""

  constructor(label: string) {
    this.#decoder = new TextDecoder(label, { ignoreBOM: true })
    this.#utf8 = label === "utf-8" ? new Utf8Scan() : undefined
  }

  readonly push = (bytes: Uint8Array, out: string[]): ReadError | undefined => {
    this.#utf8?.push(bytes)
    const error = this.#invalid(bytes)
    if (error !== undefined) return error
    this.#offset += bytes.length
    return this.#accept(this.#decoder.decode(bytes, { stream: true }), out)
  }

  readonly end = (out: string[]): ReadError | undefined => {
    this.#utf8?.end()
    return this.#invalid(new Uint8Array(0)) ?? this.#accept(this.#decoder.decode(), out)
  }

  #invalid(bytes: Uint8Array): ReadError | undefined {
    const at = this.#utf8?.invalidAt
    if (at === undefined) return undefined
    this.#lines.push(this.#decoder.decode(bytes.subarray(0, Math.max(0, at - this.#offset))))
    return notUtf8(this.#lines.line, at)
  }

  #accept(decoded: string, out: string[]): ReadError | undefined {
    const lost = this.#utf8 === undefined ? decoded.indexOf(REPLACEMENT) : -1
    if (lost !== -1) return notDecodable(this.#decoder.encoding, this.#lineAt(decoded, lost))
    const nul = decoded.indexOf("\0")
    if (nul !== -1) return hasNul(this.#lineAt(decoded, nul))
    this.#lines.push(decoded)
    const text = this.#padding + this.#withoutBom(decoded)
    const padding = END_OF_FILE.exec(text)?.[0] ?? ""
    this.#padding = padding.length > LONGEST_PADDING ? "" : padding
    const rest = text.slice(0, text.length - this.#padding.length)
    if (rest !== "") out.push(rest)
    return undefined
  }

  #lineAt(text: string, index: number): number {
    this.#lines.push(text.slice(0, index))
    return this.#lines.line
  }

  /** Takes off byte order marks at the start; some programs write two. */
  #withoutBom(text: string): string {
    if (this.#isStarted) return text
    const rest = text.replace(/^\uFEFF+/, "")
    this.#isStarted = rest !== ""
    return rest
  }
}

/** Creates a decoder of an encoding of `TextDecoder`. */
const make = (label: string): Stage<Uint8Array, string> => new Decoder(label)

/** Decodes the first bytes of a source. Fails as `decode` does. */
export const startOf = (label: string, bytes: Bytes): Effect.Effect<string, ReadError> => {
  const decoder = make(label)
  const out: string[] = []
  const error =
    decoder.push(bytes.sample, out) ?? (bytes.isComplete ? decoder.end?.(out) : undefined)
  return error === undefined ? Effect.succeed(out.join("")) : Effect.fail(error)
}

/** Decodes a stream of bytes. Fails with `ENCODING_INVALID` or `NUL_CHARACTER`, with the line. */
export const decode = (
  label: string,
): (<R>(self: Stream.Stream<Uint8Array, ReadError, R>) => Stream.Stream<string, ReadError, R>) =>
  through(() => make(label))
