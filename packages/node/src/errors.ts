/** The error classes as values, with types of our own: the very classes of core, so the same instances everywhere. */
import * as Core from "@aelyst/core"

import type * as Types from "./types.ts"

/** Gives a class of core its public type; the tests hold the two together. */
const publish = <E extends Types.AelystError, Own extends keyof E>(
  Class: object,
): Types.ErrorClass<E, Own> =>
  // safe: each class has the members of its public type, and Symbol.hasInstance asks for the brand
  Class as Types.ErrorClass<E, Own>

/** The identifier or the contact breaks a rule. */
export const InvalidContactError: Types.ErrorClass<Types.InvalidContactError, "issues"> = publish(
  Core.InvalidContactError,
)
export type InvalidContactError = Types.InvalidContactError

/** The client did not let the request go. */
export const UnavailableError: Types.ErrorClass<Types.UnavailableError, "reason"> = publish(
  Core.UnavailableError,
)
export type UnavailableError = Types.UnavailableError

/** No connection could be made. */
export const ConnectionError: Types.ErrorClass<Types.ConnectionError, "kind" | "code"> = publish(
  Core.ConnectionError,
)
export type ConnectionError = Types.ConnectionError

/** The API refused the contact, or it exists already. */
export const BadRequestError: Types.ErrorClass<Types.BadRequestError, "status" | "exists"> =
  publish(Core.BadRequestError)
export type BadRequestError = Types.BadRequestError

/** The API refused the token. */
export const AuthenticationError: Types.ErrorClass<Types.AuthenticationError> = publish(
  Core.AuthenticationError,
)
export type AuthenticationError = Types.AuthenticationError

/** The API refused the request for its rate. */
export const RateLimitError: Types.ErrorClass<Types.RateLimitError, "limit" | "remaining"> =
  publish(Core.RateLimitError)
export type RateLimitError = Types.RateLimitError

/** The API answered 5xx. */
export const InternalServerError: Types.ErrorClass<Types.InternalServerError, "status"> = publish(
  Core.InternalServerError,
)
export type InternalServerError = Types.InternalServerError

/** The answer is none that the API documents. */
export const UnexpectedResponseError: Types.ErrorClass<
  Types.UnexpectedResponseError,
  "status" | "outcome" | "reason" | "headers" | "excerpt"
> = publish(Core.UnexpectedResponseError)
export type UnexpectedResponseError = Types.UnexpectedResponseError

/** The request left and no answer settled it. */
export const OutcomeUnknownError: Types.ErrorClass<Types.OutcomeUnknownError, "code" | "last"> =
  publish(Core.OutcomeUnknownError)
export type OutcomeUnknownError = Types.OutcomeUnknownError

/** Tells whether a value is one of the nine errors, from this copy of the package or another. */
export const isAelystError = (value: unknown): value is Types.AelystError =>
  Core.isAelystError(value)
