/**
 * The transport of Node.js for programs that have Effect: an `HttpClient` that knows whether a request left, so that core
 * can tell `not_sent` from `unknown`. It needs `effect` and `@aelyst/core`, which the rest of this package does not.
 */
import type { ConfigurationError } from "@aelyst/core"
import { ClientOptions, optionTable } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import * as Transport from "./transport/Transport.ts"

/** The options of a transport; each has a default. */
export interface TransportOptions extends Omit<Transport.TransportOptions, "baseUrl"> {
  /** The URL of the API, the only origin of all requests; a path is ignored. Default `https://api.aelyst.ai/v1` (W1). */
  readonly baseUrl?: string | URL | undefined
}

const { fail } = ClientOptions
const names = new Set(["baseUrl", "proxy", "idleMs", "ca", "lookup"])

const isHttpUrl = (value: unknown): boolean =>
  (typeof value === "string" || value instanceof URL) &&
  URL.canParse(String(value)) &&
  /^https?:$/.test(new URL(value).protocol)

const checked = (
  options: TransportOptions,
): Result.Result<Transport.TransportOptions, ConfigurationError> => {
  const known = ClientOptions.checkNames("options", options, names)
  if (Result.isFailure(known)) return Result.fail(known.failure)
  const {
    baseUrl = optionTable.baseUrl.default,
    proxy = false,
    idleMs = 1_000,
    ca,
    lookup,
  } = options
  if (!isHttpUrl(baseUrl)) return fail("baseUrl", "must be an http or https URL", baseUrl)
  // the URL of a proxy may hold a password, and is not shown
  if (proxy !== false && typeof proxy !== "string" && !(proxy instanceof URL)) {
    return fail("proxy", 'must be false, "env" or a URL')
  }
  if (!Number.isInteger(idleMs) || idleMs < 1 || idleMs > 1_000) {
    return fail("idleMs", "must be an integer between 1 and 1000", idleMs)
  }
  if (ca !== undefined && !(typeof ca === "string" && ca.includes("-----BEGIN CERTIFICATE-----"))) {
    return fail("ca", "must be certificates as PEM text", ca)
  }
  if (lookup !== undefined && typeof lookup !== "function") {
    return fail("lookup", "must be a function like `dns.lookup`", lookup)
  }
  return Transport.isSupported
    ? Result.succeed({ baseUrl, proxy, idleMs, ca, lookup })
    : fail("transport", "needs undici, which this runtime replaces; use `FetchTransport` of core")
}

/**
 * Creates the transport to the API; its connections are closed with the scope.
 *
 * **Details**
 *
 * It knows whether bytes of a request may have left, so a call over it can fail with `ConnectionError` (outcome
 * `not_sent`), which is safe to send again. An interruption closes the connection in every phase. Redirects are not
 * followed. It has no timeouts, since the client's apply. Idle connections do not keep the process alive.
 *
 * Fails with a `ConfigurationError` that names the wrong option.
 *
 * **Example** (One transport for the whole program)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { makeTransport } from "@aelyst/node/effect"
 * import { Config, Effect, Layer } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const transport = Effect.flatMap(Config.String("AELYST_BASE_URL"), (baseUrl) =>
 *   makeTransport({ baseUrl, proxy: "env" }),
 * )
 * const live = layerConfig().pipe(Layer.provide(Layer.effect(HttpClient.HttpClient, transport)))
 *
 * const program = AelystClient.use((aelyst) => aelyst.create("id:5", { firstName: "Ana" }))
 * console.log((await Effect.runPromise(Effect.provide(program, live))).result) // => created
 * ```
 */
export const makeTransport = (
  options: TransportOptions = {},
): Effect.Effect<HttpClient.HttpClient, ConfigurationError, Scope.Scope> =>
  Effect.flatMap(
    Effect.suspend(() => Effect.fromResult(checked(options))),
    Transport.make,
  )

/**
 * Provides the transport to the API; see `makeTransport`.
 *
 * **Example** (A server that is down)
 *
 * ```ts
 * import { AelystClient, layer } from "@aelyst/core"
 * import { layerTransport } from "@aelyst/node/effect"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * const baseUrl = "http://127.0.0.1:9/v1"
 * const live = layer({ baseUrl, token: Redacted.make("sandbox_ok"), retries: 0 }).pipe(
 *   Layer.provide(layerTransport({ baseUrl })),
 * )
 *
 * const program = AelystClient.use((aelyst) => aelyst.create("id:5", { firstName: "Ana" }))
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(program, live)))
 * if (error._tag === "ConnectionError") console.log(error.code, error.outcome)
 * // => ECONNREFUSED not_sent
 * ```
 */
export const layerTransport = (
  options: TransportOptions = {},
): Layer.Layer<HttpClient.HttpClient, ConfigurationError> =>
  Layer.effect(HttpClient.HttpClient, makeTransport(options))
