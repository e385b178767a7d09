/** A client of nobody's making: one request over `node:http`, everything that came back. */
import { request as httpRequest } from "node:http"
import type { IncomingHttpHeaders } from "node:http"

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
  /** A string is sent as it is. */
  readonly body?: unknown
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Sends one request on a connection of its own; rejects with the socket's error. */
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
