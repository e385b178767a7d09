/**
 * The transport of Node.js: an `HttpClient` over connections of its own, which tells core's probe when bytes may leave,
 * and takes its sockets along when a call is aborted, connecting ones included.
 */
import type * as Net from "node:net"

import type { ConfigurationError } from "@aelyst/core"
import { TransportProbe, abortable } from "@aelyst/core/transport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { toUrl } from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { Client } from "undici"

import type { Carriers } from "./ConnectionPool.ts"
import { Pool, borrow } from "./ConnectionPool.ts"
import * as Connector from "./Connector.ts"
import { Exchange } from "./Exchange.ts"
import type { ProxyOption } from "./Proxy.ts"
import * as Proxy from "./Proxy.ts"
import { Reply } from "./Response.ts"
import { version } from "../version.ts"

/** Holds the options of a transport. */
export interface TransportOptions {
  /** The only origin that requests go to; a path is ignored. */
  readonly baseUrl: string | URL
  /** How the origin is reached. Default false: directly. */
  readonly proxy?: ProxyOption | undefined
  /** How long a connection is kept for the next request, in milliseconds, 1 to 1,000. Default 1,000. */
  readonly idleMs?: number | undefined
  /** PEM certificates that are trusted in place of Node's own. */
  readonly ca?: string | undefined
  /** Looks host names up in place of the system. */
  readonly lookup?: Net.LookupFunction | undefined
}

/** Whether this runtime loads undici itself: Bun puts a stand-in in its place, which dispatches nothing. */
export const isSupported: boolean = typeof Reflect.get(Client.prototype, "dispatch") === "function"

const userAgent = `aelyst-node/${version}`
// Written by the transport or by undici; a caller's value would contradict what is sent.
const own = new Set([
  "accept-encoding",
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
])

// Requests with the same headers share one object of them, and then one list.
const lists = new WeakMap<object, Array<string>>()

const headersOf = ({ headers }: HttpClientRequest): Array<string> => {
  const known = lists.get(headers)
  if (known !== undefined) return known
  const list = ["user-agent", userAgent, "accept-encoding", "identity"]
  for (const [name, value] of Object.entries(headers)) if (!own.has(name)) list.push(name, value)
  lists.set(headers, list)
  return list
}

const bodyOf = ({ body }: HttpClientRequest): string | Uint8Array | null | undefined => {
  // undici writes a text without a copy of ours
  if (body._tag === "Uint8Array") return body.text ?? body.body
  if (body._tag === "Empty") return null
  if (body._tag !== "Raw") return undefined
  return typeof body.body === "string" || body.body instanceof Uint8Array ? body.body : undefined
}

const failed = (request: HttpClientRequest, cause: unknown) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause }),
  })

const faultOf = (request: HttpClientRequest, code: string) =>
  Effect.fail(failed(request, new Connector.TransportFault(code)))

// Segments that the URL parser would leave as they are: no escape of a dot at their start, nothing to be encoded.
const plainPath = /^(?:\/(?!\.|%2e)[\w.~:@!$&'()*+,;=%-]*)+$/i

/** Gives what is requested at the origin; undefined where the request is for another one. */
const pathOf = (origin: string, request: HttpClientRequest): string | undefined => {
  const { url: text } = request
  if (
    request.urlParams.params.length === 0 &&
    Option.isNone(request.hash) &&
    text.startsWith(origin)
  ) {
    const path = text.slice(origin.length)
    if (plainPath.test(path)) return path
  }
  const url = Option.getOrUndefined(toUrl(request))
  return url?.origin === origin ? url.pathname + url.search : undefined
}

const send = (carriers: Carriers, request: HttpClientRequest, probe: TransportProbe) => {
  const path = pathOf(carriers.origin, request)
  if (path === undefined) return faultOf(request, "ORIGIN_REFUSED")
  const body = bodyOf(request)
  if (body === undefined) return faultOf(request, "BODY_REFUSED")
  if (carriers.closed) return faultOf(request, "TRANSPORT_CLOSED")
  const options = {
    method: request.method,
    path,
    headers: headersOf(request),
    body,
  }
  return Effect.callback<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>(
    (resume) => {
      const exchange = new Exchange(carriers, options, probe, (head) =>
        resume(
          Result.isSuccess(head)
            ? Effect.succeed(new Reply(request, carriers.origin + path, head.success))
            : Effect.fail(failed(request, head.failure)),
        ),
      )
      probe.watch(() => exchange.abort())
      exchange.start()
      return Effect.sync(() => exchange.abort())
    },
  )
}

// Not `HttpClient.make`: its span would carry the URL, and its abort controller costs more than the rest of this module.
const clientOf = (carriers: Carriers): HttpClient.HttpClient =>
  abortable(
    HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
      (prepared) =>
        // mostly nothing prepares the request, and then it is there already
        Effect.flatMapEager(prepared, (request) =>
          Effect.withFiber((fiber) => {
            const probe = fiber.getRef(TransportProbe)
            probe.watch()
            return send(carriers, request, probe)
          }),
        ),
      Effect.succeed,
    ),
  )

/**
 * Makes the transport to one origin; its connections end with the scope.
 *
 * **Details**
 *
 * Marks core's `AttemptProbe`: watched before it connects, dispatched when bytes may leave. Interruption ends the
 * connection in every phase. Redirects are not followed; a body of more than 64 KiB, an answer with bytes after it, and
 * an encoding other than one layer of gzip, deflate or br cannot be read. There are no timeouts in it: core's hold.
 * Idle connections do not keep the process alive.
 *
 * Fails with a `ConfigurationError` that names the option, where the proxy is not a URL.
 */
export const make = (
  options: TransportOptions,
): Effect.Effect<HttpClient.HttpClient, ConfigurationError, Scope.Scope> =>
  Effect.suspend(() => {
    const target = new URL(options.baseUrl)
    const proxy = Proxy.resolve(target, options.proxy ?? false, process.env)
    if (Result.isFailure(proxy)) return Effect.fail(proxy.failure)
    const connect = Connector.make({
      target,
      proxy: proxy.success,
      ca: options.ca,
      lookup: options.lookup,
    })
    const idleMs = Math.min(1_000, Math.max(1, options.idleMs ?? 1_000))
    return Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Pool(target.origin, connect, idleMs)),
        (pool) => Effect.sync(() => pool.close()),
      ),
      clientOf,
    )
  })

/**
 * Makes the transport to one origin over an undici dispatcher of the caller's, whose connections and timeouts hold.
 *
 * An abort before bytes may leave cannot end the connecting: the dispatcher is told once it is connected.
 */
export const fromDispatcher = (
  dispatcher: { readonly dispatch: (options: object, handler: object) => boolean },
  baseUrl: string | URL,
): HttpClient.HttpClient => clientOf(borrow(dispatcher, new URL(baseUrl).origin))

/** Provides the transport to one origin; see `make`. */
export const layer = (
  options: TransportOptions,
): Layer.Layer<HttpClient.HttpClient, ConfigurationError> =>
  Layer.effect(HttpClient.HttpClient, make(options))
