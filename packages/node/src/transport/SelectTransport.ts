/** Selects the transport of a client: the caller's, the built-in one, or `fetch` if the runtime has no undici. */
import { ConfigurationError } from "@aelyst/core"
import { FetchTransport } from "@aelyst/core/transport"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"

import type { Dispatcher } from "./ConnectionPool.ts"
import type { ProxyOption } from "./Proxy.ts"
import * as Transport from "./Transport.ts"

/** The options of a client that select its transport. */
export interface Selection {
  /** A function like `fetch`, or an undici dispatcher. */
  readonly transport?: typeof globalThis.fetch | Dispatcher | undefined
  readonly proxy?: ProxyOption | undefined
}

/**
 * Returns the transport to the API; its connections are closed with the scope.
 *
 * Fails with a `ConfigurationError` if the proxy is not a URL, or if the runtime has no undici to reach it with.
 */
export const select = (
  { transport, proxy }: Selection,
  baseUrl: string,
  isUndiciSupported: boolean = Transport.isSupported,
): Effect.Effect<HttpClient.HttpClient, ConfigurationError, Scope.Scope> => {
  if (typeof transport === "function") return Effect.succeed(FetchTransport.make(transport))
  if (transport !== undefined) return Effect.succeed(Transport.fromDispatcher(transport, baseUrl))
  if (isUndiciSupported) return Transport.make({ baseUrl, proxy })
  if (proxy === undefined || proxy === false) {
    return Effect.succeed(FetchTransport.make(globalThis.fetch))
  }
  return Effect.fail(
    new ConfigurationError(
      "proxy",
      "must not be set here: it needs undici, which this runtime replaces",
    ),
  )
}
