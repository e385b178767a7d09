/** The error mapper: answers the errors of a create, and leaves all others to the app. */
import type { AelystError } from "@aelyst/node"
import { isAelystError } from "@aelyst/node"
import type { ErrorRequestHandler, Request, Response } from "express"

import { setupOf } from "./ClientProvider.ts"
import { clear, report } from "./Diagnostics.ts"
import type { Submission } from "./Form.ts"
import { markMapper } from "./RouterStack.ts"
import type { Refusal } from "./RequestError.ts"
import { isRefusal } from "./RequestError.ts"
import { describe, headersOf, sendProblem, setHeaders } from "./Reply.ts"
import { run } from "./Run.ts"
import type { AelystErrorsOptions } from "./types.ts"

type Submitted = Pick<Submission, "identifiedBy" | "names">

const submissions = new WeakMap<object, Submitted>()

/** Keeps which field of a request's form is what, for the issues of an error that comes later. */
export const remember = (req: object, submission: Submitted): void => {
  submissions.set(req, submission)
}

/** Tells whether an error is answered here. */
export const isOurs = (error: unknown): error is AelystError | Refusal =>
  isAelystError(error) || isRefusal(error)

/** Reports a token that the API refused, until a create works again. */
export const noteAuth = (error: unknown, req: Request, options: AelystErrorsOptions): void => {
  if (isAelystError(error) && error.name === "AuthenticationError")
    report(req.app, "upstreamAuth", setupOf(req, options))
}

/** Lets a refused token be reported again. */
export const noteCreated = (req: Request): void => clear(req.app, "upstreamAuth")

/** Answers an error that is ours. */
export const answer = async (
  error: AelystError | Refusal,
  req: Request,
  res: Response,
  options: AelystErrorsOptions,
): Promise<void> => {
  noteAuth(error, req, options)
  const problem = describe(error, options.expose ?? "safe", submissions.get(req))
  try {
    await options.onError?.(error, req)
  } catch {
    // who listens does not decide what a visitor is told
  }
  if (res.headersSent) return
  setHeaders(res, problem.status, headersOf(error, problem.retryAfter))
  if (options.respond !== undefined) await options.respond(res, problem, req)
  else sendProblem(res, problem, options.shape ?? "aelyst")
}

/**
 * Answers the errors of a create as the status table says; stands behind the routes and before your last error handler.
 *
 * Handles the nine errors of a create and what the blocks of this package refuse; everything else goes to
 * `next(error)`, and so does an error after the answer has begun.
 */
export const aelystErrors = (options: AelystErrorsOptions = {}): ErrorRequestHandler => {
  const mapper: ErrorRequestHandler = (error: unknown, req, res, next) => {
    if (res.headersSent || !isOurs(error)) return next(error)
    void run(() => answer(error, req, res, options), next)
  }
  return markMapper(mapper)
}
