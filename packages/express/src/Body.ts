/**
 * The body of a request, whoever reads it: the result of a parser that ran before, else the bytes, read here under a
 * limit that counts after decompression. Never waits for bytes that somebody else has taken.
 */
import type { Request } from "express"
import * as Querystring from "node:querystring"
import { promisify } from "node:util"
import * as Zlib from "node:zlib"

import { Refusal } from "./RequestError.ts"

/** The most bytes of a body, after decompression. */
const MAX_BODY = 65_536
/** How long a body may take to arrive, in milliseconds. */
const BODY_TIMEOUT = 10_000
const MAX_DEPTH = 32
const MAX_KEYS = 1_000

/** What a body may be. */
export type BodyType = "json" | "form"

const decoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: (bytes) => promisify(Zlib.gunzip)(bytes, { maxOutputLength: MAX_BODY }),
  "x-gzip": (bytes) => promisify(Zlib.gunzip)(bytes, { maxOutputLength: MAX_BODY }),
  deflate: (bytes) => promisify(Zlib.inflate)(bytes, { maxOutputLength: MAX_BODY }),
  br: (bytes) => promisify(Zlib.brotliDecompress)(bytes, { maxOutputLength: MAX_BODY }),
}

/** Returns what the request says its body is; `undefined` where it names no type, `other` for all that is not read here. */
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

/** Collects the bytes; stops at the limit, at the time limit, and when the visitor leaves. */
const collect = (req: Request): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const end = (finish: () => void) => {
      clearTimeout(timer)
      req.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone)
      finish()
    }
    const refuse = (refusal: Refusal) =>
      end(() => {
        // what still comes is let through unread, so that the answer can leave
        req.on("error", () => {}).resume()
        reject(refusal)
      })
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_BODY) refuse(new Refusal("too_large"))
      else chunks.push(chunk)
    }
    const onEnd = () => end(() => resolve(Buffer.concat(chunks)))
    const onGone = () => refuse(new Refusal("malformed"))
    const timer = setTimeout(
      () => refuse(new Refusal("timeout", { headers: { Connection: "close" } })),
      BODY_TIMEOUT,
    )
    req.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone)
  })

const inflate = async (req: Request, bytes: Buffer): Promise<Buffer> => {
  const encoding = (req.headers["content-encoding"] ?? "identity").trim().toLowerCase()
  if (encoding === "identity" || encoding === "") return bytes
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decode === undefined) throw new Refusal("unsupported_type")
  try {
    return await decode(bytes)
  } catch (error) {
    const code: unknown =
      typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined
    throw new Refusal(code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "malformed")
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal("malformed")
  }
}

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new Refusal("malformed")
  }
}

const parse = (text: string, type: BodyType): unknown => {
  if (type === "json") return text.trim() === "" ? {} : parseJson(text)
  return Querystring.parse(text, "&", "=", { maxKeys: MAX_KEYS })
}

/** Says whether a parsed body fits: not larger than the limit as text, not nested deeper than any contact. */
const fits = (body: object): boolean => {
  const rest: Array<{ readonly value: unknown; readonly depth: number }> = [
    { value: body, depth: 1 },
  ]
  let size = 0
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    const { value, depth } = one
    if (typeof value === "string") size += Buffer.byteLength(value)
    else if (typeof value === "object" && value !== null) {
      if (depth > MAX_DEPTH) return false
      for (const key of Object.keys(value)) {
        size += key.length
        if (size > MAX_BODY) return false
        rest.push({ value: Reflect.get(value, key), depth: depth + 1 })
      }
    }
    size += 1
    if (size > MAX_BODY) return false
  }
  return true
}

/** Says whether a value is a plain thing with keys. */
export const isRecord = (u: unknown): u is Record<string, unknown> =>
  typeof u === "object" && u !== null && !Array.isArray(u) && !Buffer.isBuffer(u)

const isEmpty = (body: unknown): boolean => isRecord(body) && Object.keys(body).length === 0

/**
 * Returns the body as an object, and leaves it in `req.body` where no parser has.
 *
 * **Details**
 *
 * A parser's `req.body` is used as it is; text and bytes (`express.text`, `express.raw`) are parsed. Without a parser
 * the bytes are read here. Of a key that is there twice, JSON keeps the last value, a form makes an array. A request
 * without a body counts as `{}`.
 *
 * Throws a `Refusal`: `unsupported_type` (415), `too_large` (413), `malformed` or `not_an_object` (400), `timeout`
 * (408), or `misconfigured` (500, after `onConsumed`) where the bytes are gone and there is no `req.body`.
 */
export const read = async (
  req: Request,
  accept: ReadonlyArray<BodyType>,
  onConsumed: () => void,
): Promise<Record<string, unknown>> => {
  const type = typeOf(req)
  const parsed: unknown = req.body
  const filled = parsed !== undefined && parsed !== null && !isEmpty(parsed)
  const gone = req.readableDidRead || req.readableEnded || req.destroyed
  const has = hasBody(req)
  // forms with files and the like are welcome where the app has parsed them and where forms are
  if (has && !(filled && accept.includes("form") && type === "other")) {
    if (type === undefined || type === "other" || !accept.includes(type))
      throw new Refusal("unsupported_type")
  }
  if (Number(req.headers["content-length"] ?? 0) > MAX_BODY) throw new Refusal("too_large")
  const kind = type === "form" ? "form" : "json"

  let body: unknown
  if (typeof parsed === "string" || Buffer.isBuffer(parsed)) {
    if (parsed.length > MAX_BODY) throw new Refusal("too_large")
    body = parse(typeof parsed === "string" ? parsed : decode(parsed), kind)
  } else if (filled || (gone && parsed !== undefined)) body = parsed
  else if (!has) body = {}
  else if (req.readableAborted) throw new Refusal("malformed")
  else if (gone) {
    onConsumed()
    throw new Refusal("misconfigured")
  } else body = parse(decode(await inflate(req, await collect(req))), kind)

  if (!isRecord(body)) throw new Refusal("not_an_object")
  if (!fits(body)) throw new Refusal("too_large")
  req.body = body
  return body
}
