/**
 * The wire contract as one `HttpApi`: the only description of the endpoint. The sandbox's decoders, the conformance
 * tests and `docs/openapi.json` are derived from it.
 */
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"

import { Payload } from "./contact/Contact.ts"
import {
  BadRequest,
  InternalError,
  RateLimitHeaders,
  TooManyRequestsResponse,
  Unauthorized,
} from "./errors/ApiErrors.ts"

export type { TooManyRequestsResponse } from "./errors/ApiErrors.ts"
export {
  BadRequest,
  InternalError,
  RateLimitHeaders,
  TooManyRequests,
  Unauthorized,
} from "./errors/ApiErrors.ts"
export type { AelystHttpError, LaterBody } from "./errors/HttpErrors.ts"
export {
  AelystBadGateway,
  AelystGatewayTimeout,
  AelystHttpErrors,
  AelystServiceUnavailable,
  AelystUnprocessable,
  toHttp,
} from "./errors/HttpErrors.ts"
export { Payload } from "./contact/Contact.ts"
export type { PayloadSchema } from "./contact/Payload.ts"

const createdFields = { code: Schema.Literal("200"), message: Schema.String }

/** The type of `Created`. */
export interface CreatedSchema extends Schema.Struct<typeof createdFields> {}

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
export const Created: CreatedSchema = Schema.Struct(createdFields).annotate({
  identifier: "ContactCreated",
  description: "The contact was created.",
  examples: [{ code: "200", message: "Contact added successfully!" }],
})

/**
 * Guards the endpoint with a bearer token (W1); a rejected token is a 401 (W7). `layerClient` sends a token with every
 * request of a derived client.
 *
 * **Example** (A server that accepts one token)
 *
 * ```ts
 * import { Authorization, Unauthorized } from "@aelyst/core/contract"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * export const authorization = Layer.succeed(Authorization, {
 *   bearer: (httpEffect, { credential }) =>
 *     Redacted.value(credential) === "sandbox-ok" ? httpEffect : Effect.fail(new Unauthorized()),
 * })
 * ```
 *
 * **Example** (A derived client)
 *
 * ```ts
 * import { AelystApi, Authorization } from "@aelyst/core/contract"
 * import { Effect, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 * import { HttpApiClient } from "effect/http-api"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* HttpApiClient.make(AelystApi, { baseUrl: process.env["AELYST_BASE_URL"] ?? "" })
 *   const request = { params: { identifier: "id:derived" }, payload: { firstName: "Ana" } }
 *   return (yield* client.createContact(request)).body.message
 * }).pipe(
 *   Effect.provide(Authorization.layerClient(Redacted.make("sandbox_ok"))),
 *   Effect.provide(FetchHttpClient.layer),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => Contact added successfully!
 * ```
 */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()(
  "@aelyst/core/AelystApi/Authorization",
  {
    requiredForClient: true,
    security: { bearer: HttpApiSecurity.bearer },
    error: Unauthorized,
  },
) {
  /** Sends a token with every request of a derived client. A client keeps the token that it was made with. */
  static readonly layerClient = (
    token: Redacted.Redacted,
  ): Layer.Layer<HttpApiMiddleware.ForClient<Authorization>> =>
    HttpApiMiddleware.layerClient(Authorization, ({ next, request }) =>
      next(HttpClientRequest.bearerToken(request, token)),
    )
}

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
  error: [BadRequest, TooManyRequestsResponse, InternalError],
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
export const AelystApi: HttpApi.HttpApi<
  "aelyst",
  HttpApiGroup.HttpApiGroup<"contacts", typeof createContact, true>
> = HttpApi.make("aelyst")
  .add(HttpApiGroup.make("contacts", { topLevel: true }).add(createContact))
  .annotate(OpenApi.Title, "Aelyst: Create a contact")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.License, { name: "MIT" })
  .annotate(OpenApi.Servers, [{ url: "https://api.aelyst.ai/v1" }])
