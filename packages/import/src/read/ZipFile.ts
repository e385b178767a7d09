/**
 * Reads single entries of a zip archive by its directory, with bounds: how many entries, how large they unpack, and how much larger
 * than they are packed.
 */
import * as Effect from "effect/Effect"
import * as Zip from "effect/encoding/Zip"
import * as Stream from "effect/Stream"

import { ReadError } from "./ReadError.ts"
import type { Parts } from "./Source.ts"
import { through } from "./Stage.ts"

const MAX_ENTRIES = 10_000
/** Bytes of one entry. */
const MAX_UNPACKED = 256 * 1024 * 1024
const MAX_RATIO = 200
/** Small entries may be packed as tightly as they like. */
const RATIO_FROM = 1024 * 1024

const END_LENGTH = 22
const LONGEST_COMMENT = 0xffff
const END = 0x06054b50
const ENTRY = 0x02014b50

/** An archive without entries, which ends the part of an archive that holds one entry. */
const emptyArchive = Uint8Array.of(0x50, 0x4b, 5, 6, ...Array.from({ length: 18 }, () => 0))

interface Entry {
  readonly name: string
  readonly packed: number
  readonly size: number
  readonly start: number
  readonly end: number
}

/** An archive whose entries can be read by name, in any order. */
export interface ZipFile {
  readonly names: readonly string[]
  /** Unpacks an entry; undefined if there is none of that name. */
  readonly read: (name: string) => Stream.Stream<Uint8Array, ReadError> | undefined
}

export const invalid = (why: string): ReadError =>
  new ReadError({
    code: "XLSX_INVALID",
    message: `the workbook is damaged or incomplete: ${why}`,
    hint: "Open it in Excel or LibreOffice and save it as xlsx again, or as CSV UTF-8.",
  })

const tooLarge = new ReadError({
  code: "XLSX_TOO_LARGE",
  message: `a part of the workbook unpacks to more than ${MAX_UNPACKED / 1024 / 1024} MB`,
  hint: "Save the sheet as CSV UTF-8, which has no such limit.",
})

const tooTight = new ReadError({
  code: "XLSX_RATIO",
  message: `a part of the workbook unpacks to more than ${MAX_RATIO} times its size, as in a zip bomb`,
  hint: "Save the sheet as CSV UTF-8 if you trust the file.",
})

const collect = (stream: Stream.Stream<Uint8Array, ReadError>): Effect.Effect<Buffer, ReadError> =>
  Effect.map(Stream.runCollect(stream), (pieces) => Buffer.concat(pieces))

/** Reads the entries that the directory lists, in the order of their place in the file. */
const entriesOf = (
  directory: Buffer,
  count: number,
  directoryAt: number,
): readonly Entry[] | ReadError => {
  const found: Omit<Entry, "end">[] = []
  let at = 0
  for (let index = 0; index < count; index++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== ENTRY)
      return invalid("its directory ends early")
    const nameLength = directory.readUInt16LE(at + 28)
    found.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameLength),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      start: directory.readUInt32LE(at + 42),
    })
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  found.sort((one, other) => one.start - other.start)
  const entries = found.map((entry, index) => ({
    ...entry,
    end: found[index + 1]?.start ?? directoryAt,
  }))
  return entries.every(({ start, end }) => start < end)
    ? entries
    : invalid("its directory names entries that are not there")
}

/** Checks the size to which an entry unpacks. */
const boundOf = (entry: Entry, size: number): ReadError | undefined => {
  if (size > MAX_UNPACKED) return tooLarge
  return size > RATIO_FROM && size > entry.packed * MAX_RATIO ? tooTight : undefined
}

/** Ends with an error once an entry grows beyond the bounds, whatever its header says. */
const bounded = (entry: Entry) =>
  through<Uint8Array, Uint8Array>(() => {
    let size = 0
    return {
      push: (piece, out) => {
        size += piece.length
        out.push(piece)
        return boundOf(entry, size)
      },
    }
  })

const unpack = (parts: Parts, entry: Entry): Stream.Stream<Uint8Array, ReadError> => {
  const excess = boundOf(entry, entry.size)
  if (excess !== undefined) return Stream.fail(excess)
  return Stream.concat(parts.between(entry.start, entry.end), Stream.make(emptyArchive)).pipe(
    Stream.pipeThroughChannel(Zip.decode()),
    Stream.take(1),
    Stream.flatMap(({ body }) => body),
    Stream.mapError((error) =>
      Zip.isZipError(error) ? invalid("an entry cannot be unpacked") : error,
    ),
    bounded(entry),
  )
}

/** Opens an archive by its directory. Fails with `XLSX_INVALID` or `XLSX_ENTRIES`. */
export const open = Effect.fnUntraced(function* (parts: Parts) {
  const tailAt = Math.max(0, parts.size - END_LENGTH - LONGEST_COMMENT)
  const tail = yield* collect(parts.between(tailAt, parts.size))
  const endAt = tail.lastIndexOf(Uint8Array.of(0x50, 0x4b, 5, 6))
  if (endAt === -1 || endAt + END_LENGTH > tail.length || tail.readUInt32LE(endAt) !== END)
    return yield* invalid("it has no directory")
  const count = tail.readUInt16LE(endAt + 10)
  const length = tail.readUInt32LE(endAt + 12)
  const start = tail.readUInt32LE(endAt + 16)
  if (count > MAX_ENTRIES)
    return yield* new ReadError({
      code: "XLSX_ENTRIES",
      message: `the workbook has ${count} parts; at most ${MAX_ENTRIES} are read`,
      hint: "Save the sheet as CSV UTF-8.",
    })
  if (start + length > tailAt + endAt)
    return yield* invalid("the position of its directory is wrong")
  const entries = entriesOf(yield* collect(parts.between(start, start + length)), count, start)
  if (entries instanceof ReadError) return yield* entries
  const byName = new Map(entries.map((entry) => [entry.name.toLowerCase(), entry]))
  return {
    names: entries.map(({ name }) => name),
    read: (name) => {
      const entry = byName.get(name.toLowerCase())
      return entry && unpack(parts, entry)
    },
  } satisfies ZipFile
})
