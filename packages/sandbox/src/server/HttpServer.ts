/**
 * The server on `node:http`: reads requests, passes them to the engine, and writes the responses. It limits what a server
 * on a developer's machine must limit: names in `Host`, slow and large requests, the number of connections.
 */
import { createServer } from "node:http"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { isIP } from "node:net"
import type { AddressInfo, Socket } from "node:net"

import * as ApiResponse from "../api/Response.ts"
import * as AdminApi from "./AdminApi.ts"
import * as Cors from "./Cors.ts"
import type { Engine } from "../api/Engine.ts"
import * as FaultyWriter from "./FaultyWriter.ts"
import type { SandboxOptions } from "../types.ts"
import { MAX_BODY } from "../api/Validation.ts"

/** A running server. */
export interface HttpServer {
  readonly host: string
  readonly port: number
  readonly close: () => Promise<void>
  readonly closeIdle: () => void
}

const loopback = ["localhost", "127.0.0.1", "[::1]"]

/** Checks whether an address can be reached only from this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const hostName = (header: string): string =>
  (header.startsWith("[")
    ? header.slice(0, header.indexOf("]") + 1)
    : (header.split(":", 1)[0] ?? "")
  ).toLowerCase()

/**
 * Accepts the names of this machine; beyond loopback also IP addresses, and names without a dot, as containers have them:
 * DNS rebinding can fake neither.
 */
const makeHostCheck = (host: string, allowed: ReadonlyArray<string>) => {
  const names = new Set([...loopback, host, ...allowed].map((name) => name.toLowerCase()))
  const isExposed = !isLoopback(host)
  return (header: string | undefined): boolean => {
    if (header === undefined) return false
    const name = hostName(header)
    const isPlain = isIP(name.replace(/^\[|\]$/g, "")) !== 0 || /^[a-z0-9_-]+$/.test(name)
    return names.has(name) || (isExposed && isPlain)
  }
}

const unknownHost = ApiResponse.make(
  421,
  undefined,
  JSON.stringify({ code: 421, message: "unknown host name; start the sandbox with --allow-host" }),
)

/** Reads a body up to the limit; `undefined` beyond it. Rejects if the client leaves before its end. */
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
      // creating an error is expensive, and every request closes
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

/** Sends events to a client until it leaves. */
const sendEvents = (engine: Engine, output: ServerResponse): void => {
  const head = { status: 200, headers: { "content-type": "text/event-stream" }, body: "" }
  output.writeHead(200, FaultyWriter.headersOf(head, engine.clock.now()))
  // without a first byte clients hang until their header timeout
  output.write(AdminApi.FIRST_COMMENT)
  const stop = engine.log.subscribe((event) => {
    // a client that does not read is disconnected
    if (output.writableLength > MAX_UNREAD) output.destroy()
    else output.write(AdminApi.encodeEvent(event))
  })
  output.once("close", stop)
}

/** Starts the server. Rejects with the error of `listen`, such as `EADDRINUSE`. */
export const start = async (engine: Engine, options: SandboxOptions): Promise<HttpServer> => {
  const host = options.host ?? "127.0.0.1"
  const isAllowed = makeHostCheck(host, options.allowedHosts ?? [])
  const admin = options.admin ?? isLoopback(host)
  const cors = Cors.make(options.cors ?? [])
  const sockets = new Set<Socket>()
  const closing = new AbortController()

  const handleAdmin = async (request: IncomingMessage, output: ServerResponse) => {
    const { origin } = request.headers
    const response =
      // a page on another site can post to loopback, but cannot hide its origin
      origin !== undefined && !isAllowed(URL.parse(origin)?.host)
        ? ApiResponse.make(403)
        : await AdminApi.handle(engine, {
            method: request.method ?? "GET",
            target: request.url ?? "/",
            contentType: request.headers["content-type"],
            accept: request.headers.accept,
            body: await readBody(request),
          })
    if (response === "events") sendEvents(engine, output)
    else FaultyWriter.write(output, response, engine.clock.now(), !request.complete)
  }

  const handleApi = async (request: IncomingMessage, output: ServerResponse) => {
    const { socket } = request
    const body = await readBody(request)
    const { delayMs, entry, fault, response } = engine.receive({
      method: request.method ?? "GET",
      target: request.url ?? "/",
      headers: request.headers,
      ambiguous: countAuthorization(request.rawHeaders) > 1,
      body,
    })
    output.once("close", () => {
      engine.end(entry, output.writableFinished ? "responded" : "gone", response.status)
    })
    const isTooLong = body === undefined
    if (fault === undefined && delayMs === 0)
      return FaultyWriter.write(output, response, engine.clock.now(), isTooLong)
    const gone = new AbortController()
    output.once("close", () => gone.abort())
    const left = AbortSignal.any([gone.signal, closing.signal])
    if (delayMs > 0) await engine.clock.sleep(delayMs, left)
    if (left.aborted) return undefined
    if (fault === undefined)
      return FaultyWriter.write(output, response, engine.clock.now(), isTooLong)
    const { clock } = engine
    const ending = FaultyWriter.writeFaulty({ output, socket, response, fault, clock, gone: left })
    if (fault.delivery !== "stall") engine.end(entry, await ending, response.status)
    return undefined
  }

  const handle = async (request: IncomingMessage, output: ServerResponse): Promise<void> => {
    const target = request.url ?? "/"
    if (!isAllowed(request.headers.host))
      return FaultyWriter.write(output, unknownHost, engine.clock.now(), true)
    if (!AdminApi.isAdminRequest(target))
      return cors(request, output) ? undefined : handleApi(request, output)
    if (admin) return handleAdmin(request, output)
    return FaultyWriter.write(output, ApiResponse.make(404), engine.clock.now(), true)
  }

  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 5000,
      requestTimeout: options.requestTimeoutMs ?? 15_000,
      connectionsCheckingInterval: 500,
      keepAliveTimeout: options.idleTimeoutMs ?? 5000,
      noDelay: true,
    },
    // usually the client has left in the middle of its body, and nothing can be written any more
    (request, output) => void handle(request, output).catch(() => output.destroy()),
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
