/**
 * Where the rows of an outbox are kept: the truth about every accepted contact. Each operation is one statement, durable
 * when its promise resolves. A claim has an epoch: whoever lost a claim to another process can no longer write to the row.
 */
import type { OutboxEntry, OutboxState, OutboxStats } from "./types.ts"

/** A state in which a contact has ended, or is parked. */
export type EndState = Exclude<OutboxState, "pending">

/** A contact that is accepted. Hashes are keyed, so that they tell nothing without the store's salt. */
export interface NewRow {
  readonly id: string
  /** The hash of the identifier's key: rows with one key are sent one after the other. */
  readonly key: Uint8Array
  /** The hash of the idempotency key; null without one. */
  readonly idempotency: Uint8Array | null
  /** The hash of identifier and contact. */
  readonly fingerprint: Uint8Array
  readonly payload: Uint8Array
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

/** What is noted with the end of a row. */
export interface Ending {
  /** Whether a request of this claim was lost, even if a later one settled it. */
  readonly lost?: boolean | undefined
  readonly status?: number | undefined
  readonly error?: string | undefined
}

/** What a claim leaves behind for the next one. */
export interface Released extends Ending {
  /** The earliest time of the next claim, in epoch milliseconds. */
  readonly dueAt: number
  readonly doubt: boolean
  readonly rounds: number
}

/** A store of outbox rows. Times are in epoch milliseconds. */
export interface Store {
  /** Returns the salt of the hashes; it is made once and stays. */
  salt(): Promise<Uint8Array>
  /** Adds a row; returns the row that has its idempotency key, if there is one. */
  add(
    row: NewRow,
    now: number,
  ): Promise<{ readonly id: string; readonly fingerprint: Uint8Array } | undefined>
  /** Claims due rows and those whose lease has ended, the oldest first, one per key. */
  claim(owner: string, limit: number, now: number, leaseMs: number): Promise<ReadonlyArray<Claim>>
  /** Extends the leases of an owner. */
  refresh(owner: string, until: number): Promise<void>
  /** Notes that a request is about to be sent; false if the claim is lost. */
  intend(claim: Claim, now: number): Promise<boolean>
  /** Gives a claim back; false if it is lost. */
  release(claim: Claim, how: Released): Promise<boolean>
  /** Ends or parks a row; false if the claim is lost. Its payload is erased unless it is parked. */
  end(claim: Claim, state: EndState, how: Ending, now: number): Promise<boolean>
  /** Gives back the claims of an owner for which no request was noted. */
  releaseAll(owner: string, now: number): Promise<void>
  get(id: string): Promise<OutboxEntry | undefined>
  list(state: OutboxState | undefined, limit: number): Promise<ReadonlyArray<OutboxEntry>>
  stats(): Promise<OutboxStats>
  /** Counts the rows that have not ended. */
  pending(): Promise<number>
  /** Makes a parked row due; false if there is none. */
  replay(id: string, now: number): Promise<boolean>
  /** Deletes rows that ended before that time; parked ones stay. */
  prune(before: number): Promise<void>
  /** Erases what ended rows leave in the store's own files, as far as it can. */
  erase(): Promise<void>
  verify(): Promise<ReadonlyArray<string>>
  close(): Promise<void>
}
