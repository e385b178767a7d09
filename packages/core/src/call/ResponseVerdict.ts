/**
 * The meaning of a response: any status, headers and body give exactly one verdict. No other module of core, the SDK, Express
 * or the command interprets a status of the API.
 */
import { isReadonlyObject } from "effect/Predicate"
import * as Result from "effect/Result"

import {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  OutcomeUnknownError,
  RateLimitError,
  UnexpectedResponseError,
  withApiMessage,
  withRateLimit,
} from "../errors/AelystError.ts"
import type { HeaderRecord } from "../errors/RateLimitHeaders.ts"
import { conceal, maskTokens, redact } from "../errors/Redaction.ts"
import type { CallError } from "./RetryPolicy.ts"
import type {
  AttemptRecord,
  ExistsCandidate,
  ExistsMatcher,
  Outcome,
  RateLimitInfo,
} from "../types.ts"

/** A response of the API as it arrived. */
export interface Response {
  readonly status: number
  readonly headers: HeaderRecord
  /** The decoded text; undefined if it stalled, broke, was too large or could not be decoded. */
  readonly body: string | undefined
}

/**
 * Returns true for 409, and for a 400 whose message says "already exists" or "duplicate".
 *
 * **Example** (Recognising a further wording)
 *
 * ```ts
 * import { defaultExists } from "@aelyst/core"
 * import type { ExistsMatcher } from "@aelyst/core"
 *
 * const exists: ExistsMatcher = (candidate) =>
 *   defaultExists(candidate) || (candidate.message ?? "").includes("vorhanden")
 *
 * console.log(exists({ status: 400, message: "Kontakt ist vorhanden" })) // => true
 * ```
 */
export const defaultExists: ExistsMatcher = ({ status, message }) =>
  status === 409 ||
  (status === 400 && message !== undefined && /already exist|duplicate/i.test(message))

/** The verdict on one attempt: a verified success, or a failure that becomes an error when the call ends. */
export type ResponseVerdict = Success | Failure

/** The contact was created: a 2xx whose body does not contradict it (W5). */
export interface Success {
  readonly _tag: "Success"
  readonly status: number
  readonly message: string
}

/** The failure of an attempt; `toError` creates the error of the call. */
export interface Failure {
  readonly _tag: "Failure"
  readonly outcome: Outcome
  /** A short code for the attempt's record: `HTTP_500`, `ECONNRESET`, `TIMEOUT`. */
  readonly code: string
  readonly toError: (attempts: ReadonlyArray<AttemptRecord>) => CallError
}

/** The context of an interpretation. */
export interface Interpretation {
  /** The rate limit as the headers report it. */
  readonly info: RateLimitInfo
  /** Recognises "this contact exists". */
  readonly exists: ExistsMatcher
  /** The token, which no text may show; masked before the matcher or an error sees one. */
  readonly token: string
  /** Lists the strings that no excerpt may show: identifier, values, token. */
  readonly secrets: () => ReadonlyArray<string>
}

const maxDepth = 8
const maxMessage = 2_000
const maxExcerpt = 200

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

// some servers send an object or a list as `message`: its strings are joined
const textOf = (value: unknown, depth = 0): string => {
  if (typeof value === "string") return value.slice(0, maxMessage)
  if (typeof value !== "object" || value === null || depth >= maxDepth) return ""
  let text = ""
  for (const inner of Object.values(value)) {
    if (text.length >= maxMessage) break
    const more = textOf(inner, depth + 1)
    if (more !== "") text = text === "" ? more : `${text} ${more}`
  }
  return text.slice(0, maxMessage)
}

const messageOf = (json: unknown, token: string): string | undefined =>
  (isReadonlyObject(json) && maskTokens(textOf(json["message"]), token)) || undefined

const matches = (exists: ExistsMatcher, candidate: ExistsCandidate): boolean =>
  Result.getOrUndefined(Result.try((): unknown => exists(candidate))) === true

const agrees = (code: unknown, status: number): boolean =>
  code === undefined || code === 200 || code === status || code === "200" || code === String(status)

const contradicts = ({ code, success }: Readonly<Record<string, unknown>>, status: number) =>
  success === false || !agrees(code, status)

const safeHeaders = [
  "content-type",
  "date",
  "retry-after",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-request-id",
] as const

/** Returns the one verdict on a response. Pure and total. */
export const interpret = (
  { body, headers, status }: Response,
  { exists, info, secrets, token }: Interpretation,
): ResponseVerdict => {
  const json = body === undefined ? undefined : parse(body)
  const message = messageOf(json, token)
  if (status >= 200 && status < 300 && isReadonlyObject(json) && !contradicts(json, status)) {
    return { _tag: "Success", status, message: message ?? "" }
  }
  const failure = (outcome: Outcome, toError: Failure["toError"]): Failure => ({
    _tag: "Failure",
    outcome,
    code: `HTTP_${status}`,
    toError: (attempts) => withRateLimit(withApiMessage(toError(attempts), message), info),
  })
  const unexpected = (
    outcome: "rejected" | "unknown",
    reason: UnexpectedResponseError["reason"],
  ): Failure =>
    failure(outcome, (attempts) => {
      const hidden = secrets()
      const shown = safeHeaders.flatMap((name) => {
        const value = headers[name]
        return value === undefined ? [] : [[name, conceal(value, hidden, maxExcerpt)]]
      })
      return new UnexpectedResponseError({
        attempts,
        status,
        outcome,
        reason,
        headers: Object.fromEntries(shown),
        excerpt: redact(body ?? "", hidden, maxExcerpt),
      })
    })

  if (status >= 200 && status < 300) {
    return unexpected("unknown", isReadonlyObject(json) ? "contradiction" : "unreadable")
  }
  // fetch reports a redirect that it was told not to follow as status 0
  if (status === 0 || (status >= 300 && status < 400)) return unexpected("unknown", "redirect")
  if (isServerError(status)) {
    return failure("unknown", (attempts) => new InternalServerError({ attempts, status }))
  }
  // a status that is not a number is not a rejection either
  if (!(status >= 400 && status < 500)) return unexpected("unknown", "status")
  switch (status) {
    case 401:
      return failure("rejected", (attempts) => new AuthenticationError({ attempts }))
    case 408:
      return failure("unknown", (attempts) => {
        return new OutcomeUnknownError({ attempts, code: "HTTP_408" })
      })
    case 429:
      return failure("rejected", (attempts) => new RateLimitError({ attempts, ...info }))
    default: {
      const isKnown = matches(exists, { status, message })
      return status === 400 || isKnown
        ? failure("rejected", (attempts) => {
            return new BadRequestError({ attempts, status, exists: isKnown })
          })
        : unexpected("rejected", "status")
    }
  }
}

/** Returns whether a status means a 429: known when the headers arrive, before any body. */
export const isRateLimited = (status: number): boolean => status === 429

/** Returns whether a status is a 5xx: known when the headers arrive, before any body. */
export const isServerError = (status: number): boolean => status >= 500 && status < 600

/** Returns whether a rejection is about the contact; a 401 or 429 is about the token or the rate. */
export const isAboutContact = (status: number): boolean => status !== 401 && status !== 429

/** Returns whether a status alone means that nothing was created, whatever the body holds. */
export const isRejection = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408

/**
 * Returns whether an attempt that was not the success of its call may have created the contact: an attempt in doubt.
 *
 * **Example** (Whether a call that succeeded had lost a response before)
 *
 * ```ts
 * import { mayHaveCreated } from "@aelyst/core/adapter"
 * import { attemptRecord } from "@aelyst/core/testing"
 *
 * const attempts = [
 *   attemptRecord({ number: 1, phase: "headers", cause: "ECONNRESET" }),
 *   attemptRecord({ number: 2, status: 200 }),
 * ]
 * console.log(attempts.slice(0, -1).some(mayHaveCreated)) // => true
 * ```
 */
export const mayHaveCreated = ({ phase, status }: AttemptRecord): boolean =>
  phase !== "connect" && (status === undefined || !isRejection(status))
