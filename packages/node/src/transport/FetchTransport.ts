/**
 * The transport over a function like `fetch`. It cannot report how far a request got, so every failure of the network
 * counts as in doubt.
 */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"

/** Creates the transport over a function like `fetch`. Redirects are not followed: the result would look like a response. */
export const make = (fetch: typeof globalThis.fetch): HttpClient.HttpClient =>
  HttpClient.transform(
    Effect.runSync(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)),
    (effect) =>
      effect.pipe(
        Effect.provideService(FetchHttpClient.Fetch, fetch),
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      ),
  )
