/**
 * The door on `node:http`: reads requests, hands them to the engine, and sends what it decides. Guards what a server on
 * a developer's machine must guard: names in `Host`, slow and large requests, the number of connections.
 */
import { createServer } from "node:http"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { isIP } from "node:net"
import type { AddressInfo, Socket } from "node:net"

import * as Answer from "./Answer.ts"
import type { Engine, Incoming } from "./Engine.ts"
import { send } from "./Send.ts"
import type { SandboxOptions } from "./types.ts"
import { MAX_BODY } from "./Validation.ts"

/** Answers the requests of the control API; `undefined` for a path that is not its own. */
export type Admin = (
  request: IncomingMessage,
  response: ServerResponse,
  readBody: () => Promise<string | undefined>,
) => boolean

/** An open door. */
export interface HttpDoor {
  readonly host: string
  readonly port: number
  readonly close: () => Promise<void>
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"])

/** Says whether an address is reached from this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))

const hostName = (header: string): string =>
  (header.startsWith("[")
    ? header.slice(0, header.indexOf("]") + 1)
    : header.split(":", 1).join("")
  ).toLowerCase()

/** Accepts the names of this machine; beyond loopback also addresses, which no name server can rebind. */
const makeHostCheck = (host: string, allowed: ReadonlyArray<string>) => {
  const names = new Set([
    ...loopback,
    host.toLowerCase(),
    ...allowed.map((name) => name.toLowerCase()),
  ])
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
    request.on("close", () => reject(new Error("the client left")))
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

/** Opens the door. Rejects with the error of `listen`, such as `EADDRINUSE`. */
export const open = async (
  engine: Engine,
  options: SandboxOptions,
  admin: Admin | undefined,
): Promise<HttpDoor> => {
  const host = options.host ?? "127.0.0.1"
  const isAllowed = makeHostCheck(host, options.allowedHosts ?? [])
  const sockets = new Set<Socket>()
  const closing = new AbortController()

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const plain = (status: number) =>
      send({ answer: Answer.of(status), now: engine.clock.now(), response })
    if (!isAllowed(request.headers.host)) return plain(421)
    const target = request.url ?? "/"
    if (target === "/_sandbox" || /^\/_sandbox[/?]/.test(target)) {
      const answered = admin?.(request, response, () => readBody(request)) ?? false
      return answered ? undefined : plain(404)
    }
    let body: string | undefined
    try {
      body = await readBody(request)
    } catch {
      return
    }
    const incoming: Incoming = {
      method: request.method ?? "GET",
      target,
      headers: request.headers,
      ambiguous: countAuthorization(request.rawHeaders) > 1,
      body,
    }
    const { answer, delayMs, entry, fault } = engine.receive(incoming)
    const gone = new AbortController()
    response.once("close", () => {
      engine.log.end(entry, response.writableFinished ? "answered" : "gone", engine.clock.now())
      gone.abort()
    })
    if (delayMs > 0)
      await engine.clock.sleep(delayMs, AbortSignal.any([gone.signal, closing.signal]))
    if (gone.signal.aborted || closing.signal.aborted) return
    send({ answer, now: engine.clock.now(), response, close: body === undefined })
    if (fault === undefined) return
  }

  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 5000,
      requestTimeout: options.requestTimeoutMs ?? 15_000,
      connectionsCheckingInterval: 500,
      keepAliveTimeout: options.idleTimeoutMs ?? 5000,
      noDelay: true,
    },
    (request, response) => void handle(request, response),
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
    close: () =>
      (closed ??= new Promise((resolve) => {
        closing.abort()
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })),
  }
}
