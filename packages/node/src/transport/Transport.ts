/**
 * The transport of Node.js: an `HttpClient` over a connection pool. It reports to core's probe when bytes may leave, and
 * closes its sockets when a call is aborted, connecting ones included.
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
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { Client } from "undici"

import type { Connections } from "./ConnectionPool.ts"
import * as Pool from "./ConnectionPool.ts"
import * as Connector from "./Connector.ts"
import { Exchange } from "./Exchange.ts"
import type { ProxyOption } from "./Proxy.ts"
import * as Proxy from "./Proxy.ts"
import { TransportResponse } from "./Response.ts"
import { version } from "../version.ts"

/** The options of a transport. */
export interface TransportOptions {
  /** The only origin of all requests; a path is ignored. */
  readonly baseUrl: string | URL
  /** The proxy to use. Default false: none. */
  readonly proxy?: ProxyOption | undefined
  /** How long a connection is kept for the next request, in milliseconds, 1 to 1,000. Default 1,000. */
  readonly idleMs?: number | undefined
  /** PEM certificates to trust instead of Node's. */
  readonly ca?: string | undefined
  /** Resolves host names instead of the system. */
  readonly lookup?: Net.LookupFunction | undefined
}

/** Whether this runtime loads undici: Bun replaces it with a module that dispatches nothing. */
export const isSupported: boolean = typeof Reflect.get(Client.prototype, "dispatch") === "function"

const userAgent = `aelyst-node/${version}`
// written by the transport or by undici; a caller's value would contradict them
const reserved = new Set([
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

// the requests of one client share their headers object
const headersToSend = new WeakMap<object, Record<string, string>>()

const headersOf = ({ headers }: HttpClientRequest): Record<string, string> => {
  const existing = headersToSend.get(headers)
  if (existing !== undefined) return existing
  const allowed = Object.entries(headers).filter(([name]) => !reserved.has(name))
  const toSend = {
    "user-agent": userAgent,
    "accept-encoding": "identity",
    ...Object.fromEntries(allowed),
  }
  headersToSend.set(headers, toSend)
  return toSend
}

const bodyOf = ({ body }: HttpClientRequest): string | Uint8Array | null | undefined => {
  // undici writes a string without a copy
  if (body._tag === "Uint8Array") return body.text ?? body.body
  if (body._tag === "Empty") return null
  if (body._tag !== "Raw") return undefined
  return typeof body.body === "string" || body.body instanceof Uint8Array ? body.body : undefined
}

const fail = (request: HttpClientRequest, cause: unknown) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause }),
    }),
  )

const failWithCode = (request: HttpClientRequest, code: string) =>
  fail(request, new Connector.TransportFault(code))

// a path that the URL parser would not change: no segment begins with a dot, and no character needs an escape
const plainPath = /^(?:\/(?!\.|%2e)[\w.~:@!$&'()*+,;=%-]*)+$/i

/** Returns the path and query of a request; undefined if it is for another origin. Parses the URL only if it must. */
const pathOf = (origin: string, request: HttpClientRequest): string | undefined => {
  const isWithoutParts = request.urlParams.params.length === 0 && Option.isNone(request.hash)
  if (isWithoutParts && request.url.startsWith(origin)) {
    const path = request.url.slice(origin.length)
    if (plainPath.test(path)) return path
  }
  const url = Option.getOrUndefined(toUrl(request))
  return url?.origin === origin ? url.pathname + url.search : undefined
}

const send = (connections: Connections, request: HttpClientRequest, probe: TransportProbe) => {
  const path = pathOf(connections.origin, request)
  if (path === undefined) return failWithCode(request, "ORIGIN_REFUSED")
  const body = bodyOf(request)
  if (body === undefined) return failWithCode(request, "BODY_REFUSED")
  if (connections.isClosed) return failWithCode(request, "TRANSPORT_CLOSED")
  const options = {
    method: request.method,
    path,
    headers: headersOf(request),
    body,
  }
  return Effect.callback<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>(
    (resume) => {
      const exchange = new Exchange(connections, options, probe, (head) =>
        resume(
          Result.isSuccess(head)
            ? Effect.succeed(
                new TransportResponse(request, connections.origin + path, head.success),
              )
            : fail(request, head.failure),
        ),
      )
      probe.watch(() => exchange.abort())
      exchange.start()
      return Effect.sync(() => exchange.abort())
    },
  )
}

// not `HttpClient.make`: its span would carry the URL, and its abort controller costs more than the rest of this module
const clientOf = (connections: Connections): HttpClient.HttpClient =>
  abortable(
    HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
      (prepared) =>
        // the request is mostly an exit already
        Effect.flatMapEager(prepared, (request) =>
          Effect.withFiber((fiber) => {
            const probe = fiber.getRef(TransportProbe)
            probe.watch()
            return send(connections, request, probe)
          }),
        ),
      Effect.succeed,
    ),
  )

/**
 * Creates the transport to one origin; its connections are closed with the scope.
 *
 * **Details**
 *
 * Reports to core's `TransportProbe`: watched before it connects, dispatched when bytes may leave. Interruption closes
 * the connection in every phase. Redirects are not followed. A body of more than 64 KiB, a response with bytes after it,
 * and an encoding other than one layer of gzip, deflate or br cannot be read. It has no timeouts; core's apply. Idle
 * connections do not keep the process alive.
 *
 * Fails with a `ConfigurationError` that names the option if the proxy is not a URL.
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
        Effect.sync(() => new Pool.ConnectionPool(target.origin, connect, idleMs)),
        (pool) => Effect.sync(() => pool.close()),
      ),
      clientOf,
    )
  })

/**
 * Creates the transport to one origin over an undici dispatcher of the caller, whose connections and timeouts apply.
 *
 * An abort before bytes may leave cannot stop the connecting: the dispatcher aborts once it is connected.
 */
export const fromDispatcher = (
  dispatcher: Pool.Dispatcher,
  baseUrl: string | URL,
): HttpClient.HttpClient => clientOf(Pool.fromDispatcher(dispatcher, new URL(baseUrl).origin))
