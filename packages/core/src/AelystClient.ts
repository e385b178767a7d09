/**
 * The client as a service, made from options and a token over any `HttpClient`; `layerConfig` reads the token from the
 * environment.
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

import type { TokenSource } from "./call/Call.ts"
import type { Client } from "./call/Client.ts"
import { makeWith } from "./call/Client.ts"
import type { ClientOptions, ConfigurationError } from "./call/ClientOptions.ts"
import { checkToken, parse } from "./call/ClientOptions.ts"
import * as FetchTransport from "./call/FetchTransport.ts"
import * as SharedState from "./call/SharedState.ts"

export type { CreateOptions } from "./call/Client.ts"
export { makeWith } from "./call/Client.ts"

/**
 * Creates Aelyst contacts.
 *
 * **Example** (Create a contact and handle one of the errors)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   const { outcome } = yield* client.create("email:ana@example.com", { firstName: "Ana" })
 *   return outcome
 * }).pipe(
 *   Effect.catchTag("RateLimitError", ({ retryAfter }) => Effect.succeed(`wait ${retryAfter}`)),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => created
 * ```
 */
export class AelystClient extends Context.Service<AelystClient, Client>()(
  "@aelyst/core/AelystClient",
) {}

/** The options of a client together with its token. */
export interface LayerOptions extends ClientOptions {
  /**
   * The bearer token (W1): fixed, or an effect that is asked before each attempt, and again after a 401. Its failure is the
   * `cause` of an `UnavailableError` (`token`); its defect is a defect of the call.
   */
  readonly token: TokenSource
}

/**
 * Creates a client over the `HttpClient` in the context.
 *
 * Fails with `ConfigurationError`, which names the wrong option. The client paces and locks its own calls only; several
 * clients for one token and origin must share one state, see `makeWith` in `@aelyst/core/adapter`.
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
 * }).pipe(Effect.provide(FetchHttpClient.layer))
 *
 * console.log((await Effect.runPromise(program)).result) // => created
 * ```
 */
export const make = Effect.fnUntraced(function* (options: LayerOptions) {
  const config = yield* Effect.fromResult(parse(options))
  const token = Redacted.isRedacted(options.token)
    ? yield* Effect.fromResult(checkToken(Redacted.value(options.token)))
    : Effect.flatMap(options.token, (secret) =>
        Effect.fromResult(checkToken(Redacted.value(secret))),
      )
  return yield* makeWith(config, token, yield* SharedState.make(config))
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
export const layer = (
  options: LayerOptions,
): Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient> =>
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
export const layerFetch = (options: LayerOptions): Layer.Layer<AelystClient, ConfigurationError> =>
  Layer.provide(layer(options), FetchTransport.layer)

// a function, so that bundles that pass their options directly leave Config out
const fromEnvironment = () =>
  Config.all({
    token: Config.Redacted("AELYST_TOKEN"),
    baseUrl: Config.option(Config.String("AELYST_BASE_URL")),
  })

/**
 * Provides a client whose token and base URL come from `AELYST_TOKEN` and `AELYST_BASE_URL`.
 *
 * Fails with Effect's `ConfigError` if the token is missing or one of the two is wrong.
 *
 * **Example** (Configure from the environment)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   return yield* client.create("id:environment-example", { firstName: "Ana" })
 * }).pipe(Effect.provide(Layer.provide(layerConfig({ retries: 2 }), FetchHttpClient.layer)))
 *
 * console.log((await Effect.runPromise(program)).status) // => 200
 * ```
 */
export const layerConfig = (
  options: Omit<ClientOptions, "baseUrl"> = {},
): Layer.Layer<AelystClient, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    AelystClient,
    Effect.flatMap(fromEnvironment(), ({ token, baseUrl }) =>
      Effect.mapError(
        make({ ...options, token, baseUrl: Option.getOrUndefined(baseUrl) }),
        ({ message }) => new Config.ConfigError(new ConfigProvider.SourceError({ message })),
      ),
    ),
  )
