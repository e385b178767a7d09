/**
 * The responses of the documented API, in its shapes: `code` is a string on success and an integer on errors (W5 to W9).
 * The settings decide the rest: the form of `Retry-After`, and the response for a contact that exists.
 */
import type {
  BadRequest,
  Created,
  InternalError,
  TooManyRequests,
  Unauthorized,
} from "@aelyst/core/contract"

import type { Existing, SandboxSettings } from "../types.ts"

/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string>>

/** A response before a fault changes how it is delivered. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: string | Uint8Array
}

type Documented = 200 | 400 | 401 | 429 | 500

const documented: {
  readonly 200: typeof Created.Type
  readonly 400: typeof BadRequest.Encoded
  readonly 401: typeof Unauthorized.Encoded
  readonly 429: typeof TooManyRequests.Encoded
  readonly 500: typeof InternalError.Encoded
} = {
  200: { code: "200", message: "Contact added successfully!" },
  400: { code: 400, message: "Validation error." },
  401: { code: 401, message: "UN_AUTHORIZED" },
  429: { code: 429, message: "Too Many Requests" },
  500: { code: 500, message: "Unexpected error occurred" },
}

// The documentation does not mention these (D6); they keep the shape of its errors.
const others: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  507: "Insufficient Storage",
}

const isDocumented = (status: number): status is Documented => Object.hasOwn(documented, status)

const EXISTS = "Contact already exists."

const bodies = new Map<number, string>()

/** Returns the body of a status as documented, or in the same shape. */
export const bodyOf = (status: number): string => {
  const known = bodies.get(status)
  if (known !== undefined) return known
  const body = JSON.stringify(
    isDocumented(status)
      ? documented[status]
      : status < 300
        ? { ...documented[200], code: String(status) }
        : { code: status, message: others[status] ?? "Error" },
  )
  if (bodies.size < 1000) bodies.set(status, body)
  return body
}

const json: Headers = { "content-type": "application/json" }

/** Creates a response of JSON. */
export const make = (
  status: number,
  headers?: Headers,
  body: string = bodyOf(status),
): ApiResponse => ({
  status,
  headers: headers === undefined ? json : { ...json, ...headers },
  body,
})

/** Creates the response for a contact that exists, in the configured form (D3). */
export const exists = (existing: Existing): ApiResponse => {
  if (existing === "reject=object")
    return make(400, undefined, JSON.stringify({ code: 400, message: { error: EXISTS } }))
  const status = existing === "reject=409" ? 409 : existing === "reject=403" ? 403 : 400
  return make(status, undefined, JSON.stringify({ code: status, message: EXISTS }))
}

/** Writes `Retry-After` in the configured form (D8); `undefined` omits it. */
export const formatRetryAfter = (
  form: Required<SandboxSettings>["retryAfter"],
  ms: number,
  at: number,
): string | undefined => {
  switch (form) {
    case "integer":
      return String(Math.ceil(ms / 1000))
    case "fraction":
      return String(Math.ceil(ms) / 1000)
    case "date":
      return new Date(Math.ceil((at + ms) / 1000) * 1000).toUTCString()
    case "none":
      return undefined
  }
}

/** Returns the length of a body in bytes. */
export const byteLength = (body: ApiResponse["body"]): number =>
  typeof body === "string" ? Buffer.byteLength(body) : body.byteLength
