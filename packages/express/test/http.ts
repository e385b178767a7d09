/** Sends one request over its own socket and returns the whole response. */
import type { IncomingHttpHeaders } from "node:http"
import { request as httpRequest } from "node:http"

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export interface Call {
  readonly method?: string
  readonly headers?: Record<string, string | Array<string>>
  /** An object is sent as JSON, a string or bytes as they are. */
  readonly body?: unknown
  readonly form?: Record<string, string>
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const encode = ({ body, form }: Call): { readonly type?: string; readonly bytes?: Buffer } => {
  if (form !== undefined) {
    return {
      type: "application/x-www-form-urlencoded",
      bytes: Buffer.from(new URLSearchParams(form).toString()),
    }
  }
  if (body === undefined) return {}
  if (Buffer.isBuffer(body)) return { bytes: body }
  if (typeof body === "string") return { bytes: Buffer.from(body) }
  return { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) }
}

/** Sends one request and waits for the whole response; rejects with the socket's error. */
export const send = (url: string, call: Call = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { bytes, type } = encode(call)
    const request = httpRequest(
      url,
      {
        method: call.method ?? "POST",
        agent: false,
        headers: {
          ...(type !== undefined && { "content-type": type }),
          ...(bytes !== undefined &&
            call.headers?.["transfer-encoding"] === undefined && {
              "content-length": String(bytes.length),
            }),
          ...call.headers,
        },
      },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8")
          const { headers, statusCode = 0 } = response
          resolve({ status: statusCode, headers, text, json: parse(text) })
        })
      },
    )
    request.on("error", reject)
    request.end(bytes)
  })
