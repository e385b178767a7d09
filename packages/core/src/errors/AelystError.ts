/**
 * The typed error channel of a create: nine classes, one flat union, each with the outcome for the contact. Each is
 * defined here once, in words and in types. The classes are recognised by brand, so they survive two copies of this
 * package and the way through Promise land.
 */
import type { Issue } from "../contact/Issue.ts"
import type { ConnectionKind, UnavailableReason, UnexpectedReason } from "../types.ts"
import { define, tagOf } from "./ErrorClass.ts"

export type { ConnectionKind, UnavailableReason, UnexpectedReason } from "../types.ts"
export type { AttemptRecord, Members, ResponseHead } from "./ErrorClass.ts"
export { AelystErrorTypeId, withApiMessage, withRateLimit, withResponse } from "./ErrorClass.ts"

const notCreated = "The contact was not created."
const notSent = "Nothing was sent."
const inDoubt = "The contact may or may not exist."
const checkFirst = "Check whether the contact exists before retrying."

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`

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
 *   console.log(error.issues[0]?.code) // => FIRST_NAME_MISSING
 *   console.log(error.outcome) // => not_sent
 * }
 * ```
 */
export class InvalidContactError extends define<{ readonly issues: ReadonlyArray<Issue> }>()({
  tag: "InvalidContactError",
  when: "The identifier or the contact is invalid; checked before any request",
  outcomes: ["not_sent"],
  resent: "no",
  meaning: notSent,
  fix: "Correct every issue, then create the contact again.",
  happened: ({ issues }) => {
    const first = issues
      .slice(0, 5)
      .map(({ path, rule, code }) => `${path.join(".")}: ${rule} [${code}]`)
      .join("; ")
    const more = issues.length > 5 ? `; and ${issues.length - 5} more` : ""
    return `The contact is invalid: ${first}${more}`
  },
}) {}

/** Says why the client did not send a request, and what to do; `fix` is for waits of unknown length. */
export const unavailableReasons = {
  circuit: {
    happened: "The circuit is open because the API is not answering",
    fix: "Retry later.",
  },
  queue: { happened: "The queue is full", fix: "Retry later." },
  deadline: { happened: "The wait would not end before the deadline", fix: "Retry later." },
  token: {
    happened: "The token function returned no usable token",
    fix: "Return a token of 8 to 4,096 visible ASCII characters.",
  },
  closed: { happened: "The client is closed or its run has ended", fix: "Create a new client." },
  gate: {
    happened: "The attempt gate refused the attempt",
    fix: "Check why the gate refused it before retrying.",
  },
} as const satisfies Record<UnavailableReason, unknown>

/**
 * Reports that the client did not send the request.
 *
 * `reason` is `circuit`, `queue`, `deadline`, `token`, `closed` or `gate`; `retryAfterMs` says when it may work, if that
 * is known. Outcome `not_sent`.
 *
 * **Example**
 *
 * ```ts
 * import { UnavailableError } from "@aelyst/core"
 *
 * const error = new UnavailableError({ attempts: [], reason: "circuit", retryAfterMs: 1_500 })
 * console.log(error.message)
 * // => The circuit is open because the API is not answering. The contact was not created. Retry after 2 s. …
 * console.log(error.isRetryable) // => true
 * ```
 */
export class UnavailableError extends define<{ readonly reason: UnavailableReason }>()({
  tag: "UnavailableError",
  when: "The client did not send the request: circuit open, queue full, deadline too close, no token, refused by the attempt gate, or client closed",
  outcomes: ["not_sent"],
  resent: "no; you may retry",
  meaning: notCreated,
  fix: "Retry later, after `retryAfter` if it is set.",
  isRetryable: ({ reason }) => reason === "circuit" || reason === "queue" || reason === "deadline",
  happened: ({ reason }) => unavailableReasons[reason].happened,
  fixOf: ({ reason, retryAfterMs }) =>
    retryAfterMs === undefined
      ? unavailableReasons[reason].fix
      : `Retry after ${seconds(retryAfterMs)}.`,
}) {}

/** Says what to check if no connection could be made. */
export const connectionKinds = {
  dns: "Check the host name of the base URL, DNS and the proxy.",
  connect: "Check the base URL, the network and the proxy.",
  timeout: "Check the base URL, the network and the proxy.",
  tls: "Check that the base URL names a port that speaks TLS.",
  certificate: "Check the server's certificate and the certificates that are trusted.",
  proxy: "Check the proxy.",
  proxy_auth: "Check the user name and the password for the proxy.",
} as const satisfies Record<ConnectionKind, unknown>

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
  when: "DNS, connecting, TLS or the proxy failed before the request could leave",
  outcomes: ["not_sent"],
  resent: "yes, except for certificate errors and proxy authentication",
  meaning: notSent,
  fix: "Check the base URL, the network and the proxy.",
  isRetryable: ({ kind }) => kind !== "certificate" && kind !== "proxy_auth",
  happened: ({ code }) => `Could not connect to the API (${code})`,
  fixOf: ({ kind }) => connectionKinds[kind],
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
  when: "The API answered 400, or said that the contact exists (`exists: true`)",
  outcomes: ["rejected"],
  resent: "no",
  meaning: notCreated,
  fix: "Correct the contact; `apiMessage` holds the API's own words.",
  happened: ({ exists, status }) =>
    exists ? `The contact already exists (${status})` : `The API rejected the contact (${status})`,
  fixOf: ({ exists }) =>
    exists
      ? "Use the existing contact."
      : "Correct the contact; `apiMessage` holds the API's own words.",
}) {}

/**
 * Reports that the API rejected the token (W7). Outcome `rejected`; a run stops at once.
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
  when: "The API answered 401",
  outcomes: ["rejected"],
  resent: "no, but once if the token comes from a function or an effect; then a run stops",
  meaning: notCreated,
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
  when: "The API answered 429, and no resend was left or the wait was too long",
  outcomes: ["rejected"],
  resent: "yes, after the wait",
  meaning: notCreated,
  fix: "Retry after `retryAfter`.",
  fixed: { status: 429 },
  isRetryable: () => true,
  happened: ({ retryAfterMs }) =>
    retryAfterMs === undefined
      ? "Rate limited (429). Retry later"
      : `Rate limited (429). Retry after ${seconds(retryAfterMs)}`,
  fixOf: () => "",
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
  when: "The API answered 500 or another 5xx",
  outcomes: ["unknown"],
  resent: "under `natural-key` only",
  meaning: inDoubt,
  fix: checkFirst,
  happened: ({ status }) => `The API answered ${status}`,
}) {}

/** Says what was unexpected about a response. */
export const unexpectedReasons = {
  status: "which it does not document",
  redirect: "a redirect, and redirects are never followed",
  unreadable: "with an unreadable body",
  contradiction: "with a body that reports a failure",
} as const satisfies Record<UnexpectedReason, unknown>

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
 * const error = new UnexpectedResponseError({
 *   attempts: [],
 *   status: 404,
 *   outcome: "rejected",
 *   reason: "status",
 *   headers: { "content-type": "text/html" },
 *   excerpt: "Not Found",
 * })
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
  when: "The API does not document the response: another status, a redirect, or a 2xx that cannot be verified",
  outcomes: ["rejected", "unknown"],
  resent: "under `natural-key`, if the outcome is unknown",
  meaning: "See `outcome`: rejected means not created, unknown means that it may exist.",
  fix: "Check the base URL and any proxy or gateway in between.",
  happened: ({ reason, status }) => `The API answered ${status}, ${unexpectedReasons[reason]}`,
  meaningOf: ({ outcome }) => (outcome === "rejected" ? notCreated : `${inDoubt} ${checkFirst}`),
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
 * error, if the call went on after the doubt and ended otherwise. Outcome `unknown`.
 *
 * **Example**
 *
 * ```ts
 * import { OutcomeUnknownError } from "@aelyst/core"
 *
 * const error = new OutcomeUnknownError({ attempts: [], code: "TIMEOUT" })
 * console.log(error.message)
 * // => No response confirmed the request (TIMEOUT). The contact may or may not exist. Check whether the contact exists before retrying. …
 * ```
 */
export class OutcomeUnknownError extends define<{
  readonly code: string
  readonly last?: SettledError
}>()({
  tag: "OutcomeUnknownError",
  when: "The request left and no response could be read, or a call ended after an attempt in doubt",
  outcomes: ["unknown"],
  resent: "under `natural-key` only",
  meaning: inDoubt,
  fix: checkFirst,
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
