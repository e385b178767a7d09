/**
 * The status, code and sentence of every error response: for the visitors of `createContact`, for the callers of
 * `contactProxy`, and for requests that a block rejects before anything is sent. Errors of a create are distinguished by
 * class and by `reason`, `kind` or `outcome`, never by a status of the API; a new one fails to compile here.
 */
import type {
  AelystError,
  ConnectionError,
  UnavailableError,
  UnexpectedResponseError,
} from "@aelyst/node"

/** Describes the response to an error, on one side. */
export interface ErrorResponse<Message = string> {
  readonly status: number
  /** Stable; programs may compare it. */
  readonly code: string
  /** A sentence for people. */
  readonly message: Message
}

/** The visitor's sentence: one for the class, or one for each case of it. */
type VisitorMessage<E extends AelystError> = E extends ConnectionError
  ? Readonly<Record<E["kind"], string>>
  : E extends UnavailableError
    ? Readonly<Record<E["reason"], string>>
    : E extends UnexpectedResponseError
      ? Readonly<Record<E["outcome"], string>>
      : string

/** Describes the responses to one error class. */
export interface StatusRow<Message = string | Readonly<Record<string, string>>> {
  readonly visitor: ErrorResponse<Message>
  readonly proxy: ErrorResponse
  /** Whether the response has a `Retry-After` header. */
  readonly retryAfter: boolean
}

const busy = "We are busy at the moment. Please try again shortly."
const tryLater = "This service is not available at the moment. Please try again later."
const contactUs = "This service is not working at the moment. Please contact us."
const unconfirmed = "We could not confirm your submission. Please contact us before trying again."

/** Lists the nine error classes. The proxy's messages for 400 and 429 are the documented ones (W6, W8). */
export const statusTable = {
  InvalidContactError: {
    visitor: {
      status: 422,
      code: "invalid_contact",
      message: "Some fields are not valid. Please correct them and try again.",
    },
    proxy: { status: 400, code: "invalid_contact", message: "Validation error." },
    retryAfter: false,
  },
  BadRequestError: {
    visitor: {
      status: 422,
      code: "contact_refused",
      message: "Your details were not accepted. Please check them and try again.",
    },
    proxy: { status: 400, code: "contact_refused", message: "Validation error." },
    retryAfter: false,
  },
  AuthenticationError: {
    visitor: { status: 502, code: "upstream_auth", message: contactUs },
    proxy: {
      status: 502,
      code: "upstream_auth",
      message: "This server is not authorized to call the API.",
    },
    retryAfter: false,
  },
  RateLimitError: {
    visitor: { status: 503, code: "rate_limited", message: busy },
    proxy: { status: 429, code: "rate_limited", message: "Too Many Requests" },
    retryAfter: true,
  },
  InternalServerError: {
    visitor: { status: 502, code: "upstream_error", message: unconfirmed },
    proxy: {
      status: 502,
      code: "upstream_error",
      message: "The API failed. Check whether the contact exists before retrying.",
    },
    retryAfter: false,
  },
  UnexpectedResponseError: {
    visitor: {
      status: 502,
      code: "upstream_unexpected",
      message: { rejected: tryLater, unknown: unconfirmed },
    },
    proxy: {
      status: 502,
      code: "upstream_unexpected",
      message: "The API sent an undocumented response.",
    },
    retryAfter: false,
  },
  ConnectionError: {
    visitor: {
      status: 504,
      code: "upstream_unreachable",
      message: {
        dns: tryLater,
        connect: tryLater,
        timeout: tryLater,
        tls: tryLater,
        proxy: tryLater,
        // these last until the owner of the site has changed something
        certificate: contactUs,
        proxy_auth: contactUs,
      },
    },
    proxy: {
      status: 504,
      code: "upstream_unreachable",
      message: "Could not connect to the API. Nothing was sent.",
    },
    retryAfter: false,
  },
  OutcomeUnknownError: {
    visitor: { status: 504, code: "outcome_unknown", message: unconfirmed },
    proxy: {
      status: 504,
      code: "outcome_unknown",
      message: "The API did not respond. Check whether the contact exists before retrying.",
    },
    retryAfter: false,
  },
  UnavailableError: {
    visitor: {
      status: 503,
      code: "unavailable",
      message: {
        queue: busy,
        deadline: busy,
        circuit: tryLater,
        token: tryLater,
        closed: tryLater,
        gate: tryLater,
      },
    },
    proxy: { status: 503, code: "unavailable", message: "Nothing was sent. Retry later." },
    retryAfter: true,
  },
} as const satisfies {
  readonly [E in AelystError as E["name"]]: StatusRow<VisitorMessage<E>>
}

/** Returns the row of an error. */
export const rowOf = (error: AelystError): StatusRow => statusTable[error.name]

const caseOf = (error: AelystError): string => {
  if (error.name === "ConnectionError") return error.kind
  return error.name === "UnavailableError" ? error.reason : error.outcome
}

/** Returns the response to a visitor; a case that another version of the SDK added has the sentence of a 503. */
export const visitorResponse = (error: AelystError): ErrorResponse => {
  const { code, message, status } = rowOf(error).visitor
  const sentence = typeof message === "string" ? message : message[caseOf(error)]
  return { status, code, message: sentence ?? tryLater }
}

/** The proxy's response to a server error of the API under `mirror: "strict"` (W9). */
export const strictServerError: ErrorResponse = {
  status: 500,
  code: "upstream_error",
  message: "Unexpected error occurred",
}

/** Lists why a block rejects a request before anything is sent. */
export const requestErrors = {
  malformed: { status: 400, message: "The request body could not be parsed." },
  not_an_object: { status: 400, message: "The request body must be an object." },
  bad_address: { status: 400, message: "The request URL is not encoded correctly." },
  unauthorized: { status: 401, message: "Please sign in first." },
  forbidden: { status: 403, message: "You are not allowed to do this." },
  identifier_not_allowed: { status: 403, message: "This kind of identifier is not allowed." },
  not_found: { status: 404, message: "Not found." },
  method_not_allowed: { status: 405, message: "Only POST is allowed." },
  timeout: { status: 408, message: "The request body did not arrive in time." },
  too_large: { status: 413, message: "The request body is too large." },
  unsupported_type: { status: 415, message: "This content type is not supported." },
  misconfigured: { status: 500, message: contactUs },
  busy: { status: 503, message: busy },
} as const satisfies Readonly<Record<string, Omit<ErrorResponse, "code">>>

/** Names why a request was rejected. */
export type RequestErrorCode = keyof typeof requestErrors
