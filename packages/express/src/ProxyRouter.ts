/**
 * The proxy: the API's own request on your server, for callers that you have checked. The token stays here; of the
 * request only the identifier and the allowed fields go on, of the answer only what is documented comes back.
 */
import type { ContactInput } from "@aelyst/node"
import { identifierKind } from "@aelyst/node"
import type { Request, RequestHandler, Response } from "express"

import { Holder, clientOf, setupOf } from "./ClientProvider.ts"
import * as Body from "./Body.ts"
import { report } from "./Diagnostics.ts"
import { isOurs, noteAuth, noteCreated } from "./ErrorMapper.ts"
import * as Flight from "./SingleFlight.ts"
import * as Gate from "./Guards.ts"
import { Refusal } from "./RequestError.ts"
import { mirrorError, mirrorSuccess } from "./Reply.ts"
import { run } from "./Run.ts"
import type { ContactField, ContactProxyOptions } from "./types.ts"

const allFields: ReadonlyArray<ContactField> = [
  "firstName",
  "lastName",
  "email",
  "phone",
  "language",
  "countryCode",
  "profilePic",
]

type Allow = NonNullable<ContactProxyOptions["allow"]>

const allowedPairs = (value: unknown, allowed: ReadonlyArray<string>): unknown => {
  if (Array.isArray(value)) {
    return value.filter((pair: unknown) => {
      const name: unknown = Body.isRecord(pair) ? pair["name"] : undefined
      // what has no name is left to the client, which says what is wrong with it
      return typeof name !== "string" || allowed.includes(name)
    })
  }
  if (!Body.isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => allowed.includes(name)))
}

/** Copies what is allowed, by name; nothing else of the body is ever looked at. */
const pick = (body: Readonly<Record<string, unknown>>, allow: Allow): ContactInput => {
  const contact: Record<string, unknown> = {}
  for (const field of allow.fields ?? allFields) {
    if (Object.hasOwn(body, field)) contact[field] = body[field]
  }
  const { customFields = true } = allow
  for (const key of ["customFields", "custom_fields"]) {
    if (customFields === false || !Object.hasOwn(body, key)) continue
    contact[key] = customFields === true ? body[key] : allowedPairs(body[key], customFields)
  }
  // safe: the client checks every field of what it is given, and says what is wrong
  return contact as unknown as ContactInput
}

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Refusal("bad_address")
  }
}

const pathOf = (req: Request): string => req.url.split("?", 1)[0] ?? ""

/** Finds the identifier in the path; throws where the path is ours and makes no sense. */
const identifierOf = (req: Request, path: string): string => {
  const segments = path.split("/").slice(2)
  const [segment = ""] = segments
  if (segments.length !== 1 || segment === "") throw new Refusal("not_found")
  if (req.method !== "POST") throw new Refusal("method_not_allowed", { headers: { Allow: "POST" } })
  return decode(segment)
}

const handle = async (
  req: Request,
  res: Response,
  path: string,
  options: ContactProxyOptions,
  holder: Holder | undefined,
): Promise<void> => {
  const setup = setupOf(req, options)
  const allow = options.allow ?? {}
  const identifier = identifierOf(req, path)
  await Gate.limit(options.rate, req, res, setup)
  if (!(await Gate.ask(options.authorize, req, res))) return
  const client = clientOf(req, holder, setup)
  const body = await Body.read(req, ["json"], () => report(req.app, "bodyConsumed", setup))
  if (allow.identifiers !== undefined && !allow.identifiers.includes(identifierKind(identifier)))
    throw new Refusal("identifier_not_allowed")
  const created = await Flight.create(client, identifier, pick(body, allow), () => {})
  noteCreated(req)
  mirrorSuccess(res, created.message, created.rateLimit)
}

/**
 * Offers `POST /contact/:identifier` below where it is mounted, for callers that `authorize` lets through.
 *
 * **Details**
 *
 * Takes JSON alone, at most 64 KiB. Answers in the API's own shape, with our stable code as `error`; also its own 404
 * and 405, below `/contact`. Other paths go to `next`.
 *
 * **Gotchas**
 *
 * There are no CORS headers: a page of another origin cannot use it unless you add them.
 */
export const contactProxy = (options: ContactProxyOptions): RequestHandler => {
  const authorize: unknown = options?.authorize
  if (typeof authorize !== "function") {
    throw Object.assign(
      new TypeError("contactProxy: authorize is required: without it anyone could create contacts"),
      { code: "ERR_AELYST_EXPRESS_NO_AUTHORIZE" },
    )
  }
  const holder = options.client === undefined ? undefined : new Holder(options.client, options)
  return (req, res, next) => {
    const path = pathOf(req)
    if (path !== "/contact" && !path.startsWith("/contact/")) return next()
    void run(async () => {
      try {
        await handle(req, res, path, options, holder)
      } catch (error) {
        if (res.headersSent || !isOurs(error)) throw error
        noteAuth(error, req, options)
        mirrorError(res, error, options.mirror ?? "default")
      }
    }, next)
  }
}
