/**
 * The public types without an Effect type, written once: those that core, the Promise SDK and the sandbox have in common,
 * and those of adapters and transports. No imports, so that packages that hide Effect can take them into their
 * declarations.
 */

// --- contacts

/**
 * An identifier that has been checked, in its canonical form (W2). The mark is a name and no symbol, so that it is the
 * same in each copy of the declarations.
 */
export type Identifier = string & { readonly "~aelyst/Identifier": true }

/** An identifier (W2): checked, or written with its prefix. */
export type IdentifierInput = Identifier | `email:${string}` | `phone:${string}` | `id:${string}`

/** The part of a contact that an identifier is made of; an opaque contact ID counts as `id`. */
export type IdentifierKind = "email" | "phone" | "id"

/** A custom field's value (W4); a boolean travels as `"true"` or `"false"` (D9). */
export type CustomFieldValue = string | number | boolean

/** Custom fields by name; `null` and `undefined` leave a field out (D12). */
export interface CustomFieldRecord {
  readonly [name: string]: CustomFieldValue | null | undefined
}

/** Custom fields in the documented array form; `null` and `undefined` leave the value out, the name travels (W4, D12). */
export type CustomFieldPairs = ReadonlyArray<{
  readonly name: string
  readonly value?: CustomFieldValue | null | undefined
}>

/** The types of custom fields (W4). */
export type CustomFieldType =
  | "text"
  | "number"
  | "email"
  | "url"
  | "list"
  | "date"
  | "time"
  | "checkbox"

/** The declaration of one custom field: only its type, or an object with more about it. */
export type CustomFieldDeclaration =
  | Exclude<CustomFieldType, "list">
  | { readonly type: Exclude<CustomFieldType, "list" | "checkbox">; readonly help?: string }
  | { readonly type: "list"; readonly options: ReadonlyArray<string>; readonly help?: string }
  | { readonly type: "checkbox"; readonly wire?: "string" | "boolean"; readonly help?: string }

/** The declarations of a workspace's custom fields by their names, spelled as in Aelyst. */
export interface CustomFieldDefinition {
  readonly [name: string]: CustomFieldDeclaration
}

/** One custom field as a catalogue describes it, for help texts, column mapping and documents. */
export interface CustomFieldDescription {
  readonly name: string
  readonly type: CustomFieldType
  /** The values of a list; for lists only. */
  readonly options?: ReadonlyArray<string>
  /** The type of the value on the wire. */
  readonly wire: "string" | "number" | "boolean"
  /** A value that callers may pass. */
  readonly example: CustomFieldValue
  /** The notation of the value. */
  readonly format: string
  /** The purpose of the field, if the catalogue states it. */
  readonly help?: string
}

/** The type of a value that a declared field takes. */
export type CustomFieldValueOf<F> = F extends "number" | { readonly type: "number" }
  ? number
  : F extends "checkbox" | { readonly type: "checkbox" }
    ? boolean
    : F extends { readonly type: "list"; readonly options: ReadonlyArray<infer Option> }
      ? Option
      : string

/** The custom fields that a definition allows, as callers pass them. */
export type CustomFieldsOf<D extends CustomFieldDefinition> = {
  readonly [Name in keyof D]?: CustomFieldValueOf<D[Name]> | null | undefined
}

/** The custom fields of a workspace, made with `CustomField.define` or `CustomField.make`. */
export interface Catalogue<out D extends CustomFieldDefinition = CustomFieldDefinition> {
  readonly definition: D
  /** The fields in the order of their declaration. */
  readonly fields: ReadonlyArray<CustomFieldDescription>
  /** Finds a field by its exact name. */
  readonly get: (name: string) => CustomFieldDescription | undefined
}

/**
 * A contact as callers pass it (W3). `null` and `undefined` count as absent (D12); strings travel as given (D13).
 *
 * `Fields` is the type of the custom fields: any names and values, or those of a catalogue.
 */
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
    /** A field without a value is legal (W4). */
    readonly value?: CustomFieldValue
  }>
}

/**
 * One broken rule: its place, the rule, and how to fix it; never the value.
 *
 * A key that is not a field of a contact is named only if it is short and looks like a field name; otherwise its
 * position among the keys stands for it.
 */
export interface Issue {
  /** The way to the place: field names and array positions. */
  readonly path: ReadonlyArray<string | number>
  /** Stays the same from version to version. A plain string, so that issues of a newer version still decode. */
  readonly code: string
  readonly rule: string
  readonly suggestion?: string
}

// --- calls

/** Whether the contact can exist: the request never left, the API refused it, or it is impossible to know. */
export type Outcome = "not_sent" | "rejected" | "unknown"

/** The outcome of a call that may have created the contact. */
export type CallOutcome = "created" | "exists_after_doubt" | Outcome

/**
 * Names the requests that may be sent again.
 *
 * `at-most-once` resends only what was provably not processed. `natural-key` trusts the identifier to be unique and
 * also resends attempts in doubt (D7).
 */
export type Delivery = "at-most-once" | "natural-key"

/** One attempt of a call, without anything of the contact, the URL or the token. */
export interface AttemptRecord {
  /** Counts from 1. */
  readonly number: number
  /** How far it got: no byte left, the request may have left, a status arrived, or the whole response did. */
  readonly phase: "connect" | "headers" | "body" | "answered"
  readonly status?: number
  /** The error that ended it if no response did: a code such as `ECONNRESET` or `TIMEOUT`. */
  readonly cause?: string
  /** Whether the API answered 429. */
  readonly rateLimited?: boolean
  /** In epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  /** The time in the queue and in waits before it, in milliseconds. */
  readonly waitedMs: number
}

/** The status and the headers of a response; headers by lower-case name. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The rate limit as one response reported it; a member that was not sent, or was invalid, is absent.
 *
 * `limit` and `remaining` count requests (W8), `retryAfterMs` is the wait that it asked for, in milliseconds (W8, D8).
 */
export interface RateLimitInfo {
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfterMs?: number
}

/** The reasons not to send a request. */
export type UnavailableReason = "circuit" | "queue" | "deadline" | "token" | "closed" | "gate"

/** The steps that can fail before there is a connection. */
export type ConnectionKind =
  | "dns"
  | "connect"
  | "timeout"
  | "tls"
  | "certificate"
  | "proxy"
  | "proxy_auth"

/** The ways in which a response can be unexpected. */
export type UnexpectedReason = "status" | "redirect" | "unreadable" | "contradiction"

/** A wait of a call. */
export interface WaitEvent {
  /** `queue` for its turn, `backoff` before a resend, `doubt` and `settle` for the API's processing. */
  readonly reason: "queue" | "backoff" | "doubt" | "settle"
  /** How long it will be, in milliseconds; absent if only the pacer knows. */
  readonly ms?: number
  /** The resend that it comes before, from 1; 0 before the first attempt. */
  readonly resend: number
}

/** The end of a call. */
export interface OutcomeEvent {
  readonly outcome: CallOutcome
  /** Every attempt, oldest first. */
  readonly attempts: ReadonlyArray<AttemptRecord>
}

/** A create that succeeded. */
export interface Created {
  readonly identifier: Identifier
  /** `exists_after_doubt`: it exists, and was probably created by an attempt whose response was lost. */
  readonly result: "created" | "exists_after_doubt"
  /** The API's message; empty for `exists_after_doubt`. */
  readonly message: string
  /** Every attempt, oldest first. */
  readonly attempts: ReadonlyArray<AttemptRecord>
  /** The rate limit as the newest response reported it. */
  readonly rateLimit: RateLimitInfo
}

/** How a call ended; every result and every error of a call is one. */
export interface CallEnd extends OutcomeEvent {
  /** The head of the newest response; undefined if none came. */
  readonly response?: ResponseHead | undefined
}

/** Callbacks; one that throws is logged and does not affect the call. */
export interface Callbacks {
  /** Called when an attempt has ended. */
  readonly onAttempt?: (attempt: AttemptRecord) => void
  /** Called when a wait begins. */
  readonly onWait?: (wait: WaitEvent) => void
  /** Called once at the end of every call whose input was valid, an interrupted one included. */
  readonly onOutcome?: (end: CallEnd) => void
}

/** The input of the matcher of "exists": the status, and the API's message if there was one. */
export interface ExistsCandidate {
  readonly status: number
  readonly message: string | undefined
}

/**
 * Returns whether a response means "this contact exists" (D3). It is called for rejections other than 401, 408 and 429;
 * a matcher that throws or returns a non-boolean counts as no match.
 */
export type ExistsMatcher = (candidate: ExistsCandidate) => boolean

// --- options

/** The scopes of options: a client, one call, or one run. */
export type OptionScope = "client" | "call" | "run"

/** Describes one option; durations are in milliseconds, both bounds are allowed. */
export type OptionEntry = { readonly scopes: ReadonlyArray<OptionScope> } & (
  | {
      readonly kind: "integer"
      readonly least: number
      readonly most: number
      readonly default: number
    }
  | {
      readonly kind: "duration"
      readonly least: number
      readonly most: number
      /** Whether `Duration.infinity` is allowed too; it means no limit. */
      readonly unbounded: boolean
      readonly default: number
      /** The default under `natural-key`, if it differs. */
      readonly naturalKey?: number
      /** The default in runs, if it differs. */
      readonly inRuns?: number
    }
  | { readonly kind: "choice"; readonly choices: ReadonlyArray<string>; readonly default: string }
  | { readonly kind: "boolean"; readonly default: boolean }
  /** An option whose rule is in the parser. */
  | {
      readonly kind: "url" | "token" | "headers" | "rate" | "function" | "catalogue"
      readonly default: string | undefined
    }
)

/** Describes an option to people. */
export interface OptionText {
  /** One sentence on the option, without a full stop. */
  readonly sentence: string
  /** The default in words, if the table's value does not say it. */
  readonly otherwise?: string
}

/** The checked options of a client; durations are in milliseconds. */
export interface ClientConfig {
  readonly baseUrl: string
  readonly origin: string
  readonly delivery: Delivery
  readonly retries: number
  readonly timeoutMs: number
  readonly deadlineMs: number | undefined
  readonly maxWaitMs: number | undefined
  readonly doubtDelayMs: number
  readonly settleMs: number
  readonly maxQueue: number
  readonly perSecond: number | undefined
  /** Whether requests keep to a schedule learned from the API's answers. */
  readonly scheduled: boolean
  readonly exists: ExistsMatcher
  readonly customFields: Catalogue | undefined
  readonly propagateTrace: boolean
}

/** The checked options of one call; durations are in milliseconds, options that were not set are undefined. */
export interface CallConfig {
  readonly retries: number | undefined
  readonly timeoutMs: number | undefined
  readonly deadlineMs: number | undefined
  readonly maxWaitMs: number | undefined
  readonly delivery: Delivery | undefined
  readonly settleMs: number | undefined
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
}

// --- runs

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
