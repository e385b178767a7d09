/**
 * The nine errors as responses of an `HttpApi` that creates contacts for its visitors: `AelystHttpErrors` declares them at an
 * endpoint, and `toHttp` makes them of the errors of a create. Statuses, codes and sentences come from `VisitorTable.ts`,
 * as those of Express do.
 */
import * as Schema from "effect/Schema"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

import { IssueSchema } from "../contact/Issue.ts"
import type { AelystError, ErrorTag } from "./AelystError.ts"
import { isAelystError } from "./AelystError.ts"
import { RetryAfterHeader } from "./ApiErrors.ts"
import { alreadyExists, visitorResponse, visitorTable } from "./VisitorTable.ts"

type VisitorRow = (typeof visitorTable)[ErrorTag] | typeof alreadyExists
type Status = VisitorRow["status"]

/** The codes of the errors that a status stands for. */
type CodeOf<S extends Status> = Extract<VisitorRow, { readonly status: S }>["code"]

/** The members that the body has for every status. */
const bodyOf = <const S extends Status>(status: S) => {
  const all: ReadonlyArray<VisitorRow> = [...Object.values(visitorTable), alreadyExists]
  const rows = all.filter((row) => row.status === status)
  return {
    // safe: the rows are those of the status
    code: Schema.Literals(rows.map((row) => row.code) as unknown as ReadonlyArray<CodeOf<S>>),
    message: Schema.String.annotate({ description: "A sentence for visitors" }),
  }
}

const named = <const S extends Status, F extends Schema.Struct.Fields>(
  status: S,
  identifier: string,
  fields: F,
) => Schema.Struct({ ...bodyOf(status), ...fields }).annotate({ identifier, httpApiStatus: status })

/** When to try again, in the body as in the header. */
const wait = {
  retryAfter: Schema.optionalKey(
    Schema.Int.annotate({ description: "Number of seconds until you can retry the request" }),
  ),
}

/** The body of a response that may say when to try again. */
export interface LaterBody<S extends Status> extends Schema.Struct<
  ReturnType<typeof bodyOf<S>> & typeof wait
> {}

const later = <const S extends Status>(status: S, identifier: string): LaterBody<S> =>
  named(status, identifier, wait)

const Unprocessable = named(422, "AelystUnprocessable", {
  issues: Schema.optionalKey(Schema.Array(IssueSchema)),
})
const BadGateway = later(502, "AelystBadGateway")
const ServiceUnavailable = later(503, "AelystServiceUnavailable")
const GatewayTimeout = later(504, "AelystGatewayTimeout")

/**
 * Responds with 422: the contact is invalid, with the issues of every field, or the API rejected it.
 *
 * **Example**
 *
 * ```ts
 * import { InvalidContactError } from "@aelyst/core"
 * import { AelystUnprocessable, toHttp } from "@aelyst/core/contract"
 *
 * const error = toHttp(new InvalidContactError({ attempts: [], issues: [] }))
 * console.log(error instanceof AelystUnprocessable, error.code) // => true invalid_contact
 * ```
 */
export class AelystUnprocessable extends Schema.Error<AelystUnprocessable>("AelystUnprocessable")(
  Unprocessable,
  { httpApiStatus: 422, description: "The contact is invalid or was not accepted" },
) {
  readonly _tag = "AelystUnprocessable"
}

/**
 * Responds with 502: the API rejected the token, failed, or sent a response that it does not document.
 *
 * **Example**
 *
 * ```ts
 * import { AuthenticationError } from "@aelyst/core"
 * import { AelystBadGateway, toHttp } from "@aelyst/core/contract"
 *
 * const error = toHttp(new AuthenticationError({ attempts: [] }))
 * console.log(error instanceof AelystBadGateway, error.code) // => true upstream_auth
 * ```
 */
export class AelystBadGateway extends Schema.Error<AelystBadGateway>("AelystBadGateway")(
  BadGateway,
  { description: "The API behind this service failed" },
) {
  readonly _tag = "AelystBadGateway"
}

/**
 * Responds with 503, and with `Retry-After` if the wait is known: rate limited, or not sent for now.
 *
 * **Example**
 *
 * ```ts
 * import { RateLimitError } from "@aelyst/core"
 * import { AelystServiceUnavailable, toHttp } from "@aelyst/core/contract"
 *
 * const error = toHttp(new RateLimitError({ attempts: [], retryAfterMs: 1_200 }))
 * if (error instanceof AelystServiceUnavailable) console.log(error.code, error.retryAfter) // => rate_limited 2
 * ```
 */
export class AelystServiceUnavailable extends Schema.Error<AelystServiceUnavailable>(
  "AelystServiceUnavailable",
)(ServiceUnavailable, { description: "This service is busy" }) {
  readonly _tag = "AelystServiceUnavailable"
}

/**
 * Responds with 504: the API could not be reached, or did not confirm the contact.
 *
 * **Example**
 *
 * ```ts
 * import { OutcomeUnknownError } from "@aelyst/core"
 * import { AelystGatewayTimeout, toHttp } from "@aelyst/core/contract"
 *
 * const error = toHttp(new OutcomeUnknownError({ attempts: [], code: "TIMEOUT" }))
 * console.log(error instanceof AelystGatewayTimeout, error.code) // => true outcome_unknown
 * ```
 */
export class AelystGatewayTimeout extends Schema.Error<AelystGatewayTimeout>(
  "AelystGatewayTimeout",
)(GatewayTimeout, { description: "The API behind this service did not respond" }) {
  readonly _tag = "AelystGatewayTimeout"
}

/** The errors that `toHttp` returns. */
export type AelystHttpError =
  | AelystUnprocessable
  | AelystBadGateway
  | AelystServiceUnavailable
  | AelystGatewayTimeout

interface Later<Code> {
  readonly code: Code
  readonly message: string
  readonly retryAfter?: number
}

/** Sends `retryAfter` as the header, too. */
const withHeader = <Code>({ code, message, retryAfter }: Later<Code>) =>
  retryAfter === undefined
    ? { body: { code, message }, headers: {} }
    : { body: { code, message, retryAfter }, headers: { "retry-after": retryAfter } }

/**
 * Declares the errors of a create at an endpoint of your `HttpApi`: 422, 502, 503 and 504. A handler fails with them by
 * `toHttp`; a derived client gets them as classes with a `_tag`.
 *
 * **Details**
 *
 * A response has what a visitor may see: a stable `code`, a sentence, for an invalid contact the `issues` of its fields,
 * and when to retry, if that is known. Nothing in it is from the API.
 *
 * **Example** (A sign-up)
 *
 * ```ts
 * import { AelystClient } from "@aelyst/core"
 * import { AelystHttpErrors, toHttp } from "@aelyst/core/contract"
 * import { ContactSchema, IdentifierSchema } from "@aelyst/core/schema"
 * import { Effect, Schema } from "effect"
 * import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
 *
 * const signUp = HttpApiEndpoint.post("signUp", "/signup", {
 *   payload: Schema.Struct({ email: IdentifierSchema.FromEmail, contact: ContactSchema }),
 *   success: Schema.Literals(["created", "exists_after_doubt", "existed"]),
 *   error: AelystHttpErrors,
 * })
 * const App = HttpApi.make("app").add(HttpApiGroup.make("visitors").add(signUp))
 *
 * export const Visitors = HttpApiBuilder.group(
 *   App,
 *   "visitors",
 *   Effect.fnUntraced(function* (handlers) {
 *     const aelyst = yield* AelystClient
 *     return handlers.handle("signUp", ({ payload }) =>
 *       aelyst.create(payload.email, payload.contact).pipe(
 *         Effect.map(({ result }) => result),
 *         Effect.mapError(toHttp),
 *       ),
 *     )
 *   }),
 * )
 *
 * const { responses } = OpenApi.fromApi(App).paths["/signup"]?.post ?? {}
 * console.log(Object.keys(responses ?? {}).join(" ")) // => 200 422 502 503 504
 * ```
 */
export const AelystHttpErrors = [
  AelystUnprocessable,
  AelystBadGateway.pipe(
    HttpApiSchema.encodeToWithHeaders(
      { body: BadGateway, headers: RetryAfterHeader },
      { decode: ({ body }) => new AelystBadGateway(body), encode: withHeader },
    ),
  ),
  AelystServiceUnavailable.pipe(
    HttpApiSchema.encodeToWithHeaders(
      { body: ServiceUnavailable, headers: RetryAfterHeader },
      { decode: ({ body }) => new AelystServiceUnavailable(body), encode: withHeader },
    ),
  ),
  AelystGatewayTimeout.pipe(
    HttpApiSchema.encodeToWithHeaders(
      { body: GatewayTimeout, headers: RetryAfterHeader },
      { decode: ({ body }) => new AelystGatewayTimeout(body), encode: withHeader },
    ),
  ),
] as const

/** Returns the wait in whole seconds, rounded up and at least 1, if it is known. */
const waitOf = ({ retryAfterMs }: AelystError): { readonly retryAfter?: number } =>
  retryAfterMs !== undefined && Number.isFinite(retryAfterMs)
    ? { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1000)) }
    : {}

const responseOf = (error: AelystError): AelystHttpError => {
  const { message } = visitorResponse(error)
  const row = visitorTable[error._tag]
  switch (row.status) {
    case 422: {
      const issues = error._tag === "InvalidContactError" && { issues: error.issues }
      const exists = error._tag === "BadRequestError" && error.exists
      const code = exists ? alreadyExists.code : row.code
      return new AelystUnprocessable({ code, message, ...issues })
    }
    case 502:
      return new AelystBadGateway({ code: row.code, message, ...waitOf(error) })
    case 503:
      return new AelystServiceUnavailable({ code: row.code, message, ...waitOf(error) })
    case 504:
      return new AelystGatewayTimeout({ code: row.code, message, ...waitOf(error) })
  }
}

/**
 * Turns an error of a create into the response of your endpoint, for `Effect.mapError(toHttp)`. Every other error stays as
 * it is.
 *
 * **Example**
 *
 * ```ts
 * import { UnavailableError } from "@aelyst/core"
 * import { toHttp } from "@aelyst/core/contract"
 *
 * console.log(toHttp(new UnavailableError({ attempts: [], reason: "queue" })).message)
 * // => We are busy at the moment. Please try again shortly.
 * ```
 */
export const toHttp = <E>(error: E): Exclude<E, AelystError> | AelystHttpError =>
  // safe: what is not one of the nine stays
  isAelystError(error) ? responseOf(error) : (error as Exclude<E, AelystError>)
