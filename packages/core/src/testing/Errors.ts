/** The nine errors for tests: each complete, made from the members that a test is about. */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"

import { validate } from "../contact/Contact.ts"
import type { ErrorOf, ErrorTag, FieldsOf } from "../errors/AelystError.ts"
import { makeError, withApiMessage, withRateLimit, withResponse } from "../errors/AelystError.ts"
import type { AttemptRecord, RateLimitInfo, ResponseHead } from "../types.ts"
import { attemptRecord } from "./CallEnds.ts"

interface Common {
  /** Default: the attempt that the error comes from, or none. */
  readonly attempts?: ReadonlyArray<AttemptRecord>
  readonly apiMessage?: string
  /** The wait that was asked for; undefined for none. */
  readonly retryAfter?: Duration.Input | undefined
  readonly rateLimit?: RateLimitInfo
  readonly response?: ResponseHead
}

/** The members of an error that a test may set: those of its class, and those that every error has. */
export type ErrorFields<Tag extends ErrorTag> = Partial<FieldsOf<Tag>> & Common

/** The members of an error without a test's choice. */
type Defaults<Tag extends ErrorTag> = FieldsOf<Tag> & Common

const make = <Tag extends ErrorTag>(
  tag: Tag,
  defaults: Defaults<Tag>,
  fields: ErrorFields<Tag>,
): ErrorOf<Tag> => {
  const {
    apiMessage,
    retryAfter,
    attempts = [],
    rateLimit,
    response,
    ...own
  } = {
    ...defaults,
    ...fields,
  }
  const wait = retryAfter !== undefined && {
    retryAfterMs: Duration.toMillis(Duration.fromInputUnsafe(retryAfter)),
  }
  const error = makeError(tag, { ...own, attempts, ...wait })
  return withApiMessage(withRateLimit(withResponse(error, response), rateLimit), apiMessage)
}

/** Returns what every error has that comes from the response to one attempt. */
const answered = (status: number, apiMessage: string) => ({
  attempts: [attemptRecord({ status })],
  response: { status, headers: {} },
  apiMessage,
})

const noName = () =>
  Result.match(validate("id:test", { firstName: "" }), {
    onFailure: (issues) => issues,
    onSuccess: () => [],
  })

/**
 * Creates the nine errors. Every member has a default: the documented response of its status, one attempt, no other wait.
 *
 * `retryAfter` takes any duration; without it, only `rateLimit` asks for a wait, of 1 second. Each error is also an
 * effect that fails with it.
 *
 * **Example** (Errors in one line)
 *
 * ```ts
 * import { errors } from "@aelyst/core/testing"
 *
 * console.log(errors.rateLimit({ retryAfter: "2 seconds" }).retryAfterMs) // => 2000
 * console.log(errors.badRequest({ exists: true }).exists) // => true
 * console.log(errors.internalServer().attempts[0]?.status) // => 500
 * ```
 */
export const errors = {
  invalidContact: (fields: ErrorFields<"InvalidContactError"> = {}) =>
    make("InvalidContactError", { issues: noName() }, fields),

  unavailable: (fields: ErrorFields<"UnavailableError"> = {}) =>
    make("UnavailableError", { reason: "circuit" }, fields),

  connection: (fields: ErrorFields<"ConnectionError"> = {}) => {
    const { code = "ECONNREFUSED" } = fields
    const attempts = [attemptRecord({ phase: "connect", cause: code })]
    return make("ConnectionError", { kind: "connect", code, attempts }, fields)
  },

  badRequest: (fields: ErrorFields<"BadRequestError"> = {}) => {
    const { exists = false, status = 400 } = fields
    const message = exists ? "Contact already exists" : "Validation error."
    return make("BadRequestError", { status, exists, ...answered(status, message) }, fields)
  },

  authentication: (fields: ErrorFields<"AuthenticationError"> = {}) =>
    make("AuthenticationError", answered(401, "UN_AUTHORIZED"), fields),

  rateLimit: (fields: ErrorFields<"RateLimitError"> = {}) => {
    const info = { limit: 10, remaining: 0 }
    const wait = { ...info, rateLimit: info, retryAfter: "1 second" } as const
    return make("RateLimitError", { ...wait, ...answered(429, "Too Many Requests") }, fields)
  },

  internalServer: (fields: ErrorFields<"InternalServerError"> = {}) => {
    const { status = 500 } = fields
    const response = answered(status, "Unexpected error occurred")
    return make("InternalServerError", { status, ...response }, fields)
  },

  outcomeUnknown: (fields: ErrorFields<"OutcomeUnknownError"> = {}) => {
    const { code = "TIMEOUT" } = fields
    return make("OutcomeUnknownError", { code, attempts: [attemptRecord({ cause: code })] }, fields)
  },

  unexpectedResponse: (fields: ErrorFields<"UnexpectedResponseError"> = {}) => {
    const { status = 404 } = fields
    const outcome = status >= 400 && status < 500 ? "rejected" : "unknown"
    const own = { status, outcome, reason: "status", headers: {}, excerpt: "" } as const
    return make("UnexpectedResponseError", { ...own, ...answered(status, "") }, fields)
  },
}
