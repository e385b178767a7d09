/**
 * The public types of this package, without any type of Effect. Those in common with core are in `@aelyst/core/types`;
 * tests check the others against core at run time.
 */
import type {
  CallOutcome,
  ContactInput,
  Created,
  CustomFieldPairs,
  CustomFieldRecord,
  Identifier,
  IdentifierInput,
  Outcome,
  RateLimitInfo,
  ResponseHead,
  Row,
  RowEnd,
  SharedConnection,
  UnreportedRow,
  WireContact,
} from "@aelyst/core/types"

import type { AelystError, InvalidContactError } from "./errors.ts"
import type { CreateManyOptions, CreateOptions, RunSummary } from "./optionTypes.ts"

export type {
  Allowance,
  AttemptRecord,
  CallOutcome,
  ContactInput,
  CustomFieldDeclaration,
  CustomFieldDefinition,
  CustomFieldPairs,
  CustomFieldRecord,
  CustomFieldType,
  CustomFieldValue,
  CustomFieldsOf,
  Delivery,
  GatedAttempt,
  Identifier,
  IdentifierInput,
  IdentifierKind,
  Issue,
  Outcome,
  OutcomeEvent,
  RateLimitInfo,
  ResponseHead,
  Row,
  RowOutcome,
  SharedConnection,
  SharedRateLimitStore,
  Stopped,
  UnreportedRow,
  WaitEvent,
  WireContact,
} from "@aelyst/core/types"
export type {
  AelystOptions,
  AttemptGate,
  CreateManyOptions,
  CreateOptions,
  CustomFieldCatalogue,
  Hooks,
  LogLine,
  RunProgress,
  RunSummary,
  UndiciDispatcher,
} from "./optionTypes.ts"

/** A create that succeeded. */
export interface CreateResult extends Created {
  /** The end of the create, `settleMs` included; in epoch milliseconds. */
  readonly settledAt: number
}

/** A result together with its response. */
export interface WithResponse {
  readonly value: CreateResult
  readonly response: ResponseHead
  readonly rateLimit: RateLimitInfo
}

/** The promise of a create. */
export interface CreatePromise extends Promise<CreateResult> {
  /** Returns the result together with the status and headers of its response. */
  withResponse(): Promise<WithResponse>
  /** Returns the outcome for the contact once the call has ended; never rejects. */
  outcome(): Promise<CallOutcome>
}

/** The result of `tryCreate`. `error` is one of the nine errors, or the reason of the signal that ended the call. */
export type TryCreateResult =
  | { readonly ok: true; readonly value: CreateResult }
  | {
      readonly ok: false
      readonly error: AelystError
      readonly outcome: Outcome
      readonly aborted: false
    }
  | {
      readonly ok: false
      /** The signal's reason. */
      readonly error: unknown
      readonly outcome: CallOutcome
      readonly aborted: true
    }

/** The result of `validate` and `prepare`: the request that would be sent, or all issues. */
export type ValidationResult =
  | { readonly ok: true; readonly identifier: Identifier; readonly contact: WireContact }
  | { readonly ok: false; readonly error: InvalidContactError }

/** Counts the calls and rows of a client by outcome, and its attempts. */
export interface ClientMetrics {
  readonly created: number
  readonly existed: number
  readonly existsAfterDoubt: number
  readonly notSent: number
  readonly rejected: number
  readonly unknown: number
  readonly attempts: number
  /** Attempts that were rate limited (429). */
  readonly rateLimited: number
}

/** The API's rate limit, as far as it is known. */
export interface RateLimitSnapshot {
  /** Requests per window: from the API, else an assumption. */
  readonly limit: number
  /** Whether the API has reported the limit. */
  readonly reported: boolean
  /** Requests that could be sent now. */
  readonly remaining: number
  /** When the gate opens after a 429, in epoch milliseconds; undefined while it is open. */
  readonly retryAt: number | undefined
  /** When the newest response arrived, in epoch milliseconds; undefined before the first. */
  readonly observedAt: number | undefined
  /** Calls in the queue. */
  readonly waiting: number
  /** Requests without a response so far. */
  readonly inFlight: number
  /** Whether the store that processes share answered the last call; absent if the limit is not shared. */
  readonly shared?: SharedConnection
}

/** The result of one row: its `index` in the source from 0, the `row` itself, and its `outcome` with `value` or `error`. */
export type RowResult<A = Row> = RowEnd<A, CreateResult, AelystError>

/** The end of a run: its final counts, and the rows without a result. */
export interface RunEnd<A = Row> {
  readonly summary: RunSummary
  /** The rows that were read and have no result, in the order of the source; empty if the loop ran to its end. */
  readonly unreported: ReadonlyArray<UnreportedRow<A>>
}

/** A run: iterate over it once for its results; it starts then. */
export interface Run<A = Row> extends AsyncIterable<RowResult<A>> {
  /**
   * Returns the current counts; they are final once the loop has ended.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * const rows = [
   *   { identifier: "id:5", contact: { firstName: "Ana" } },
   *   { identifier: "id:6", contact: { firstName: "" } },
   * ] as const
   * const run = aelyst.contacts.createMany(rows)
   * for await (const _ of run);
   * const { total, created, invalid, stopped } = await run.summary()
   * console.log(total, created, invalid, stopped) // => 2 1 1 completed
   * ```
   */
  summary(): Promise<RunSummary>
  /**
   * Stops the run: it reads no more rows and sends no more requests. The loop continues until the requests in flight have
   * ended; rows that wait end as `not_sent`. May be called more than once; a run that has not started reads no row.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * function* rows() {
   *   for (let n = 1; n <= 1_000; n++) {
   *     yield { identifier: `id:${n}`, contact: { firstName: "Ana" } } as const
   *   }
   * }
   * const run = aelyst.contacts.createMany(rows())
   * for await (const { index } of run) {
   *   if (index === 4) run.stop()
   * }
   * const { stopped, total, created, notSent } = await run.summary()
   * console.log(stopped, total < 1_000, total === created + notSent) // => stopped true true
   * ```
   */
  stop(): void
  /**
   * Waits until the run has ended in any way, and returns the final counts and the rows without a result. There are some
   * if the loop was left: those that are `unknown` are in doubt. Never rejects; waits for ever if the run is
   * neither iterated over nor stopped.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * const rows = [
   *   // the sandbox never responds to this identifier
   *   { identifier: "email:stall@sandbox.test", contact: { firstName: "Ana" }, line: 7 },
   * ] as const
   * const run = aelyst.contacts.createMany(rows, { signal: AbortSignal.timeout(500) })
   * for await (const { row, outcome } of run) console.log(row.line, outcome) // => 7 unknown
   * const { summary, unreported } = await run.settled()
   * console.log(summary.stopped, unreported.length) // => aborted 0
   * ```
   */
  settled(): Promise<RunEnd<A>>
}

/** Forbids fields of a row's contact that do not exist; a type parameter alone would accept them. */
type KnownFields<A extends { readonly contact: object }> = {
  readonly contact: { readonly [Name in Exclude<keyof A["contact"], keyof ContactInput>]: never }
}

/** Creates contacts. */
export interface Contacts<Fields = CustomFieldRecord | CustomFieldPairs> {
  /**
   * Creates one contact. Rejects with one of the nine errors, or with the reason of the signal.
   *
   * `delivery` and `retries` decide what is resent before that; the `attempts` of the result or the error list it.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst, BadRequestError, email } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * const ana = { firstName: "Ana", customFields: { Member: true } }
   * const created = await aelyst.contacts.create(email("ana@example.com"), ana)
   * console.log(created.result, created.attempts.length) // => created 1
   *
   * try {
   *   await aelyst.contacts.create(email("ana@example.com"), ana)
   * } catch (error) {
   *   if (!(error instanceof BadRequestError)) throw error
   *   console.log(error.outcome, error.exists) // => rejected true
   * }
   * ```
   */
  create(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options?: CreateOptions,
  ): CreatePromise
  /**
   * Creates one contact and resolves with the result or the error. Rejects only for an invalid option.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst({ retries: 0 })
   *
   * // the sandbox responds to this identifier with a 500
   * const tried = await aelyst.contacts.tryCreate("email:500@sandbox.test", { firstName: "Ana" })
   * if (tried.ok) console.log(tried.value.result)
   * else if (tried.aborted) console.log("aborted")
   * else console.log(tried.error.name, tried.outcome) // => InternalServerError unknown
   * ```
   */
  tryCreate(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options?: CreateOptions,
  ): Promise<TryCreateResult>
  /**
   * Creates many contacts at the pace that the API allows. The failure of a row is a value. The source is read only as
   * fast as rows can be sent. A 401 ends the run; leaving the loop cancels the rows in progress.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * function* rows() {
   *   yield { identifier: "email:ana@example.com", contact: { firstName: "Ana" } } as const
   *   yield { identifier: "email:ben@example.com", contact: { firstName: "" } } as const
   * }
   *
   * for await (const row of aelyst.contacts.createMany(rows(), { ordered: true })) {
   *   console.log(row.index, row.outcome)
   *   // => 0 created
   *   // => 1 invalid
   * }
   * ```
   */
  createMany<A extends Row<Fields>>(
    rows: Iterable<A & KnownFields<A>> | AsyncIterable<A & KnownFields<A>>,
    options?: CreateManyOptions,
  ): Run<A>
  /**
   * Checks an identifier and a contact offline as `create` does, with phone numbers read as those of `defaultCountry`. Resolves
   * to the request that would be sent, or to all issues at once.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst({ defaultCountry: "MY" })
   *
   * const prepared = await aelyst.contacts.prepare("phone:012-345 6789", { firstName: "Ana" })
   * if (prepared.ok) console.log(prepared.identifier) // => phone:+60123456789
   * ```
   */
  prepare(identifier: unknown, contact: unknown): Promise<ValidationResult>
  /**
   * Validates an identifier and a contact offline. Reports all issues at once, and shows no value in them.
   *
   * It returns at once and cannot load numbering plans, so phone numbers must be in E.164, whatever `defaultCountry` says;
   * `prepare` reads them.
   *
   * **Example**
   *
   * ```ts
   * import { Aelyst } from "@aelyst/node"
   *
   * await using aelyst = new Aelyst()
   *
   * const checked = aelyst.contacts.validate("ana@example.com", { firstName: "" })
   * if (!checked.ok) for (const { path, code } of checked.error.issues) console.log(path[0], code)
   * // => identifier PREFIX_MISSING
   * // => firstName FIRST_NAME_MISSING
   * ```
   */
  validate(identifier: unknown, contact: unknown): ValidationResult
}
