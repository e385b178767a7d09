/**
 * A byte-level server with a script per connection: it parses the requests, and sends exactly the bytes of the script.
 * Tests use its ledger, `requests`, to see which requests left the client.
 */
import type { AddressInfo } from "node:net"
import * as Net from "node:net"
import * as Tls from "node:tls"

/** A complete request, with its body. */
export interface Received {
  readonly method: string
  readonly path: string
  /** By lower-case name; repeated headers are joined with a comma. */
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** The number of its connection, from 0. */
  readonly connection: number
}

/** A connection, for its script. */
export interface Peer {
  /** Its number, from 0. */
  readonly index: number
  readonly socket: Net.Socket
  /** All bytes received. */
  readonly bytes: () => Buffer
  /** Waits for the next complete request; never settles once the connection is closed. */
  readonly request: () => Promise<Received>
  /** Waits until this many bytes were received. */
  readonly arrived: (bytes: number) => Promise<void>
  /** Sends text unchanged, and waits until the system has accepted it. */
  readonly send: (text: string | Uint8Array) => Promise<void>
  /** Sends an HTTP/1.1 response with a JSON body and its length; a 200 announces a limit that is never reached. */
  readonly respond: (
    status: number,
    body: unknown,
    headers?: Record<string, string>,
  ) => Promise<void>
  /** Ends the connection with a RST. */
  readonly reset: () => void
  /** Ends the connection with a FIN. */
  readonly end: () => void
  /** Settles when the connection is closed by either side. */
  readonly closed: Promise<void>
}

/** The script of each connection. */
export type Script = (peer: Peer) => void | Promise<void>

/** A running server. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** The base URL: `http://127.0.0.1:…` or `https://localhost:…`. */
  readonly origin: string
  /** All complete requests, in order of arrival. */
  readonly requests: ReadonlyArray<Received>
  /** All connections. */
  readonly peers: ReadonlyArray<Peer>
  /** Waits for this many connections. */
  readonly connected: (count: number) => Promise<Peer>
  readonly close: () => Promise<void>
}

/** The response of W5. */
export const created = { code: "200", message: "Contact added successfully!" }

/** A limit that no scenario reaches, so that no call waits in the queue. */
const plenty = { "x-ratelimit-limit": "100000", "x-ratelimit-remaining": "99999" }

const parse = (bytes: Buffer, connection: number): readonly [Received, number] | undefined => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n")
  const [method = "", path = ""] = first.split(" ")
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(":")
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  const length = Number(headers["content-length"] ?? 0)
  const after = end + 4 + length
  if (bytes.length < after) return undefined
  const body = bytes.subarray(end + 4, after).toString()
  return [{ method, path, headers, body, connection }, after]
}

const peerOf = (socket: Net.Socket, index: number, ledger: Array<Received>): Peer => {
  const chunks: Array<Buffer> = []
  let unread: Buffer = Buffer.alloc(0)
  let size = 0
  const ready: Array<Received> = []
  const readers: Array<(request: Received) => void> = []
  const thresholds: Array<{ readonly bytes: number; readonly resolve: () => void }> = []
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
  socket.on("error", () => undefined)
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    unread = Buffer.concat([unread, chunk])
    for (let next = parse(unread, index); next !== undefined; next = parse(unread, index)) {
      unread = unread.subarray(next[1])
      ledger.push(next[0])
      const reader = readers.shift()
      if (reader === undefined) ready.push(next[0])
      else reader(next[0])
    }
    for (const { bytes, resolve } of thresholds) if (size >= bytes) resolve()
  })
  const send = (text: string | Uint8Array) =>
    new Promise<void>((resolve) => {
      if (socket.destroyed) resolve()
      else socket.write(text, () => resolve())
    })
  return {
    index,
    socket,
    closed,
    send,
    bytes: () => Buffer.concat(chunks),
    request: () => {
      const next = ready.shift()
      return next === undefined
        ? new Promise((resolve) => readers.push(resolve))
        : Promise.resolve(next)
    },
    arrived: (bytes) =>
      new Promise((resolve) => {
        if (size >= bytes) resolve()
        else thresholds.push({ bytes, resolve })
      }),
    respond: (status, body, headers = {}) => {
      const text = typeof body === "string" ? body : JSON.stringify(body)
      const lines = Object.entries({
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
        ...(status === 200 && plenty),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      return send(`HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n${text}`)
    },
    reset: () => socket.resetAndDestroy(),
    end: () => socket.end(),
  }
}

/**
 * Starts a server on 127.0.0.1, on any free port unless told; with `tls` it speaks TLS. Closing it resets whatever is
 * still open.
 */
export const start = async (
  script: Script,
  tls?: Tls.TlsOptions,
  onPort = 0,
): Promise<RawServer> => {
  const requests: Array<Received> = []
  const peers: Array<Peer> = []
  const sockets = new Set<Net.Socket>()
  const waiting: Array<{ readonly count: number; readonly resolve: (peer: Peer) => void }> = []
  const serve = (socket: Net.Socket) => {
    const peer = peerOf(socket, peers.length, requests)
    peers.push(peer)
    for (const { count, resolve } of waiting) if (peers.length === count) resolve(peer)
    void script(peer)
  }
  const server = tls === undefined ? Net.createServer(serve) : Tls.createServer(tls, serve)
  server.on("connection", (socket: Net.Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("tlsClientError", () => undefined)
  await new Promise<void>((resolve) => server.listen(onPort, "127.0.0.1", resolve))
  // safe: a server that listens on a port has an address
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return {
    port,
    origin: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    requests,
    peers,
    connected: (count) => {
      const peer = peers[count - 1]
      return peer === undefined
        ? new Promise((resolve) => waiting.push({ count, resolve }))
        : Promise.resolve(peer)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Responds to every request as created. */
export const creating: Script = async (peer) => {
  for (;;) {
    await peer.request()
    await peer.respond(200, created)
  }
}
