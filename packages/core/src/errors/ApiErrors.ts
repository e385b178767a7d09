/**
 * The documented errors of the API (W6 to W9) as classes with a `_tag` that its bodies do not have: a client that is derived
 * from the contract fails with them, and a server responds with them.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Struct from "effect/Struct"

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

/** The body of an error: `code` is an integer, and both members are optional (W6); a new one has those of the page. */
const bodyOf = <const Status extends 400 | 401 | 429 | 500>(
  status: Status,
  identifier: string,
  message: string,
) =>
  Schema.Struct({
    code: Schema.optionalKey(Schema.Literal(status)).pipe(
      Schema.withConstructorDefault(Effect.succeed(status)),
    ),
    message: Schema.optionalKey(Schema.String).pipe(
      Schema.withConstructorDefault(Effect.succeed(message)),
    ),
  }).annotate({ identifier, httpApiStatus: status, description: message })

/**
 * Reports a 400 (W6). A new one has the documented body.
 *
 * **Example**
 *
 * ```ts
 * import { BadRequest } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.encodeSync(BadRequest)(new BadRequest())) // => { code: 400, message: 'Validation error.' }
 * ```
 */
export class BadRequest extends Schema.Error<BadRequest>("BadRequest")(
  bodyOf(400, "BadRequest", "Validation error."),
  { httpApiStatus: 400, description: "Validation error." },
) {
  readonly _tag = "BadRequest"
}

/**
 * Reports a 401 (W7). A new one has the documented body.
 *
 * **Example**
 *
 * ```ts
 * import { Unauthorized } from "@aelyst/core/contract"
 * import { Schema } from "effect"
 *
 * console.log(Schema.encodeSync(Unauthorized)(new Unauthorized())) // => { code: 401, message: 'UN_AUTHORIZED' }
 * ```
 */
export class Unauthorized extends Schema.Error<Unauthorized>("Unauthorized")(
  bodyOf(401, "Unauthorized", "UN_AUTHORIZED"),
  { httpApiStatus: 401, description: "UN_AUTHORIZED" },
) {
  readonly _tag = "Unauthorized"
}

/**
 * Reports a 500 (W9). A new one has the documented body.
 *
 * **Example**
 *
 * ```ts
 * import { InternalError } from "@aelyst/core/contract"
 *
 * console.log(new InternalError().message) // => Unexpected error occurred
 * ```
 */
export class InternalError extends Schema.Error<InternalError>("InternalError")(
  bodyOf(500, "InternalError", "Unexpected error occurred"),
  { httpApiStatus: 500, description: "Unexpected error occurred" },
) {
  readonly _tag = "InternalError"
}

const rateLimited = bodyOf(429, "TooManyRequests", "Too Many Requests")
const optionalNumber = Schema.optionalKey(Schema.Finite)

/**
 * Reports a 429 with its headers (W8): `retryAfter` in seconds, `limit` and `remaining` in requests. `RateLimitSchedule`
 * waits for `retryAfter`.
 *
 * **Example**
 *
 * ```ts
 * import { TooManyRequests } from "@aelyst/core/contract"
 *
 * const { _tag, message, retryAfter } = new TooManyRequests({ retryAfter: 1 })
 * console.log(_tag, message, retryAfter) // => TooManyRequests Too Many Requests 1
 * ```
 */
export class TooManyRequests extends Schema.Error<TooManyRequests>("TooManyRequests")(
  {
    ...rateLimited.fields,
    retryAfter: optionalNumber,
    limit: optionalNumber,
    remaining: optionalNumber,
  },
  { description: "Too Many Requests" },
) {
  readonly _tag = "TooManyRequests"
}

/** Describes the header that says when to retry. */
export const RetryAfterHeader = {
  "retry-after": numberHeader("Number of seconds until you can retry the request.", 1),
}

const rateLimitedHeaders = { ...RetryAfterHeader, ...RateLimitHeaders }

/** The type of `TooManyRequestsResponse`. */
export interface TooManyRequestsResponse extends HttpApiSchema.encodeToWithHeaders<
  typeof TooManyRequests,
  typeof rateLimited,
  typeof rateLimitedHeaders
> {}

/** A 429 on the wire: its body, and its headers. */
export const TooManyRequestsResponse: TooManyRequestsResponse = TooManyRequests.pipe(
  HttpApiSchema.encodeToWithHeaders(
    { body: rateLimited, headers: rateLimitedHeaders },
    {
      decode: ({ body, headers }) =>
        new TooManyRequests({
          ...body,
          ...Struct.renameKeys(headers, {
            "retry-after": "retryAfter",
            "x-ratelimit-limit": "limit",
            "x-ratelimit-remaining": "remaining",
          }),
        }),
      encode: (error) => ({
        body: { ...Struct.pick(error, ["code"]), message: error.message },
        headers: Struct.renameKeys(Struct.pick(error, ["retryAfter", "limit", "remaining"]), {
          retryAfter: "retry-after",
          limit: "x-ratelimit-limit",
          remaining: "x-ratelimit-remaining",
        }),
      }),
    },
  ),
)
