/**
 * Remembers which row had a key, for millions of keys: 16 bytes for each slot instead of the text. Keys are compared by
 * 64 bits of a salted SHA-256, so among a million different keys the chance that two are taken for one is 3 in 100
 * million.
 */
import { hash, randomBytes } from "node:crypto"

import type { SourceRow } from "../types.ts"

/** The position of a row. */
export type RowPosition = Pick<SourceRow, "number" | "line">

// two words of the hash, the number and the line; a row's number is never 0, so 0 is an empty slot
const words = 4
const first = 1024

/** Maps keys to rows. */
export class KeyTable {
  readonly #salt = randomBytes(16).toString("base64")
  #slots = new Uint32Array(first * words)
  #size = 0
  #high = 0
  #low = 0

  /** Returns the position of the row that has a key. */
  get(key: string): RowPosition | undefined {
    this.#digest(key)
    const at = this.#find(this.#high, this.#low)
    const number = this.#slots[at + 2] ?? 0
    return number === 0 ? undefined : { number, line: this.#slots[at + 3] ?? 0 }
  }

  /** Sets the row of a key. */
  set(key: string, { number, line }: RowPosition): void {
    this.#digest(key)
    if (this.#put(this.#high, this.#low, number, line)) this.#size += 1
    if (this.#size * words > this.#slots.length * 0.75) this.#grow()
  }

  #digest(key: string): void {
    const bytes = hash("sha256", this.#salt + key, "buffer")
    this.#high = bytes.readUInt32LE(0)
    this.#low = bytes.readUInt32LE(4)
  }

  /** Returns the slot of a key, or the empty one that it would get. */
  #find(high: number, low: number): number {
    const mask = this.#slots.length - 1
    let at = (low * words) & mask
    while (this.#slots[at + 2] !== 0 && (this.#slots[at] !== high || this.#slots[at + 1] !== low)) {
      at = (at + words) & mask
    }
    return at
  }

  /** Returns whether the key is new. */
  #put(high: number, low: number, number: number, line: number): boolean {
    const at = this.#find(high, low)
    const isNew = this.#slots[at + 2] === 0
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#slots[at + 2] = number
    this.#slots[at + 3] = line
    return isNew
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += words) {
      const number = old[at + 2] ?? 0
      if (number !== 0) this.#put(old[at] ?? 0, old[at + 1] ?? 0, number, old[at + 3] ?? 0)
    }
  }
}
