/** The error of a request that a block rejects before anything is sent; it can go through `next` to the error mapper. */
import type { RequestErrorCode } from "./Status.ts"
import { requestErrors } from "./Status.ts"

const brand = Symbol.for("@aelyst/express/RequestError")

/** Reports why a block rejected a request; nothing was sent. */
export class RequestError extends Error {
  override readonly name = "RequestError"
  readonly code: RequestErrorCode
  readonly status: number
  /** Headers of the response. */
  readonly headers: Readonly<Record<string, string>>
  readonly retryAfterMs: number | undefined

  constructor(
    code: RequestErrorCode,
    options: {
      readonly headers?: Readonly<Record<string, string>>
      readonly retryAfterMs?: number
      /** For the logs; visitors get the sentence of the table. */
      readonly message?: string
    } = {},
  ) {
    super(options.message ?? requestErrors[code].message)
    this.code = code
    this.status = requestErrors[code].status
    this.headers = options.headers ?? {}
    this.retryAfterMs = options.retryAfterMs
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Checks whether a value is a `RequestError`, of this copy of the package or another. */
export const isRequestError = (u: unknown): u is RequestError =>
  typeof u === "object" && u !== null && Reflect.get(u, brand) === true

const parserErrors: Readonly<Record<string, RequestErrorCode>> = {
  "entity.parse.failed": "malformed",
  "entity.verify.failed": "malformed",
  "encoding.unsupported": "unsupported_type",
  "charset.unsupported": "unsupported_type",
  "entity.too.large": "too_large",
  "parameters.too.many": "too_large",
  "querystring.parse.rangeError": "too_large",
  "request.aborted": "malformed",
  "request.size.invalid": "malformed",
}

/** Returns the error for a body that Express's body parser rejected; `undefined` for every other error. */
export const fromParser = (error: unknown): RequestError | undefined => {
  const type: unknown = error instanceof Error ? Reflect.get(error, "type") : undefined
  const code =
    typeof type === "string" && Object.hasOwn(parserErrors, type) ? parserErrors[type] : undefined
  return code === undefined ? undefined : new RequestError(code)
}
