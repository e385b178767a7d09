/**
 * The error classes as values, with types that need no Effect: the very classes of core, so their instances are the same
 * everywhere. The tests check the types against core's.
 */
import * as Core from "@aelyst/core"
import type {
  AttemptRecord,
  ConnectionKind,
  Issue,
  Outcome,
  RateLimitInfo,
  ResponseHead,
  UnavailableReason,
  UnexpectedReason,
} from "@aelyst/core/types"

/**
 * The members of every error. There is no `cause`, except for that of a token function: the system's own errors name hosts
 * and ports. Their codes are in `attempts`.
 */
export interface AelystErrorMembers<Name extends string, O extends Outcome> extends Error {
  readonly name: Name
  readonly _tag: Name
  /** Whether the contact can exist. */
  readonly outcome: O
  /** Every attempt of the call, oldest first; empty if nothing was tried. */
  readonly attempts: ReadonlyArray<AttemptRecord>
  /** Whether sending the same again later may work and cannot create the contact twice. */
  readonly isRetryable: boolean
  /** The API's own words, if it sent some. They may quote the contact, and stay out of inspection, JSON and logs. */
  readonly apiMessage: string | undefined
  /** The wait that was asked for, in milliseconds; undefined if none was. */
  readonly retryAfterMs: number | undefined
  /** The rate limit as the newest response reported it; undefined if there was none. Not in inspection and JSON. */
  readonly rateLimit: RateLimitInfo | undefined
  /** The status and headers of the newest response; undefined if there was none. Not in inspection, JSON and logs. */
  readonly response: ResponseHead | undefined
  /** The address of the error's section in the docs. */
  readonly docs: string
}

/**
 * An error class as a value: for `instanceof`, which also knows errors of another copy of this package, and for making
 * errors in tests.
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

/** Returns a class of core with its public type. */
const publish = <E extends AelystError, Own extends keyof E>(Class: object): ErrorClass<E, Own> =>
  // safe: each class has the members of its public type, and Symbol.hasInstance asks for the brand
  Class as ErrorClass<E, Own>

/** The identifier or the contact breaks a rule; nothing was sent. All issues are listed. */
export interface InvalidContactError extends AelystErrorMembers<"InvalidContactError", "not_sent"> {
  readonly issues: ReadonlyArray<Issue>
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { InvalidContactError } from "@aelyst/node"
 *
 * const error = new InvalidContactError({ attempts: [], issues: [] })
 * console.log(error.outcome) // => not_sent
 * ```
 */
export const InvalidContactError: ErrorClass<InvalidContactError, "issues"> = publish(
  Core.InvalidContactError,
)

/** The client did not send the request. */
export interface UnavailableError extends AelystErrorMembers<"UnavailableError", "not_sent"> {
  readonly reason: UnavailableReason
  /** The failure of the token function, if `reason` is `token`. Not in inspection and JSON. */
  readonly cause?: unknown
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { UnavailableError } from "@aelyst/node"
 *
 * const error = new UnavailableError({ attempts: [], reason: "queue" })
 * console.log(error.isRetryable) // => true
 * ```
 */
export const UnavailableError: ErrorClass<UnavailableError, "reason"> = publish(
  Core.UnavailableError,
)

/** No connection could be made; nothing was sent. */
export interface ConnectionError extends AelystErrorMembers<"ConnectionError", "not_sent"> {
  readonly kind: ConnectionKind
  /** The system's own code, such as `ENOTFOUND`. */
  readonly code: string
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { ConnectionError } from "@aelyst/node"
 *
 * const error = new ConnectionError({ attempts: [], kind: "dns", code: "ENOTFOUND" })
 * console.log(error.outcome, error.code) // => not_sent ENOTFOUND
 * ```
 */
export const ConnectionError: ErrorClass<ConnectionError, "kind" | "code"> = publish(
  Core.ConnectionError,
)

/** The API rejected the contact (W6), or it exists already (D3). */
export interface BadRequestError extends AelystErrorMembers<"BadRequestError", "rejected"> {
  readonly status: number
  /** Whether the API said that the contact exists. */
  readonly exists: boolean
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { BadRequestError } from "@aelyst/node"
 *
 * const error = new BadRequestError({ attempts: [], status: 409, exists: true })
 * console.log(error.outcome, error.exists) // => rejected true
 * ```
 */
export const BadRequestError: ErrorClass<BadRequestError, "status" | "exists"> = publish(
  Core.BadRequestError,
)

/** The API rejected the token (W7). Not resent, except once with a new token if `token` is a function. */
export interface AuthenticationError extends AelystErrorMembers<"AuthenticationError", "rejected"> {
  readonly status: 401
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError } from "@aelyst/node"
 *
 * const error = new AuthenticationError({ attempts: [] })
 * console.log(error.status) // => 401
 * ```
 */
export const AuthenticationError: ErrorClass<AuthenticationError> = publish(
  Core.AuthenticationError,
)

/** The API answered 429 (W8), and no resend was left or the wait was too long. */
export interface RateLimitError extends AelystErrorMembers<"RateLimitError", "rejected"> {
  readonly status: 429
  /** How many requests the API allows in its window. */
  readonly limit?: number
  readonly remaining?: number
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { RateLimitError } from "@aelyst/node"
 *
 * const error = new RateLimitError({ attempts: [], retryAfterMs: 2_000, limit: 10 })
 * console.log(error.status, error.retryAfterMs) // => 429 2000
 * ```
 */
export const RateLimitError: ErrorClass<RateLimitError, "limit" | "remaining"> = publish(
  Core.RateLimitError,
)

/** The API answered 500 (W9) or another 5xx (D6). */
export interface InternalServerError extends AelystErrorMembers<"InternalServerError", "unknown"> {
  readonly status: number
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { InternalServerError } from "@aelyst/node"
 *
 * const error = new InternalServerError({ attempts: [], status: 503 })
 * console.log(error.outcome) // => unknown
 * ```
 */
export const InternalServerError: ErrorClass<InternalServerError, "status"> = publish(
  Core.InternalServerError,
)

/** The API does not document such a response (D6). */
export interface UnexpectedResponseError extends AelystErrorMembers<
  "UnexpectedResponseError",
  "rejected" | "unknown"
> {
  readonly status: number
  readonly reason: UnexpectedReason
  /** Only harmless headers. */
  readonly headers: Readonly<Record<string, string>>
  /** At most 200 characters of the body, redacted. */
  readonly excerpt: string
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { UnexpectedResponseError } from "@aelyst/node"
 *
 * const response = { status: 404, headers: {}, excerpt: "Not Found" }
 * const error = new UnexpectedResponseError({ attempts: [], outcome: "rejected", reason: "status", ...response })
 * console.log(error.status, error.excerpt) // => 404 Not Found
 * ```
 */
export const UnexpectedResponseError: ErrorClass<
  UnexpectedResponseError,
  "status" | "outcome" | "reason" | "headers" | "excerpt"
> = publish(Core.UnexpectedResponseError)

/** The request left and no response confirmed it: the contact may or may not exist. */
export interface OutcomeUnknownError extends AelystErrorMembers<"OutcomeUnknownError", "unknown"> {
  /** The code of the attempt in doubt, such as `ECONNRESET`, `TIMEOUT` or `HTTP_408`. */
  readonly code: string
  /** The newest error, if the call continued after the doubt and ended with another. */
  readonly last?: Exclude<AelystError, InvalidContactError | OutcomeUnknownError>
}
/**
 * The class, for `instanceof` and for tests.
 *
 * **Example**
 *
 * ```ts
 * import { OutcomeUnknownError } from "@aelyst/node"
 *
 * const error = new OutcomeUnknownError({ attempts: [], code: "TIMEOUT" })
 * console.log(error.outcome, error.code) // => unknown TIMEOUT
 * ```
 */
export const OutcomeUnknownError: ErrorClass<OutcomeUnknownError, "code" | "last"> = publish(
  Core.OutcomeUnknownError,
)

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

/** The error that the constructor throws, and that calls reject with, for an invalid option. */
export interface ConfigurationError extends TypeError {
  readonly code: "ERR_AELYST_CONFIG"
  /** Names the option; the value is never shown. */
  readonly option: string
}

/**
 * Returns whether a value is one of the nine errors, from this copy of the package or another.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError, isAelystError } from "@aelyst/node"
 *
 * console.log(isAelystError(new AuthenticationError({ attempts: [] }))) // => true
 * console.log(isAelystError(new Error("401"))) // => false
 * ```
 */
export const isAelystError = (value: unknown): value is AelystError => Core.isAelystError(value)
