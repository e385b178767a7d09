/** From an error to what is told, and from there onto the wire. */
import type { AelystError } from "@aelyst/node"
import type { Response } from "express"

import type { Submission } from "./Form.ts"
import { placeIssues } from "./Form.ts"
import type { Refusal } from "./RequestError.ts"
import { isRefusal } from "./RequestError.ts"
import { refusals, statusTable, strictServerError, unsureMessage } from "./Status.ts"
import type { Problem } from "./types.ts"

/** What is answered where the API named no time to wait, in seconds. */
const DEFAULT_RETRY_AFTER = 1
const MAX_RETRY_AFTER = 2 ** 31 - 1

/** Milliseconds as whole seconds, rounded up, at least 1. */
const wholeSeconds = (ms: number | undefined): number =>
  ms === undefined || !(ms >= 0)
    ? DEFAULT_RETRY_AFTER
    : Math.min(MAX_RETRY_AFTER, Math.max(1, Math.ceil(ms / 1000)))

const retryAfterMsOf = (error: AelystError): number | undefined =>
  "retryAfterMs" in error ? error.retryAfterMs : undefined

/** Says what a visitor is told. */
export const describe = (
  error: AelystError | Refusal,
  expose: "safe" | "full",
  submission: Pick<Submission, "identifiedBy" | "names"> | undefined,
): Problem => {
  if (isRefusal(error)) {
    return {
      status: error.status,
      code: error.code,
      message: refusals[error.code].message,
      ...(error.retryAfterMs !== undefined && { retryAfter: wholeSeconds(error.retryAfterMs) }),
    }
  }
  const row = statusTable[error.name]
  const unsure = error.name === "UnexpectedResponseError" && error.outcome === "unknown"
  return {
    ...row.visitor,
    ...(unsure && { message: unsureMessage }),
    ...(row.retryAfter && { retryAfter: wholeSeconds(retryAfterMsOf(error)) }),
    ...(error.name === "InvalidContactError" && { issues: placeIssues(error.issues, submission) }),
    ...(expose === "full" && {
      error: error.name,
      outcome: error.outcome,
      docs: error.docs,
      ...(error.apiMessage !== undefined && { apiMessage: error.apiMessage }),
    }),
  }
}

/** Sets the headers of an answer that is nobody else's business to keep. */
export const setHeaders = (
  res: Response,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void => {
  res.statusCode = status
  res.setHeader("Cache-Control", "no-store")
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}

/** Sends JSON. Does nothing where the answer has begun. */
export const sendJson = (res: Response, body: unknown, type = "application/json"): void => {
  if (res.headersSent || res.writableEnded) return
  const text = JSON.stringify(body)
  res.setHeader("Content-Type", `${type}; charset=utf-8`)
  res.setHeader("X-Content-Type-Options", "nosniff")
  res.setHeader("Content-Length", Buffer.byteLength(text))
  res.end(text)
}

/** Gives the headers that go with an error: `Retry-After`, and those of a refusal. */
export const headersOf = (
  error: AelystError | Refusal,
  retryAfter: number | undefined,
): Record<string, string> => ({
  ...(isRefusal(error) && error.headers),
  ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
})

/** Sends a problem in our own shape or as RFC 9457 has it. */
export const sendProblem = (res: Response, problem: Problem, shape: "aelyst" | "problem"): void => {
  const { status, ...rest } = problem
  if (shape === "aelyst") return sendJson(res, rest)
  const { code, docs, message, ...more } = rest
  sendJson(
    res,
    { type: docs ?? "about:blank", title: message, status, code, ...more },
    "application/problem+json",
  )
}

/** The documented headers of the rate limit (W8), where they are known. */
const rateHeaders = (rate: {
  readonly limit?: number | undefined
  readonly remaining?: number | undefined
}): Record<string, string> => ({
  ...(rate.limit !== undefined && { "X-RateLimit-Limit": String(rate.limit) }),
  ...(rate.remaining !== undefined && { "X-RateLimit-Remaining": String(rate.remaining) }),
})

/** Answers a caller of the proxy with a success (W5). */
export const mirrorSuccess = (
  res: Response,
  message: string,
  rate:
    | { readonly limit?: number | undefined; readonly remaining?: number | undefined }
    | undefined,
): void => {
  setHeaders(res, 200, rateHeaders(rate ?? {}))
  sendJson(res, { code: "200", message })
}

/** Answers a caller of the proxy with an error: the documented `code` and `message`, and our own code as `error`. */
export const mirrorError = (
  res: Response,
  error: AelystError | Refusal,
  mirror: "default" | "strict",
): void => {
  if (isRefusal(error)) {
    const { code, retryAfterMs, status } = error
    setHeaders(
      res,
      status,
      headersOf(error, retryAfterMs === undefined ? undefined : wholeSeconds(retryAfterMs)),
    )
    return sendJson(res, { code: status, message: refusals[code].message, error: code })
  }
  const row = statusTable[error.name]
  const strict = error.name === "InternalServerError" && mirror === "strict"
  const answer = strict ? strictServerError : row.proxy
  const retryAfter = row.retryAfter ? wholeSeconds(retryAfterMsOf(error)) : undefined
  setHeaders(res, answer.status, {
    ...headersOf(error, retryAfter),
    ...(error.name === "RateLimitError" && rateHeaders(error)),
  })
  sendJson(res, {
    code: answer.status,
    message:
      error.name === "BadRequestError" ? (error.apiMessage ?? answer.message) : answer.message,
    error: answer.code,
    ...(error.name === "InvalidContactError" && { issues: error.issues }),
  })
}
