/**
 * Contacts as bytes: in clear, or encrypted by AES-256-GCM when a key is given. Each row is bound to its `id`, so that no
 * row can be put in the place of another.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"

const algorithm = "aes-256-gcm"
const clear = 0
const encrypted = 1
const keyIdLength = 4
const nonceLength = 12
const tagLength = 16

const keyIdOf = (key: Uint8Array): Buffer =>
  createHash("sha256").update("aelyst outbox key").update(key).digest().subarray(0, keyIdLength)

/** Reports that no key at hand decrypts a row, or that it was changed. */
export class UnreadablePayload extends Error {
  override readonly name = "UnreadablePayload"
}

/** Turns values into bytes and back. */
export class Cipher {
  readonly #keys: ReadonlyArray<{ readonly id: Buffer; readonly key: Uint8Array }>

  /** The first key encrypts, all decrypt; without any, values are kept in clear. */
  constructor(keys: ReadonlyArray<Uint8Array>) {
    this.#keys = keys.map((key) => ({ id: keyIdOf(key), key }))
  }

  /** Returns the bytes of a value for the row with this `id`. */
  seal(id: string, value: unknown): Buffer {
    const text = Buffer.from(JSON.stringify(value))
    const [first] = this.#keys
    if (first === undefined) return Buffer.concat([Buffer.of(clear), text])
    const nonce = randomBytes(nonceLength)
    const cipher = createCipheriv(algorithm, first.key, nonce).setAAD(Buffer.from(id))
    const body = Buffer.concat([cipher.update(text), cipher.final()])
    return Buffer.concat([Buffer.of(encrypted), first.id, nonce, cipher.getAuthTag(), body])
  }

  /** Returns the value of the row with this `id`; throws `UnreadablePayload`. */
  open(id: string, bytes: Uint8Array): unknown {
    const all = Buffer.from(bytes)
    const kind = all[0]
    const rest = all.subarray(1)
    if (kind === clear) return parse(rest)
    const keyId = rest.subarray(0, keyIdLength)
    const key = this.#keys.find((one) => one.id.equals(keyId))?.key
    if (kind !== encrypted || key === undefined) {
      throw new UnreadablePayload("no key of `encryptionKeys` decrypts this contact")
    }
    const nonce = rest.subarray(keyIdLength, keyIdLength + nonceLength)
    const tag = rest.subarray(keyIdLength + nonceLength, keyIdLength + nonceLength + tagLength)
    const body = rest.subarray(keyIdLength + nonceLength + tagLength)
    try {
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength })
        .setAAD(Buffer.from(id))
        .setAuthTag(tag)
      return parse(Buffer.concat([decipher.update(body), decipher.final()]))
    } catch (cause) {
      throw new UnreadablePayload("this contact was changed or cut off", { cause })
    }
  }
}

const parse = (text: Buffer): unknown => {
  try {
    return JSON.parse(text.toString())
  } catch {
    // the syntax error would quote the contact
    throw new UnreadablePayload("this contact is not stored as JSON")
  }
}
