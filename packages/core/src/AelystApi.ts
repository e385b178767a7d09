/**
 * The wire contract as one `HttpApi`: the only description of the endpoint. The sandbox's decoders, the conformance
 * tests and `docs/openapi.json` are derived from it.
 */
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Struct from "effect/Struct"

import { Payload } from "./contact/Contact.ts"

export type { AelystHttpError } from "./errors/HttpErrors.ts"
export {
  AelystBadGateway,
  AelystGatewayTimeout,
  AelystHttpErrors,
  AelystServiceUnavailable,
  AelystUnprocessable,
  toHttp,
} from "./errors/HttpErrors.ts"
export { Payload } from "./contact/Contact.ts"

const numberHeader = (description: string, example: number) =>
  Schema.optionalKey(Schema.FiniteFromString.annotate({ description, examples: [example] }))

/**
 * Describes the rate-limit headers, which the page documents for 429 (W8) and any response may have (D5).
 *
 * **Example**
 *
 * ```ts
 * import { RateLimitHeaders } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * const decode = Schema.decodeUnknownSync(Schema.Struct(RateLimitHeaders))
 * console.log(decode({ "x-ratelimit-limit": "10" })) // => { 'x-ratelimit-limit': 10 }
 * ```
 */
export const RateLimitHeaders = {
  "x-ratelimit-limit": numberHeader("Number of requests allowed for this endpoint.", 10),
  "x-ratelimit-remaining": numberHeader("Number of requests remaining for this endpoint.", 5),
}

/**
 * Describes the body of a created contact: here `code` is a string, and both members are required (W5).
 *
 * **Example**
 *
 * ```ts
 * import { Created } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(Created)({ code: "200", message: "Contact added successfully!" })) // => true
 * ```
 */
export const Created = Schema.Struct({
  code: Schema.Literal("200"),
  message: Schema.String,
}).annotate({
  identifier: "ContactCreated",
  description: "The contact was created.",
  examples: [{ code: "200", message: "Contact added successfully!" }],
})

const errorBody = <const Status extends 400 | 401 | 429 | 500>(
  status: Status,
  identifier: string,
  message: string,
) =>
  Schema.Struct({
    code: Schema.optionalKey(Schema.Literal(status)),
    message: Schema.optionalKey(Schema.String),
  }).annotate({ identifier, httpApiStatus: status, description: message })

/**
 * Describes the body of a 400; here and for the other errors `code` is an integer and both members are optional (W6).
 *
 * **Example**
 *
 * ```ts
 * import { BadRequest } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(BadRequest)({ code: 400, message: "Validation error." })) // => true
 * ```
 */
export const BadRequest = errorBody(400, "BadRequest", "Validation error.")

/**
 * Describes the body of a 401 (W7).
 *
 * **Example**
 *
 * ```ts
 * import { Unauthorized } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(Unauthorized)({ code: 401, message: "UN_AUTHORIZED" })) // => true
 * ```
 */
export const Unauthorized = errorBody(401, "Unauthorized", "UN_AUTHORIZED")

/**
 * Describes the body of a 429 (W8).
 *
 * **Example**
 *
 * ```ts
 * import { TooManyRequests } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(TooManyRequests)({ code: 429, message: "Too Many Requests" })) // => true
 * ```
 */
export const TooManyRequests = errorBody(429, "TooManyRequests", "Too Many Requests")

/**
 * Describes the body of a 500 (W9).
 *
 * **Example**
 *
 * ```ts
 * import { InternalError } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(InternalError)({ code: 500, message: "Unexpected error occurred" })) // => true
 * ```
 */
export const InternalError = errorBody(500, "InternalError", "Unexpected error occurred")

/**
 * Describes a 429 with its headers; a server fails with it (W8).
 *
 * **Example**
 *
 * ```ts
 * import { RateLimited } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(RateLimited)({ code: 429, message: "Too Many Requests", retryAfter: 1 })) // => true
 * ```
 */
export const RateLimited = Schema.Struct({
  code: Schema.Literal(429),
  message: Schema.String,
  retryAfter: Schema.optionalKey(Schema.Finite),
  limit: Schema.optionalKey(Schema.Finite),
  remaining: Schema.optionalKey(Schema.Finite),
})

const RateLimitedWire = RateLimited.pipe(
  HttpApiSchema.encodeToWithHeaders(
    {
      body: TooManyRequests,
      headers: {
        "retry-after": numberHeader("Number of seconds until you can retry the request.", 1),
        ...RateLimitHeaders,
      },
    },
    {
      decode: ({ body, headers }) => ({
        code: 429 as const,
        message: body.message ?? "",
        ...Struct.renameKeys(headers, {
          "retry-after": "retryAfter",
          "x-ratelimit-limit": "limit",
          "x-ratelimit-remaining": "remaining",
        }),
      }),
      encode: ({ code, message, ...headers }) => ({
        body: { code, message },
        headers: Struct.renameKeys(headers, {
          retryAfter: "retry-after",
          limit: "x-ratelimit-limit",
          remaining: "x-ratelimit-remaining",
        }),
      }),
    },
  ),
)

/**
 * Guards the endpoint with a bearer token (W1); a rejected token is a 401 (W7).
 *
 * **Example**
 *
 * ```ts
 * import { Authorization } from "@aelyst/core/contract"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * // a server that accepts one token
 * export const authorization = Layer.succeed(Authorization, {
 *   bearer: (httpEffect, { credential }) =>
 *     Redacted.value(credential) === "sandbox-ok" ? httpEffect : Effect.fail({ code: 401 }),
 * })
 * ```
 */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()(
  "@aelyst/core/AelystApi/Authorization",
  {
    requiredForClient: true,
    security: { bearer: HttpApiSecurity.bearer },
    error: Unauthorized,
  },
) {}

/**
 * Describes the one endpoint: `POST /contact/{identifier}` (W1 to W9).
 *
 * **Example**
 *
 * ```ts
 * import { createContact } from "@aelyst/core/contract"
 *
 * console.log(createContact.method, createContact.path) // => POST /contact/:identifier
 * ```
 */
export const createContact = HttpApiEndpoint.post("createContact", "/contact/:identifier", {
  params: {
    identifier: Schema.String.annotate({
      description:
        "Identifier of the contact: a phone number, an email or a contact ID, as in email:abdc@gmail.com or phone:+60121233112.",
      examples: ["email:abdc@gmail.com", "phone:+60121233112"],
    }),
  },
  payload: Payload,
  success: HttpApiSchema.WithHeaders(Created, RateLimitHeaders),
  error: [BadRequest, RateLimitedWire, InternalError],
})
  .middleware(Authorization)
  .annotate(OpenApi.Summary, "Create a contact")
  .annotate(
    OpenApi.Description,
    "Creates a new contact. Wait before the next action on it: processing takes time.",
  )

/**
 * Holds the whole contract.
 *
 * **Example**
 *
 * ```ts
 * import { AelystApi } from "@aelyst/core/contract"
 * import * as OpenApi from "effect/http-api/OpenApi"
 *
 * console.log(Object.keys(OpenApi.fromApi(AelystApi).paths)) // => [ '/contact/{identifier}' ]
 * ```
 */
export const AelystApi = HttpApi.make("aelyst")
  .add(HttpApiGroup.make("contacts", { topLevel: true }).add(createContact))
  .annotate(OpenApi.Title, "Aelyst: Create a contact")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.License, { name: "MIT" })
  .annotate(OpenApi.Servers, [{ url: "https://api.aelyst.ai/v1" }])
