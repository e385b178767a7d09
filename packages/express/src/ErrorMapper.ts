/** `aelystErrors`: responds to the errors of a create and to rejected requests; all other errors go to the app. */
import type { AelystError } from "@aelyst/node"
import { isAelystError, visitorResponse } from "@aelyst/node"
import type { ErrorRequestHandler, Request, Response } from "express"

import { countError } from "./Counts.ts"
import type { FieldNames } from "./Form.ts"
import { fieldIssues } from "./Form.ts"
import { sendJson, setHeaders } from "./JsonResponse.ts"
import { checkNames } from "./OptionNames.ts"
import type { RequestError } from "./RequestError.ts"
import { fromParser, isRequestError } from "./RequestError.ts"
import { blockOf, markMapper } from "./RouterStack.ts"
import { requestErrors, rowOf } from "./Status.ts"
import type { AelystErrorsOptions, Problem } from "./types.ts"

const DEFAULT_RETRY_AFTER_SECONDS = 1
const MAX_RETRY_AFTER_SECONDS = 2 ** 31 - 1

/** An error that is responded to here. */
export type HandledError = AelystError | RequestError

/** Checks whether an error is responded to here. */
export const isHandled = (error: unknown): error is HandledError =>
  isAelystError(error) || isRequestError(error)

const fieldNames = new WeakMap<object, FieldNames>()

/** Keeps the field names of a request's form, so that issues can name them. */
export const rememberFields = (req: object, names: FieldNames): void => {
  fieldNames.set(req, names)
}

/** Passes an error to the operator's listener; its own failure must not change the response. */
export const notifyOfError = async (
  onError: AelystErrorsOptions["onError"],
  error: unknown,
  req: Request,
): Promise<void> => {
  try {
    await onError?.(error, req)
  } catch {
    // the listener's own failure
  }
}

const roundedSeconds = (ms: number | undefined): number =>
  ms === undefined || !(ms >= 0)
    ? DEFAULT_RETRY_AFTER_SECONDS
    : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(ms / 1000)))

/** Returns when to retry, in whole seconds, rounded up and at least 1; `undefined` if the response has no such header. */
const retryAfterOf = (error: HandledError): number | undefined => {
  const ms = "retryAfterMs" in error ? error.retryAfterMs : undefined
  const when = isRequestError(error) ? "named" : rowOf(error).retryAfter
  return when === "always" || (when === "named" && ms !== undefined)
    ? roundedSeconds(ms)
    : undefined
}

/** Returns the headers of an error response. */
export const headersOf = (error: HandledError): Record<string, string> => {
  const retryAfter = retryAfterOf(error)
  return {
    ...(isRequestError(error) && error.headers),
    ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
  }
}

const problemOf = (
  error: HandledError,
  expose: "safe" | "full",
  names: FieldNames | undefined,
): Problem => {
  const retryAfter = retryAfterOf(error)
  const wait = retryAfter === undefined ? {} : { retryAfter }
  if (isRequestError(error)) {
    const { code, status } = error
    return { status, code, message: requestErrors[code].message, ...wait }
  }
  return {
    ...visitorResponse(error),
    ...wait,
    ...(error.name === "InvalidContactError" && { issues: fieldIssues(error.issues, names) }),
    ...(expose === "full" && {
      error: error.name,
      outcome: error.outcome,
      docs: error.docs,
      ...(error.apiMessage !== undefined && { apiMessage: error.apiMessage }),
    }),
  }
}

const sendProblem = (res: Response, problem: Problem, shape: "aelyst" | "problem"): void => {
  const { status, ...rest } = problem
  if (shape === "aelyst") return sendJson(res, rest)
  const { code, docs, message, ...more } = rest
  const details = { type: docs ?? "about:blank", title: message, status, code, ...more }
  sendJson(res, details, "application/problem+json")
}

/** Responds to an error that is handled here. */
export const respondToError = async (
  error: HandledError,
  req: Request,
  res: Response,
  options: AelystErrorsOptions,
): Promise<void> => {
  countError(error, req, options)
  const problem = problemOf(error, options.expose ?? "safe", fieldNames.get(req))
  await notifyOfError(options.onError, error, req)
  if (res.headersSent) return
  setHeaders(res, problem.status, headersOf(error))
  if (options.respond !== undefined) await options.respond(res, problem, req)
  else sendProblem(res, problem, options.shape ?? "aelyst")
}

/**
 * Creates the error handler that responds to the errors of a create as the README's status table says. Mount it after
 * the routes and before your last error handler.
 *
 * **Details**
 *
 * Handles the nine error classes, the requests that the blocks reject, and for the paths of the blocks the bodies that
 * Express's body parser rejects. Every other error goes to `next(error)`, and
 * so does an error after the response has begun. With `expose: "full"` the response also has the error's name, its
 * outcome and the API's message, which may quote the contact.
 *
 * **Example** (Responding with RFC 9457 problem details)
 *
 * ```ts
 * import express from "express"
 * import { aelystErrors, createContact } from "@aelyst/express"
 *
 * const app = express()
 * app.post("/signup", createContact({ client: {} }))
 * app.use(aelystErrors({ shape: "problem" }))
 * ```
 */
export const aelystErrors = (options: AelystErrorsOptions = {}): ErrorRequestHandler => {
  checkNames("aelystErrors", options)
  const mapper: ErrorRequestHandler = async (error: unknown, req, res, next) => {
    const rejected = fromParser(error)
    const block = rejected && blockOf(req)
    const handled = block === undefined ? error : rejected
    if (res.headersSent || !isHandled(handled)) return next(error)
    try {
      if (block?.respond !== undefined && isRequestError(handled)) {
        await notifyOfError(options.onError, handled, req)
        block.respond(handled, res)
      } else await respondToError(handled, req, res, options)
    } catch (failure) {
      // Express 4 does not do this for a rejected promise
      next(failure)
    }
  }
  return markMapper(mapper)
}
