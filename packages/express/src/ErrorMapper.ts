/** `aelystErrors`: responds to the errors of a create and to rejected requests; all other errors go to the app. */
import type { AelystError } from "@aelyst/node"
import { isAelystError, visitorResponse } from "@aelyst/node"
import type { ErrorRequestHandler, Request, Response } from "express"

import { setupOf } from "./ClientProvider.ts"
import { report } from "./Diagnostics.ts"
import type { FieldNames } from "./Form.ts"
import { fieldIssues } from "./Form.ts"
import { sendJson, setHeaders } from "./JsonResponse.ts"
import type { RequestError } from "./RequestError.ts"
import { isRequestError } from "./RequestError.ts"
import { markMapper } from "./RouterStack.ts"
import { requestErrors, rowOf } from "./Status.ts"
import type { AelystErrorsOptions, Problem, SetupOptions } from "./types.ts"

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

/** Reports a rejected token, once until a create succeeds. */
export const reportUpstreamAuth = (error: unknown, req: Request, options: SetupOptions): void => {
  if (isAelystError(error) && error.name === "AuthenticationError")
    report(req.app, "upstreamAuth", setupOf(req, options))
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
  reportUpstreamAuth(error, req, options)
  const problem = problemOf(error, options.expose ?? "safe", fieldNames.get(req))
  try {
    await options.onError?.(error, req)
  } catch {
    // a listener's own failure must not change the response
  }
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
 * Handles the nine error classes and the requests that the blocks reject. Every other error goes to `next(error)`, and
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
  const mapper: ErrorRequestHandler = async (error: unknown, req, res, next) => {
    if (res.headersSent || !isHandled(error)) return next(error)
    try {
      await respondToError(error, req, res, options)
    } catch (failure) {
      // Express 4 does not do this for a rejected promise
      next(failure)
    }
  }
  return markMapper(mapper)
}
