/**
 * Opens one connection to the target: plain, TLS, or TLS through a proxy's CONNECT. Whatever stage it is in can be torn
 * down at once; undici knows a socket only when it is connected.
 */
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import * as Tls from "node:tls"

/** Tells why the transport itself ended an exchange; `code` is upper case, the message holds nothing else. */
export class TransportFault extends Error {
  readonly code: string
  override readonly name = "TransportFault"
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** Holds what can be torn down while it is being opened. */
export interface Opening {
  readonly destroy: () => void
}

/** Takes the connected socket, or what failed. */
export type Opened = (
  ...result: [error: null, socket: Net.Socket] | [error: Error, socket: null]
) => void

/** Opens one connection; the callback is called once, and never after `destroy`. */
export type Connect = (opened: Opened) => Opening

/** Holds what connections are opened with. */
export interface ConnectorOptions {
  readonly target: URL
  readonly proxy: URL | undefined
  /** PEM certificates that are trusted in place of Node's own. */
  readonly ca: string | undefined
  /** Looks names up in place of the system. */
  readonly lookup: Net.LookupFunction | undefined
}

const hostnameOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "")
const portOf = (url: URL): number => Number(url.port || (url.protocol === "https:" ? 443 : 80))
// names alone, without the final dot of a fully qualified one
const serverNameOf = (hostname: string): string =>
  Net.isIP(hostname) === 0 ? hostname.replace(/\.+$/, "") : ""

const codeOf = (error: unknown): string => {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined
  return typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : "FAILED"
}

const wait = (socket: Net.Socket, event: "connect" | "secureConnect", opened: Opened): Opening => {
  const failed = (error: Error) => opened(error, null)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 60_000)
  socket.once("error", failed)
  socket.once(event, () => {
    socket.off("error", failed)
    opened(null, socket)
  })
  return socket
}

/** Makes the function that opens connections to one target. */
export const make = ({ target, proxy, ca, lookup }: ConnectorOptions): Connect => {
  const host = hostnameOf(target)
  const port = portOf(target)
  const dial = { host, port, ...(lookup !== undefined && { lookup }) }
  const trust = ca === undefined ? {} : { ca }
  // resumed by the next handshake with the same target: a handshake costs more than the exchange
  let session: Buffer | undefined

  const secure = (opened: Opened, tunnel?: Net.Socket): Opening => {
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
    return wait(socket, "secureConnect", opened)
  }

  if (proxy === undefined) {
    return target.protocol === "https:"
      ? (opened) => secure(opened)
      : (opened) => wait(Net.connect(dial), "connect", opened)
  }

  const authority = `${target.hostname}:${port}`
  const { username, password } = proxy
  const credentials = Buffer.from(
    `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  ).toString("base64")
  const ask = {
    method: "CONNECT",
    host: hostnameOf(proxy),
    port: portOf(proxy),
    path: authority,
    // one tunnel for each connection: the pool keeps them, not an agent
    agent: false,
    headers: {
      host: authority,
      connection: "keep-alive",
      ...((username !== "" || password !== "") && {
        "proxy-authorization": `Basic ${credentials}`,
      }),
    },
  } as const

  return (opened) => {
    let stage: Opening
    const request =
      proxy.protocol === "https:"
        ? Https.request({ ...ask, ...trust, servername: serverNameOf(ask.host) })
        : Http.request(ask)
    const failed = (code: string) => opened(new TransportFault(code), null)
    request.on("error", (error) => failed(`PROXY_${codeOf(error)}`))
    request.on("connect", ({ statusCode = 0 }, socket: Net.Socket, head) => {
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) {
        stage = secure(opened, socket)
        return
      }
      socket.destroy()
      if (statusCode === 407) failed("PROXY_AUTHENTICATION_REQUIRED")
      else failed(head.length === 0 ? `PROXY_HTTP_${statusCode}` : "PROXY_PROTOCOL")
    })
    // a proxy that answers CONNECT as if it were another request
    request.on("response", (response) => {
      response.destroy()
      failed("PROXY_PROTOCOL")
    })
    request.end()
    stage = request
    return { destroy: () => void stage.destroy() }
  }
}
