/** The public types of this package. They name no type of Effect. */
import type {
  Allowance,
  AttemptRecord,
  ContactInput,
  Delivery,
  GatedAttempt,
  Identifier,
  IdentifierInput,
  RowOutcome,
  WireContact,
} from "@aelyst/core/types"

/** The part of a client that the outbox uses; an `Aelyst` of `@aelyst/node` has it. */
export interface OutboxClient {
  readonly contacts: {
    /** Checks a contact; its phone numbers are read as those of the client's `defaultCountry`. */
    readonly prepare: (identifier: IdentifierInput, contact: ContactInput) => Promise<ClientCheck>
    /** Checks a contact at once, whose phone numbers must be in E.164. */
    readonly validate: (identifier: IdentifierInput, contact: ContactInput) => ClientCheck
    readonly createMany: (
      rows: AsyncIterable<OutboxRow>,
      options: {
        readonly concurrency: number
        readonly delivery: Delivery
        readonly gate: { readonly before: (attempt: GatedAttempt) => Promise<Allowance | void> }
        readonly signal: AbortSignal
      },
    ) => ClientRun
  }
}

/** The result of a client's check of a contact. */
export type ClientCheck =
  | { readonly ok: true; readonly identifier: Identifier; readonly contact: WireContact }
  | { readonly ok: false; readonly error: Error }

/** A row of the run that sends the contacts of an outbox. */
export interface OutboxRow {
  readonly identifier: Identifier
  readonly contact: ContactInput
  readonly doubt: boolean
  /** The `id` of the contact in the outbox. */
  readonly id: string
}

/** The part of a run that the outbox uses. */
export interface ClientRun extends AsyncIterable<ClientRowResult> {
  readonly stop: () => void
  readonly summary: () => Promise<{ readonly stopped: string | undefined }>
}

/** The part of a client's error that the outbox uses. */
export interface ClientError extends Error {
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly retryAfterMs?: number | undefined
}

/** The part of a row's result that the outbox uses. */
export interface ClientRowResult {
  readonly row: OutboxRow
  readonly outcome: RowOutcome
  readonly value?: { readonly attempts: ReadonlyArray<AttemptRecord> } | undefined
  readonly error?: ClientError | undefined
}

/** A contact as it is handed to the outbox. */
export interface Submission {
  readonly identifier: IdentifierInput
  readonly contact: ContactInput
}

/** The options of `accept`. */
export interface AcceptOptions {
  /**
   * Names the submission, 1 to 255 characters: a second one with the same key and the same contact gets the `id` of the
   * first and creates nothing.
   */
  readonly idempotencyKey?: string | undefined
}

/** The promise of the outbox: the contact is stored durably. */
export interface Accepted {
  readonly id: string
  /** Whether an earlier submission with this idempotency key was accepted, whose `id` this is. */
  readonly repeated: boolean
}

/** A statement that stores a contact, for the app's own transaction. */
export interface AcceptStatement {
  /** The `id` of the contact once the transaction has been committed. */
  readonly id: string
  /** SQL with the placeholders `$1`, `$2` and so on, each once and in order. */
  readonly text: string
  /** Texts, null and bytes. */
  readonly values: Array<unknown>
}

/**
 * The state of a contact: `pending` until it has ended. `parked` means that it may or may not exist and is only sent again
 * by `replay`.
 */
export type OutboxState =
  | "pending"
  | "created"
  | "existed"
  | "exists_after_doubt"
  | "rejected"
  | "parked"

/** The record of a contact, without personal data. */
export interface OutboxEntry {
  readonly id: string
  readonly state: OutboxState
  /** In epoch milliseconds. */
  readonly acceptedAt: number
  /** In epoch milliseconds; absent while it is pending. */
  readonly endedAt?: number | undefined
  /** The requests that were sent or about to be sent. */
  readonly attempts: number
  /** Whether the response to one of its requests was lost. */
  readonly doubt: boolean
  /** The status of the response that ended it, if there was one. */
  readonly status?: number | undefined
  /** The name of the error that ended it, or of the newest one. */
  readonly error?: string | undefined
}

/** The end of a contact, as `onEnd` receives it. */
export interface OutboxEnd extends OutboxEntry {
  /** The submission: personal data, which the outbox itself no longer has unless the contact is parked. */
  readonly submission: Submission
}

/** Counts of the contacts in the outbox. Ended ones are counted for as long as they are kept. */
export interface OutboxStats {
  readonly pending: number
  /** Those of `pending` that a process has claimed. */
  readonly claimed: number
  readonly created: number
  readonly existed: number
  readonly existsAfterDoubt: number
  readonly rejected: number
  readonly parked: number
  /** When the oldest pending contact was accepted, in epoch milliseconds. */
  readonly oldestPendingAt?: number | undefined
}

/** A line for the operator's log. */
export interface OutboxLogEntry {
  readonly level: "warn" | "error"
  /** Stable, `ERR_AELYST_OUTBOX_…`. */
  readonly code: string
  readonly message: string
}

/** The options of `outbox`. Durations are in milliseconds. */
export interface OutboxOptions {
  /** The client that creates the contacts, such as `new Aelyst()`. Without one nothing is accepted or sent. */
  readonly client?: OutboxClient | undefined
  /** The SQLite file; several processes of one machine may share it. It must be on a local disk. */
  readonly file?: string | undefined
  /** Whether a file that does not exist is created. Default true; false is for programs that only look after one. */
  readonly create?: boolean | undefined
  /** Instead of `file`: rows in Postgres, for several machines; `postgres` of `@aelyst/outbox/postgres` makes one. */
  readonly store?: OutboxStore | undefined
  /** Which requests may be sent again. Default `natural-key`: also those whose response was lost. */
  readonly delivery?: Delivery | undefined
  /** Contacts that are sent at a time by this process, 1 to 1,000. Default 16. */
  readonly concurrency?: number | undefined
  /** Pending contacts beyond which `accept` rejects, 1 to 10,000,000. Default 100,000. */
  readonly maxPending?: number | undefined
  /** How often a contact in doubt is tried before it is parked, 1 to 100. Default 8. */
  readonly maxRounds?: number | undefined
  /** How long a contact stays with a process that died or was paused, 1,000 to 60,000. Default 5,000. */
  readonly leaseMs?: number | undefined
  /** How long the outcome of a contact and its idempotency key are kept, 0 to 365 days. Default 7 days. */
  readonly retentionMs?: number | undefined
  /**
   * Encrypts contacts at rest (AES-256-GCM): keys of 32 bytes, as base64 or bytes, or a function that returns them. The
   * first encrypts, all decrypt. Default: `AELYST_OUTBOX_KEY`, keys separated by commas; without it, no encryption.
   */
  readonly encryptionKeys?: EncryptionKeys | (() => EncryptionKeys) | undefined
  /**
   * Called when a contact has ended or is parked, once at most: not if the process dies at that moment, and not for a
   * contact that cannot be read, which is logged. `close` waits for it. A failure changes nothing.
   */
  readonly onEnd?: ((end: OutboxEnd) => unknown) | undefined
  /** Receives problems of the outbox itself. Default: a process warning, which Node prints to stderr. */
  readonly log?: ((line: OutboxLogEntry) => void) | undefined
}

/** Keys of 32 bytes, as base64 or bytes. */
export type EncryptionKeys = ReadonlyArray<string | Uint8Array>

/** An outbox; see `outbox`. */
export interface Outbox extends AsyncDisposable {
  /**
   * Stores a contact durably and returns its `id`; it is created later. Phone numbers are read as those of the client's
   * `defaultCountry`.
   *
   * Rejects with `InvalidContactError` if it breaks a rule, and with `OutboxError`, whose `code` is
   * `ERR_AELYST_OUTBOX_FULL`, `_CONFLICT` (the idempotency key belongs to another contact), `_CLOSED` or `_STORE`: the contact
   * is not stored. With `_UNKNOWN` the store did not confirm it: repeat with the same idempotency key.
   */
  accept(submission: Submission, options?: AcceptOptions): Promise<Accepted>
  /**
   * Returns a statement that stores a contact, to be run within one of the app's transactions: the contact is created only
   * if that is committed. Any driver will do. Throws as `accept` rejects; only an outbox on Postgres has statements.
   *
   * A submission whose idempotency key was used before stores nothing.
   */
  statement(submission: Submission, options?: AcceptOptions): AcceptStatement
  /** Returns the record of a contact; undefined if there is none with this `id`, or it is no longer kept. */
  get(id: string): Promise<OutboxEntry | undefined>
  /**
   * Returns a contact that is pending or parked: personal data, decrypted if need be. Undefined if there is none with this
   * `id`, or it has ended and is erased. Rejects with `OutboxError`, whose `code` is `ERR_AELYST_OUTBOX_KEY` if no key
   * of `encryptionKeys` decrypts it, and `_UNREADABLE` if it was changed.
   */
  reveal(id: string): Promise<Submission | undefined>
  /** Lists contacts, the newest first. */
  list(options?: {
    readonly state?: OutboxState | undefined
    /** Default 100. */
    readonly limit?: number | undefined
  }): Promise<ReadonlyArray<OutboxEntry>>
  /** Counts the contacts by state. */
  stats(): Promise<OutboxStats>
  /**
   * Waits until no contact is pending. Rejects with the signal's reason when it is aborted, and with `OutboxError` and
   * `code: "ERR_AELYST_OUTBOX_KEY"` if contacts are left that no key of `encryptionKeys` decrypts.
   */
  drain(options?: { readonly signal?: AbortSignal | undefined }): Promise<OutboxStats>
  /** Sends a parked contact again. Returns false if no contact with this `id` is parked. */
  replay(id: string): Promise<boolean>
  /**
   * Erases a parked contact for good: it ends as `rejected`, with the error `Discarded`. Returns false if no contact
   * with this `id` is parked.
   */
  discard(id: string): Promise<boolean>
  /**
   * Checks the file and every entry, and that `encryptionKeys` has the keys of all contacts; returns what is wrong, nothing
   * if all is well.
   */
  verify(): Promise<ReadonlyArray<string>>
  /**
   * Stops: nothing is accepted any more, requests in flight end, and what is pending stays for the next start. After
   * `timeoutMs` (default 10,000) it cuts requests off. Close it before its client, which waits for its requests.
   */
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
}

/** A store of rows other than a file. Its operations are private to this package. */
export interface OutboxStore {
  readonly close: () => Promise<void>
}
