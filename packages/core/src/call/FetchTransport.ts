/**
 * Public seam: the transport over `fetch`, for browsers and every runtime that has it. It sends a request once and follows
 * no redirect. It cannot tell how far a request got, so every failure of the network counts as in doubt.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Fetch, RequestInit } from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { toUrl } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import { fromWeb } from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

import { TransportProbe, abortable } from "./TransportProbe.ts"

type Failed = HttpClientError.HttpClientError

/** One request and its response. An abort ends the wait for them at once, even if `fetch` ignores its signal. */
class Exchange {
  readonly #controller = new AbortController()
  #fail: ((cause: unknown) => void) | undefined

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  readonly abort = (): void => {
    this.#controller.abort()
    this.#fail?.(this.signal.reason)
  }

  /** Waits for one step; interruption aborts the exchange. */
  wait<A>(step: () => Promise<A>, toError: (cause: unknown) => Failed): Effect.Effect<A, Failed> {
    return Effect.callback((resume) => {
      const fail = (cause: unknown) => resume(Effect.fail(toError(cause)))
      this.#fail = fail
      step().then((value) => resume(Effect.succeed(value)), fail)
      return Effect.sync(this.abort)
    })
  }
}

/** Returns Effect's response over one of fetch; an abort of the exchange ends the reading of its body. */
const responseOf = (
  request: HttpClientRequest,
  source: Response,
  exchange: Exchange,
): HttpClientResponse => {
  const response = fromWeb(request, source)
  const read = <A>(body: () => Promise<A>) =>
    exchange.wait(body, (cause) => {
      const reason = new HttpClientError.DecodeError({ request, response, cause })
      return new HttpClientError.HttpClientError({ reason })
    })
  const bytes = () => read(() => source.arrayBuffer())
  // safe: it inherits the rest, and `json` and others read these
  return Object.create(response, {
    text: { get: () => read(() => source.text()) },
    arrayBuffer: { get: bytes },
    // React Native has no streams
    ...(!source.body && {
      stream: { get: () => Stream.fromEffect(Effect.map(bytes(), (all) => new Uint8Array(all))) },
    }),
  }) as HttpClientResponse
}

// a function of the caller's may return anything
const isResponse = (u: unknown): u is Response =>
  typeof u === "object" &&
  u !== null &&
  typeof Reflect.get(u, "status") === "number" &&
  typeof Reflect.get(u, "headers") === "object" &&
  typeof Reflect.get(u, "text") === "function"

/** Returns the URL as it is if nothing has to be added to it: `fetch` parses it anyway. */
const urlOf = (request: HttpClientRequest): string =>
  request.urlParams.params.length === 0
    ? request.url
    : Option.match(toUrl(request), { onNone: () => request.url, onSome: ({ href }) => href })

const headersOf = ({ headers }: HttpClientRequest, init: globalThis.RequestInit) => {
  const all =
    init.headers === undefined
      ? headers
      : // safe: both types list the forms of headers that fetch accepts
        Headers.merge(Headers.fromInput(init.headers as Headers.Input), headers)
  // fetch writes it, and refuses a second one
  return "content-length" in all ? Headers.remove(all, "content-length") : all
}

const bodyOf = ({ body }: HttpClientRequest): unknown => {
  switch (body._tag) {
    case "Empty":
      return null
    case "Uint8Array":
      // fetch encodes a string itself
      return body.text ?? body.body
    case "Raw":
      return body.body
    case "FormData":
      return body.formData
    case "Stream":
      throw new TypeError("a stream cannot be sent")
  }
}

const send = (
  request: HttpClientRequest,
  fetch: typeof globalThis.fetch,
  transportProbe: TransportProbe,
  init: globalThis.RequestInit = {},
): Effect.Effect<HttpClientResponse, Failed> => {
  const exchange = new Exchange()
  // the phase stays unknown: `watch` would claim that nothing has left yet
  transportProbe.abort = exchange.abort
  const exchanged = async () => {
    const response = await fetch(urlOf(request), {
      ...init,
      method: request.method,
      headers: headersOf(request, init),
      // safe: the bodies of Effect are those of fetch
      body: bodyOf(request) as BodyInit | null,
      redirect: "manual",
      signal: exchange.signal,
    })
    if (!isResponse(response)) throw new TypeError("the function did not return a Response")
    return responseOf(request, response, exchange)
  }
  return exchange.wait(exchanged, (cause) => {
    const reason = new HttpClientError.TransportError({ request, cause })
    return new HttpClientError.HttpClientError({ reason })
  })
}

/**
 * Creates the transport over a function like `fetch`; by default, over the one of Effect's `FetchHttpClient.Fetch`, which
 * is the global one.
 *
 * **Details**
 *
 * Takes further settings, such as `credentials`, from `FetchHttpClient.RequestInit`. Redirects are not followed. A request
 * ends at once when it is interrupted, and its connection is closed. The body of a request must be in memory; a stream
 * fails.
 *
 * **Example** (Log each request)
 *
 * ```ts
 * import { AelystClient, layer } from "@aelyst/core"
 * import { FetchTransport } from "@aelyst/core/transport"
 * import { Config, Effect, Layer, Redacted } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const logged: typeof fetch = async (input, init) => {
 *   const response = await fetch(input, init)
 *   console.log(init?.method, response.status)
 *   return response
 * }
 * const transport = Layer.succeed(HttpClient.HttpClient, FetchTransport.make(logged))
 *
 * const program = Effect.gen(function* () {
 *   const baseUrl = yield* Config.String("AELYST_BASE_URL")
 *   const client = layer({ baseUrl, token: Redacted.make("sandbox_ok") })
 *   return yield* AelystClient.use((aelyst) =>
 *     aelyst.create("id:fetch-example", { firstName: "Ana" }),
 *   ).pipe(Effect.provide(Layer.provide(client, transport)))
 * })
 *
 * console.log((await Effect.runPromise(program)).result)
 * // => POST 200
 * // => created
 * ```
 */
export const make = (fetch?: typeof globalThis.fetch): HttpClient.HttpClient =>
  abortable(
    HttpClient.makeWith<never, never, Failed, never>(
      (prepared) =>
        Effect.flatMapEager(prepared, (request) =>
          Effect.withFiber(({ context }) =>
            send(
              request,
              fetch ?? Context.get(context, Fetch),
              Context.get(context, TransportProbe),
              Context.getOrUndefined(context, RequestInit),
            ),
          ),
        ),
      Effect.succeed,
    ),
  )

/**
 * Provides the transport over `fetch`; see `make`.
 *
 * **Example** (A client whose token comes from the environment)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { FetchTransport } from "@aelyst/core/transport"
 * import { Effect, Layer } from "effect"
 *
 * const program = AelystClient.use((aelyst) => aelyst.create("id:5", { firstName: "Ana" }))
 *
 * const live = layerConfig().pipe(Layer.provide(FetchTransport.layer))
 * console.log((await Effect.runPromise(Effect.provide(program, live))).result) // => created
 * ```
 */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.sync(HttpClient.HttpClient, () =>
  make(),
)
