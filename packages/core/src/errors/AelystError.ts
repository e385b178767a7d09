/**
 * The typed error channel of a create: nine classes, one flat union. Each class is defined here once; `ErrorTable.ts` adds
 * the words of the docs. Classes are recognised by brand, so that errors from another copy of this package are too.
 */
import type { Redacted } from "effect/Redacted"

import type { Issue } from "../contact/Issue.ts"
import type { ConnectionKind, UnavailableReason, UnexpectedReason } from "../types.ts"
import { define, tagOf } from "./ErrorClass.ts"
import * as Sentence from "./ErrorSentence.ts"

export {
  AelystErrorTypeId,
  withApiMessage,
  withCause,
  withRateLimit,
  withResponse,
} from "./ErrorClass.ts"

/**
 * Reports that the identifier or the contact breaks a rule; no request was made.
 *
 * `issues` holds all of them, each with its path, code and rule, never a value. Outcome `not_sent`.
 *
 * **Example**
 *
 * ```ts
 * import { InvalidContactError, validate } from "@aelyst/core"
 * import { Result } from "effect"
 *
 * const valid = validate("email:ada@example.com", { firstName: " " })
 * if (Result.isFailure(valid)) {
 *   const error = new InvalidContactError({ attempts: [], issues: valid.failure })
 *   console.log(error.outcome, error.issues[0]?.code) // => not_sent FIRST_NAME_MISSING
 * }
 * ```
 */
export class InvalidContactError extends define<{ readonly issues: ReadonlyArray<Issue> }>()({
  tag: "InvalidContactError",
  outcomes: ["not_sent"],
  meaning: Sentence.notSent,
  fix: "Correct every issue, then create the contact again.",
  happened: ({ issues }) => `The contact is invalid: ${Sentence.listIssues(issues)}`,
}) {}

/**
 * Reports that the client did not send the request.
 *
 * `reason` is `circuit`, `queue`, `deadline`, `token`, `closed` or `gate`; `retryAfterMs` says when it may work, if that
 * is known. If the effect of the token failed (`token`), `cause` holds its failure: redacted, since it may hold a secret.
 * Outcome `not_sent`.
 *
 * **Example**
 *
 * ```ts
 * import { UnavailableError } from "@aelyst/core"
 *
 * const error = new UnavailableError({ attempts: [], reason: "circuit", retryAfterMs: 1_500 })
 * console.log(error.isRetryable, error.message)
 * // => true The circuit is open because the API is not answering. The contact was not created. Retry after 2 s. …
 * ```
 */
export class UnavailableError extends define<{ readonly reason: UnavailableReason }>()({
  tag: "UnavailableError",
  outcomes: ["not_sent"],
  meaning: Sentence.notCreated,
  isRetryable: ({ reason }) => reason === "circuit" || reason === "queue" || reason === "deadline",
  happened: ({ reason }) => Sentence.unavailableReasons[reason].happened,
  fix: ({ reason, retryAfterMs }) =>
    retryAfterMs === undefined
      ? Sentence.unavailableReasons[reason].fix
      : `${Sentence.retryAfter(retryAfterMs)}.`,
}) {
  /** The failure of the token effect; read it with `Redacted.value`. Undefined for every other reason. */
  declare readonly cause?: Redacted<unknown>
}

/**
 * Reports that no connection could be made, before any byte of the request could leave.
 *
 * `kind` is what failed, `code` the system's own code (`ENOTFOUND`). Outcome `not_sent`. Resent by default, but never
 * for `certificate` or `proxy_auth`.
 *
 * **Example**
 *
 * ```ts
 * import { ConnectionError } from "@aelyst/core"
 *
 * const error = new ConnectionError({ attempts: [], kind: "dns", code: "ENOTFOUND" })
 * console.log(error.message)
 * // => Could not connect to the API (ENOTFOUND). Nothing was sent. Check the host name of the base URL, DNS and the proxy. …
 * ```
 */
export class ConnectionError extends define<{
  readonly kind: ConnectionKind
  readonly code: string
}>()({
  tag: "ConnectionError",
  outcomes: ["not_sent"],
  meaning: Sentence.notSent,
  isRetryable: ({ kind }) => kind !== "certificate" && kind !== "proxy_auth",
  happened: ({ code }) => `Could not connect to the API (${code})`,
  fix: ({ kind }) => Sentence.connectionKinds[kind],
}) {}

/**
 * Reports that the API rejected the contact (W6), or that the contact already exists (D3).
 *
 * `exists` is true if the response says that the contact exists; `status` is 400, or the status that the matcher of
 * "exists" recognised. `apiMessage` holds the API's own words. Outcome `rejected`.
 *
 * **Example**
 *
 * ```ts
 * import { BadRequestError } from "@aelyst/core"
 *
 * const error = new BadRequestError({ attempts: [], status: 409, exists: true })
 * console.log(error.message)
 * // => The contact already exists (409). The contact was not created. Use the existing contact. …
 * ```
 */
export class BadRequestError extends define<{
  readonly status: number
  readonly exists: boolean
}>()({
  tag: "BadRequestError",
  outcomes: ["rejected"],
  meaning: Sentence.notCreated,
  happened: ({ exists, status }) =>
    exists ? `The contact already exists (${status})` : `The API rejected the contact (${status})`,
  fix: ({ exists }) =>
    exists
      ? "Use the existing contact."
      : "Correct the contact; `apiMessage` holds the API's own words.",
}) {}

/**
 * Reports that the API rejected the token (W7). Outcome `rejected`; a run stops at once.
 *
 * Not resent, except once with a new token if the client's `token` is an effect and `retries` is not 0.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError } from "@aelyst/core"
 *
 * const { outcome, status } = new AuthenticationError({ attempts: [] })
 * console.log(outcome, status) // => rejected 401
 * ```
 */
export class AuthenticationError extends define<object>()({
  tag: "AuthenticationError",
  outcomes: ["rejected"],
  meaning: Sentence.notCreated,
  fix: "Use a token that the API accepts.",
  fixed: { status: 401 },
  happened: () => "The API rejected the token (401)",
}) {}

/**
 * Reports that the API limited the rate of requests (W8).
 *
 * `retryAfterMs` is the wait that it asked for, if it named one; `limit` and `remaining` count requests. Outcome
 * `rejected`. Resent after the wait, while resends are left and the wait fits.
 *
 * **Example**
 *
 * ```ts
 * import { RateLimitError } from "@aelyst/core"
 *
 * const error = new RateLimitError({ attempts: [], retryAfterMs: 2_000, limit: 10 })
 * console.log(error.message)
 * // => Rate limited (429). Retry after 2 s. The contact was not created. …
 * ```
 */
export class RateLimitError extends define<{
  readonly limit?: number
  readonly remaining?: number
}>()({
  tag: "RateLimitError",
  outcomes: ["rejected"],
  meaning: Sentence.notCreated,
  fixed: { status: 429 },
  isRetryable: () => true,
  happened: ({ retryAfterMs }) => `Rate limited (429). ${Sentence.retryAfter(retryAfterMs)}`,
}) {}

/**
 * Reports that the API answered 500 (W9) or another 5xx (D6); `status` says which. Outcome `unknown`.
 *
 * **Example**
 *
 * ```ts
 * import { InternalServerError } from "@aelyst/core"
 *
 * const error = new InternalServerError({ attempts: [], status: 503, retryAfterMs: 5_000 })
 * console.log(error.outcome, error.retryAfterMs) // => unknown 5000
 * ```
 */
export class InternalServerError extends define<{ readonly status: number }>()({
  tag: "InternalServerError",
  outcomes: ["unknown"],
  meaning: Sentence.inDoubt,
  fix: Sentence.checkFirst,
  happened: ({ status }) => `The API answered ${status}`,
}) {}

/**
 * Reports a response that the API does not document (D6).
 *
 * `outcome` is `unknown` for a redirect and for a 2xx that cannot be verified, else `rejected`. `reason` names what was
 * unexpected. `headers` holds harmless headers only, `excerpt` at most 200 characters of the body, redacted.
 *
 * **Example**
 *
 * ```ts
 * import { UnexpectedResponseError } from "@aelyst/core"
 *
 * const reply = { status: 404, headers: {}, excerpt: "Not Found" }
 * const error = new UnexpectedResponseError({ attempts: [], outcome: "rejected", reason: "status", ...reply })
 * console.log(error.message)
 * // => The API answered 404, which it does not document. The contact was not created. …
 * ```
 */
export class UnexpectedResponseError extends define<{
  readonly status: number
  readonly outcome: "rejected" | "unknown"
  readonly reason: UnexpectedReason
  readonly headers: Readonly<Record<string, string>>
  readonly excerpt: string
}>()({
  tag: "UnexpectedResponseError",
  outcomes: ["rejected", "unknown"],
  fix: "Check the base URL and any proxy or gateway in between.",
  happened: ({ reason, status }) =>
    `The API answered ${status}, ${Sentence.unexpectedReasons[reason]}`,
  meaning: ({ outcome }) =>
    outcome === "rejected" ? Sentence.notCreated : `${Sentence.inDoubt} ${Sentence.checkFirst}`,
}) {}

/** Names the errors that can follow an attempt in doubt. */
export type SettledError =
  | UnavailableError
  | ConnectionError
  | BadRequestError
  | AuthenticationError
  | RateLimitError
  | InternalServerError
  | UnexpectedResponseError

/**
 * Reports that an attempt may have left and that no response said whether the contact exists.
 *
 * `code` is what ended the attempt in doubt (`ECONNRESET`, `TIMEOUT`, `HTTP_408` and the like); `last` is the newest
 * error, if the call continued after the doubt and ended otherwise. Outcome `unknown`.
 *
 * **Example**
 *
 * ```ts
 * import { OutcomeUnknownError } from "@aelyst/core"
 *
 * const error = new OutcomeUnknownError({ attempts: [], code: "TIMEOUT" })
 * console.log(error.message)
 * // => No response confirmed the request (TIMEOUT). The contact may or may not exist. Check whether the contact exists before retrying: search for it in the Aelyst app. …
 * ```
 */
export class OutcomeUnknownError extends define<{
  readonly code: string
  readonly last?: SettledError
}>()({
  tag: "OutcomeUnknownError",
  outcomes: ["unknown"],
  meaning: Sentence.inDoubt,
  fix: Sentence.checkFirst,
  happened: ({ code }) => `No response confirmed the request (${code})`,
}) {}

/** Names every error of a create: one flat union, told apart by `_tag` (or `name`). */
export type AelystError = SettledError | InvalidContactError | OutcomeUnknownError

/** Names one of the nine error classes. */
export type ErrorTag = AelystError["_tag"]

/** Holds the nine classes by tag. */
export const errorClasses = {
  InvalidContactError,
  UnavailableError,
  ConnectionError,
  BadRequestError,
  AuthenticationError,
  RateLimitError,
  InternalServerError,
  OutcomeUnknownError,
  UnexpectedResponseError,
} as const satisfies Readonly<Record<ErrorTag, unknown>>

/** Names the errors with a tag. */
export type ErrorOf<Tag extends ErrorTag> = InstanceType<(typeof errorClasses)[Tag]>

/** Names the fields of a class, without those of all classes. */
export type FieldsOf<Tag extends ErrorTag> = Omit<
  ConstructorParameters<(typeof errorClasses)[Tag]>[0],
  "attempts" | "message" | "retryAfterMs"
>

/** Creates the error with a tag; the fields are those of its class. */
export const makeError = <Tag extends ErrorTag>(tag: Tag, fields: object): ErrorOf<Tag> =>
  // safe: the types of the callers check the fields against the class
  new (errorClasses[tag] as unknown as new (fields: object) => ErrorOf<Tag>)(fields)

/**
 * Returns whether a value is one of the nine errors, from this copy of the package or another.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError, isAelystError } from "@aelyst/core"
 *
 * console.log(isAelystError(new AuthenticationError({ attempts: [] }))) // => true
 * console.log(isAelystError(new Error("401"))) // => false
 * ```
 */
export const isAelystError = (u: unknown): u is AelystError => {
  const tag = tagOf(u)
  return typeof tag === "string" && Object.hasOwn(errorClasses, tag)
}
