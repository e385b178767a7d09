/**
 * Finds damage in a WAL. SQLite reads it up to the first frame whose checksum is wrong and ignores the rest, or all of it if its
 * header is wrong. Either is right after a power cut, which can tear the last commit, or the header while it is written again:
 * then the file has everything of the frames behind it. Else commits would be lost in silence.
 */
import * as Result from "effect/Result"
import { closeSync, openSync, readFileSync, readSync } from "node:fs"

import { fileFailureOf } from "./NodeSqlite.ts"

// https://sqlite.org/fileformat2.html#the_write_ahead_log
const headerSize = 32
const frameHeaderSize = 24
const littleEndianMagic = 0x377f0682
const bigEndianMagic = littleEndianMagic | 1
/** The default of SQLite, which a journal keeps. */
const pageSize = 4_096
const frameSize = frameHeaderSize + pageSize

interface Sums {
  readonly s0: number
  readonly s1: number
}

const isEqual = (a: Sums, b: Sums): boolean => a.s0 === b.s0 && a.s1 === b.s1

/** Reads the WAL of a file; the WAL that is not there is empty. Throws if it cannot be read. */
const readWal = (path: string): Buffer => {
  const read = Result.try(() => readFileSync(`${path}-wal`))
  if (Result.isSuccess(read)) return read.success
  if (fileFailureOf(read.failure)?.problem === "missing") return Buffer.alloc(0)
  throw read.failure
}

/**
 * Returns whether commits would be lost if SQLite opened the file. It must be asked before: SQLite deletes the WAL when it closes
 * the file. Nothing is locked then; what another process is writing is not the same when it is read again.
 */
export const hasDamage = (path: string): boolean => {
  const wal = readWal(path)
  return losesCommits(wal, path) && readWal(path).equals(wal)
}

const losesCommits = (wal: Buffer, path: string): boolean => {
  if (wal.length < headerSize + frameSize) return false
  const isLittle = wal.readUInt32BE(0) === littleEndianMagic
  const word = (at: number) => (isLittle ? wal.readUInt32LE(at) : wal.readUInt32BE(at))
  const sum = ({ s0, s1 }: Sums, from: number, to: number): Sums => {
    let [a, b] = [s0, s1]
    for (let at = from; at < to; at += 8) {
      a = (a + word(at) + b) >>> 0
      b = (b + word(at + 4) + a) >>> 0
    }
    return { s0: a, s1: b }
  }
  const stored = (at: number): Sums => ({ s0: wal.readUInt32BE(at), s1: wal.readUInt32BE(at + 4) })
  let sums = sum({ s0: 0, s1: 0 }, 0, 24)
  // a sector of zeros has the right sum, too
  const isHeaderValid = (wal.readUInt32BE(0) | 1) === bigEndianMagic && isEqual(sums, stored(24))
  // of a damaged header nothing is known: the first frame that was written stands for it
  let salt = isHeaderValid ? 16 : headerSize + 8
  while (salt + 8 <= wal.length && wal.readBigUInt64BE(salt) === 0n) salt += frameSize
  // a power cut leaves only zeros of a file that was never synced
  if (salt + 8 > wal.length) return wal.some((byte) => byte !== 0)
  let isValid = true
  let commitsAfter = 0
  /** The offsets of the pages that SQLite would ignore with the header: of the last commit, and of the one that has begun. */
  const ignored = new Map<number, number>()
  const begun = new Map<number, number>()
  for (let at = headerSize; at + frameSize <= wal.length; at += frameSize) {
    // older frames, of before the last checkpoint, have another salt
    const isOurs = wal.compare(wal, salt, salt + 8, at + 8, at + 16) === 0
    const isCommit = wal.readUInt32BE(at + 4) !== 0
    if (isValid) {
      sums = sum(sum(sums, at, at + 8), at + frameHeaderSize, at + frameSize)
      if (at === headerSize && !isHeaderValid) sums = stored(at + 16)
      isValid = isOurs && isEqual(sums, stored(at + 16))
    }
    if (!isValid && isOurs && isCommit) commitsAfter += 1
    if (!isValid || isHeaderValid) continue
    begun.set(wal.readUInt32BE(at), at + frameHeaderSize)
    if (isCommit) for (const [page, offset] of begun) ignored.set(page, offset)
  }
  if (isHeaderValid) return commitsAfter > 1
  return commitsAfter > 0 || (ignored.size > 0 && !hasPages(path, wal, ignored))
}

/** Returns whether a file has pages as they are at offsets of the WAL. */
const hasPages = (path: string, wal: Buffer, offsets: ReadonlyMap<number, number>): boolean => {
  const file = openSync(path, "r")
  try {
    const found = Buffer.alloc(pageSize)
    return [...offsets].every(([page, offset]) => {
      const length = readSync(file, found, 0, pageSize, (page - 1) * pageSize)
      return length === pageSize && wal.compare(found, 0, pageSize, offset, offset + pageSize) === 0
    })
  } finally {
    closeSync(file)
  }
}
