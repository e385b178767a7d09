/**
 * The response to a visitor whose contact was not created, for every error class: the one table behind Express's handler,
 * `toHttp` and the documents. It distinguishes by class and by `reason`, `kind` or `outcome`, never by a status of the API,
 * and no sentence tells a visitor about the API. A new class or case does not compile until it is here.
 */
import type { AelystError, ConnectionError } from "./AelystError.ts"
import type { UnavailableError, UnexpectedResponseError } from "./AelystError.ts"

/** The response to a visitor: its status, a stable code, and a sentence for people. */
export interface VisitorResponse {
  readonly status: number
  /** Stable; programs may compare it. */
  readonly code: string
  readonly message: string
}

/** The visitor's sentence: one for the class, or one for each case of it. */
type Message<E extends AelystError> = E extends ConnectionError
  ? Readonly<Record<E["kind"], string>>
  : E extends UnavailableError
    ? Readonly<Record<E["reason"], string>>
    : E extends UnexpectedResponseError
      ? Readonly<Record<E["outcome"], string>>
      : string

type Row<E extends AelystError> = Omit<VisitorResponse, "message"> & {
  readonly message: Message<E>
}

const busy = "We are busy at the moment. Please try again shortly."
const tryLater = "This service is not available at the moment. Please try again later."
const contactUs = "This service is not working at the moment. Please contact us."
const unconfirmed = "We could not confirm your submission. Please contact us before trying again."

/**
 * Holds the responses by error class; a message that depends on the case is a table of its cases.
 *
 * **Example**
 *
 * ```ts
 * import { visitorTable } from "@aelyst/core/adapter"
 *
 * console.log(visitorTable.RateLimitError.status) // => 503
 * ```
 */
export const visitorTable = {
  InvalidContactError: {
    status: 422,
    code: "invalid_contact",
    message: "Some fields are not valid. Please correct them and try again.",
  },
  BadRequestError: {
    status: 422,
    code: "contact_refused",
    message: "Your details were not accepted. Please check them and try again.",
  },
  AuthenticationError: { status: 502, code: "upstream_auth", message: contactUs },
  RateLimitError: { status: 503, code: "rate_limited", message: busy },
  InternalServerError: { status: 502, code: "upstream_error", message: unconfirmed },
  UnexpectedResponseError: {
    status: 502,
    code: "upstream_unexpected",
    message: { rejected: tryLater, unknown: unconfirmed },
  },
  ConnectionError: {
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
  OutcomeUnknownError: { status: 504, code: "outcome_unknown", message: unconfirmed },
  UnavailableError: {
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
} as const satisfies { readonly [E in AelystError as E["_tag"]]: Row<E> }

/** The response if the contact exists: the visitor has no field to correct. */
export const alreadyExists = {
  status: visitorTable.BadRequestError.status,
  code: "already_exists",
  message: "We already have these details. You do not need to send them again.",
} as const satisfies VisitorResponse

const caseOf = (error: AelystError): string => {
  if (error._tag === "ConnectionError") return error.kind
  return error._tag === "UnavailableError" ? error.reason : error.outcome
}

/**
 * Returns the response to a visitor; a case that another version of this package added has the sentence of a 503.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError } from "@aelyst/core"
 * import { visitorResponse } from "@aelyst/core/adapter"
 *
 * const { status, code } = visitorResponse(new AuthenticationError({ attempts: [] }))
 * console.log(status, code) // => 502 upstream_auth
 * ```
 */
export const visitorResponse = (error: AelystError): VisitorResponse => {
  if (error._tag === "BadRequestError" && error.exists) return alreadyExists
  const row = visitorTable[error._tag]
  const { code, status } = row
  const message: string | Readonly<Record<string, string>> = row.message
  const sentence = typeof message === "string" ? message : message[caseOf(error)]
  return { status, code, message: sentence ?? tryLater }
}
