import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Context, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { expectTypeOf } from "vitest"

import type { LayerConfigOptions, LayerOptions } from "../src/AelystClient.ts"
import { AelystClient, layer, layerConfig, layerFetch, make } from "../src/AelystClient.ts"
import { ConfigurationError } from "../src/call/ClientOptions.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"
import * as RecordingTracer from "./tracer.ts"

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
  // safe: another such value
  ["token", { token: "token-for-tests" } as object],
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

class Vault extends Context.Service<Vault, { readonly secret: Effect.Effect<Redacted.Redacted> }>()(
  "tests/Vault",
) {}

const fromVault = Effect.flatMap(Vault, ({ secret }) => secret)

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

  it.effect("is caught by the tag of its error, and another layer takes its place", () =>
    Effect.gen(function* () {
      const server = Scripted.make([ok])
      const live = layer({ token, retries: -1 }).pipe(
        Layer.catchTag("ConfigurationError", ({ option }) => layer({ token, [option]: 0 })),
        Layer.provide(Layer.succeed(HttpClient.HttpClient, server.client)),
      )
      expectTypeOf<Layer.Error<typeof live>>().toEqualTypeOf<ConfigurationError>()
      assert.strictEqual((yield* Effect.provide(create, live)).outcome, "created")
    }),
  )

  it.effect("asks a token effect with the services that its layer was built with", () =>
    Effect.gen(function* () {
      const server = Scripted.make([ok])
      const vault = Layer.succeed(Vault, {
        secret: Effect.succeed(Redacted.make("token-of-vault")),
      })
      const live = layer({ token: fromVault })
      expectTypeOf<Layer.Services<typeof live>>().toEqualTypeOf<HttpClient.HttpClient | Vault>()
      const transport = Layer.succeed(HttpClient.HttpClient, server.client)
      yield* create.pipe(
        Effect.provide(Layer.provide(live, [vault, transport])),
        // that of the caller is another
        Effect.provideService(Vault, { secret: Effect.die("not the caller's") }),
      )
      assert.strictEqual(server.received[0]?.authorization, "Bearer token-of-vault")
    }),
  )

  it.effect("asks a token effect in the span of the attempt, not in that of the start", () =>
    Effect.gen(function* () {
      const { spans, tracer } = RecordingTracer.make()
      const secret = Effect.withSpan(Effect.succeed(token), "vault")
      yield* create.pipe(
        Effect.provide(layer({ token: secret })),
        Effect.provideService(HttpClient.HttpClient, Scripted.make([ok]).client),
        Effect.withSpan("start"),
        Effect.withTracer(tracer),
      )
      const vault = spans.find(({ name }) => name === "vault")
      assert(vault?.parent._tag === "Some" && vault.parent.value._tag === "Span")
      assert.strictEqual(vault.parent.value.name, "AelystClient.attempt")
    }),
  )

  it("requires what its token requires, except for the scope that it has", () => {
    const acquired = Effect.acquireRelease(fromVault, () => Effect.void)
    expectTypeOf(layer({ token: acquired })).toEqualTypeOf<
      Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient | Vault>
    >()
    expectTypeOf(layer({ token })).toEqualTypeOf<
      Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient>
    >()
  })
})

const provided = (environment: Readonly<Record<string, string>>, options?: LayerConfigOptions) =>
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

  it.effect("reads the options that are a Config, and takes the others as they are", () =>
    Effect.gen(function* () {
      const environment = { ACME_TOKEN: "token-of-acme", AELYST_TOKEN: "token-of-environment" }
      const { received } = yield* provided(environment, {
        token: Config.Redacted("ACME_TOKEN"),
        baseUrl: "https://api.example.com/v3",
        retries: Config.Int("ACME_RETRIES").pipe(Config.withDefault(1)),
        timeout: "2 seconds",
      })
      assert.strictEqual(received[0]?.authorization, "Bearer token-of-acme")
      assert.strictEqual(received[0]?.path, "/v3/contact/id:5")
    }),
  )

  it.effect("obeys an option that it read", () =>
    Effect.gen(function* () {
      const environment = { AELYST_TOKEN: "token-of-environment", ACME_RETRIES: "101" }
      const options = { retries: Config.Int("ACME_RETRIES") }
      const error = yield* Effect.flip(provided(environment, options))
      assert.instanceOf(error, ConfigurationError)
      assert.include(error.message, "(got 101)")
    }),
  )

  it.effect("takes one Config of all options", () =>
    Effect.gen(function* () {
      const options = Config.map(Config.Redacted("ACME_TOKEN"), (secret) => ({ token: secret }))
      const { received } = yield* provided({ ACME_TOKEN: "token-of-acme" }, options)
      assert.strictEqual(received[0]?.authorization, "Bearer token-of-acme")
    }),
  )

  it.effect("reads a Config once, and asks an effect for the token before each attempt", () =>
    Effect.gen(function* () {
      const server = Scripted.make([ok])
      let asked = 0
      const live = layerConfig({
        token: Effect.map(fromVault, (secret) => {
          asked += 1
          return secret
        }),
      })
      expectTypeOf<Layer.Services<typeof live>>().toEqualTypeOf<HttpClient.HttpClient | Vault>()
      const secret = Effect.succeed(Redacted.make("token-of-vault"))
      yield* Effect.andThen(create, create).pipe(
        Effect.provide(live),
        Effect.provideService(HttpClient.HttpClient, server.client),
        Effect.provideService(Vault, { secret }),
      )
      assert.strictEqual(asked, 2)
    }),
  )

  for (const [what, named, environment, options] of [
    ["a missing token", "AELYST_TOKEN", {}, {}],
    ["a missing value", "ACME_TOKEN", {}, { token: Config.Redacted("ACME_TOKEN") }],
    [
      "a value that cannot be read",
      "ACME_MAX_WAIT",
      { AELYST_TOKEN: "token-of-environment", ACME_MAX_WAIT: "soonish" },
      { maxWait: Config.Duration("ACME_MAX_WAIT") },
    ],
  ] as const) {
    it.effect(`fails with a ConfigError that names ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(provided(environment, options))
        assert.instanceOf(error, Config.ConfigError)
        assert.include(String(error), named)
        assert.notMatch(String(error), /token-of/)
      }),
    )
  }

  for (const [option, environment, options] of [
    ["token", { AELYST_TOKEN: "two words" }, {}],
    [
      "baseUrl",
      { AELYST_TOKEN: "token-of-environment", AELYST_BASE_URL: "http://api.example.com" },
      {},
    ],
    ["retries", { AELYST_TOKEN: "token-of-environment" }, { retries: -1 }],
    // safe: what a caller without types may pass
    ["retry", { AELYST_TOKEN: "token-of-environment" }, { retry: 1 } as object],
  ] as const) {
    it.effect(`fails with a ConfigurationError that names a wrong ${option}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(provided(environment, options))
        assert.instanceOf(error, ConfigurationError)
        assert.strictEqual(error.option, option)
        assert.notMatch(String(error), /two words|token-of/)
      }),
    )
  }

  it("has both errors in its type", () => {
    const live = layerConfig({ token: Config.Redacted("ACME_TOKEN") })
    expectTypeOf(live).toEqualTypeOf<
      Layer.Layer<AelystClient, Config.ConfigError | ConfigurationError, HttpClient.HttpClient>
    >()
  })
})

describe("AelystClient", () => {
  it("has the functions of the module as members", () => {
    assert.strictEqual(AelystClient.make, make)
    assert.strictEqual(AelystClient.layer, layer)
    assert.strictEqual(AelystClient.layerConfig, layerConfig)
  })
})
