/**
 * `contactProxy`: offers the API's own request on your server, for callers that you have authorized. The token stays
 * here; only the identifier and the allowed fields are sent on, and only the documented parts of the response come back.
 */
import type { ContactInput, CreateResult, RateLimitSnapshot } from "@aelyst/node"
import { identifierKind } from "@aelyst/node"
import type { Request, RequestHandler, Response } from "express"

import * as Body from "./Body.ts"
import { LazyClient, clientOf, setupOf } from "./ClientProvider.ts"
import { count, countError, countRejected } from "./Counts.ts"
import { clear } from "./Diagnostics.ts"
import type { HandledError } from "./ErrorMapper.ts"
import { headersOf, isHandled, notifyOfError } from "./ErrorMapper.ts"
import { contactFields } from "./Form.ts"
import * as Guards from "./Guards.ts"
import { sendJson, setHeaders } from "./JsonResponse.ts"
import { checkNames } from "./OptionNames.ts"
import { RequestError, isRequestError } from "./RequestError.ts"
import * as SingleFlight from "./SingleFlight.ts"
import { markBlock } from "./RouterStack.ts"
import { ALREADY_EXISTS, requestErrors, rowOf, strictServerError } from "./Status.ts"
import type { ContactProxyOptions } from "./types.ts"

type Allow = NonNullable<ContactProxyOptions["allow"]>

const allowedPairs = (value: unknown, allowed: ReadonlyArray<string>): unknown => {
  if (Array.isArray(value)) {
    return value.filter((pair: unknown) => {
      const name: unknown = Body.isRecord(pair) ? pair["name"] : undefined
      // an entry without a name is kept: the client says what is wrong with it
      return typeof name !== "string" || allowed.includes(name)
    })
  }
  if (!Body.isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => allowed.includes(name)))
}

/** Copies the allowed fields by name; the rest of the body is never read. */
const pick = (body: Readonly<Record<string, unknown>>, allow: Allow): ContactInput => {
  const contact: Record<string, unknown> = {}
  for (const field of allow.fields ?? contactFields) {
    if (Object.hasOwn(body, field)) contact[field] = body[field]
  }
  const { customFields = true } = allow
  for (const key of ["customFields", "custom_fields"]) {
    if (customFields === false || !Object.hasOwn(body, key)) continue
    contact[key] = customFields === true ? body[key] : allowedPairs(body[key], customFields)
  }
  // safe: the client checks every field and says what is wrong
  return contact as unknown as ContactInput
}

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new RequestError("bad_address")
  }
}

const owns = (path: string): boolean => path === "/contact" || path.startsWith("/contact/")

const pathOf = (req: Request): string => req.url.split("?", 1)[0] ?? ""

/** Returns the identifier in the path; throws a `RequestError` if the path or the method is wrong. */
const identifierOf = (req: Request, path: string): string => {
  const segments = path.split("/").slice(2)
  const [segment = ""] = segments
  if (segments.length !== 1 || segment === "") throw new RequestError("not_found")
  if (req.method !== "POST")
    throw new RequestError("method_not_allowed", { headers: { Allow: "POST" } })
  return decode(segment)
}

/**
 * Sets the documented headers of the rate limit (W8), as far as they are known. Those of a limiter in front of the proxy
 * stay if it has less left: the caller must keep to the tighter limit.
 */
const setRateHeaders = (
  res: Response,
  { limit, remaining }: Partial<Pick<RateLimitSnapshot, "limit" | "remaining">>,
): void => {
  const inFront = Number(res.getHeader("X-RateLimit-Remaining"))
  if (inFront <= (remaining ?? Infinity)) return
  // the reset of another limit
  res.removeHeader("X-RateLimit-Reset")
  if (limit !== undefined) res.setHeader("X-RateLimit-Limit", String(limit))
  if (remaining !== undefined) res.setHeader("X-RateLimit-Remaining", String(remaining))
}

/** Sends the documented success (W5). */
const sendCreated = (res: Response, { message, rateLimit }: CreateResult): void => {
  setHeaders(res, 200)
  setRateHeaders(res, rateLimit ?? {})
  sendJson(res, { code: "200", message })
}

const isExisting = (error: HandledError): boolean =>
  error.name === "BadRequestError" && error.exists

/** Sends an error in the documented shape, with `code` and `message`, and with our stable code as `error`. */
const sendError = (res: Response, error: HandledError, mirror: "default" | "strict"): void => {
  if (isRequestError(error)) {
    const { code, status } = error
    setHeaders(res, status, headersOf(error))
    return sendJson(res, { code: status, message: requestErrors[code].message, error: code })
  }
  const strict = error.name === "InternalServerError" && mirror === "strict"
  const { code, message, status } = strict ? strictServerError : rowOf(error).proxy
  setHeaders(res, status, headersOf(error))
  if (error.name === "RateLimitError") setRateHeaders(res, error)
  sendJson(res, {
    code: status,
    message: error.name === "BadRequestError" ? (error.apiMessage ?? message) : message,
    error: isExisting(error) ? ALREADY_EXISTS : code,
    ...(error.name === "InvalidContactError" && { issues: error.issues }),
  })
}

const handle = async (
  req: Request,
  res: Response,
  path: string,
  options: ContactProxyOptions,
  own: LazyClient | undefined,
): Promise<void> => {
  const setup = setupOf(req, options)
  const allow = options.allow ?? {}
  const identifier = identifierOf(req, path)
  await Guards.limitRate(options.rate, req, res, setup)
  if (!(await Guards.isAllowed(options.authorize, req, res))) return
  const client = clientOf(req, own, setup)
  const body = await Body.read(req, ["json"], setup)
  if (allow.identifiers !== undefined && !allow.identifiers.includes(identifierKind(identifier)))
    throw new RequestError("identifier_not_allowed")
  const created = await SingleFlight.create(client, identifier, pick(body, allow), "error", () =>
    count(req.app, "created"),
  )
  clear(req.app, "upstreamAuth")
  sendCreated(res, created)
}

/**
 * Creates a router for `POST /contact/:identifier` below its mount path, for callers that `authorize` lets through.
 *
 * **Details**
 *
 * Accepts JSON only, at most 64 KiB. Responds in the API's own shape, with a stable code as `error`, also to a 404 or
 * 405 below `/contact`. Other paths go to `next`. Throws a `TypeError` if `authorize` is not a function.
 *
 * **Gotchas**
 *
 * There are no CORS headers: pages of another origin cannot use it unless you add them.
 *
 * **Example** (Offering the API to your own front end)
 *
 * ```ts
 * import express from "express"
 * import { aelyst, contactProxy } from "@aelyst/express"
 *
 * const key = process.env.APP_KEY ?? crypto.randomUUID()
 * const app = express()
 * app.use(aelyst())
 * app.use("/crm", contactProxy({ authorize: (req) => req.get("x-app-key") === key }))
 * ```
 */
export const contactProxy = (options: ContactProxyOptions): RequestHandler => {
  const authorize: unknown = options?.authorize
  if (typeof authorize !== "function") {
    throw Object.assign(
      new TypeError(
        `contactProxy: \`authorize\` must be a function (got ${typeof authorize}): without it anyone could create contacts`,
      ),
      { code: "ERR_AELYST_EXPRESS_NO_AUTHORIZE" },
    )
  }
  checkNames("contactProxy", options)
  checkNames("contactProxy.allow", options.allow ?? {})
  const own = options.client === undefined ? undefined : new LazyClient(options.client, options)
  const mirror = options.mirror ?? "default"
  const handler: RequestHandler = async (req, res, next) => {
    const path = pathOf(req)
    if (!owns(path)) return next()
    try {
      await handle(req, res, path, options, own)
    } catch (error) {
      // Express 4 does not do this for a rejected promise
      if (res.headersSent || !isHandled(error)) return next(error)
      countError(error, req, options)
      countRejected(error, req, options)
      await notifyOfError(options.onError, error, req)
      sendError(res, error, mirror)
    }
  }
  return markBlock(handler, { owns, respond: (error, res) => sendError(res, error, mirror) })
}
