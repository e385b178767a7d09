/** Counts the submissions of an app by how they ended, and reports those that failed to the operator. */
import type { AelystError } from "@aelyst/node"
import { isAelystError } from "@aelyst/node"
import type { Application, Request } from "express"

import { setupOf } from "./ClientProvider.ts"
import { report, reportEvent } from "./Diagnostics.ts"
import { isRequestError } from "./RequestError.ts"
import type { RequestErrorCode } from "./Status.ts"
import type { SetupOptions, SubmissionCounts } from "./types.ts"

type Ending = keyof SubmissionCounts
type Counts = { -readonly [E in Ending]: SubmissionCounts[E] }

const zeros: SubmissionCounts = {
  created: 0,
  accepted: 0,
  existed: 0,
  invalid: 0,
  rejected: 0,
  unknown: 0,
  failed: 0,
  honeypot: 0,
}

const countsOf = new WeakMap<object, Counts>()
const counted = new WeakSet<object>()

/** Counts one submission. */
export const count = (app: object, ending: Ending): void => {
  const counts = countsOf.get(app) ?? { ...zeros }
  countsOf.set(app, counts)
  counts[ending]++
}

const endingOf = (error: AelystError): Ending => {
  if (error.name === "InvalidContactError") return "invalid"
  if (error.name === "BadRequestError") return error.exists ? "existed" : "rejected"
  return error.outcome === "unknown" ? "unknown" : "failed"
}

// no error of a create has counted these
const rejectedEndings: { readonly [Code in RequestErrorCode]?: Ending } = {
  busy: "failed",
  unconfirmed: "unknown",
  outcome_unknown: "unknown",
}

/** Counts and logs a submission that a block could not take, such as one for a full outbox. */
export const countRejected = (error: unknown, req: Request, options: SetupOptions): void => {
  const ending = isRequestError(error) ? rejectedEndings[error.code] : undefined
  if (!isRequestError(error) || ending === undefined) return
  count(req.app, ending)
  reportEvent(req.app, "createFailed", setupOf(req, options), error.code)
}

/** Counts the error of a create once, however many blocks it passes, and logs it unless the visitor can correct it. */
export const countError = (error: unknown, req: Request, options: SetupOptions): void => {
  if (!isAelystError(error) || counted.has(error)) return
  counted.add(error)
  const ending = endingOf(error)
  count(req.app, ending)
  const setup = setupOf(req, options)
  if (error.name === "AuthenticationError") report(req.app, "upstreamAuth", setup)
  else if (ending !== "invalid" && ending !== "existed")
    reportEvent(req.app, "createFailed", setup, error.name)
}

/**
 * Returns how many submissions of an app ended how, since it started: those of `createContact` and `contactProxy`, and the
 * errors of other routes that reach `aelystErrors()`.
 *
 * **Example** (Reading the counts in a health route)
 *
 * ```ts
 * import express from "express"
 * import { aelyst, createContact, getSubmissionCounts } from "@aelyst/express"
 *
 * const app = express()
 * app.use(aelyst())
 * app.post("/signup", createContact())
 * app.get("/internal/counts", (req, res) => {
 *   res.json(getSubmissionCounts(req.app))
 * })
 * ```
 */
export const getSubmissionCounts = (app: Application): SubmissionCounts => ({
  ...(countsOf.get(app) ?? zeros),
})
