/** The public types of runs and their rows, without an Effect type; `../types.ts` exports them. */
import type { ContactInput, CustomFieldPairs, CustomFieldRecord } from "./contactTypes.ts"

/** One row of a run. */
export interface Row<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** `email:…`, `phone:+…`, `id:…` or a contact ID (W2). */
  readonly identifier: string
  readonly contact: ContactInput<Fields>
  /** For authors of packages: true if an earlier attempt may have created the contact; see the option `doubt` of a call. */
  readonly doubt?: boolean | undefined
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

/** The outcomes that each class of errors gives to a row that it ends. */
export interface RowOutcomesByError {
  readonly InvalidContactError: "invalid"
  readonly BadRequestError: "existed" | "rejected"
  readonly UnexpectedResponseError: "rejected" | "unknown"
  readonly InternalServerError: "unknown"
  readonly OutcomeUnknownError: "unknown"
  readonly UnavailableError: "not_sent"
  readonly ConnectionError: "not_sent"
  readonly RateLimitError: "not_sent"
  readonly AuthenticationError: "not_sent"
}

/** Picks the errors that can end a row with an outcome from a union of errors. */
type RowError<Failure, Outcome> = Failure extends { readonly _tag: keyof RowOutcomesByError }
  ? Outcome extends RowOutcomesByError[Failure["_tag"]]
    ? Failure
    : never
  : never

/** A row and its position in the source. */
export interface RowPosition<A> {
  /** Counts from 0. */
  readonly index: number
  /** The same object that the source emitted. It holds a contact, so inspection, JSON and copies by spread leave it out. */
  readonly row: A
}

/** The end of one row; the outcome tells which errors `error` can be. */
export type RowEnd<A, Value, Failure> = RowPosition<A> &
  (
    | { readonly outcome: "created" | "exists_after_doubt"; readonly value: Value }
    | {
        readonly [Outcome in RowOutcomesByError[keyof RowOutcomesByError]]: {
          readonly outcome: Outcome
          readonly error: RowError<Failure, Outcome>
        }
      }[RowOutcomesByError[keyof RowOutcomesByError]]
  )

/** A row that was pulled and has no result, because the run ended before it could emit one. */
export interface UnreportedRow<A> extends RowPosition<A> {
  /** `unknown` means that the request may have left: check whether the contact exists before you send the row again. */
  readonly outcome: RowOutcome
}

/**
 * Why a run ended; the first reason counts.
 *
 * - `completed`: every row of the source has ended
 * - `stopped`: `stop` was called
 * - `unauthorized`: the API rejected the token (401)
 * - `errors`: `maxErrors` rows ended `invalid`, `rejected` or `unknown`
 * - `aborted`: its results were no longer consumed, the source failed, or the client closed
 * - `deadline`: its deadline passed
 * - `unavailable`: there was no response for `giveUpAfter`, or the API's certificate is not trusted
 * - `gate`: an attempt gate did not allow an attempt
 */
export type Stopped =
  | "completed"
  | "stopped"
  | "unauthorized"
  | "errors"
  | "aborted"
  | "deadline"
  | "unavailable"
  | "gate"

/** The rows counted by outcome; `total` is always their sum, and `stopped` is absent while the run continues. */
export interface RunSummary extends Readonly<Record<RowOutcome, number>> {
  readonly total: number
  readonly stopped?: Stopped
  /** Attempts that were rate limited (429). */
  readonly rateLimited: number
  /** Rows whose resend waits because the retry budget is spent. */
  readonly resendsWaiting: number
  readonly elapsedMs: number
}

/** The end of a run: its final counts, and the rows without a result. */
export interface RunEnd<A> {
  readonly summary: RunSummary
  /** In the order of the source; empty if every result was consumed. */
  readonly unreported: ReadonlyArray<UnreportedRow<A>>
}
