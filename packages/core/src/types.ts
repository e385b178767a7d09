/**
 * The public types without an Effect type, written once: those that core, the Promise SDK and the sandbox have in common,
 * and those of adapters and transports. They need nothing but each other, so that packages that hide Effect can take them
 * into their declarations.
 */
import type { Catalogue, Identifier } from "./types/contactTypes.ts"

export type * from "./types/contactTypes.ts"
export type * from "./types/rowTypes.ts"

// --- calls

/** Whether the contact can exist: the request never left, the API refused it, or it is impossible to know. */
export type Outcome = "not_sent" | "rejected" | "unknown"

/**
 * The results of a call that ended with the contact in place.
 *
 * - `created`: the API confirmed it
 * - `exists_after_doubt`: it exists, and was probably created by an attempt whose response was lost
 * - `existed`: it exists, and the call accepts that (`existing: "accept"`)
 */
export type CreatedResult = "created" | "exists_after_doubt" | "existed"

/** Whether a contact that exists already is an error, or a success with the result `existed`. */
export type ExistingPolicy = "error" | "accept"

/** The outcome of a call that may have created the contact. */
export type CallOutcome = CreatedResult | Outcome

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

/** An attempt that an attempt gate is asked about. */
export interface GatedAttempt {
  /** Counts the attempts of the call from 1. */
  readonly number: number
  /** The identifier, with an email's domain in lower case: personal data, so keep it out of logs. */
  readonly key: string
}

/** A limited consent of an attempt gate. */
export interface Allowance {
  /** The last moment at which the request may leave, in monotonic milliseconds. */
  readonly notAfter: number
}

/** A wait of a call. */
export interface WaitEvent {
  /** `queue`: its turn; `circuit`: the API fails; `backoff`, `budget`: a resend; `doubt`, `settle`: its processing. */
  readonly reason: "queue" | "circuit" | "budget" | "backoff" | "doubt" | "settle"
  /** How long it will be at least, in milliseconds; absent if that is not known. */
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
  readonly result: CreatedResult
  /** The API's message; empty unless the result is `created`. */
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

// --- a limit that processes share

/** Whether a process reaches the store of a shared limit; if not, it uses its own share of the limit (`alone`). */
export type SharedConnection = "connected" | "alone"

/**
 * For authors of packages: keeps the state of the pacer outside of the process, so that several processes share one limit.
 *
 * `modify` atomically replaces the state of a key by the second value that `f` returns, and resolves to the first. The
 * state is JSON, undefined at first; `now` is the store's time in milliseconds and never steps back for one key. `f` is pure
 * and may run several times; its last result counts. The key holds no token. A store handles its own outage: while it
 * cannot reach the others, it gives `f` its last known state, and as `share` the part of the limit that this process
 * may use, such as 0.25. It should not reject; if it does, this process continues with the newest state that it knows.
 */
export interface SharedRateLimitStore {
  readonly modify: <A>(
    key: string,
    f: (state: object | undefined, now: number, share?: number) => readonly [A, object],
  ) => Promise<A>
  /** Returns whether the store could be reached at the last call. */
  readonly connection?: (() => SharedConnection) | undefined
  /** The longest time until the next call reads the state again, in milliseconds, since other processes change it. */
  readonly recheckMs?: number | undefined
  /**
   * Returns how long a change of the state takes while other processes change it too, in milliseconds: so that a queue takes
   * as many permits at a time as the limit has for that long. Default 0, one at a time.
   */
  readonly changeMs?: (() => number) | undefined
  /**
   * Part of the stores of `makeSharedStore`: it shares the limit out, and reads the state again after four times `recheckMs` in a
   * long wait. Default: first come, first served.
   */
  readonly admit?: object | undefined
}

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
  readonly encodePlus: boolean
  readonly fill: boolean
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
  readonly existing: ExistingPolicy | undefined
  readonly doubt: boolean | undefined
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
}
