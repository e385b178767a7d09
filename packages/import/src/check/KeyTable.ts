/**
 * Remembers which row had a key, for millions of keys: about 24 bytes for each instead of its text. Keys are compared by a
 * hash of 64 bits with a random seed, so among a million different keys the chance that two are taken for one is 3 in
 * 100 million.
 */
import type { SourceRow } from "../types.ts"

/** The position of a row. */
export type RowPosition = Pick<SourceRow, "number" | "line">

// two words of the hash, the number and the line; a row's number is never 0, so 0 is an empty slot
const words = 4
// many small parts grow one after the other, so the table never exists twice, and the memory of one is used by the next
const partCount = 256
const firstSlots = 8

/** Mixes one UTF-16 code unit into 32 bits, as MurmurHash3 mixes a block. */
const mix = (state: number, unit: number): number => {
  const block = Math.imul(unit, 0xcc9e2d51)
  const next = state ^ Math.imul((block << 15) | (block >>> 17), 0x1b873593)
  return Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64
}

const avalanche = (state: number, length: number): number => {
  const a = state ^ length
  const b = Math.imul(a ^ (a >>> 16), 0x85ebca6b)
  const c = Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  return (c ^ (c >>> 16)) >>> 0
}

/** One part of a table: open addressing over a flat array. */
class Part {
  #slots = new Uint32Array(firstSlots * words)
  #size = 0

  get(high: number, low: number): RowPosition | undefined {
    return this.#at(this.#find(high, low))
  }

  set(high: number, low: number, row: RowPosition): void {
    this.#put(this.#find(high, low), high, low, row)
  }

  getOrSet(high: number, low: number, row: RowPosition): RowPosition | undefined {
    const at = this.#find(high, low)
    const known = this.#at(at)
    if (known === undefined) this.#put(at, high, low, row)
    return known
  }

  #at(at: number): RowPosition | undefined {
    const number = this.#slots[at + 2] ?? 0
    return number === 0 ? undefined : { number, line: this.#slots[at + 3] ?? 0 }
  }

  #put(at: number, high: number, low: number, { number, line }: RowPosition): void {
    if (this.#slots[at + 2] === 0) this.#size += 1
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#slots[at + 2] = number
    this.#slots[at + 3] = line
    if (this.#size * words > this.#slots.length * 0.8) this.#grow()
  }

  /** Returns the slot of a key, or the empty one that it would get. */
  #find(high: number, low: number): number {
    const slots = this.#slots
    // the hash as a part of its range; a remainder of numbers beyond 31 bits is slow
    let at = Math.floor((low / 2 ** 32) * (slots.length / words)) * words
    while (slots[at + 2] !== 0 && (slots[at] !== high || slots[at + 1] !== low)) {
      at = at + words === slots.length ? 0 : at + words
    }
    return at
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(Math.ceil((old.length / words) * 1.4) * words)
    for (let at = 0; at < old.length; at += words) {
      if (old[at + 2] === 0) continue
      const to = this.#find(old[at] ?? 0, old[at + 1] ?? 0)
      for (let word = 0; word < words; word++) this.#slots[to + word] = old[at + word] ?? 0
    }
  }
}

/** Maps keys to rows. */
export class KeyTable {
  readonly #highSeed: number
  readonly #lowSeed: number
  readonly #parts = Array.from({ length: partCount }, () => new Part())
  // the hash of the key at hand
  #high = 0
  #low = 0

  constructor() {
    // a file cannot be written for a seed that its author never sees, so that any seed will do
    this.#highSeed = Math.floor(Math.random() * 2 ** 32)
    this.#lowSeed = Math.floor(Math.random() * 2 ** 32)
  }

  /** Returns the row of a key, if it has one. */
  get(key: string): RowPosition | undefined {
    return this.#partOf(key)?.get(this.#high, this.#low)
  }

  /** Sets the row of a key. */
  set(key: string, row: RowPosition): void {
    this.#partOf(key)?.set(this.#high, this.#low, row)
  }

  /** Returns the row of a key; if it has none, sets it and returns undefined. */
  getOrSet(key: string, row: RowPosition): RowPosition | undefined {
    return this.#partOf(key)?.getOrSet(this.#high, this.#low, row)
  }

  /** Hashes a key, and returns the part that it belongs to. */
  #partOf(key: string): Part | undefined {
    let high = this.#highSeed
    let low = this.#lowSeed
    for (let at = 0; at < key.length; at++) {
      const unit = key.charCodeAt(at)
      high = mix(high, unit)
      low = mix(low, unit)
    }
    this.#high = avalanche(high, key.length)
    this.#low = avalanche(low, key.length)
    return this.#parts[this.#high % partCount]
  }
}
