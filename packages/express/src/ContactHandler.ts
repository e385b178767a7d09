/** The handler of a form: from a request to a contact, and back to an answer. */
import type { Aelyst, ContactInput, CreateResult } from "@aelyst/node"
import type { Request, RequestHandler, Response } from "express"

import { Holder, clientOf, setupOf } from "./ClientProvider.ts"
import * as Body from "./Body.ts"
import { report } from "./Diagnostics.ts"
import { answer, isOurs, noteCreated, remember } from "./ErrorMapper.ts"
import * as Flight from "./SingleFlight.ts"
import type { Submission } from "./Form.ts"
import { defaultFields, identify, mapForm } from "./Form.ts"
import * as Gate from "./Guards.ts"
import { orderOf } from "./RouterStack.ts"
import { sendJson, setHeaders } from "./Reply.ts"
import { run } from "./Run.ts"
import type { CreateContactOptions, SetupOptions } from "./types.ts"

const submissionOf = async (
  req: Request,
  body: Readonly<Record<string, unknown>>,
  options: CreateContactOptions,
): Promise<Submission> => {
  const { fields = defaultFields, honeypot, identifyBy = ["email", "phone"], map } = options
  let names: ReadonlyMap<string, string> = new Map()
  let contact: ContactInput
  if (map === undefined || map === "default") {
    const mapped = mapForm(body, fields, honeypot)
    names = mapped.names
    // safe: the client checks every field of what it is given, and says what is wrong
    contact = mapped.contact as unknown as ContactInput
  } else contact = await map(req)
  if (typeof identifyBy === "function") {
    const identifier = await identifyBy(contact, req)
    return { identifier, contact, identifiedBy: "identifier", names }
  }
  const record: unknown = contact
  return { ...identify(Body.isRecord(record) ? record : {}, identifyBy), contact, names }
}

const isFilled = (value: unknown): boolean =>
  typeof value === "string" ? value.trim() !== "" : value !== undefined && value !== null

const callOnCreated = (
  created: CreateResult,
  submission: Submission,
  req: Request,
  options: CreateContactOptions,
  setup: SetupOptions,
): void => {
  noteCreated(req)
  const { onCreated } = options
  if (onCreated === undefined) return
  const { contact, identifier } = submission
  const { result } = created
  Promise.resolve()
    .then(() => onCreated({ identifier, contact, result }, req))
    .catch(() => report(req.app, "onCreatedFailed", setup))
}

// The seam for other ways of delivery: what is done with a submission that is allowed and complete.
const deliverInline = (
  client: Aelyst,
  { contact, identifier }: Submission,
  onCreated: (created: CreateResult) => void,
): Promise<CreateResult> => Flight.create(client, identifier, contact, onCreated)

const handle = async (
  req: Request,
  res: Response,
  options: CreateContactOptions,
  holder: Holder | undefined,
): Promise<void> => {
  const setup = setupOf(req, options)
  await Gate.limit(options.rate, req, res, setup)
  const client = clientOf(req, holder, setup)
  const body = await Body.read(req, ["json", "form"], () => report(req.app, "bodyConsumed", setup))
  if (!(await Gate.ask(options.guard, req, res))) return
  const submission = await submissionOf(req, body, options)
  remember(req, submission)
  const { contact, identifier } = submission
  if (options.honeypot !== undefined && isFilled(body[options.honeypot])) {
    // what is wrong with the contact is told to bots as to people, so that nothing tells them apart
    const checked = client.contacts.validate(identifier, contact)
    if (!checked.ok) throw checked.error
  } else {
    await deliverInline(client, submission, (created) =>
      callOnCreated(created, submission, req, options, setup),
    )
  }
  if (res.headersSent || res.writableEnded) return
  setHeaders(res, 201)
  if (options.respond !== undefined) await options.respond(res, { identifier, contact }, req)
  else sendJson(res, { status: "created" })
}

/**
 * Creates a contact from a form, sent as JSON or by a browser; works before, after and without body parsers.
 *
 * **Details**
 *
 * Answers 201 and `{ "status": "created" }`, or what `respond` answers. The same contact asked for twice at the same
 * time is created once; a visitor who leaves stops nothing. Errors go to the `aelystErrors()` behind the route, or are
 * answered as it would.
 */
export const createContact = (options: CreateContactOptions = {}): RequestHandler => {
  const holder = options.client === undefined ? undefined : new Holder(options.client, options)
  const settle = async (error: unknown, req: Request, res: Response): Promise<void> => {
    const passed =
      options.errors === "next" ||
      (options.errors === undefined && orderOf(req.app, handler).behind)
    if (res.headersSent || !isOurs(error) || passed) throw error
    await answer(error, req, res, setupOf(req, options))
  }
  const handler: RequestHandler = (req, res, next) => {
    const order = orderOf(req.app, handler)
    if (order.before && !order.behind) report(req.app, "mapperBeforeHandler", setupOf(req, options))
    void run(async () => {
      try {
        await handle(req, res, options, holder)
      } catch (error) {
        await settle(error, req, res)
      }
    }, next)
  }
  return handler
}
