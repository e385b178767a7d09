/**
 * Finds damage in the middle of a WAL. SQLite reads a WAL up to the first frame whose checksum is wrong and ignores the rest, which
 * is right after a power cut: then only the last commit can be incomplete. If later commits follow, they would be lost in silence.
 */
import { readFileSync } from "node:fs"

// https://sqlite.org/fileformat2.html#the_write_ahead_log
const headerSize = 32
const frameHeaderSize = 24
const littleEndianMagic = 0x377f0682
/** The default of SQLite, which a journal keeps. */
const frameSize = frameHeaderSize + 4_096

interface Sums {
  readonly s0: number
  readonly s1: number
}

/** Returns whether commits follow after a damaged one. */
export const hasDamage = (path: string): boolean => {
  const wal = readFileSync(path)
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
  let sums = sum({ s0: 0, s1: 0 }, 0, 24)
  let isValid = sums.s0 === wal.readUInt32BE(24) && sums.s1 === wal.readUInt32BE(28)
  // of a damaged header nothing is known
  const salt = isValid ? 16 : headerSize + 8
  let commitsAfter = 0
  for (let at = headerSize; at + frameSize <= wal.length; at += frameSize) {
    // older frames, of before the last checkpoint, have another salt
    const isOurs = wal.compare(wal, salt, salt + 8, at + 8, at + 16) === 0
    if (isValid) {
      sums = sum(sum(sums, at, at + 8), at + frameHeaderSize, at + frameSize)
      const isRight = sums.s0 === wal.readUInt32BE(at + 16) && sums.s1 === wal.readUInt32BE(at + 20)
      isValid = isOurs && isRight
    }
    if (!isValid && isOurs && wal.readUInt32BE(at + 4) !== 0) commitsAfter += 1
  }
  return commitsAfter > 1
}
