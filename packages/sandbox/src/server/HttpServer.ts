/**
 * The door on `node:http`: reads requests, hands them to the engine, and sends what it decides. Guards what a server on
 * a developer's machine must guard: names in `Host`, slow and large requests, the number of connections.
 */
import { createServer } from "node:http"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { isIP } from "node:net"
import type { AddressInfo, Socket } from "node:net"

import * as Answer from "../api/Response.ts"
import * as Control from "./AdminApi.ts"
import type { Engine } from "../api/Engine.ts"
import { headersOf, send, sendBent } from "./FaultyWriter.ts"
import type { SandboxOptions } from "../types.ts"
import { MAX_BODY } from "../api/Validation.ts"

/** An open door. */
export interface HttpDoor {
  readonly host: string
  readonly port: number
  readonly close: () => Promise<void>
  readonly closeIdle: () => void
}

const loopback = ["localhost", "127.0.0.1", "[::1]"]

/** Says whether an address is reached from this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const hostName = (header: string): string =>
  (header.startsWith("[")
    ? header.slice(0, header.indexOf("]") + 1)
    : (header.split(":", 1)[0] ?? "")
  ).toLowerCase()

/** Accepts the names of this machine; beyond loopback also addresses, which no name server can rebind. */
const makeHostCheck = (host: string, allowed: ReadonlyArray<string>) => {
  const names = new Set([...loopback, host, ...allowed].map((name) => name.toLowerCase()))
  const addresses = !isLoopback(host)
  return (header: string | undefined): boolean => {
    if (header === undefined) return false
    const name = hostName(header)
    return names.has(name) || (addresses && isIP(name.replace(/^\[|\]$/g, "")) !== 0)
  }
}

/** Reads a body up to the limit; `undefined` beyond it. Rejects where the client leaves before its end. */
const readBody = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    let size = 0
    request.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY) chunks.push(chunk)
      else {
        request.pause()
        resolve(undefined)
      }
    })
    request.on("end", () => {
      const only = chunks.length === 1 ? chunks[0] : undefined
      resolve((only ?? Buffer.concat(chunks)).toString("utf8"))
    })
    request.on("error", reject)
    request.on("close", () => {
      // an error is dear to make, and every request closes
      if (!request.complete) reject(new Error("the client left"))
    })
  })

const countAuthorization = (raw: ReadonlyArray<string>): number => {
  let count = 0
  for (let index = 0; index < raw.length; index += 2)
    if (raw[index]?.length === 13 && raw[index]?.toLowerCase() === "authorization") count++
  return count
}

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      // safe: a server that listens on a port has an AddressInfo
      resolve((server.address() as AddressInfo).port)
    })
  })

/** The most bytes of events that wait for a slow reader. */
const MAX_UNREAD = 4 * 2 ** 20

/** Sends what happens as server-sent events, until the client leaves. */
const sendEvents = (engine: Engine, response: ServerResponse): void => {
  const answer = { status: 200, headers: { "content-type": "text/event-stream" }, body: "" }
  response.writeHead(200, headersOf(answer, engine.clock.now()))
  // without a first byte clients hang until their header timeout
  response.write(Control.FIRST_COMMENT)
  const stop = engine.log.subscribe((event) => {
    // who does not read is let go rather than waited for
    if (response.writableLength > MAX_UNREAD) response.destroy()
    else response.write(Control.encodeEvent(event))
  })
  response.once("close", stop)
}

/** Opens the door. Rejects with the error of `listen`, such as `EADDRINUSE`. */
export const open = async (engine: Engine, options: SandboxOptions): Promise<HttpDoor> => {
  const host = options.host ?? "127.0.0.1"
  const isAllowed = makeHostCheck(host, options.allowedHosts ?? [])
  const admin = options.admin ?? isLoopback(host)
  const sockets = new Set<Socket>()
  const closing = new AbortController()

  const handleControl = async (request: IncomingMessage, response: ServerResponse) => {
    const { origin } = request.headers
    const answer =
      // a page on another site can post to loopback, but not hide where it comes from
      origin !== undefined && !isAllowed(URL.parse(origin)?.host)
        ? Answer.of(403)
        : await Control.handle(engine, {
            method: request.method ?? "GET",
            target: request.url ?? "/",
            contentType: request.headers["content-type"],
            accept: request.headers.accept,
            body: await readBody(request),
          })
    if (answer === "events") sendEvents(engine, response)
    else send(response, answer, engine.clock.now(), !request.complete)
  }

  const handleApi = async (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const body = await readBody(request)
    const { answer, delayMs, entry, fault } = engine.receive({
      method: request.method ?? "GET",
      target: request.url ?? "/",
      headers: request.headers,
      ambiguous: countAuthorization(request.rawHeaders) > 1,
      body,
    })
    response.once("close", () => {
      engine.end(entry, response.writableFinished ? "answered" : "gone", answer.status)
    })
    if (fault === undefined && delayMs === 0)
      return send(response, answer, engine.clock.now(), body === undefined)
    const gone = new AbortController()
    response.once("close", () => gone.abort())
    const left = AbortSignal.any([gone.signal, closing.signal])
    if (delayMs > 0) await engine.clock.sleep(delayMs, left)
    if (left.aborted) return undefined
    if (fault === undefined) return send(response, answer, engine.clock.now(), body === undefined)
    const ending = sendBent({ response, socket, answer, fault, clock: engine.clock, gone: left })
    if (fault.delivery !== "stall") engine.end(entry, await ending, answer.status)
    return undefined
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? "/"
    if (!isAllowed(request.headers.host))
      return send(response, Answer.of(421), engine.clock.now(), true)
    if (!Control.isControl(target)) return handleApi(request, response)
    if (admin) return handleControl(request, response)
    return send(response, Answer.of(404), engine.clock.now(), true)
  }

  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 5000,
      requestTimeout: options.requestTimeoutMs ?? 15_000,
      connectionsCheckingInterval: 500,
      keepAliveTimeout: options.idleTimeoutMs ?? 5000,
      noDelay: true,
    },
    // a client that leaves in the middle of its body has nobody to be told
    (request, response) => void handle(request, response).catch(() => response.destroy()),
  )
  server.maxConnections = options.maxConnections ?? 256
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  const port = await listen(server, host, options.port ?? 0)
  let closed: Promise<void> | undefined
  return {
    host,
    port,
    closeIdle: () => server.closeIdleConnections(),
    close: () =>
      (closed ??= new Promise((resolve) => {
        closing.abort()
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })),
  }
}
