import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpRouter, HttpServer } from "effect/http"
import {
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiGroup,
  OpenApi,
} from "effect/http-api"

import type { AelystHttpError } from "../src/errors/HttpErrors.ts"
import { AelystHttpErrors, toHttp } from "../src/errors/HttpErrors.ts"
import type { AelystError } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import { visitorTable } from "../src/errors/VisitorTable.ts"
import { examples } from "./errors.ts"

class NameInUse extends Schema.TaggedError<NameInUse>()(
  "NameInUse",
  { name: Schema.String },
  { httpApiStatus: 409 },
) {}

const signUp = HttpApiEndpoint.post("signUp", "/signup", {
  success: Schema.Literal("created"),
  error: [...AelystHttpErrors, NameInUse],
})
const App = HttpApi.make("app").add(HttpApiGroup.make("visitors").add(signUp))

/** Creates a server whose endpoint fails with an error, and a fetch that reaches it. */
const serve = (failure: AelystError | NameInUse) => {
  const visitors = HttpApiBuilder.group(App, "visitors", (handlers) =>
    handlers.handle("signUp", () => Effect.fail(failure).pipe(Effect.mapError(toHttp))),
  )
  const layer = HttpApiBuilder.layer(App).pipe(
    Layer.provide(visitors),
    Layer.provide(HttpServer.layerServices),
  )
  const { dispose, handler } = HttpRouter.toWebHandler(layer, { disableLogger: true })
  const fetch: typeof globalThis.fetch = (input, init) => handler(new Request(input, init))
  return { dispose, fetch }
}

const withServer = <A>(
  failure: AelystError | NameInUse,
  use: (fetch: typeof globalThis.fetch) => Effect.Effect<A>,
) =>
  Effect.acquireUseRelease(
    Effect.sync(() => serve(failure)),
    ({ fetch }) => use(fetch),
    ({ dispose }) => Effect.promise(() => dispose()),
  )

const url = "http://127.0.0.1/signup"

/** Returns the response to a visitor as a browser gets it. */
const respond = (failure: AelystError | NameInUse) =>
  withServer(failure, (fetch) =>
    Effect.promise(async () => {
      const response = await fetch(url, { method: "POST" })
      const body: unknown = await response.json()
      return { status: response.status, wait: response.headers.get("retry-after"), body }
    }),
  )

/** Returns the error of a client that is derived from the app's API. */
const fail = (failure: AelystError | NameInUse) =>
  withServer(failure, (fetch) =>
    Effect.gen(function* () {
      const client = yield* HttpApiClient.make(App, { baseUrl: "http://127.0.0.1" })
      return yield* Effect.flip(client.visitors.signUp())
    }).pipe(
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.Fetch, fetch),
      Effect.orDie,
    ),
  )

describe("an endpoint that declares AelystHttpErrors", () => {
  for (const [error] of examples) {
    const row = visitorTable[error._tag]
    it.effect(`responds to ${error._tag} with ${row.status} and what a visitor may see`, () =>
      Effect.gen(function* () {
        const { body, status, wait } = yield* respond(error)
        assert.strictEqual(status, row.status)
        const { retryAfterMs } = error
        const isKnown = retryAfterMs !== undefined && status !== 422
        const seconds = isKnown ? Math.ceil(retryAfterMs / 1000) : undefined
        assert.strictEqual(wait, seconds === undefined ? null : String(seconds))
        const { code, message } = toHttp(error)
        const exists = error._tag === "BadRequestError" && error.exists
        assert.strictEqual(code, exists ? "already_exists" : row.code)
        assert.deepStrictEqual<unknown>(body, {
          code,
          message,
          ...(seconds !== undefined && { retryAfter: seconds }),
          ...(error._tag === "InvalidContactError" && { issues: error.issues }),
        })
      }),
    )

    it.effect(`gives a derived client ${error._tag} as a class with a tag`, () =>
      Effect.gen(function* () {
        const received = yield* fail(error)
        assert.deepStrictEqual<unknown>(received, toHttp(error))
        assert.instanceOf(received, Error)
      }),
    )
  }

  it.effect("shows nothing of the API's words, the outcome or the attempts", () =>
    Effect.gen(function* () {
      const error = Errors.withResponse(
        Errors.withApiMessage(
          new Errors.BadRequestError({ attempts: [], status: 400, exists: false }),
          "canary@example.com exists",
        ),
        { status: 400, headers: { "x-canary": "canary" } },
      )
      const { body } = yield* respond(error)
      assert.notMatch(JSON.stringify(body), /canary|exist|outcome|attempts|400/)
    }),
  )

  it.effect("leaves other errors to the endpoint", () =>
    Effect.gen(function* () {
      const other = new NameInUse({ name: "ana" })
      assert.strictEqual(toHttp(other), other)
      const { status } = yield* respond(other)
      assert.strictEqual(status, 409)
    }),
  )

  it("has the four statuses and the names in its OpenAPI document", () => {
    const { components, paths } = OpenApi.fromApi(App)
    const responses = paths["/signup"]?.post?.responses ?? {}
    assert.deepStrictEqual(Object.keys(responses).toSorted(), [
      "200",
      "409",
      "422",
      "502",
      "503",
      "504",
    ])
    const withHeader = Object.entries(responses).filter(([, one]) => "headers" in one)
    assert.deepStrictEqual(
      withHeader.map(([status]) => status),
      ["502", "503", "504"],
    )
    const names = ["Unprocessable", "BadGateway", "ServiceUnavailable", "GatewayTimeout"]
    assert.includeMembers(
      Object.keys(components.schemas),
      names.map((name) => `Aelyst${name}`),
    )
    assert.deepInclude(components.schemas["AelystServiceUnavailable"], {
      required: ["code", "message"],
    })
  })
})

describe("toHttp", () => {
  it("keeps the types of other errors", () => {
    const failure: AelystError = new Errors.AuthenticationError({ attempts: [] })
    const mapped = Effect.mapError(Effect.fail<AelystError | NameInUse>(failure), toHttp)
    expectTypeOf(mapped).toEqualTypeOf<Effect.Effect<never, AelystHttpError | NameInUse>>()
    const piped = Effect.fail<AelystError>(failure).pipe(Effect.mapError(toHttp))
    expectTypeOf(piped).toEqualTypeOf<Effect.Effect<never, AelystHttpError>>()
  })

  it("leaves out a wait that is not finite", () => {
    for (const retryAfterMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = toHttp(new Errors.RateLimitError({ attempts: [], retryAfterMs }))
      assert.notProperty(error, "retryAfter")
    }
    const soon = toHttp(new Errors.RateLimitError({ attempts: [], retryAfterMs: 0 }))
    assert.propertyVal(soon, "retryAfter", 1)
  })
})
