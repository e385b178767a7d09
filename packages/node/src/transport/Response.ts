/** The response as core reads it: decoded, nothing above the cap, failures as values. */
import * as Zlib from "node:zlib"

import { maxBodyBytes } from "@aelyst/core/transport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cookies from "effect/http/Cookies"
import type * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

import { TransportFault } from "./Connector.ts"
import type { Body, Exchange } from "./Exchange.ts"

type Decoder = (bytes: Buffer, options: Zlib.ZlibOptions) => Buffer

/** Many servers send `deflate` without the zlib header that the standard asks for; browsers and curl read both. */
const inflate: Decoder = (bytes, options) =>
  hasZlibHeader(bytes) ? Zlib.inflateSync(bytes, options) : Zlib.inflateRawSync(bytes, options)

const hasZlibHeader = ([first = 0, second = 0]: Buffer): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0

const decoders: { readonly [encoding: string]: Decoder | undefined } = {
  gzip: Zlib.gunzipSync,
  "x-gzip": Zlib.gunzipSync,
  deflate: inflate,
  br: Zlib.brotliDecompressSync,
}

/** Decodes a body whose encoding was not requested: one layer, and no more than the cap. */
const decode = (bytes: Buffer, encoding: string): Body => {
  if (encoding === "" || encoding === "identity") return Result.succeed(bytes)
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decoder === undefined) return Result.fail(new TransportFault("ENCODING_UNKNOWN"))
  return Result.try({
    try: () => decoder(bytes, { maxOutputLength: maxBodyBytes }),
    catch: (cause) => cause,
  })
}

/** One response, over the exchange that collects it. */
export class TransportResponse
  extends Inspectable.Class
  implements HttpClientResponse.HttpClientResponse
{
  readonly request: HttpClientRequest
  readonly url: string
  readonly #exchange: Exchange

  constructor(request: HttpClientRequest, url: string, exchange: Exchange) {
    super()
    this.request = request
    this.url = url
    this.#exchange = exchange
  }

  get [HttpIncomingMessage.TypeId](): typeof HttpIncomingMessage.TypeId {
    return HttpIncomingMessage.TypeId
  }
  get [HttpClientResponse.TypeId](): typeof HttpClientResponse.TypeId {
    return HttpClientResponse.TypeId
  }
  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }
  get status(): number {
    return this.#exchange.status
  }
  get headers(): Headers.Headers {
    return this.#exchange.headers
  }
  get cookies(): Cookies.Cookies {
    return Cookies.fromSetCookie(this.#exchange.cookies)
  }

  #unreadable(cause: unknown): HttpClientError.HttpClientError {
    const reason = new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    return new HttpClientError.HttpClientError({ reason })
  }

  #bytesOf(body: Body): Effect.Effect<Buffer, HttpClientError.HttpClientError> {
    const encoding = this.headers["content-encoding"]
    const decoded =
      encoding === undefined
        ? body
        : Result.flatMap(body, (bytes) => decode(bytes, encoding.trim().toLowerCase()))
    return Result.isSuccess(decoded)
      ? Effect.succeed(decoded.success)
      : Effect.fail(this.#unreadable(decoded.failure))
  }

  get #bytes(): Effect.Effect<Buffer, HttpClientError.HttpClientError> {
    const exchange = this.#exchange
    // a body that arrived with the head is an exit, so that core needs no deadline for it
    if (exchange.body !== undefined) return this.#bytesOf(exchange.body)
    return Effect.callback<Buffer, HttpClientError.HttpClientError>((resume) => {
      if (exchange.body !== undefined) return resume(this.#bytesOf(exchange.body))
      exchange.read((body) => resume(this.#bytesOf(body)))
      return Effect.sync(() => exchange.abort())
    })
  }

  #parsed<A>(parse: (text: string) => A): Effect.Effect<A, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({ try: () => parse(text), catch: (cause) => this.#unreadable(cause) }),
    )
  }

  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    const bytes = this.#bytes
    return Exit.isExit(bytes)
      ? // safe: the exit that `bytes` is
        Exit.map(bytes as Exit.Exit<Buffer, HttpClientError.HttpClientError>, String)
      : Effect.map(bytes, String)
  }
  get json() {
    return this.#parsed((text) => JSON.parse(text))
  }
  get urlParamsBody() {
    return this.#parsed((text) => UrlParams.fromInput(new URLSearchParams(text)))
  }
  get arrayBuffer() {
    return Effect.map(this.#bytes, (bytes) => new Uint8Array(bytes).buffer)
  }
  get stream() {
    return Stream.fromEffect(this.#bytes)
  }
  get formData(): HttpClientResponse.HttpClientResponse["formData"] {
    return Effect.flatMap(this.#bytes, (bytes) =>
      Effect.tryPromise({
        try: () => new Response(new Uint8Array(bytes), { headers: this.headers }).formData(),
        catch: (cause) => this.#unreadable(cause),
      }),
    )
  }
  get upgrade() {
    const { request } = this
    const reason = new HttpClientError.StatusCodeError({ request, response: this })
    return Effect.fail(new HttpClientError.HttpClientError({ reason }))
  }

  override toJSON(): unknown {
    return { _id: "HttpClientResponse", status: this.status }
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}
