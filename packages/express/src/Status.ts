/**
 * The one table from errors to answers: what a visitor is told, what a caller of the proxy is told, and which headers
 * go along. Errors are told apart by their class; no number of the API's is looked at here.
 */
import type { AelystError } from "@aelyst/node"

/** What one side is answered. */
export interface Answer {
  readonly status: number
  /** Stable; programs may compare it. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
}

/** What both sides are answered for one error class. */
export interface Row {
  readonly visitor: Answer
  readonly proxy: Answer
  /** Whether `Retry-After` goes along. */
  readonly retryAfter: boolean
}

const later = "This is not available at the moment. Please try again later."
const unsure = "It is not certain that this arrived. Please ask before you send it again."

/** Lists the nine classes. The messages of the proxy's 400, 429 and 500 are the API's documented ones (W6, W8, W9). */
export const statusTable = {
  InvalidContactError: {
    visitor: {
      status: 422,
      code: "invalid_contact",
      message: "Some of this needs to be corrected.",
    },
    proxy: { status: 400, code: "invalid_contact", message: "Validation error." },
    retryAfter: false,
  },
  BadRequestError: {
    visitor: {
      status: 422,
      code: "contact_refused",
      message: "This was not accepted. Please check what you entered.",
    },
    proxy: { status: 400, code: "contact_refused", message: "Validation error." },
    retryAfter: false,
  },
  AuthenticationError: {
    visitor: { status: 502, code: "upstream_auth", message: later },
    proxy: {
      status: 502,
      code: "upstream_auth",
      message: "The service is not set up to reach the API.",
    },
    retryAfter: false,
  },
  RateLimitError: {
    visitor: {
      status: 503,
      code: "rate_limited",
      message: "There are too many requests at the moment.",
    },
    proxy: { status: 429, code: "rate_limited", message: "Too Many Requests" },
    retryAfter: true,
  },
  InternalServerError: {
    visitor: { status: 502, code: "upstream_error", message: unsure },
    proxy: { status: 502, code: "upstream_error", message: "The API failed." },
    retryAfter: false,
  },
  UnexpectedResponseError: {
    visitor: { status: 502, code: "upstream_unexpected", message: later },
    proxy: {
      status: 502,
      code: "upstream_unexpected",
      message: "The API gave an answer that it does not document.",
    },
    retryAfter: false,
  },
  ConnectionError: {
    visitor: { status: 504, code: "upstream_unreachable", message: later },
    proxy: {
      status: 504,
      code: "upstream_unreachable",
      message: "The API could not be reached.",
    },
    retryAfter: false,
  },
  OutcomeUnknownError: {
    visitor: { status: 504, code: "outcome_unknown", message: unsure },
    proxy: {
      status: 504,
      code: "outcome_unknown",
      message: "The API gave no answer; the contact may or may not exist.",
    },
    retryAfter: false,
  },
  UnavailableError: {
    visitor: {
      status: 503,
      code: "unavailable",
      message: "This is busy at the moment.",
    },
    proxy: {
      status: 503,
      code: "unavailable",
      message: "The request was not sent; try again later.",
    },
    retryAfter: true,
  },
} as const satisfies Record<AelystError["name"], Row>

/** What a visitor is told where it is not certain that an unexpected answer means "not created". */
export const unsureMessage: string = unsure

/** What a caller of the proxy is answered for a 5xx of the API under `mirror: "strict"` (W9). */
export const strictServerError: Answer = {
  status: 500,
  code: "upstream_error",
  message: "Unexpected error occurred",
}

/** Lists what the blocks refuse by themselves, before anything is sent. */
export const refusals = {
  malformed: { status: 400, message: "The body could not be read." },
  not_an_object: { status: 400, message: "The body is not an object." },
  bad_address: { status: 400, message: "The address could not be read." },
  unauthorized: { status: 401, message: "You need to be signed in for this." },
  forbidden: { status: 403, message: "This is not allowed." },
  identifier_not_allowed: { status: 403, message: "Contacts of this kind are not allowed here." },
  not_found: { status: 404, message: "There is nothing here." },
  method_not_allowed: { status: 405, message: "Only POST is possible here." },
  timeout: { status: 408, message: "The body did not arrive in time." },
  too_large: { status: 413, message: "The body is too large." },
  unsupported_type: { status: 415, message: "This type of body is not supported." },
  misconfigured: { status: 500, message: "This is not set up correctly." },
  busy: { status: 503, message: "This is busy at the moment." },
} as const

/** Names a refusal. */
export type RefusalCode = keyof typeof refusals
