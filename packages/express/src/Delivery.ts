/** Delivery by an outbox: a submission is accepted once it is stored durably, and a route reports its state. */
import type { IdentifierInput } from "@aelyst/node"
import type { Request, RequestHandler } from "express"
import { createHmac, randomBytes } from "node:crypto"

import { isHandled, respondToError } from "./ErrorMapper.ts"
import { sendJson, setHeaders } from "./JsonResponse.ts"
import { checkNames } from "./OptionNames.ts"
import { RequestError } from "./RequestError.ts"
import { mapperPositionOf, markBlock } from "./RouterStack.ts"
import type { ContactDelivery, ContactStatusOptions, SubmissionStatus, Submitted } from "./types.ts"

const maxKeyLength = 255

/** Returns the visitor's `Idempotency-Key`; undefined without one. */
const keyOf = (req: Request): string | undefined => {
  const key = req.get("idempotency-key")
  if (key === undefined) return undefined
  if (key !== "" && key.length <= maxKeyLength) return key
  throw new RequestError("bad_idempotency_key")
}

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), "code")

/** Converts an error of the outbox itself; the client's errors are passed on as they are. */
const toRequestError = (error: unknown, idempotencyKey?: string): unknown => {
  const code = codeOf(error)
  if (typeof code !== "string" || !code.startsWith("ERR_AELYST_OUTBOX_")) return error
  if (code === "ERR_AELYST_OUTBOX_CONFLICT") return new RequestError("idempotency_key_reused")
  const message = String(Reflect.get(Object(error), "message"))
  const isUnknown = code === "ERR_AELYST_OUTBOX_UNKNOWN"
  // it may be stored: a repeat counts once only with the same key
  if (isUnknown && idempotencyKey === undefined)
    return new RequestError("outcome_unknown", { message })
  const wait: unknown = Reflect.get(Object(error), "retryAfterMs")
  const retryAfterMs = typeof wait === "number" ? wait : 1_000
  return new RequestError(isUnknown ? "unconfirmed" : "busy", { retryAfterMs, message })
}

/** Hands a submission over; returns its `id` once it is stored durably. */
export const accept = async (
  delivery: ContactDelivery,
  { contact, identifier }: Submitted,
  req: Request,
): Promise<string> => {
  const idempotencyKey = keyOf(req)
  try {
    // safe: the outbox checks the identifier and says what is wrong with it
    const submission = { identifier: identifier as IdentifierInput, contact }
    const { id } = await delivery.accept(submission, { idempotencyKey })
    return id
  } catch (error) {
    throw toRequestError(error, idempotencyKey)
  }
}

const secret = randomBytes(32)
const halfLength = 8
const half = (data: string | Uint8Array): Buffer =>
  createHmac("sha256", secret).update(data).digest().subarray(0, halfLength)

/**
 * Returns an `id` for a caught bot, which must not be able to tell that it was caught: a key gets the same one again, and
 * `contactStatus` of this process knows it.
 */
export const madeUpId = (req: Request): string => {
  const key = keyOf(req)
  const first = key === undefined ? randomBytes(halfLength) : half(`key ${key}`)
  return `c_${Buffer.concat([first, half(first)]).toString("base64url")}`
}

const isMadeUp = (id: string): boolean => {
  const bytes = Buffer.from(id.slice("c_".length), "base64url")
  return half(bytes.subarray(0, halfLength)).equals(bytes.subarray(halfLength))
}

/** Returns the URL of a submission's status: its `id` below the path of the form. */
export const locationOf = (req: Request, id: string): string =>
  `${req.baseUrl}${req.path}`.replace(/\/*$/, `/${encodeURIComponent(id)}`)

// a visitor must not learn whether an address was known before
const statusOf: Readonly<Record<string, SubmissionStatus>> = {
  pending: "pending",
  created: "created",
  existed: "created",
  exists_after_doubt: "created",
  rejected: "rejected",
  parked: "unknown",
}

/**
 * Creates the handler of a route such as `/signup/:id` that reports the state of an accepted submission.
 *
 * **Details**
 *
 * Responds with `{ "id", "status" }`, with the status `pending`, `created`, `rejected` or `unknown`, and with 404 for
 * any other `id`. It shows no personal data: not even whether a contact existed before. Errors go to an `aelystErrors()` that
 * is mounted after the route; without one the handler responds to them as it would.
 *
 * **Example** (A form that takes submissions while the API is down)
 *
 * ```ts
 * import express from "express"
 * import { Aelyst } from "@aelyst/node"
 * import { aelystErrors, contactStatus, createContact } from "@aelyst/express"
 * import { outbox } from "@aelyst/outbox"
 *
 * const client = new Aelyst()
 * const box = outbox({ client, file: "data/outbox.db" })
 *
 * const app = express()
 * app.post("/signup", createContact({ client, delivery: box }))
 * app.get("/signup/:id", contactStatus({ delivery: box }))
 * app.use(aelystErrors())
 * ```
 */
export const contactStatus = (options: ContactStatusOptions): RequestHandler => {
  checkNames("contactStatus", options)
  const { delivery, param = "id" } = options
  const handler: RequestHandler = async (req, res, next) => {
    try {
      const id: unknown = req.params[param]
      const entry = typeof id === "string" ? await delivery.get(id) : undefined
      const state = typeof id === "string" && isMadeUp(id) ? "created" : entry?.state
      if (state === undefined) throw new RequestError("not_found")
      setHeaders(res, 200)
      sendJson(res, { id, status: statusOf[state] ?? "unknown" })
    } catch (error) {
      const failure = toRequestError(error)
      // Express 4 does not do this for a rejected promise
      if (!isHandled(failure) || mapperPositionOf(req.app, handler).after) return next(failure)
      await respondToError(failure, req, res, {})
    }
  }
  return markBlock(handler, { owns: () => true })
}
