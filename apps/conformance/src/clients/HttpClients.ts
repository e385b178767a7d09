/** The HTTP clients that Effect users can give to core. */
import { FetchTransport } from "@aelyst/core/transport"
import { layerTransport } from "@aelyst/node/effect"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"

/** Provides a client for requests to one base URL. */
export type Provider = (baseUrl: string) => Layer.Layer<HttpClient.HttpClient, unknown>

/** Lists the clients as they are without any options. */
export const httpClients = {
  fetch: () => FetchHttpClient.layer,
  "core's fetch transport": () => FetchTransport.layer,
  undici: () => NodeHttpClient.layerUndici,
  "node:http": () => NodeHttpClient.layerNodeHttp,
  "the transport of @aelyst/node": (baseUrl) => layerTransport({ baseUrl }),
} satisfies { readonly [name: string]: Provider }

/** Provides a client that was made from another one. */
export const through =
  (
    change: (client: HttpClient.HttpClient) => HttpClient.HttpClient,
    provider: Provider,
  ): Provider =>
  (baseUrl) =>
    Layer.provide(
      Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, change)),
      provider(baseUrl),
    )
