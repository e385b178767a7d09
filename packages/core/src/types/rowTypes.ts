/** The public types of runs and their rows, without an Effect type; `../types.ts` exports them. */
import type { ContactInput, CustomFieldPairs, CustomFieldRecord } from "./contactTypes.ts"

/** One row of a run. */
export interface Row<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** `email:…`, `phone:+…`, `id:…` or a contact ID (W2). */
  readonly identifier: string
  readonly contact: ContactInput<Fields>
}

/** The outcome of a row. */
export type RowOutcome =
  | "created"
  | "existed"
  | "exists_after_doubt"
  | "invalid"
  | "rejected"
  | "unknown"
  | "not_sent"

/** The end of one row; `index` is its position in the source, from 0. */
export type RowEnd<Value, Failure> = { readonly index: number } & (
  | { readonly outcome: "created" | "exists_after_doubt"; readonly value: Value }
  | {
      readonly outcome: Exclude<RowOutcome, "created" | "exists_after_doubt">
      readonly error: Failure
    }
)

/**
 * Why a run ended: the source was exhausted, the token was refused, too many rows failed, it was interrupted, its deadline
 * passed, or the API did not respond for too long.
 */
export type Stopped =
  | "completed"
  | "unauthorized"
  | "errors"
  | "aborted"
  | "deadline"
  | "unavailable"

/** The rows counted by outcome; `total` is always their sum, and `stopped` is absent while the run continues. */
export interface RunSummary extends Readonly<Record<RowOutcome, number>> {
  readonly total: number
  readonly stopped?: Stopped
  /** Attempts that were rate limited (429). */
  readonly rateLimited: number
  readonly elapsedMs: number
}
