/** Hashes and checksums: what stands for a contact in a journal, and what shows that a row was damaged. */
import type { KeyObject } from "node:crypto"
import { createHash, createHmac, createSecretKey } from "node:crypto"
import { crc32 } from "node:zlib"

import type { RowKey } from "./recordTypes.ts"

/** The bytes of a key's hash: two rows of a run never share one. */
const keyBytes = 16
/** The bytes of a content's hash, which is only compared between rows with the same key. */
const contentBytes = 8
/** How many hashes of keys are kept: each row needs its own for its look-up, its intent and its end. */
const keptKeys = 1_024

/** Hashes texts with the salt of a run, so that guesses can only be tested by a program that has the file of the run. */
export class RowHash {
  readonly #salt: KeyObject
  readonly #keys = new Map<string, Uint8Array>()

  constructor(salt: Uint8Array) {
    // made once: from bytes it would be made for each hash
    this.#salt = createSecretKey(salt)
  }

  key(key: string): Uint8Array {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const hash = this.#hash("key", key, keyBytes)
    if (this.#keys.size === keptKeys) this.#keys.clear()
    this.#keys.set(key, hash)
    return hash
  }

  content(content: string): Uint8Array {
    return this.#hash("content", content, contentBytes)
  }

  /** The hash of a key as hex, which Postgres takes for a UUID. */
  keyHex(key: string): string {
    return Buffer.from(this.key(key)).toString("hex")
  }

  /** The hash of a content as a number of 64 bits with a sign. */
  contentNumber(content: string): string {
    return String(Buffer.from(this.content(content)).readBigInt64BE())
  }

  /** The hashes of rows, as two columns for Postgres. */
  columns(rows: ReadonlyArray<RowKey>) {
    return [
      rows.map(({ key }) => this.keyHex(key)),
      rows.map(({ content }) => this.contentNumber(content)),
    ] as const
  }

  #hash(kind: string, text: string, bytes: number): Uint8Array {
    return createHmac("sha256", this.#salt).update(`${kind}\n${text}`).digest().subarray(0, bytes)
  }
}

/** Returns the checksum of a text. */
export const checksum = (text: unknown): number => crc32(String(text))

/** Returns the SHA-256 of a text as hex. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** Returns whether a stored value is these bytes. */
export const isEqual = (stored: unknown, bytes: Uint8Array): boolean =>
  stored instanceof Uint8Array && Buffer.compare(stored, bytes) === 0
