/**
 * The table of errors for documents and help texts: when each class occurs, and the sentences of its definition. It stands
 * apart from the classes because a client does not need it.
 */
import type { Outcome } from "../types.ts"
import type { ErrorTag } from "./AelystError.ts"
import { errorClasses } from "./AelystError.ts"
import { connectionKinds } from "./ErrorSentence.ts"
import { visitorTable } from "./VisitorTable.ts"

export type { ErrorTag } from "./AelystError.ts"
export { docsUrl } from "./ErrorClass.ts"

/** Describes one error class for people. */
export interface ErrorEntry {
  /** When it occurs. */
  readonly when: string
  /** The outcomes it can have. */
  readonly outcomes: ReadonlyArray<Outcome>
  /** Whether the client sends the request again without being asked. */
  readonly resent: string
  /** The sentence about the contact. */
  readonly meaning: string
  /** The sentence that names the next step. */
  readonly fix: string
  /** The status of a response to a visitor. */
  readonly visitorStatus: number
}

/** The words that only documents need; a sentence that depends on the fields of an error is here in general words. */
const words: Readonly<Record<ErrorTag, Partial<ErrorEntry> & Pick<ErrorEntry, "when" | "resent">>> =
  {
    InvalidContactError: {
      when: "The identifier or the contact is invalid; checked before any request",
      resent: "no",
    },
    UnavailableError: {
      when: "The client did not send the request: circuit open, queue full, deadline too close, no token, not allowed by the attempt gate, or client closed",
      resent: "no; you may retry",
      fix: "Retry later, after `retryAfter` if it is set.",
    },
    ConnectionError: {
      when: "DNS, connecting, TLS or the proxy failed before the request could leave",
      resent: "yes, except for certificate errors and proxy authentication",
      fix: connectionKinds.connect,
    },
    BadRequestError: {
      when: "The API answered 400, or said that the contact exists (`exists: true`)",
      resent: "no",
      fix: "Correct the contact; `apiMessage` holds the API's own words.",
    },
    AuthenticationError: {
      when: "The API answered 401, which also stops a run",
      resent: "no, except once with a new token if it comes from a function or an effect",
    },
    RateLimitError: {
      when: "The API answered 429, and no resend was left or the wait was too long",
      resent: "yes, after the wait",
      fix: "Retry after `retryAfter`.",
    },
    InternalServerError: {
      when: "The API answered 500 or another 5xx",
      resent: "under `natural-key` only",
    },
    UnexpectedResponseError: {
      when: "The API does not document the response: another status, a redirect, or a 2xx that cannot be verified",
      resent: "under `natural-key`, if the outcome is unknown",
      meaning: "See `outcome`: rejected means not created, unknown means that it may exist.",
    },
    OutcomeUnknownError: {
      when: "The request left and no response could be read, or a call ended after an attempt in doubt",
      resent: "under `natural-key` only",
    },
  }

/**
 * Lists the nine tags in the order of the docs.
 *
 * **Example**
 *
 * ```ts
 * import { errorTags } from "@aelyst/core/adapter"
 *
 * console.log(errorTags.length, errorTags[0]) // => 9 InvalidContactError
 * ```
 */
export const errorTags: ReadonlyArray<ErrorTag> =
  // safe: an object literal has the keys of its type and no others
  Object.keys(errorClasses) as ReadonlyArray<ErrorTag>

const entryOf = (tag: ErrorTag): ErrorEntry => {
  const { outcomes, meaning, fix } = errorClasses[tag].definition
  return {
    outcomes,
    meaning: typeof meaning === "string" ? meaning : "",
    fix: typeof fix === "string" ? fix : "",
    visitorStatus: visitorTable[tag].status,
    ...words[tag],
  }
}

/**
 * Holds the words of the nine error classes by tag.
 *
 * **Example**
 *
 * ```ts
 * import { errorTable } from "@aelyst/core/adapter"
 *
 * console.log(errorTable.RateLimitError.resent) // => yes, after the wait
 * ```
 */
export const errorTable: Readonly<Record<ErrorTag, ErrorEntry>> =
  // safe: one entry for each tag
  Object.fromEntries(errorTags.map((tag) => [tag, entryOf(tag)])) as Record<ErrorTag, ErrorEntry>
