/**
 * The interface to the rows of an outbox, the only record of accepted contacts. Each operation is one statement, durable when
 * its promise resolves. A claim has an epoch: a process that lost a claim to another can no longer write to the row. A
 * store uses its clock, so those of several machines may differ. Times are in milliseconds.
 */
import type { OutboxEntry, OutboxState, OutboxStats } from "./types.ts"

/** A state in which a contact has ended, or is parked. */
export type EndState = Exclude<OutboxState, "pending">

/** A contact that is accepted. A store keeps `key`, `idempotencyKey` and `submission` as salted hashes only. */
export interface NewRow {
  readonly id: string
  /** The identifier's key: rows with one key are sent one after the other. */
  readonly key: string
  readonly idempotencyKey: string | undefined
  /** Identifier and contact, to tell two submissions apart. */
  readonly submission: string
  readonly payload: Uint8Array
}

/** The row that has an idempotency key already. */
export interface Earlier {
  readonly id: string
  /** Whether it is of the same submission. */
  readonly isSame: boolean
}

/** A row that belongs to this process until its lease ends. */
export interface Claim {
  readonly id: string
  /** The number of this claim of the row. */
  readonly epoch: number
  /** Whether an earlier request may have created the contact. */
  readonly doubt: boolean
  /** Whether a person asked to send the row again, and no request was noted since. */
  readonly replay: boolean
  /** How often the row ended in doubt before. */
  readonly rounds: number
  readonly payload: Uint8Array
}

/** The response or error that ended a claim. */
export interface Ending {
  readonly status?: number | undefined
  readonly error?: string | undefined
}

/** The state of a released row, for its next claim. */
export interface Released extends Ending {
  /** The time until the next claim. */
  readonly delayMs: number
  readonly doubt: boolean
  readonly rounds: number
}

/** How a row ended. */
export interface Ended extends Ending {
  /** Whether the response to a request of this claim was lost, even if a later request settled it. */
  readonly lost: boolean
}

/** A store of outbox rows. */
export interface Store {
  /**
   * Adds a row; returns the one that has its idempotency key, if there is one. Rejects with the code
   * `ERR_AELYST_OUTBOX_UNKNOWN` if the row may have been added.
   */
  add(row: NewRow): Promise<Earlier | undefined>
  /** Returns the statement that adds a row within a transaction of the app; undefined if the store has none. */
  statement?(row: NewRow): Statement
  /**
   * Claims due rows and those whose lease has ended, the oldest first, one per key; except rows encrypted with one of
   * the keys whose ids are `without`.
   */
  claim(
    owner: string,
    limit: number,
    leaseMs: number,
    without?: ReadonlyArray<string>,
  ): Promise<ReadonlyArray<Claim>>
  /** Extends the leases of an owner. */
  refresh(owner: string, leaseMs: number): Promise<void>
  /** Notes that a request is about to be sent; false if the claim is lost. */
  intend(claim: Claim): Promise<boolean>
  /** Releases a claim; false if it is lost. */
  release(claim: Claim, how: Released): Promise<boolean>
  /** Ends or parks a row; false if the claim is lost. Its payload is erased unless it is parked. */
  end(claim: Claim, state: EndState, how: Ended): Promise<boolean>
  /** Releases the claims of an owner for which no request was noted. */
  releaseAll(owner: string): Promise<void>
  get(id: string): Promise<OutboxEntry | undefined>
  /** Returns the payload of a row that has not ended, or is parked; undefined if it is erased. */
  payload(id: string): Promise<Uint8Array | undefined>
  /** Lists rows, the newest first. */
  list(state: OutboxState | undefined, limit: number): Promise<ReadonlyArray<OutboxEntry>>
  stats(): Promise<OutboxStats>
  /** Counts the rows that have not ended, up to `most`. */
  pending(most: number): Promise<number>
  /** Returns whether a row has not ended that could be sent without these keys: it needs none of them, nor does an older one of its key. */
  hasReadable(without: ReadonlyArray<string>): Promise<boolean>
  /** Counts the encrypted payloads by the id of their key. */
  keysInUse(): Promise<ReadonlyMap<string, number>>
  /** Marks a parked row as due; false if there is none. */
  replay(id: string): Promise<boolean>
  /** Ends a parked row as rejected and erases its payload; false if there is none. */
  discard(id: string): Promise<boolean>
  /** Deletes rows that ended so long ago; parked ones stay. */
  prune(retentionMs: number): Promise<void>
  /** Erases what ended rows leave in the store's own files, as far as it can. */
  erase(): Promise<void>
  /** Returns what is wrong with the store. */
  verify(): Promise<ReadonlyArray<string>>
  close(): Promise<void>
}

/** A statement for the app's own driver. */
export interface Statement {
  readonly text: string
  readonly values: Array<unknown>
}
