/**
 * Returns the body of a request: what a parser has left in `req.body`, else the bytes, read here under a limit that
 * counts after decompression. Never waits for bytes that something else has read.
 */
import type { Request } from "express"
import * as Querystring from "node:querystring"
import { promisify } from "node:util"
import * as Zlib from "node:zlib"

import { report } from "./Diagnostics.ts"
import { RequestError } from "./RequestError.ts"
import type { SetupOptions } from "./types.ts"

/** The largest body in bytes, after decompression. */
const MAX_BODY = 65_536
/** How long a body may take to arrive, in milliseconds. */
const BODY_TIMEOUT = 10_000
const MAX_DEPTH = 32
const MAX_KEYS = 1_000

/** Names a format that a block accepts. */
export type BodyType = "json" | "form"

const decoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: (bytes) => promisify(Zlib.gunzip)(bytes, { maxOutputLength: MAX_BODY }),
  "x-gzip": (bytes) => promisify(Zlib.gunzip)(bytes, { maxOutputLength: MAX_BODY }),
  deflate: (bytes) => promisify(Zlib.inflate)(bytes, { maxOutputLength: MAX_BODY }),
  br: (bytes) => promisify(Zlib.brotliDecompress)(bytes, { maxOutputLength: MAX_BODY }),
}

/** Returns the declared type of the body; `undefined` if there is none, `other` if this module does not read it. */
const typeOf = (req: Request): BodyType | "other" | undefined => {
  const header = req.headers["content-type"]
  if (header === undefined) return undefined
  const [essence = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice(8)
  if (charset !== undefined && !/^"?(?:utf-?8|us-ascii)"?$/.test(charset)) return "other"
  if (essence === "application/json") return "json"
  return essence === "application/x-www-form-urlencoded" ? "form" : "other"
}

const hasBody = (req: Request): boolean =>
  req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0

/** Collects the bytes; stops at the size limit, at the time limit, and when the visitor leaves. */
const collect = (req: Request): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const end = (settle: () => void) => {
      clearTimeout(timer)
      req.off("data", onData).off("end", onEnd).off("error", onClose).off("close", onClose)
      settle()
    }
    const fail = (error: RequestError) =>
      end(() => {
        // the rest is discarded, so that the response can be sent
        req.on("error", () => {}).resume()
        reject(error)
      })
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_BODY) fail(new RequestError("too_large"))
      else chunks.push(chunk)
    }
    const onEnd = () => end(() => resolve(Buffer.concat(chunks)))
    const onClose = () => fail(new RequestError("malformed"))
    const timer = setTimeout(
      () => fail(new RequestError("timeout", { headers: { Connection: "close" } })),
      BODY_TIMEOUT,
    )
    req.on("data", onData).on("end", onEnd).on("error", onClose).on("close", onClose)
  })

const inflate = async (req: Request, bytes: Buffer): Promise<Buffer> => {
  const encoding = (req.headers["content-encoding"] ?? "identity").trim().toLowerCase()
  if (encoding === "identity" || encoding === "") return bytes
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decode === undefined) throw new RequestError("unsupported_type")
  try {
    return await decode(bytes)
  } catch (error) {
    const code = isRecord(error) ? error["code"] : undefined
    throw new RequestError(code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "malformed")
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestError("malformed")
  }
}

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new RequestError("malformed")
  }
}

const parse = (text: string, type: BodyType): unknown => {
  if (type === "json") return text.trim() === "" ? {} : parseJson(text)
  return Querystring.parse(text, "&", "=", { maxKeys: MAX_KEYS })
}

/** Checks that a parsed body is not larger than the limit as text and not nested too deeply. */
const fits = (body: object): boolean => {
  const pending: Array<{ readonly value: unknown; readonly depth: number }> = [
    { value: body, depth: 1 },
  ]
  let size = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next
    if (typeof value === "string") size += Buffer.byteLength(value)
    else if (typeof value === "object" && value !== null) {
      if (depth > MAX_DEPTH) return false
      for (const key of Object.keys(value)) {
        size += key.length
        if (size > MAX_BODY) return false
        pending.push({ value: Reflect.get(value, key), depth: depth + 1 })
      }
    }
    size += 1
    if (size > MAX_BODY) return false
  }
  return true
}

/** Checks whether a value is an object with keys: no array, no bytes. */
export const isRecord = (u: unknown): u is Record<string, unknown> =>
  typeof u === "object" && u !== null && !Array.isArray(u) && !Buffer.isBuffer(u)

const isEmpty = (body: unknown): boolean => isRecord(body) && Object.keys(body).length === 0

/**
 * Returns the body as an object, and stores it in `req.body` if no parser has.
 *
 * **Details**
 *
 * A parser's `req.body` is used as it is; text and bytes (`express.text`, `express.raw`) are parsed. Without a parser
 * the bytes are read here. For a repeated key, JSON keeps the last value and a form makes an array. A request without a
 * body counts as `{}`.
 *
 * Throws a `RequestError`: `unsupported_type` (415), `too_large` (413), `malformed` or `not_an_object` (400), `timeout`
 * (408), or `misconfigured` (500, reported as `bodyConsumed`) if the bytes were read before and `req.body` is not set.
 */
export const read = async (
  req: Request,
  accept: ReadonlyArray<BodyType>,
  setup: SetupOptions,
): Promise<Record<string, unknown>> => {
  const type = typeOf(req)
  const parsed: unknown = req.body
  const filled = parsed !== undefined && parsed !== null && !isEmpty(parsed)
  const consumed = req.readableDidRead || req.readableEnded || req.destroyed
  const present = hasBody(req)
  // a block that accepts forms also accepts other types, such as forms with files, if the app has parsed them
  if (present && !(filled && accept.includes("form") && type === "other")) {
    if (type === undefined || type === "other" || !accept.includes(type))
      throw new RequestError("unsupported_type")
    if (Number(req.headers["content-length"] ?? 0) > MAX_BODY) throw new RequestError("too_large")
  }
  const format = type === "form" ? "form" : "json"

  let body: unknown
  if (typeof parsed === "string" || Buffer.isBuffer(parsed)) {
    if (parsed.length > MAX_BODY) throw new RequestError("too_large")
    body = parse(typeof parsed === "string" ? parsed : decode(parsed), format)
  } else if (filled || (consumed && parsed !== undefined)) body = parsed
  else if (!present) body = {}
  else if (req.readableAborted) throw new RequestError("malformed")
  else if (consumed) {
    report(req.app, "bodyConsumed", setup)
    throw new RequestError("misconfigured")
  } else body = parse(decode(await inflate(req, await collect(req))), format)

  if (!isRecord(body)) throw new RequestError("not_an_object")
  if (!fits(body)) throw new RequestError("too_large")
  req.body = body
  return body
}
