/**
 * The sandbox without a socket: a web `Request` in, a web `Response` out. A fault of the socket becomes what `fetch` makes
 * of it: a `TypeError` whose cause has the socket's code, a body that ends early, a response that never comes.
 */
import type { ApiResponse } from "../api/Response.ts"
import * as AdminApi from "./AdminApi.ts"
import type { Engine } from "../api/Engine.ts"
import { headersOf } from "./FaultyWriter.ts"
import type { FaultSpec, SandboxExchange, SandboxExchangeRequest } from "../types.ts"
import { MAX_BODY } from "../api/Validation.ts"

const failed = (code: string): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) })

const terminated = (): TypeError =>
  new TypeError("terminated", {
    cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
  })

const codes: Readonly<Record<string, string>> = {
  drop: "ECONNRESET",
  fin: "UND_ERR_SOCKET",
  garbage: "HPE_INVALID_CONSTANT",
}

/** Creates the body that the fault asks for. A padded body is generated while it is read. */
const bodyOf = (
  engine: Engine,
  response: ApiResponse,
  fault: FaultSpec,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const bytes = new Uint8Array(Buffer.from(response.body))
  const first = bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2)))
  const stopped = new AbortController()
  let at = 0
  let left = Math.max(0, (fault.padTo ?? 0) - bytes.length)
  return new ReadableStream({
    async pull(controller) {
      switch (fault.delivery) {
        case "trickle":
          if (at >= bytes.length) return controller.close()
          controller.enqueue(bytes.subarray(at, ++at))
          return engine.clock.sleep(fault.intervalMs ?? 1000, stopped.signal)
        case "stall-body":
        case "truncate-length":
        case "truncate-chunked":
        case "truncate-close":
          if (at === 0) {
            at = first.length
            return controller.enqueue(first)
          }
          if (fault.delivery === "truncate-close") return controller.close()
          if (fault.delivery !== "stall-body") return controller.error(terminated())
          return new Promise<void>((resolve) =>
            stopped.signal.addEventListener("abort", () => resolve(), { once: true }),
          )
        default:
          if (at < bytes.length) {
            at = bytes.length
            return controller.enqueue(bytes)
          }
          if (left === 0) return controller.close()
          controller.enqueue(new Uint8Array(Math.min(left, 65_536)).fill(0x20))
          left -= Math.min(left, 65_536)
          return undefined
      }
    },
    cancel: () => stopped.abort(),
  })
}

const empty = new Set([204, 205, 304])

const toResponse = (
  response: ApiResponse,
  now: number,
  body: ConstructorParameters<typeof Response>[0],
): Response =>
  new Response(empty.has(response.status) ? null : body, {
    status: response.status,
    headers: headersOf(response, now),
  })

const plain = ({ body }: ApiResponse): string | Uint8Array<ArrayBuffer> =>
  typeof body === "string" ? body : new Uint8Array(body)

/** Receives a request for the API and decides; the caller waits and takes the response. */
export const exchange = (
  engine: Engine,
  { body, headers, method, url }: SandboxExchangeRequest,
): SandboxExchange => {
  const { pathname, search } = new URL(url)
  const { delayMs, entry, fault, response } = engine.receive({
    method,
    target: pathname + search,
    headers,
    ambiguous: false,
    body: Buffer.byteLength(body) > MAX_BODY ? undefined : body,
  })
  return {
    delayMs,
    stalls: fault?.delivery === "stall",
    respond: () => {
      const code = fault?.raw === undefined ? codes[fault?.delivery ?? ""] : codes["garbage"]
      engine.end(entry, code === undefined ? "responded" : "cut", response.status)
      if (code !== undefined) throw failed(code)
      const now = engine.clock.now()
      if (fault === undefined) return toResponse(response, now, plain(response))
      // `fetch` returns a compressed body decompressed, and keeps the header that says that it was compressed
      const shown =
        fault.gzip === true
          ? { ...response, headers: { ...response.headers, "content-encoding": "gzip" } }
          : response
      return toResponse(shown, now, bodyOf(engine, response, fault))
    },
    abandon: () => engine.end(entry, "gone"),
  }
}

const events = (engine: Engine): Response => {
  const encoder = new TextEncoder()
  let stop: (() => void) | undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(AdminApi.FIRST_COMMENT))
      stop = engine.log.subscribe((event) =>
        controller.enqueue(encoder.encode(AdminApi.encodeEvent(event))),
      )
    },
    cancel: () => stop?.(),
  })
  return new Response(body, {
    headers: headersOf(
      { status: 200, headers: { "content-type": "text/event-stream" }, body: "" },
      engine.clock.now(),
    ),
  })
}

/** Returns a response whose body fails with the signal's reason when that aborts. */
const abortable = (response: Response, signal: AbortSignal): Response =>
  response.body === null
    ? response
    : new Response(response.body.pipeThrough(new TransformStream(), { signal }), response)

/** Handles a web request; rejects as `fetch` does if the connection is cut or the signal aborts. */
export const handle = async (
  engine: Engine,
  request: Request,
  admin: boolean,
  signal: AbortSignal = request.signal,
): Promise<Response> => {
  signal.throwIfAborted()
  const { pathname, search } = new URL(request.url)
  const body = await request.text()
  if (admin && AdminApi.isAdminRequest(pathname)) {
    const response = await AdminApi.handle(engine, {
      method: request.method,
      target: pathname + search,
      contentType: request.headers.get("content-type") ?? undefined,
      accept: request.headers.get("accept") ?? undefined,
      body: Buffer.byteLength(body) > MAX_BODY ? undefined : body,
    })
    if (response === "events") return abortable(events(engine), signal)
    return toResponse(response, engine.clock.now(), plain(response))
  }
  const headers = Object.fromEntries(request.headers)
  const exchanged = exchange(engine, { method: request.method, url: request.url, headers, body })
  if (exchanged.delayMs > 0) await engine.clock.sleep(exchanged.delayMs, signal)
  if (exchanged.stalls && !signal.aborted) {
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    )
  }
  if (signal.aborted) {
    exchanged.abandon()
    signal.throwIfAborted()
  }
  return abortable(exchanged.respond(), signal)
}
