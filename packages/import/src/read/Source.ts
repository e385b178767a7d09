/** Opens a source of bytes: a file or bytes, which are read as often as needed, or a stream, which is read once. */
import * as fs from "node:fs"
import * as fsp from "node:fs/promises"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"

import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import { ReadError } from "./ReadError.ts"

/** A path, the URL of a file, bytes, or a stream of bytes. */
export type Source = string | URL | Uint8Array | Stream.Stream<Uint8Array, unknown>

/** The bytes of a source. */
export interface Bytes {
  /** The name of the file without its folder, or "". */
  readonly name: string
  /** The first bytes. */
  readonly sample: Uint8Array
  /** Whether `sample` is all there is. */
  readonly isComplete: boolean
  /** All bytes in pieces of 8 KiB or less. */
  readonly all: Stream.Stream<Uint8Array, ReadError>
  /** Parts by offset; only of sources that can be read again. */
  readonly parts?: Parts | undefined
}

export interface Parts {
  readonly size: number
  readonly between: (start: number, end: number) => Stream.Stream<Uint8Array, ReadError>
}

/** The size of the start that is looked at. */
const SAMPLE = 64 * 1024
/** The size of a piece. Its rows live until all of them are done, and the fewer they are, the less their collection costs. */
const PIECE = 8 * 1024

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "unknown"

const unreadable = (name: string) => (cause: unknown) => {
  const code = codeOf(cause)
  return new ReadError({
    code: "FILE_UNREADABLE",
    message: `cannot read ${name === "" ? "the source" : `"${name}"`} (${code})`,
    hint:
      code === "ENOENT"
        ? "Check the path of the file."
        : code === "EISDIR"
          ? "Give the path of a file, not of a folder."
          : "Check that the file is readable and not open in another program, then try again.",
  })
}

/** Cuts bytes into pieces. */
const inPieces = (bytes: Uint8Array): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(
    {
      *[Symbol.iterator]() {
        for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
      },
    },
    { chunkSize: 1 },
  )

const ofBytes = (bytes: Uint8Array, name: string): Bytes => ({
  name,
  sample: bytes.subarray(0, SAMPLE),
  isComplete: bytes.length <= SAMPLE,
  all: inPieces(bytes),
  parts: {
    size: bytes.length,
    between: (start, end) => inPieces(bytes.subarray(start, end)),
  },
})

/** Opens a file when its first bytes are asked for: one that is opened before may fail unnoticed, which ends the process. */
async function* piecesOf(
  path: string,
  range: { readonly start?: number; readonly end?: number } = {},
): AsyncGenerator<Uint8Array> {
  yield* fs.createReadStream(path, { highWaterMark: PIECE, ...range })
}

const ofFile = (path: string, name: string, size: number): Effect.Effect<Bytes, ReadError> => {
  const stream = (range: { readonly start?: number; readonly end?: number }) =>
    Stream.suspend(() => Stream.fromAsyncIterable(piecesOf(path, range), unreadable(name)))
  const between = (start: number, end: number) =>
    // the end of a stream of Node.js is the last byte
    start < end ? stream({ start, end: end - 1 }) : Stream.empty
  return between(0, Math.min(SAMPLE, size)).pipe(
    Stream.runCollect,
    Effect.map((pieces) => Buffer.concat(pieces)),
    Effect.map((sample) => ({
      name,
      sample,
      isComplete: size <= sample.length,
      all: stream({}),
      parts: { size, between },
    })),
  )
}

const used = new ReadError({
  code: "SOURCE_USED",
  message: "a stream can be read only once",
  hint: "Pass a path or bytes to read the rows several times.",
})

/** Reads the start of a stream. A live one is not waited for longer than until its first line. */
const ofStream = Effect.fnUntraced(function* (
  stream: Stream.Stream<Uint8Array, unknown>,
  name: string,
  isLive: boolean,
) {
  const pull = yield* Stream.toPull(
    stream.pipe(Stream.mapError(unreadable(name)), Stream.flatMap(inPieces)),
  )
  let sample = Buffer.alloc(0)
  let isComplete = false
  const isEnough = () =>
    sample.length >= SAMPLE || (isLive && /[\r\n]/.test(sample.toString("latin1")))
  while (!isComplete && !isEnough()) {
    const pieces = yield* Pull.catchDone(pull, () => Effect.succeed([]))
    isComplete = pieces.length === 0
    sample = Buffer.concat([sample, ...pieces])
  }
  let isUsed = false
  const all = Stream.suspend(() => {
    if (isUsed) return Stream.fail(used)
    isUsed = true
    return Stream.concat(
      inPieces(sample),
      isComplete ? Stream.empty : Stream.fromPull(Effect.succeed(pull)),
    )
  })
  return { name, sample, isComplete, all } satisfies Bytes
})

/** Opens a source and reads its start. Fails with `FILE_UNREADABLE`. */
export const open = (
  source: Source,
  options: { readonly fileName?: string | undefined; readonly isLive?: boolean | undefined },
): Effect.Effect<Bytes, ReadError, Scope.Scope> => {
  if (source instanceof Uint8Array) return Effect.succeed(ofBytes(source, options.fileName ?? ""))
  if (Stream.isStream(source))
    return ofStream(source, options.fileName ?? "", options.isLive === true)
  const path = typeof source === "string" ? source : fileURLToPath(source)
  const name = options.fileName ?? basename(path)
  return Effect.tryPromise({ try: () => fsp.stat(path), catch: unreadable(name) }).pipe(
    Effect.flatMap((stat) =>
      stat.isFile() || stat.isDirectory()
        ? ofFile(path, name, stat.size)
        : // a pipe or a terminal is read once
          ofStream(
            Stream.fromAsyncIterable(piecesOf(path), (cause) => cause),
            name,
            options.isLive === true,
          ),
    ),
  )
}
