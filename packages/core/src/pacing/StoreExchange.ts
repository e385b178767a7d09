/** The one thing that a store outside of the process must be able to do: compare and set. */
import type { StoredText } from "./SharedRecord.ts"

/** A record to write, unless the store's clock is past `notAfter`: the process has stopped waiting for it then. */
export interface StoreWrite extends StoredText {
  readonly notAfter: number
}

/** The reply of a store. */
export interface StoreReply extends StoredText {
  /** Whether the record had the expected version, and was replaced by the one to write. If not, the reply has it. */
  readonly matched: boolean
  /** The store's time in milliseconds. */
  readonly now: number
}

/**
 * Compares the version of a record with the expected one (`""` for no record); if it is that, writes the other record, if
 * there is one, to be kept for an hour. All of that is one atomic step.
 */
export type StoreExchange = (
  key: string,
  expected: string,
  write: StoreWrite | undefined,
) => Promise<StoreReply>
