/**
 * The wire contract as one `HttpApi`: the only description of the endpoint. The sandbox's decoders, the conformance
 * tests and `docs/openapi.json` are derived from it; the client uses the same schemas without loading `HttpApi`.
 */
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"

import { Payload } from "./contact/Contact.ts"

export { Payload } from "./contact/Contact.ts"

/** Describes the rate-limit headers, which the page documents for 429 (W8) and any answer may carry (D5). */
export const RateLimitHeaders = {
  "x-ratelimit-limit": Schema.optionalKey(
    Schema.FiniteFromString.annotate({
      description: "Number of requests allowed for this endpoint.",
      examples: [10],
    }),
  ),
  "x-ratelimit-remaining": Schema.optionalKey(
    Schema.FiniteFromString.annotate({
      description: "Number of requests remaining for this endpoint.",
      examples: [5],
    }),
  ),
}

const RetryAfterHeader = {
  "retry-after": Schema.optionalKey(
    Schema.FiniteFromString.annotate({
      description: "Number of seconds until you can retry the request.",
      examples: [1],
    }),
  ),
}

/** Describes the body of a created contact: here `code` is a string, and both members are required (W5). */
export const Created = Schema.Struct({
  code: Schema.Literal("200"),
  message: Schema.String,
}).annotate({
  identifier: "ContactCreated",
  description: "The contact was created.",
  examples: [{ code: "200", message: "Contact added successfully!" }],
})

const refusal = <const Status extends 400 | 401 | 429 | 500>(
  status: Status,
  identifier: string,
  message: string,
) =>
  Schema.Struct({
    code: Schema.optionalKey(Schema.Literal(status)),
    message: Schema.optionalKey(Schema.String),
  }).annotate({ identifier, httpApiStatus: status, description: message })

/** Describes the body of a 400; here and in the other refusals `code` is an integer and both members are optional (W6). */
export const BadRequest = refusal(400, "BadRequest", "Validation error.")

/** Describes the body of a 401 (W7). */
export const Unauthorized = refusal(401, "Unauthorized", "UN_AUTHORIZED")

/** Describes the body of a 429 (W8). */
export const TooManyRequests = refusal(429, "TooManyRequests", "Too Many Requests")

/** Describes the body of a 500 (W9). */
export const InternalError = refusal(500, "InternalError", "Unexpected error occurred")

/** Describes a refusal for the rate with its headers: what a server fails with to send a 429 (W8). */
export const RateLimited = Schema.Struct({
  code: Schema.Literal(429),
  message: Schema.String,
  retryAfter: Schema.optionalKey(Schema.Finite),
  limit: Schema.optionalKey(Schema.Finite),
  remaining: Schema.optionalKey(Schema.Finite),
})

const RateLimitedWire = RateLimited.pipe(
  HttpApiSchema.encodeToWithHeaders(
    { body: TooManyRequests, headers: { ...RetryAfterHeader, ...RateLimitHeaders } },
    {
      decode: ({ body, headers }) => ({
        code: 429 as const,
        message: body.message ?? "",
        ...(headers["retry-after"] !== undefined && { retryAfter: headers["retry-after"] }),
        ...(headers["x-ratelimit-limit"] !== undefined && { limit: headers["x-ratelimit-limit"] }),
        ...(headers["x-ratelimit-remaining"] !== undefined && {
          remaining: headers["x-ratelimit-remaining"],
        }),
      }),
      encode: (error) => ({
        body: { code: error.code, message: error.message },
        headers: {
          ...(error.retryAfter !== undefined && { "retry-after": error.retryAfter }),
          ...(error.limit !== undefined && { "x-ratelimit-limit": error.limit }),
          ...(error.remaining !== undefined && { "x-ratelimit-remaining": error.remaining }),
        },
      }),
    },
  ),
)

/** Guards the endpoint with a bearer token (W1); a refused token is a 401 (W7). */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()(
  "@aelyst/core/AelystApi/Authorization",
  {
    requiredForClient: true,
    security: { bearer: HttpApiSecurity.bearer },
    error: Unauthorized,
  },
) {}

/** Describes the one endpoint: `POST /contact/{identifier}` (W1 to W9). */
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

/** Holds the whole contract. */
export const AelystApi = HttpApi.make("aelyst")
  .add(HttpApiGroup.make("contacts", { topLevel: true }).add(createContact))
  .annotate(OpenApi.Title, "Aelyst: Create a contact")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.License, { name: "MIT" })
  .annotate(OpenApi.Servers, [{ url: "https://api.aelyst.ai/v1" }])
