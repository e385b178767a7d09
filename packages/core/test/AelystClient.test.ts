import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"

import type { LayerOptions } from "../src/AelystClient.ts"
import { AelystClient, layer, layerConfig, layerFetch, make } from "../src/AelystClient.ts"
import { ConfigurationError } from "../src/call/ClientOptions.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { ok } = Scripted
const token = Redacted.make("token-for-tests")

/** Creates a client over a scripted transport. */
const clientOf = (script: ReadonlyArray<Step>, options: Partial<LayerOptions> = {}) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const client = yield* Effect.provideService(
      make({ token, ...options }),
      HttpClient.HttpClient,
      server.client,
    )
    return { client, received: server.received }
  })

const wrong: ReadonlyArray<readonly [string, Partial<LayerOptions>]> = [
  ["retries", { retries: -1 }],
  ["baseUrl", { baseUrl: "http://api.example.com" }],
  ["token", { token: Redacted.make("two words") }],
  ["timeout", { timeout: 0 }],
  // safe: what a caller without types may pass
  ["retry", { retry: 1 } as object],
]

describe("make", () => {
  for (const [option, options] of wrong) {
    it.effect(`fails with an error that names a wrong ${option}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(clientOf([ok], options))
        assert.instanceOf(error, ConfigurationError)
        assert.strictEqual(error.option, option)
      }),
    )
  }

  it.effect("creates clients that share nothing", () =>
    Effect.gen(function* () {
      const one = yield* clientOf([{ ...ok, headers: { "x-ratelimit-limit": "7" } }])
      const other = yield* clientOf([ok])
      yield* one.client.create("id:5", { firstName: "Ana" })
      assert.strictEqual((yield* one.client.rateLimit).limit, 7)
      assert.notStrictEqual((yield* other.client.rateLimit).limit, 7)
    }),
  )
})

const create = Effect.flatMap(AelystClient, (client) => client.create("id:5", { firstName: "Ana" }))

describe("layer", () => {
  it.effect("provides a client", () =>
    Effect.gen(function* () {
      const server = Scripted.make([ok])
      const transport = Layer.succeed(HttpClient.HttpClient, server.client)
      const result = yield* Effect.provide(create, Layer.provide(layer({ token }), transport))
      assert.strictEqual(result.outcome, "created")
    }),
  )

  for (const [option, options] of wrong) {
    it.effect(`fails with an error that names a wrong ${option}`, () =>
      Effect.gen(function* () {
        const transport = Layer.succeed(HttpClient.HttpClient, Scripted.make([ok]).client)
        const live = Layer.provide(layer({ token, ...options }), transport)
        const error = yield* Effect.flip(Effect.provide(create, live))
        assert.instanceOf(error, ConfigurationError)
        assert.strictEqual(error.option, option)
      }),
    )
  }
})

const provided = (
  environment: Readonly<Record<string, string>>,
  options?: Parameters<typeof layerConfig>[0],
) =>
  Effect.gen(function* () {
    const server = Scripted.make([ok])
    const transport = Layer.succeed(HttpClient.HttpClient, server.client)
    const result = yield* Effect.provide(create, Layer.provide(layerConfig(options), transport))
    return { result, received: server.received }
  }).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(environment)),
  )

describe("layerFetch", () => {
  it.effect("sends through fetch, and needs no HttpClient", () =>
    Effect.gen(function* () {
      const urls: Array<string> = []
      const fetch: typeof globalThis.fetch = async (url) => {
        urls.push(String(url))
        return new Response('{"code":"200","message":"Contact added successfully!"}')
      }
      const { result } = yield* AelystClient.use((client) =>
        client.create("id:5", { firstName: "Ana" }),
      ).pipe(
        Effect.provide(layerFetch({ token })),
        Effect.provideService(FetchHttpClient.Fetch, fetch),
      )
      assert.strictEqual(result, "created")
      assert.deepStrictEqual(urls, ["https://api.aelyst.ai/v1/contact/id:5"])
    }),
  )

  it.effect("fails with the name of a wrong option", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(layerFetch({ token, retries: -1 })))
      assert.deepInclude(error, { _tag: "ConfigurationError", option: "retries" })
    }).pipe(Effect.scoped),
  )
})

describe("layerConfig", () => {
  it.effect("reads the token and the base URL from the environment", () =>
    Effect.gen(function* () {
      const { received } = yield* provided({
        AELYST_TOKEN: "token-of-environment",
        AELYST_BASE_URL: "https://api.example.com/v2/",
      })
      assert.strictEqual(received[0]?.authorization, "Bearer token-of-environment")
      assert.strictEqual(received[0]?.path, "/v2/contact/id:5")
    }),
  )

  it.effect("uses the documented base URL if the environment has none", () =>
    Effect.gen(function* () {
      const { received } = yield* provided({ AELYST_TOKEN: "token-of-environment" })
      assert.strictEqual(received[0]?.path, "/v1/contact/id:5")
    }),
  )

  for (const [what, named, environment, options] of [
    ["a missing token", "AELYST_TOKEN", {}, {}],
    ["a wrong token", "`token`", { AELYST_TOKEN: "two words" }, {}],
    [
      "a wrong base URL",
      "`baseUrl`",
      { AELYST_TOKEN: "token-of-environment", AELYST_BASE_URL: "http://api.example.com" },
      {},
    ],
    ["a wrong option", "`retries`", { AELYST_TOKEN: "token-of-environment" }, { retries: -1 }],
  ] as const) {
    it.effect(`fails with a ConfigError that names ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(provided(environment, options))
        assert.instanceOf(error, Config.ConfigError)
        assert.include(String(error), named)
        assert.notMatch(String(error), /two words|token-of/)
      }),
    )
  }
})
