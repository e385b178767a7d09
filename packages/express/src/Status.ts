/**
 * The status, code and sentence of every error response: for the callers of `contactProxy`, and for requests that a block
 * rejects before anything is sent. Those for the visitors of `createContact` are the SDK's. Errors of a create are
 * distinguished by class, never by a status of the API; a new one fails to compile here.
 */
import type { AelystError } from "@aelyst/node"
import { visitorTable } from "@aelyst/node"

/** Describes the response to an error, on one side. */
export interface ErrorResponse {
  readonly status: number
  /** Stable; programs may compare it. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
}

/** Describes the responses to one error class. */
export interface StatusRow {
  readonly visitor: Pick<ErrorResponse, "status" | "code">
  readonly proxy: ErrorResponse
  /** Whether the response has a `Retry-After` header: always, or if the API or the client named a wait. */
  readonly retryAfter: "always" | "named" | "never"
}

const contactUs = "This service is not working at the moment. Please contact us."

/** Lists the nine error classes. The proxy's messages for 400 and 429 are the documented ones (W6, W8). */
export const statusTable = {
  InvalidContactError: {
    visitor: visitorTable.InvalidContactError,
    proxy: { status: 400, code: "invalid_contact", message: "Validation error." },
    retryAfter: "never",
  },
  BadRequestError: {
    visitor: visitorTable.BadRequestError,
    proxy: { status: 400, code: "contact_refused", message: "Validation error." },
    retryAfter: "never",
  },
  AuthenticationError: {
    visitor: visitorTable.AuthenticationError,
    proxy: {
      status: 502,
      code: "upstream_auth",
      message: "This server is not authorized to call the API.",
    },
    retryAfter: "never",
  },
  RateLimitError: {
    visitor: visitorTable.RateLimitError,
    proxy: { status: 429, code: "rate_limited", message: "Too Many Requests" },
    retryAfter: "always",
  },
  InternalServerError: {
    visitor: visitorTable.InternalServerError,
    proxy: {
      status: 502,
      code: "upstream_error",
      message: "The API failed. Check whether the contact exists before retrying.",
    },
    retryAfter: "named",
  },
  UnexpectedResponseError: {
    visitor: visitorTable.UnexpectedResponseError,
    proxy: {
      status: 502,
      code: "upstream_unexpected",
      message: "The API sent an undocumented response.",
    },
    retryAfter: "never",
  },
  ConnectionError: {
    visitor: visitorTable.ConnectionError,
    proxy: {
      status: 504,
      code: "upstream_unreachable",
      message: "Could not connect to the API. Nothing was sent.",
    },
    retryAfter: "never",
  },
  OutcomeUnknownError: {
    visitor: visitorTable.OutcomeUnknownError,
    proxy: {
      status: 504,
      code: "outcome_unknown",
      message: "The API did not respond. Check whether the contact exists before retrying.",
    },
    retryAfter: "named",
  },
  UnavailableError: {
    visitor: visitorTable.UnavailableError,
    proxy: { status: 503, code: "unavailable", message: "Nothing was sent. Retry later." },
    retryAfter: "always",
  },
} as const satisfies Readonly<Record<AelystError["name"], StatusRow>>

/** Returns the row of an error. */
export const rowOf = (error: AelystError): StatusRow => statusTable[error.name]

/** The proxy's response to a server error of the API under `mirror: "strict"` (W9). */
export const strictServerError: ErrorResponse = {
  status: 500,
  code: "upstream_error",
  message: "Unexpected error occurred",
}

/** The code of a `BadRequestError` that says that the contact exists, for visitors and for the proxy's callers. */
export const ALREADY_EXISTS = "already_exists"

/** Lists why a block rejects a request before anything is sent. */
export const requestErrors = {
  malformed: { status: 400, message: "The request body could not be parsed." },
  not_an_object: { status: 400, message: "The request body must be an object." },
  bad_idempotency_key: {
    status: 400,
    message: "The Idempotency-Key header must have 1 to 255 characters.",
  },
  bad_address: { status: 400, message: "The request URL is not encoded correctly." },
  unauthorized: { status: 401, message: "Please sign in first." },
  forbidden: { status: 403, message: "You are not allowed to do this." },
  identifier_not_allowed: { status: 403, message: "This kind of identifier is not allowed." },
  not_found: { status: 404, message: "Not found." },
  method_not_allowed: { status: 405, message: "Only POST is allowed." },
  timeout: { status: 408, message: "The request body did not arrive in time." },
  too_large: { status: 413, message: "The request body is too large." },
  unsupported_type: { status: 415, message: "This content type is not supported." },
  idempotency_key_reused: {
    status: 422,
    message: "This Idempotency-Key was used for another submission.",
  },
  misconfigured: { status: 500, message: contactUs },
  unconfirmed: {
    status: 503,
    message: "We could not confirm your submission. Please try again: it counts once.",
  },
  outcome_unknown: {
    status: visitorTable.OutcomeUnknownError.status,
    message: "We could not confirm your submission. Please contact us before trying again.",
  },
  busy: { status: 503, message: "We are busy at the moment. Please try again shortly." },
} as const satisfies Readonly<Record<string, Omit<ErrorResponse, "code">>>

/** Names why a request was rejected. */
export type RequestErrorCode = keyof typeof requestErrors
