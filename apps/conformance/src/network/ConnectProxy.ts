/** A forward proxy that supports only CONNECT, and records everything that it receives. */
import type { IncomingHttpHeaders } from "node:http"
import * as Http from "node:http"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import * as Net from "node:net"
import type { TlsOptions } from "node:tls"

/** The behaviour of the proxy. */
export interface ConnectProxyOptions {
  /** The status of the response to CONNECT; 200 opens the tunnel. Default 200. */
  readonly status?: number
  /** The body of a refusal, sent together with its head. Default: none. */
  readonly body?: string
  /** Whether CONNECT never gets a response. */
  readonly stall?: boolean
  /** The required user and password, `user:password`; without them the response is 407. */
  readonly credentials?: string
  /** Bytes sent directly after the response to CONNECT. */
  readonly garbage?: string
  /** The port on 127.0.0.1 to which every tunnel leads, for any name. */
  readonly port?: number
  /** The port that it listens on. Default: any that is free. */
  readonly onPort?: number
  readonly tls?: TlsOptions
}

/** A running proxy. */
export interface ConnectProxy extends AsyncDisposable {
  readonly url: string
  /** The targets of CONNECT requests, with their headers. */
  readonly asked: ReadonlyArray<{
    readonly authority: string
    readonly headers: IncomingHttpHeaders
  }>
  /** Requests other than CONNECT, whose content the proxy could read. */
  readonly others: ReadonlyArray<string>
  /** Waits for this many CONNECT requests. */
  readonly askedTimes: (count: number) => Promise<void>
  /** Waits until no connection is open. */
  readonly idle: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a proxy on 127.0.0.1. */
export const start = async (options: ConnectProxyOptions = {}): Promise<ConnectProxy> => {
  const asked: Array<{ authority: string; headers: IncomingHttpHeaders }> = []
  const others: Array<string> = []
  const sockets = new Set<Net.Socket>()
  const changed = new Set<() => void>()
  const change = () => {
    for (const check of changed) check()
  }
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return
        changed.delete(check)
        resolve()
      }
      changed.add(check)
      check()
    })
  const track = (socket: Net.Socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    socket.once("close", () => {
      sockets.delete(socket)
      change()
    })
  }
  const server = options.tls === undefined ? Http.createServer() : Https.createServer(options.tls)
  server.on("connection", track)
  server.on("request", (request: Http.IncomingMessage, response: Http.ServerResponse) => {
    others.push(`${request.method} ${request.url}`)
    response.writeHead(400).end()
  })
  server.on("connect", (request: Http.IncomingMessage, socket: Net.Socket) => {
    const authority = request.url ?? ""
    asked.push({ authority, headers: request.headers })
    change()
    socket.on("error", () => undefined)
    if (options.stall === true) {
      socket.once("end", () => socket.destroy()).resume()
      return
    }
    const wanted =
      options.credentials === undefined
        ? undefined
        : `Basic ${Buffer.from(options.credentials).toString("base64")}`
    const status =
      wanted !== undefined && request.headers["proxy-authorization"] !== wanted
        ? 407
        : (options.status ?? 200)
    if (status !== 200) {
      const { body = "" } = options
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      return
    }
    const { hostname, port } = new URL(`http://${authority}`)
    const upstream = Net.connect(
      options.port === undefined
        ? { host: hostname, port: Number(port) }
        : { host: "127.0.0.1", port: options.port },
    )
    track(upstream)
    upstream.once("connect", () => {
      socket.write(`HTTP/1.1 200 Connection established\r\n\r\n${options.garbage ?? ""}`)
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on("close", () => socket.destroy())
    socket.on("close", () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(options.onPort ?? 0, "127.0.0.1", resolve))
  // safe: a server that listens on a port has an address
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return {
    url: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    asked,
    others,
    askedTimes: (count) => until(() => asked.length >= count),
    idle: () => until(() => sockets.size === 0),
    close,
    [Symbol.asyncDispose]: close,
  }
}
