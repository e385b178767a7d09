/**
 * The public types of this package, written by hand: no type of Effect reaches who uses it. Tests hold them to what
 * core gives at run time.
 */

// --- contacts

/**
 * An identifier that `email`, `phone` or `contactId` has checked. The mark is a name and no symbol, so that the types for
 * `import` and those for `require` are the same.
 */
export type Identifier = string & { readonly "~aelyst/Identifier": true }

/** What names a contact (W2): checked, or written with its prefix. */
export type IdentifierInput = Identifier | `email:${string}` | `phone:${string}` | `id:${string}`

/** A custom field's value (W4); a boolean travels as `"true"` or `"false"` (D9). */
export type CustomFieldValue = string | number | boolean

/** Custom fields by name; `null` and `undefined` leave a field out (D12). */
export interface CustomFieldRecord {
  readonly [name: string]: CustomFieldValue | null | undefined
}

/** Custom fields in the documented array form. */
export type CustomFieldPairs = ReadonlyArray<{
  readonly name: string
  readonly value?: CustomFieldValue | null | undefined
}>

/** Names the types of custom fields (W4). */
export type CustomFieldType =
  | "text"
  | "number"
  | "email"
  | "url"
  | "list"
  | "date"
  | "time"
  | "checkbox"

/** Declares one custom field: its type alone, or an object with more about it. */
export type CustomFieldDeclaration =
  | Exclude<CustomFieldType, "list">
  | { readonly type: Exclude<CustomFieldType, "list" | "checkbox">; readonly help?: string }
  | { readonly type: "list"; readonly options: ReadonlyArray<string>; readonly help?: string }
  | { readonly type: "checkbox"; readonly wire?: "string" | "boolean"; readonly help?: string }

/** Declares the custom fields of a workspace by their names, spelled as in Aelyst. */
export interface CustomFieldDefinition {
  readonly [name: string]: CustomFieldDeclaration
}

type DeclaredValue<F> = F extends "number" | { readonly type: "number" }
  ? number
  : F extends "checkbox" | { readonly type: "checkbox" }
    ? boolean
    : F extends { readonly type: "list"; readonly options: ReadonlyArray<infer Option> }
      ? Option
      : string

/** The custom fields that a definition allows, as callers pass them. */
export type CustomFieldsOf<D extends CustomFieldDefinition> = {
  readonly [Name in keyof D]?: DeclaredValue<D[Name]> | null | undefined
}

/** The custom fields of a workspace, made with `customFields.define`. */
export interface CustomFieldCatalogue<out Fields> {
  /** The fields in the order of their declaration. */
  readonly fields: ReadonlyArray<{
    readonly name: string
    readonly type: CustomFieldType
    /** What the value may be; for lists alone. */
    readonly options?: ReadonlyArray<string>
    readonly wire: "string" | "number" | "boolean"
    readonly example: CustomFieldValue
    /** How the value is written. */
    readonly format: string
    readonly help?: string
  }>
  /** Carries the type of the fields; nothing is there at run time. */
  readonly "~aelyst/Fields"?: Fields
}

/** A contact as callers pass it (W3). `null` and `undefined` count as absent (D12); strings travel as given (D13). */
export interface ContactInput<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** Has at least one visible character. */
  readonly firstName: string
  readonly lastName?: string | null | undefined
  /** E.164, such as `+60123456789` (D2). */
  readonly phone?: string | null | undefined
  readonly email?: string | null | undefined
  /** A BCP 47 tag, such as `ms` (D10). */
  readonly language?: string | null | undefined
  /** A URL with its scheme, at most 2,048 bytes. */
  readonly profilePic?: string | null | undefined
  /** Two letters; travels in upper case (D10). */
  readonly countryCode?: string | null | undefined
  /** By name, or in the documented array form. */
  readonly customFields?: Fields | null | undefined
  /** The array form under its name on the wire, so that the documented example can be passed as it is. */
  readonly custom_fields?: CustomFieldPairs | null | undefined
}

/** The body of the request as it travels. */
export interface WireContact {
  readonly firstName: string
  readonly lastName?: string
  readonly phone?: string
  readonly email?: string
  readonly language?: string
  readonly profilePic?: string
  readonly countryCode?: string
  readonly custom_fields?: ReadonlyArray<{
    readonly name: string
    readonly value?: CustomFieldValue
  }>
}

// --- errors

/** What became of the contact: never left, answered without creating, or impossible to know. */
export type Outcome = "not_sent" | "rejected" | "unknown"

/** What became of the contact of a call that may have created it. */
export type CallOutcome = "created" | "exists_after_doubt" | Outcome

/** Describes one attempt of a call, without anything of the contact, the URL or the token. */
export interface AttemptRecord {
  /** Counts from 1. */
  readonly number: number
  /** How far it got: no byte left, the request may have left, a status arrived, or all of the answer did. */
  readonly phase: "connect" | "headers" | "body" | "answered"
  readonly status?: number
  /** What ended it where no answer did: a code such as `ECONNRESET` or `TIMEOUT`. */
  readonly cause?: string
  /** Whether it was refused for the rate. */
  readonly rateLimited?: boolean
  /** In epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  /** The time in line and in waits before it, in milliseconds. */
  readonly waitedMs: number
}

/** One broken rule: where, which, and how to mend it; never the value. */
export interface Issue {
  /** Leads to the place: field names and array positions. */
  readonly path: ReadonlyArray<string | number>
  /** Stays the same from version to version. */
  readonly code: string
  readonly rule: string
  readonly suggestion?: string
}

/** What every error has. There is no `cause`: the system's own errors name hosts and ports. Their codes are in `attempts`. */
export interface AelystErrorMembers<Name extends string, O extends Outcome> extends Error {
  readonly name: Name
  readonly _tag: Name
  /** What became of the contact. */
  readonly outcome: O
  /** Every attempt of the call, oldest first; empty where nothing was tried. */
  readonly attempts: ReadonlyArray<AttemptRecord>
  /** Whether sending the same again later may work and cannot double the contact. */
  readonly isRetryable: boolean
  /** The API's own words, where it sent some. They may quote the contact, and stay out of inspection, JSON and logs. */
  readonly apiMessage: string | undefined
  /** The wait that was asked for, in milliseconds; undefined if none was. */
  readonly retryAfterMs: number | undefined
  /** What the newest response said about the rate limit; undefined if there was none. Not in inspection and JSON. */
  readonly rateLimit: RateLimitHeaders | undefined
  /** The status and headers of the newest response; undefined if there was none. Not in inspection, JSON and logs. */
  readonly response: ResponseHead | undefined
  /** The address of the error's section in the docs. */
  readonly docs: string
}

/** The identifier or the contact breaks a rule; nothing was sent. All issues are listed. */
export interface InvalidContactError extends AelystErrorMembers<"InvalidContactError", "not_sent"> {
  readonly issues: ReadonlyArray<Issue>
}

/** The client did not let the request go. */
export interface UnavailableError extends AelystErrorMembers<"UnavailableError", "not_sent"> {
  readonly reason: "circuit" | "queue" | "deadline" | "token" | "closed" | "gate"
}

/** No connection could be made; nothing was sent. */
export interface ConnectionError extends AelystErrorMembers<"ConnectionError", "not_sent"> {
  readonly kind: "dns" | "connect" | "timeout" | "tls" | "certificate" | "proxy" | "proxy_auth"
  /** The system's own code, such as `ENOTFOUND`. */
  readonly code: string
}

/** The API refused the contact (W6), or it exists already (D3). */
export interface BadRequestError extends AelystErrorMembers<"BadRequestError", "rejected"> {
  readonly status: number
  /** Whether the API said that the contact exists. */
  readonly exists: boolean
}

/** The API refused the token (W7). */
export interface AuthenticationError extends AelystErrorMembers<"AuthenticationError", "rejected"> {
  readonly status: 401
}

/** The API refused the request for its rate (W8), and no resend was left or the wait was too long. */
export interface RateLimitError extends AelystErrorMembers<"RateLimitError", "rejected"> {
  readonly status: 429
  /** How many requests the API allows in its window. */
  readonly limit?: number
  readonly remaining?: number
}

/** The API answered 500 (W9) or another 5xx (D6). */
export interface InternalServerError extends AelystErrorMembers<"InternalServerError", "unknown"> {
  readonly status: number
}

/** The answer is none that the API documents (D6). */
export interface UnexpectedResponseError extends AelystErrorMembers<
  "UnexpectedResponseError",
  "rejected" | "unknown"
> {
  readonly status: number
  readonly reason: "status" | "redirect" | "unreadable" | "contradiction"
  /** Harmless headers alone. */
  readonly headers: Readonly<Record<string, string>>
  /** At most 200 characters of the body, redacted. */
  readonly excerpt: string
}

/** The request left and no answer settled it: the contact may or may not exist. */
export interface OutcomeUnknownError extends AelystErrorMembers<"OutcomeUnknownError", "unknown"> {
  /** What ended the attempt in doubt, such as `ECONNRESET`, `TIMEOUT` or `HTTP_408`. */
  readonly code: string
  /** The newest error, where the call went on after the doubt and ended otherwise. */
  readonly last?: Exclude<AelystError, InvalidContactError | OutcomeUnknownError>
}

/** Every error of a create; `name` tells them apart. */
export type AelystError =
  | InvalidContactError
  | UnavailableError
  | ConnectionError
  | BadRequestError
  | AuthenticationError
  | RateLimitError
  | InternalServerError
  | UnexpectedResponseError
  | OutcomeUnknownError

/**
 * An error class as a value: for `instanceof`, which also knows errors of another copy of this package, and for making
 * errors in tests of your own.
 */
export interface ErrorClass<E extends AelystError, Own extends keyof E = never> {
  readonly prototype: E
  new (
    fields: Pick<E, Own | "attempts"> & {
      readonly message?: string
      readonly retryAfterMs?: number
    },
  ): E
  [Symbol.hasInstance](value: unknown): value is E
}

/** Thrown by the constructor for a wrong option; a call with a wrong option rejects with it. */
export interface ConfigurationError extends TypeError {
  readonly code: "ERR_AELYST_CONFIG"
  /** Names the option. */
  readonly option: string
}

// --- options

/** What may be sent again: only what is provably not processed, or also what is in doubt (D7). */
export type Delivery = "at-most-once" | "natural-key"

/** Tells that a call waits. */
export interface WaitEvent {
  /** For its turn, before a resend, or for the API's processing before (`doubt`) or after (`settle`) a create. */
  readonly reason: "queue" | "backoff" | "doubt" | "settle"
  /** How long it will be, in milliseconds; absent where only the pacer knows. */
  readonly ms?: number
  /** The resend that it comes before, from 1; 0 before the first attempt. */
  readonly resend: number
}

/** Tells how a call ended. */
export interface OutcomeEvent {
  readonly outcome: CallOutcome
  readonly attempts: ReadonlyArray<AttemptRecord>
}

/** Callbacks that watch calls; none of them sees the contact. One that throws disturbs nothing. */
export interface Hooks {
  readonly onAttempt?: ((attempt: AttemptRecord) => void) | undefined
  readonly onWait?: ((wait: WaitEvent) => void) | undefined
  /** Called once at the end of every call whose input was valid, an aborted one included. */
  readonly onOutcome?: ((end: OutcomeEvent) => void) | undefined
}

/** An undici dispatcher of your own, such as an `Agent` with a client certificate; undici 7.2 or newer. */
export interface UndiciDispatcher {
  dispatch(options: object, handler: object): boolean
}

/** One line of the log: that a hook threw, and the like. Nothing of a contact, the URL or the token is in it. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
}

/** The options of a client; each has a default. Durations are in milliseconds. */
export interface AelystOptions<Fields = CustomFieldRecord | CustomFieldPairs> {
  /**
   * The bearer token (W1): 8 to 4,096 visible ASCII characters, or a function that returns it, asked before each attempt
   * and again after a 401. Default: the environment variable `AELYST_TOKEN`.
   */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * The URL of the API: https, or http on a loopback host. Default: the environment variable `AELYST_BASE_URL`, else
   * `https://api.aelyst.ai/v1` (W1).
   */
  readonly baseUrl?: string | undefined
  /**
   * The time to the first byte of one attempt's response, at least 1. Default 15,000. Connecting gets at most 5,000 of
   * it; the body of the response gets another 10,000.
   */
  readonly timeoutMs?: number | undefined
  /** The time for all attempts and waits of one call, at least 1. Default 60,000, under `natural-key` 120,000. */
  readonly deadlineMs?: number | undefined
  /** Resends after the first attempt, 0 to 100; 0 means none, for every kind of failure. Default 3. */
  readonly retries?: number | undefined
  /** Which attempts may be resent. Default `at-most-once`. */
  readonly delivery?: Delivery | undefined
  /**
   * The longest `Retry-After` to wait for; a longer one rejects at once, and 0 means to never wait. Default 60,000, in
   * `createMany` 900,000.
   */
  readonly maxWaitMs?: number | undefined
  /** The wait before an attempt in doubt is resent under `natural-key`, at least 1,000. Default 5,000. */
  readonly doubtDelayMs?: number | undefined
  /** The wait after a success, while the API processes the contact (W10, D11). Default 0; 2,000 is a good start. */
  readonly settleMs?: number | undefined
  /** Calls that may wait in the queue, 1 to 1,000,000; one more rejects with `UnavailableError`. Default 10,000. */
  readonly maxQueue?: number | undefined
  /**
   * How requests are paced: as fast as the API allows, learned from its responses (`adaptive`, the default); that, with
   * at most `perSecond` requests per second, above 0; or not at all (false), so that calls only wait after a 429.
   * Clients with the same token and origin share one pace in the process, under the lowest of their ceilings; they are
   * unpaced only if all of them ask for it.
   */
  readonly rateLimit?: "adaptive" | { readonly perSecond: number } | false | undefined
  /**
   * The way to the API: direct (false, the default), as `HTTPS_PROXY` and `NO_PROXY` say (`"env"`), or the URL of an
   * http or https proxy. Loopback hosts are never reached through a proxy.
   */
  readonly proxy?: false | "env" | string | URL | undefined
  /**
   * Sends the requests instead of the built-in transport: a function like `fetch`, or an undici dispatcher. With `fetch`
   * every failure of the network counts as `unknown`, since it cannot tell whether the request had left.
   */
  readonly transport?: typeof globalThis.fetch | UndiciDispatcher | undefined
  readonly hooks?: Hooks | undefined
  /** Receives the log: `"console"` (stderr), a function, or by default nothing (`"silent"`). */
  readonly logger?: "silent" | "console" | ((line: LogLine) => void) | undefined
  /** The custom fields that exist: gives their names and types, checks names and converts values. */
  readonly customFields?: CustomFieldCatalogue<Fields> | undefined
  /** Recognises a response that means that the contact exists (D3). Default: 409, and a 400 that says so. */
  readonly exists?:
    | ((answer: { readonly status: number; readonly message: string | undefined }) => boolean)
    | undefined
}

/** The options of one call; see `AelystOptions` for units, ranges and defaults. */
export interface CreateOptions {
  /** Ends the call at once; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly retries?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly deadlineMs?: number | undefined
  readonly maxWaitMs?: number | undefined
  readonly delivery?: Delivery | undefined
  readonly settleMs?: number | undefined
  /** More request headers; those that the client or HTTP sets, `authorization` among them, are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

// --- results

/** What an answer told about the rate limit; what it did not tell is absent. */
export interface RateLimitHeaders {
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfterMs?: number
}

/** What a create came to. */
export interface CreateResult {
  readonly identifier: Identifier
  /** `exists_after_doubt`: it exists; probably created by an attempt whose answer was lost. */
  readonly result: "created" | "exists_after_doubt"
  /** The API's message; empty after a doubt. */
  readonly message: string
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly rateLimit: RateLimitHeaders
  /** When the create, `settleMs` included, was over; in epoch milliseconds. */
  readonly settledAt: number
}

/** The status and the headers of the last answer; headers by lower-case name. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** A result together with the answer that it came from. */
export interface WithResponse {
  readonly value: CreateResult
  readonly response: ResponseHead
  readonly rateLimit: RateLimitHeaders
}

/** The promise of a create. */
export interface CreatePromise extends Promise<CreateResult> {
  /** Gives the result together with the answer's status and headers. */
  withResponse(): Promise<WithResponse>
  /** Tells, once the call has ended, what became of the contact; never rejects. */
  outcome(): Promise<CallOutcome>
}

/** What `tryCreate` resolves to. `error` is one of the nine errors, or the reason of the signal that ended the call. */
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

/** What `validate` gives: the request that would be sent, or all that is wrong. */
export type ValidationResult =
  | { readonly ok: true; readonly identifier: Identifier; readonly contact: WireContact }
  | { readonly ok: false; readonly error: InvalidContactError }

/** What is known of the API's rate limit. */
export interface RateLimitSnapshot {
  /** Requests in a window: as the API said, else a guess. */
  readonly limit: number
  /** How many could go now, as far as known. */
  readonly remaining: number
  /** When the gate opens after a 429, in epoch milliseconds; undefined while it is open. */
  readonly retryAt: number | undefined
  /** When the last answer came, in epoch milliseconds; undefined before the first. */
  readonly observedAt: number | undefined
  /** Calls in line. */
  readonly waiting: number
  /** Requests without an answer yet. */
  readonly inFlight: number
}

// --- runs

/** One row of a run. */
export interface Row<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** `email:…`, `phone:+…`, `id:…` or a contact ID (W2). */
  readonly identifier: string
  readonly contact: ContactInput<Fields>
}

/** Names what became of a row. */
export type RowOutcome =
  | "created"
  | "existed"
  | "exists_after_doubt"
  | "invalid"
  | "rejected"
  | "unknown"
  | "not_sent"

/** Tells what became of one row; `index` is its position in the source, from 0. */
export type RowResult = { readonly index: number } & (
  | { readonly outcome: "created" | "exists_after_doubt"; readonly value: CreateResult }
  | {
      readonly outcome: Exclude<RowOutcome, "created" | "exists_after_doubt">
      readonly error: AelystError
    }
)

/** Counts the rows of a run; `total` is always the sum of the seven. */
export interface RunSummary {
  readonly total: number
  readonly created: number
  readonly existed: number
  readonly existsAfterDoubt: number
  readonly invalid: number
  readonly rejected: number
  readonly unknown: number
  readonly notSent: number
  /** Why it ended; undefined while it goes on. */
  readonly stopped:
    | "completed"
    | "unauthorized"
    | "errors"
    | "aborted"
    | "deadline"
    | "unavailable"
    | undefined
  /** Attempts that were refused for their rate. */
  readonly rateLimited: number
  readonly elapsedMs: number
}

/** What `onProgress` is given: the counts, and whether all wait. */
export interface RunProgress extends RunSummary {
  /** How long nothing goes out after a 429, in milliseconds; 0 while requests may go. */
  readonly waitingMs: number
}

/** The options of a run; each has a default. Durations are in milliseconds. */
export interface CreateManyOptions {
  /** Ends the run: rows in progress are cancelled and the loop ends without throwing. */
  readonly signal?: AbortSignal | undefined
  /** Rows in progress at a time, including those that wait in the queue, 1 to 10,000. Default 32. */
  readonly concurrency?: number | undefined
  /** Whether results come in the order of the source instead of the order of completion. Default false. */
  readonly ordered?: boolean | undefined
  /** Which attempts may be resent. Default: the client's. */
  readonly delivery?: Delivery | undefined
  /** Resends of a row in doubt under `natural-key`, 0 to 100. Default: the client's. */
  readonly retries?: number | undefined
  /** The time to the first byte of one attempt's response, at least 1. Default: the client's. */
  readonly timeoutMs?: number | undefined
  /** The time for the whole run, at least 1; rows not sent by then are `not_sent`. Default: none. */
  readonly deadlineMs?: number | undefined
  /** The longest `Retry-After` to wait for; 0 means to never wait. Default: the client's, else 900,000. */
  readonly maxWaitMs?: number | undefined
  /** Ends the run after this long without any response, at least 1. Default 900,000. */
  readonly giveUpAfterMs?: number | undefined
  /** Ends the run after this many rows that ended `invalid`, `rejected` or `unknown`, at least 1. Default: no limit. */
  readonly maxErrors?: number | undefined
  /** Called with the counts after every row, and after every 429. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
}

/** A run: iterate over it once for its results; it starts then. */
export interface Run extends AsyncIterable<RowResult> {
  /** Gives the counts as they are, final once the loop has ended. */
  summary(): Promise<RunSummary>
}

/** Creates contacts. */
export interface Contacts<Fields = CustomFieldRecord | CustomFieldPairs> {
  /**
   * Creates one contact; rejects with one of the nine errors, or with the reason of the signal.
   *
   * What was sent again before that is decided by `delivery` and `retries`, and told by the error's `attempts`.
   */
  create(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options?: CreateOptions,
  ): CreatePromise
  /** Creates one contact and resolves in any case; rejects only for a wrong option. */
  tryCreate(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options?: CreateOptions,
  ): Promise<TryCreateResult>
  /**
   * Creates many contacts at the pace that the API allows. A row's failure is a value; the source is pulled only as fast
   * as rows can be sent. A refused token ends the run; leaving the loop cancels what is under way.
   */
  createMany(
    rows: Iterable<Row<Fields>> | AsyncIterable<Row<Fields>>,
    options?: CreateManyOptions,
  ): Run
  /** Checks an identifier and a contact offline; all issues at once, none of them with a value. */
  validate(identifier: unknown, contact: unknown): ValidationResult
}
