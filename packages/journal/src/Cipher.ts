/**
 * Contacts as bytes: in clear, or encrypted by AES-256-GCM when a key is given. Each value is bound to the `id` of its row,
 * so that no row can be put in the place of another. The bytes name the key, not the key itself.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"

const algorithm = "aes-256-gcm"
const clear = 0
const encrypted = 1
const keyLength = 32
const keyIdLength = 4
const nonceLength = 12
const tagLength = 16

/** Reports that a value cannot be decrypted. */
export class UnreadablePayload extends Error {
  override readonly name = "UnreadablePayload"
  /** The id of the key that is needed and not at hand; undefined if the value was changed or cut off. */
  readonly keyId: string | undefined

  constructor(
    message: string,
    options: { readonly keyId?: string; readonly cause?: unknown } = {},
  ) {
    const { cause, keyId } = options
    super(message, cause === undefined ? {} : { cause })
    this.keyId = keyId
  }
}

/** Returns the bytes of a key of 32 bytes, given as such or as base64; undefined for anything else. */
export const keyOf = (given: unknown): Uint8Array | undefined => {
  const bytes = typeof given === "string" ? Buffer.from(given, "base64") : given
  return bytes instanceof Uint8Array && bytes.length === keyLength ? bytes : undefined
}

const keyIdOf = (key: Uint8Array): string =>
  createHash("sha256")
    .update("aelyst key")
    .update(key)
    .digest("hex")
    .slice(0, keyIdLength * 2)

/** Turns values into bytes and back. */
export class Cipher {
  readonly #keys: ReadonlyMap<string, Uint8Array>

  /** The first key encrypts, all decrypt; without any, values are kept in clear. Each must have 32 bytes. */
  constructor(keys: ReadonlyArray<Uint8Array>) {
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]))
  }

  /** The ids of the keys, 8 hexadecimal digits each; they say nothing about the keys. */
  get keyIds(): ReadonlyArray<string> {
    return [...this.#keys.keys()]
  }

  /** Returns the bytes of a value, which must be JSON, for the row with this `id`. */
  seal(id: string, value: unknown): Buffer {
    const text = Buffer.from(JSON.stringify(value))
    const [first] = this.#keys
    if (first === undefined) return Buffer.concat([Buffer.of(clear), text])
    const [keyId, key] = first
    const nonce = randomBytes(nonceLength)
    const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(id))
    const body = Buffer.concat([cipher.update(text), cipher.final()])
    const head = [Buffer.of(encrypted), Buffer.from(keyId, "hex"), nonce, cipher.getAuthTag()]
    return Buffer.concat([...head, body])
  }

  /** Returns the value of the row with this `id`; throws `UnreadablePayload`. */
  open(id: string, bytes: Uint8Array): unknown {
    const all = Buffer.from(bytes)
    const kind = all[0]
    if (kind === clear) return parse(all.subarray(1))
    let at = 1
    const take = (length: number) => all.subarray(at, (at += length))
    const keyId = take(keyIdLength).toString("hex")
    if (kind !== encrypted || keyId.length !== keyIdLength * 2) throw changed()
    const key = this.#keys.get(keyId)
    if (key === undefined) {
      throw new UnreadablePayload(`it is encrypted with the key ${keyId}, which is not given`, {
        keyId,
      })
    }
    const nonce = take(nonceLength)
    const tag = take(tagLength)
    try {
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength })
        .setAAD(Buffer.from(id))
        .setAuthTag(tag)
      return parse(Buffer.concat([decipher.update(all.subarray(at)), decipher.final()]))
    } catch (cause) {
      throw changed(cause)
    }
  }
}

const changed = (cause?: unknown): UnreadablePayload =>
  new UnreadablePayload("it was changed or cut off", { cause })

const parse = (text: Buffer): unknown => {
  try {
    return JSON.parse(text.toString())
  } catch {
    // the syntax error would quote the contact
    throw new UnreadablePayload("it is not stored as JSON")
  }
}
