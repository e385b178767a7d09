/** The errors of the outbox itself; those of a contact are the client's. */
import { UnreadablePayload } from "@aelyst/journal/storage"

const sentences = {
  FULL: "The outbox is full. Retry later.",
  CONFLICT: "This idempotency key was used for another contact. Use a new key for each submission.",
  CLOSED: "The outbox is closed. Nothing was stored.",
  STORE: "The outbox could not be read or written. Nothing was stored.",
  UNKNOWN:
    "It is not known whether this was stored. Repeat it with the same idempotency key: it is then stored once.",
  KEY: "The outbox holds contacts that no key of `encryptionKeys` decrypts. They stay, and the others are sent.",
  NO_CLIENT:
    "This outbox has no client. Give `outbox` the option `client` to accept or send contacts.",
  UNREADABLE: "The contact cannot be read.",
  NO_STATEMENT: "Only an outbox on Postgres has statements. Use `accept`.",
} as const

/** Names a problem of the outbox. */
export type OutboxErrorCode = `ERR_AELYST_OUTBOX_${keyof typeof sentences}`

/**
 * Reports why the outbox did not do what it was asked. What was to be stored is not stored, unless the code is
 * `ERR_AELYST_OUTBOX_UNKNOWN`.
 */
export class OutboxError extends Error {
  override readonly name = "OutboxError"
  readonly code: OutboxErrorCode
  /** When to try again, in milliseconds, if that is known. */
  readonly retryAfterMs: number | undefined
  /** The part of the message that says why, if that is known. */
  readonly detail: string | undefined

  constructor(
    kind: keyof typeof sentences,
    options: {
      readonly cause?: unknown
      readonly retryAfterMs?: number
      readonly detail?: string
    } = {},
  ) {
    const { cause, detail, retryAfterMs } = options
    const sentence = sentences[kind]
    super(
      detail === undefined ? sentence : `${sentence} ${detail}`,
      cause === undefined ? {} : { cause },
    )
    this.code = `ERR_AELYST_OUTBOX_${kind}`
    this.retryAfterMs = retryAfterMs
    this.detail = detail
  }
}

/** Converts an error of the cipher: a key is missing, or the contact was changed. */
export const unreadable = (cause: unknown): OutboxError => {
  const { keyId, message } =
    cause instanceof UnreadablePayload ? cause : new UnreadablePayload("unknown")
  return keyId === undefined
    ? new OutboxError("UNREADABLE", { cause, detail: `Reason: ${message}.` })
    : new OutboxError("KEY", { cause, detail: `They need the key ${keyId}.` })
}
