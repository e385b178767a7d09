import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Result, Schema } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiClient, OpenApi } from "effect/http-api"

import {
  AelystApi,
  Authorization,
  BadRequest,
  Created,
  InternalError,
  Payload,
  RateLimitHeaders,
  TooManyRequests,
  Unauthorized,
} from "../src/AelystApi.ts"
import * as Scripted from "./scripted.ts"

const bearer = Authorization.layerClient(Redacted.make("token-for-tests"))

const responseOf = (
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
) => ({
  status: code,
  body: { code: code === 200 ? "200" : code, message },
  headers,
})

/** Sends one request with the client that Effect derives from the contract. */
const send = (response: ReturnType<typeof responseOf>) =>
  Effect.gen(function* () {
    const headers = { ...response.headers, "content-type": "application/json" }
    const server = Scripted.make([{ ...response, headers }])
    const client = yield* HttpApiClient.make(AelystApi, {
      baseUrl: "https://api.aelyst.ai/v1",
    }).pipe(
      Effect.provide(Layer.merge(bearer, Layer.succeed(HttpClient.HttpClient, server.client))),
    )
    const exit = yield* Effect.exit(
      client.createContact({ params: { identifier: "id:5" }, payload: { firstName: "Ana" } }),
    )
    return { exit, received: server.received }
  })

const accepts = (schema: Schema.Decoder<unknown>, value: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(value))

describe("AelystApi", () => {
  it("describes POST /contact/{identifier} with a bearer token and five responses (W1 to W9)", () => {
    const { paths } = OpenApi.fromApi(AelystApi)
    assert.deepStrictEqual(Object.keys(paths), ["/contact/{identifier}"])
    const path = paths["/contact/{identifier}"]
    assert.deepStrictEqual(Object.keys(path ?? {}), ["post"])
    const { responses = {}, security } = path?.post ?? {}
    assert.deepStrictEqual(Object.keys(responses), ["200", "400", "401", "429", "500"])
    assert.deepStrictEqual(security, [{ bearer: [] }])
  })

  it.effect("derives a client that sends the documented request (W1, W2, W3)", () =>
    Effect.gen(function* () {
      const { received } = yield* send(responseOf(200, "Contact added successfully!"))
      assert.strictEqual(received.length, 1)
      const [request] = received
      assert.strictEqual(decodeURIComponent(request?.path ?? ""), "/v1/contact/id:5")
      assert.strictEqual(request?.authorization, "Bearer token-for-tests")
      assert.deepStrictEqual(JSON.parse(request?.body ?? ""), { firstName: "Ana" })
    }),
  )

  it.effect("decodes the body and the rate limit of a 200 (W5, D5)", () =>
    Effect.gen(function* () {
      const headers = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "9" }
      const { exit } = yield* send(responseOf(200, "Contact added successfully!", headers))
      assert(Exit.isSuccess(exit))
      assert.deepInclude(exit.value.body, { code: "200", message: "Contact added successfully!" })
      assert.deepInclude(exit.value.headers, {
        "x-ratelimit-limit": 10,
        "x-ratelimit-remaining": 9,
      })
    }),
  )

  it.effect("decodes the headers of a 429 as fields of its error (W8)", () =>
    Effect.gen(function* () {
      const headers = {
        "retry-after": "2",
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "0",
      }
      const { exit } = yield* send(responseOf(429, "Too Many Requests", headers))
      const error = Exit.findErrorOption(exit)
      assert(error._tag === "Some")
      assert.deepInclude(error.value, {
        code: 429,
        message: "Too Many Requests",
        retryAfter: 2,
        limit: 10,
        remaining: 0,
      })
      const bare = Exit.findErrorOption((yield* send(responseOf(429, "Too Many Requests"))).exit)
      assert(bare._tag === "Some")
      for (const name of ["retryAfter", "limit", "remaining"]) assert.notProperty(bare.value, name)
    }),
  )

  for (const [code, message] of [
    [400, "Validation error."],
    [401, "UN_AUTHORIZED"],
    [500, "Unexpected error occurred"],
  ] as const) {
    it.effect(`fails with the documented body of a ${code} (W6, W7, W9)`, () =>
      Effect.gen(function* () {
        const { exit } = yield* send(responseOf(code, message))
        const error = Exit.findErrorOption(exit)
        assert(error._tag === "Some")
        assert.deepInclude(error.value, { code, message })
      }),
    )
  }
})

describe("the bodies of the contract", () => {
  it("requires both members of a success, with the code as a string (W5)", () => {
    assert.isTrue(accepts(Created, { code: "200", message: "ok" }))
    for (const body of [{ code: 200, message: "ok" }, { code: "200" }, { message: "ok" }, {}]) {
      assert.isFalse(accepts(Created, body))
    }
  })

  for (const [code, schema] of [
    [400, BadRequest],
    [401, Unauthorized],
    [429, TooManyRequests],
    [500, InternalError],
  ] as const) {
    it(`allows a ${code} without members, but not with another code (W6 to W9)`, () => {
      assert.isTrue(accepts(schema, { code, message: "no" }))
      assert.isTrue(accepts(schema, {}))
      assert.isFalse(accepts(schema, { code: String(code) }))
      assert.isFalse(accepts(schema, { code: 418 }))
    })
  }

  it("requires a first name and accepts custom fields as pairs (W3)", () => {
    assert.isTrue(accepts(Payload, { firstName: "Ana" }))
    const pair = { name: "Company Website", value: "https://example.com" }
    assert.isTrue(accepts(Payload, { firstName: "Ana", custom_fields: [pair] }))
    assert.isFalse(accepts(Payload, {}))
    assert.isFalse(accepts(Payload, { firstName: "Ana", custom_fields: { Plan: "Gold" } }))
  })
})

describe("RateLimitHeaders", () => {
  const headers = Schema.Struct(RateLimitHeaders)

  it("reads numbers from text and may be absent (W8, D5)", () => {
    const decoded = Schema.decodeUnknownSync(headers)({
      "x-ratelimit-limit": "10",
      "x-ratelimit-remaining": "0",
    })
    assert.deepStrictEqual(decoded, { "x-ratelimit-limit": 10, "x-ratelimit-remaining": 0 })
    assert.deepStrictEqual(Schema.decodeUnknownSync(headers)({}), {})
    assert.isFalse(accepts(headers, { "x-ratelimit-limit": "many" }))
  })
})
