/**
 * The client as a service, and its layers: from options, or from configuration by Effect's conventions. They work over
 * any `HttpClient`.
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import * as Tracer from "effect/Tracer"

import type { TokenSource } from "./call/Call.ts"
import type { Client } from "./call/Client.ts"
import { makeWith } from "./call/Client.ts"
import type { ClientOptions } from "./call/ClientOptions.ts"
import { ConfigurationError, checkToken, parse } from "./call/ClientOptions.ts"
import * as FetchTransport from "./call/FetchTransport.ts"
import * as SharedState from "./call/SharedState.ts"

export type { CreateOptions } from "./call/Client.ts"
export { makeWith } from "./call/Client.ts"

/** The options of a client together with its token; `R` is what an effect for the token requires. */
export interface LayerOptions<R = never> extends ClientOptions {
  /**
   * The bearer token (W1): fixed, or an effect that is asked before each attempt, and again after a 401. Its failure is the
   * `cause` of an `UnavailableError` (`token`); its defect is a defect of the call.
   */
  readonly token: TokenSource<R>
}

/** The options of `layerConfig`: each is a value or a `Config` of one, or one `Config` has all of them. */
export type LayerConfigOptions<R = never> =
  | Config.Config<LayerOptions>
  | {
      readonly [Name in keyof LayerOptions]?:
        | LayerOptions<R>[Name]
        | Config.Config<LayerOptions[Name]>
        | undefined
    }

const check = (secret: Redacted.Redacted) => Effect.fromResult(checkToken(Redacted.value(secret)))

/** Checks a fixed token. An effect runs with the services that are there now, but in the span of its attempt. */
const tokenOf = <R>(token: TokenSource<R>): Effect.Effect<TokenSource, ConfigurationError, R> =>
  Effect.gen(function* () {
    if (Redacted.isRedacted(token)) return yield* check(token)
    if (!Effect.isEffect(token)) {
      return yield* new ConfigurationError("token", "must be a `Redacted`, or an effect of one")
    }
    const context = yield* Effect.context<R>()
    // safe: the span is there whenever an attempt is traced
    const services = Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>
    return Effect.provideContext(Effect.flatMap(token, check), services)
  })

/**
 * Creates a client over the `HttpClient` in the context, which closes with the scope.
 *
 * Fails with `ConfigurationError`, which names the wrong option. The client paces and locks its own calls only; if there
 * are several clients for one token, provide them with `layerSharedState`. A `PacerStore` in the context, if there is
 * one, keeps what the pacer has learned.
 *
 * **Example** (A token that is read before each attempt)
 *
 * ```ts
 * import { make } from "@aelyst/core"
 * import { Config, Effect } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const baseUrl = yield* Config.String("AELYST_BASE_URL")
 *   const client = yield* make({ baseUrl, token: Config.Redacted("AELYST_TOKEN") })
 *   return yield* client.create("id:make-example", { firstName: "Ana" })
 * }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
 *
 * console.log((await Effect.runPromise(program)).result) // => created
 * ```
 */
export const make = <R = never>(
  options: LayerOptions<R>,
): Effect.Effect<Client, ConfigurationError, HttpClient.HttpClient | Scope | R> =>
  Effect.gen(function* () {
    const config = yield* Effect.fromResult(parse(options))
    const token = yield* tokenOf(options.token)
    return yield* makeWith(config, token, yield* SharedState.forClient(config, options))
  })

/**
 * Provides a client made from options.
 *
 * **Example** (A client with a ceiling)
 *
 * ```ts
 * import { AelystClient, layer } from "@aelyst/core"
 * import { Effect, Layer, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const live = layer({
 *   token: Redacted.make("sandbox_ok"),
 *   rateLimit: { perSecond: 5 },
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * const program = Effect.flatMap(AelystClient, (client) => client.rateLimit)
 * console.log((await Effect.runPromise(Effect.provide(program, live))).waiting) // => 0
 * ```
 */
export const layer = <R = never>(
  options: LayerOptions<R>,
): Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient | Exclude<R, Scope>> =>
  Layer.effect(AelystClient, make(options))

/**
 * Provides a client over `fetch`; it needs no `HttpClient`.
 *
 * `FetchHttpClient.Fetch` replaces the global `fetch`, and `FetchHttpClient.RequestInit` adds settings such as
 * `credentials`. Fails with `ConfigurationError`, which names the wrong option.
 *
 * **Example** (A client in one line)
 *
 * ```ts
 * import { AelystClient, layerFetch } from "@aelyst/core"
 * import { Effect, Redacted } from "effect"
 *
 * const program = Effect.flatMap(AelystClient, (client) => client.rateLimit)
 * const live = layerFetch({ token: Redacted.make("sandbox_ok") })
 *
 * console.log((await Effect.runPromise(Effect.provide(program, live))).waiting) // => 0
 * ```
 */
export const layerFetch = <R = never>(
  options: LayerOptions<R>,
): Layer.Layer<
  AelystClient,
  ConfigurationError,
  Exclude<Exclude<R, Scope>, HttpClient.HttpClient>
> => Layer.provide(layer(options), FetchTransport.layer)

/**
 * Reads a variable; undefined if it is not set. `Config.String` would add Schema to every bundle that has a client, since
 * `layerConfig` is a member of the service.
 */
const variable = (name: string): Effect.Effect<string | undefined, Config.ConfigError> =>
  Effect.flatMap(ConfigProvider.ConfigProvider, (provider) => provider.load([name])).pipe(
    Effect.mapBoth({
      onFailure: (cause) => new Config.ConfigError(cause),
      onSuccess: (node) => node?.value,
    }),
  )

const variableToken = Effect.flatMap(variable("AELYST_TOKEN"), (token) => {
  if (token !== undefined) return Effect.succeed(Redacted.make(token))
  const message = "AELYST_TOKEN must be set, or `token` must be given"
  return Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))
})

/**
 * Provides a client made from configuration: each option is a value or a `Config` of one.
 *
 * **Details**
 *
 * Without `token` it reads `AELYST_TOKEN`, without `baseUrl` it reads `AELYST_BASE_URL`, if that is set. Every `Config` is
 * read once, when the layer is built. Fails with Effect's `ConfigError` if a value is missing or cannot be read, and with
 * `ConfigurationError`, which names the option, if one is wrong.
 *
 * **Example** (Configure from the environment)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { Config, Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const live = layerConfig({
 *   retries: 2,
 *   maxWait: Config.Duration("AELYST_MAX_WAIT").pipe(Config.withDefault("10 seconds")),
 * })
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   return yield* client.create("id:environment-example", { firstName: "Ana" })
 * }).pipe(Effect.provide(Layer.provide(live, FetchHttpClient.layer)))
 *
 * console.log((await Effect.runPromise(program)).status) // => 200
 * ```
 */
export const layerConfig = <R = never>(
  options: LayerConfigOptions<R> = {},
): Layer.Layer<
  AelystClient,
  Config.ConfigError | ConfigurationError,
  HttpClient.HttpClient | Exclude<R, Scope>
> =>
  Layer.effect(
    AelystClient,
    Effect.gen(function* () {
      const given: object = Config.isConfig(options) ? yield* options : options
      const values: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(given)) {
        values[name] = Config.isConfig(value) ? yield* value : value
      }
      // safe: each `Config` is replaced by its value
      const read = values as Partial<LayerOptions<R>>
      return yield* make({
        ...read,
        token: read.token ?? (yield* variableToken),
        baseUrl: read.baseUrl ?? (yield* variable("AELYST_BASE_URL")),
      })
    }),
  )

/**
 * Creates Aelyst contacts.
 *
 * **Example** (Create a contact and handle one of the errors)
 *
 * ```ts
 * import { AelystClient } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   const { outcome } = yield* client.create("email:ana@example.com", { firstName: "Ana" })
 *   return outcome
 * }).pipe(
 *   Effect.catchTag("RateLimitError", ({ retryAfter }) => Effect.succeed(`wait ${retryAfter}`)),
 *   Effect.provide(Layer.provide(AelystClient.layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => created
 * ```
 */
export class AelystClient extends Context.Service<AelystClient, Client>()(
  "@aelyst/core/AelystClient",
) {
  /** Creates a client over the `HttpClient` in the context; see the function `make`. */
  static readonly make = make
  /** Provides a client made from options; see the function `layer`. */
  static readonly layer = layer
  /** Provides a client over `fetch`; see the function `layerFetch`. */
  static readonly layerFetch = layerFetch
  /** Provides a client made from configuration; see the function `layerConfig`. */
  static readonly layerConfig = layerConfig
}
