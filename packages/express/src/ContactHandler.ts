/** `createContact`: turns a form into a contact, creates it, and responds to the visitor. */
import type { Request, RequestHandler, Response } from "express"

import * as Body from "./Body.ts"
import { LazyClient, clientOf, setupOf } from "./ClientProvider.ts"
import { count, countError, countRejected } from "./Counts.ts"
import * as Delivery from "./Delivery.ts"
import { clear, report, reportEvent } from "./Diagnostics.ts"
import { isHandled, notifyOfError, rememberFields, respondToError } from "./ErrorMapper.ts"
import { checkPhone, isBlank, submissionOf } from "./Form.ts"
import * as Guards from "./Guards.ts"
import { sendJson, setHeaders } from "./JsonResponse.ts"
import { checkNames } from "./OptionNames.ts"
import { mapperPositionOf, markBlock } from "./RouterStack.ts"
import * as SingleFlight from "./SingleFlight.ts"
import type { CreateContactOptions, Submitted } from "./types.ts"

const handle = async (
  req: Request,
  res: Response,
  options: CreateContactOptions,
  own: LazyClient | undefined,
): Promise<void> => {
  const setup = setupOf(req, options)
  await Guards.limitRate(options.rate, req, res, setup)
  const client = clientOf(req, own, setup)
  const body = await Body.read(req, ["json", "form"], setup)
  if (!(await Guards.isAllowed(options.guard, req, res))) return
  const submission = await submissionOf(req, body, options, setup, client)
  rememberFields(req, submission)
  checkPhone(submission, client)
  const { contact, identifier } = submission
  const { delivery = "inline" } = options
  let id: string | undefined
  if (options.honeypot !== undefined && !isBlank(body[options.honeypot])) {
    count(req.app, "honeypot")
    reportEvent(req.app, "honeypot", setup)
    await Promise.resolve()
      .then(() => options.onHoneypot?.({ identifier, contact }, req))
      .catch(() => {})
    // bots get the same issues as people, so that they cannot tell that they were caught
    const checked = client.contacts.validate(identifier, contact)
    if (!checked.ok) throw checked.error
    if (delivery !== "inline") id = Delivery.madeUpId(req)
  } else if (delivery !== "inline") {
    id = await Delivery.accept(delivery, { identifier, contact }, req)
    count(req.app, "accepted")
  } else {
    const { existing = "error" } = options
    await SingleFlight.create(client, identifier, contact, existing, ({ result }) => {
      clear(req.app, "upstreamAuth")
      if (result === "existed") return count(req.app, "existed")
      count(req.app, "created")
      Promise.resolve()
        .then(() => options.onCreated?.({ identifier, contact, result }, req))
        .catch(() => report(req.app, "onCreatedFailed", setup))
    })
  }
  if (res.headersSent || res.writableEnded) return
  await respond(req, res, { identifier, contact, ...(id !== undefined && { id }) }, options.respond)
}

const respond = async (
  req: Request,
  res: Response,
  submitted: Submitted,
  own: CreateContactOptions["respond"],
): Promise<void> => {
  const { id } = submitted
  if (id === undefined) setHeaders(res, 201)
  else setHeaders(res, 202, { Location: Delivery.locationOf(req, id) })
  if (own !== undefined) await own(res, submitted, req)
  else sendJson(res, id === undefined ? { status: "created" } : { status: "accepted", id })
}

/**
 * Creates the handler of a form that was sent as JSON or by a browser, with a body parser before it or without one.
 *
 * **Details**
 *
 * Responds with 201 and `{ "status": "created" }`, with an outbox (`delivery`) with 202, or as `respond` does. The same contact submitted twice at the same
 * time is created once; a visitor who leaves aborts nothing. Errors go to an `aelystErrors()` that is mounted after the
 * route; without one the handler responds to them as it would.
 *
 * **Example** (Handling a sign-up form)
 *
 * ```ts
 * import express from "express"
 * import { aelyst, aelystErrors, createContact } from "@aelyst/express"
 *
 * const app = express()
 * app.use(aelyst())
 * app.post("/signup", createContact({ honeypot: "favourite_colour" }))
 * app.use(aelystErrors())
 * ```
 */
export const createContact = (options: CreateContactOptions = {}): RequestHandler => {
  checkNames("createContact", options)
  const own = options.client === undefined ? undefined : new LazyClient(options.client, options)
  const handler: RequestHandler = async (req, res, next) => {
    const mapper = mapperPositionOf(req.app, handler)
    if (mapper.before && !mapper.after)
      report(req.app, "mapperBeforeHandler", setupOf(req, options))
    const isForwarded = options.errors === undefined ? mapper.after : options.errors === "next"
    try {
      await handle(req, res, options, own).catch(async (error: unknown) => {
        countError(error, req, options)
        countRejected(error, req, options)
        await notifyOfError(options.onError, error, req)
        if (isForwarded || res.headersSent || !isHandled(error)) throw error
        await respondToError(error, req, res, setupOf(req, options))
      })
    } catch (error) {
      // Express 4 does not do this for a rejected promise
      next(error)
    }
  }
  return markBlock(handler, { owns: () => true })
}
