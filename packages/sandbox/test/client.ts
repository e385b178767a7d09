/** A plain client over `node:http`: sends one request and returns everything that comes back. */
import { request as httpRequest } from "node:http"
import type { IncomingHttpHeaders } from "node:http"
import { createConnection } from "node:net"
import type { Socket } from "node:net"

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export interface Call {
  readonly method?: string
  readonly token?: string | null
  readonly headers?: Record<string, string | Array<string>>
  /** A string is sent as is. */
  readonly body?: unknown
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sends one request on a new connection; rejects with the socket's error. */
export const call = (url: string, options: Call = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { body, headers, method = "POST", token = "sandbox_ok" } = options
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
    const request = httpRequest(
      url,
      {
        method,
        agent: false,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(text !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const received = Buffer.concat(chunks).toString("utf8")
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: received,
            json: parse(received),
          })
        })
      },
    )
    request.on("error", reject)
    request.end(text)
  })

/** Creates one contact. */
export const create = (
  sandbox: { readonly baseUrl: string },
  identifier: string,
  body: unknown = { firstName: "Ana" },
  options: Call = {},
): Promise<Reply> => call(`${sandbox.baseUrl}/contact/${identifier}`, { ...options, body })

/** The bytes that a socket received, and how it ended. */
export interface Seen {
  /** As latin1. */
  readonly text: string
  readonly end: "fin" | "reset"
}

/** A connection whose bytes can be read as they arrive. */
export interface Connection {
  readonly socket: Socket
  /** Returns the bytes that have arrived so far, as latin1. */
  readonly text: () => string
  /** Resolves when `fits` accepts the bytes that have arrived. */
  readonly until: (fits: (text: string) => boolean) => Promise<void>
  readonly ended: Promise<Seen>
}

/** Opens a bare connection to a server. */
export const connect = (sandbox: { readonly baseUrl: string }): Connection => {
  const socket = createConnection({
    host: "127.0.0.1",
    port: Number(new URL(sandbox.baseUrl).port),
  })
  let text = ""
  let end: Seen["end"] = "fin"
  const waiting = new Set<() => void>()
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1")
    for (const look of waiting) look()
  })
  socket.on("error", () => (end = "reset"))
  return {
    socket,
    text: () => text,
    until: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          if (!fits(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    ended: new Promise((resolve) => socket.once("close", () => resolve({ text, end }))),
  }
}

/** Returns the bytes of a create. */
export const requestText = (
  identifier: string,
  headers: Record<string, string> = {},
  body = '{"firstName":"Ana"}',
): string => {
  const all = {
    Host: "127.0.0.1",
    Authorization: "Bearer sandbox_ok",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /v1/contact/${identifier} HTTP/1.1\r\n${lines.join("")}\r\n${body}`
}

/** Sends a create over a bare connection and waits for its end. */
export const rawCreate = (
  sandbox: { readonly baseUrl: string },
  identifier: string,
  headers?: Record<string, string>,
): Promise<Seen> => {
  const connection = connect(sandbox)
  connection.socket.write(requestText(identifier, headers))
  return connection.ended
}

/** Splits a raw response into its status line with headers, and its body. */
export const split = (text: string): readonly [head: string, body: string] => {
  const at = text.indexOf("\r\n\r\n")
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 4)]
}
