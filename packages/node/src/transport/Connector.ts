/**
 * Opens one connection to the target: plain, TLS, or TLS through a proxy's CONNECT. Every stage can be closed at once,
 * so that an abort leaves no connecting socket behind; undici knows a socket only once it is connected.
 */
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import * as Tls from "node:tls"

import * as Proxy from "./Proxy.ts"

/** The reason why the transport itself ended an exchange; `code` is upper case, and the message is the same. */
export class TransportFault extends Error {
  readonly code: string
  override readonly name = "TransportFault"
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** A connection that is being opened. */
export interface PendingSocket {
  readonly destroy: () => void
}

/** Receives the connected socket, or the error. */
export type ConnectCallback = (
  ...result: [error: null, socket: Net.Socket] | [error: Error, socket: null]
) => void

/** Opens one connection; the callback is called once, and never after `destroy`. */
export type Connect = (callback: ConnectCallback) => PendingSocket

/** The options of a connector. */
export interface ConnectorOptions {
  readonly target: URL
  readonly proxy: URL | undefined
  /** PEM certificates to trust instead of Node's. */
  readonly ca: string | undefined
  /** Resolves host names instead of the system. */
  readonly lookup: Net.LookupFunction | undefined
}

/** Within the 5 s to connect, two addresses that are dead still leave time for a third. */
const autoSelectFamilyAttemptTimeout = 1_500

const hostnameOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")
const portOf = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80))
// only names, without the final dot of a fully qualified one
const serverNameOf = (hostname: string): string =>
  Net.isIP(hostname) === 0 ? hostname.replace(/\.+$/, "") : ""

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined
  return typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : "FAILED"
}

const waitFor = (
  event: "connect" | "secureConnect",
  socket: Net.Socket,
  callback: ConnectCallback,
): PendingSocket => {
  const fail = (error: Error) => callback(error, null)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  socket.once("error", fail)
  socket.once(event, () => {
    socket.off("error", fail)
    callback(null, socket)
  })
  return socket
}

/** Creates the function that opens connections to one target. */
export const make = ({ target, proxy, ca, lookup }: ConnectorOptions): Connect => {
  const host = hostnameOf(target)
  const port = portOf(target)
  // Node tries the addresses of a host one after the other and gives each 250 ms, which is less than many handshakes take
  const dial = {
    host,
    port,
    autoSelectFamilyAttemptTimeout,
    ...(lookup !== undefined && { lookup }),
  }
  const trust = ca === undefined ? {} : { ca }
  // resumed by the next handshake with the same target: a full handshake costs more than the exchange
  let session: Buffer | undefined

  const secure = (callback: ConnectCallback, tunnel?: Net.Socket): PendingSocket => {
    const socket = Tls.connect({
      ...dial,
      ...trust,
      ALPNProtocols: ["http/1.1"],
      servername: serverNameOf(host),
      ...(tunnel !== undefined && { socket: tunnel }),
      ...(session !== undefined && { session }),
    })
    socket.on("session", (ticket) => {
      session = ticket
    })
    return waitFor("secureConnect", socket, callback)
  }

  if (proxy === undefined) {
    return target.protocol === "https:"
      ? (callback) => secure(callback)
      : (callback) => waitFor("connect", Net.connect(dial), callback)
  }

  const authority = `${target.hostname}:${port}`
  const authorization = Proxy.authorizationOf(proxy)
  const connectRequest = {
    method: "CONNECT",
    host: hostnameOf(proxy),
    port: portOf(proxy),
    path: authority,
    // one tunnel per connection; the pool keeps them, not an agent
    agent: false,
    headers: {
      host: authority,
      connection: "keep-alive",
      ...(authorization !== undefined && { "proxy-authorization": authorization }),
    },
  } as const

  return (callback) => {
    let stage: PendingSocket
    const request =
      proxy.protocol === "https:"
        ? Https.request({
            ...connectRequest,
            ...trust,
            servername: serverNameOf(connectRequest.host),
          })
        : Http.request(connectRequest)
    const fail = (code: string) => callback(new TransportFault(code), null)
    request.on("error", (error) => fail(`PROXY_${codeOf(error)}`))
    request.on("connect", ({ statusCode = 0 }, socket: Net.Socket, head) => {
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) {
        stage = secure(callback, socket)
        return
      }
      socket.destroy()
      if (statusCode === 407) fail("PROXY_AUTHENTICATION_REQUIRED")
      // bytes after a refusal are its body; bytes before the tunnel belong to no response
      else
        fail(statusCode >= 200 && statusCode < 300 ? "PROXY_PROTOCOL" : `PROXY_HTTP_${statusCode}`)
    })
    // the proxy responded to CONNECT as if it were another method
    request.on("response", (response) => {
      response.destroy()
      fail("PROXY_PROTOCOL")
    })
    request.end()
    stage = request
    return { destroy: () => void stage.destroy() }
  }
}
