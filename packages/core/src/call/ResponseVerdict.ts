/**
 * Interpretation of an upstream answer: any status, headers and body land in exactly one verdict.
 * This is the only place that reads an upstream status.
 */
import type { AelystError, AttemptRecord } from "../errors/AelystError.ts"
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
import type { HeaderRecord, RateLimitInfo } from "../errors/RateLimitHeaders.ts"
import { conceal, redact } from "../errors/Redaction.ts"

/**
 * Holds one answer of the API as it arrived.
 *
 * `body` is the decoded text, or undefined where it stalled, broke, was too large or could not be decoded.
 */
export interface Response {
  readonly status: number
  readonly headers: HeaderRecord
  readonly body: string | undefined
}

/** Holds what the matcher of "exists" sees: the status and the API's own words, where it sent some. */
export interface ExistsCandidate {
  readonly status: number
  readonly message: string | undefined
}

/**
 * Recognises an answer that means "this contact exists" (D3); asked only for refusals other than 401, 408 and 429.
 * One that throws recognises nothing.
 */
export type ExistsMatcher = (candidate: ExistsCandidate) => boolean

/** Recognises 409, and a 400 whose message says "already exists" or "duplicate". */
export const defaultExists: ExistsMatcher = ({ status, message }) =>
  status === 409 ||
  (status === 400 && message !== undefined && /already exist|duplicate/i.test(message))

/** Tells what one attempt came to: a verified success, or a failure that becomes an error once the call ends. */
export type Verdict = Success | Failure

/** Tells that the contact was created: a 2xx whose body says nothing else (W5). */
export interface Success {
  readonly _tag: "Success"
  readonly status: number
  readonly message: string
}

/** Tells why an attempt failed, with all that a decision to send again needs. */
export interface Failure {
  readonly _tag: "Failure"
  readonly outcome: "not_sent" | "rejected" | "unknown"
  /** What kind of answer it is to the loop that may send again. */
  readonly kind: "connection" | "refused" | "rate_limited" | "unauthorized" | "exists" | "in_doubt"
  /** Whether the very same request can be sent again where the outcome allows it. */
  readonly resendable: boolean
  /** A short code for the attempt's record and for an error in doubt. */
  readonly code: string
  /** Makes the error that the caller gets. */
  readonly toError: (
    attempts: ReadonlyArray<AttemptRecord>,
  ) => Exclude<AelystError, { readonly _tag: "InvalidContactError" }>
}

const maxDepth = 8
const maxMessage = 2_000

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

const parse = (text: string | undefined): unknown => {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

// Some servers of this wire send an object or a list as `message`; its strings, joined, are the words.
const wordsOf = (value: unknown, depth = 0): string => {
  if (typeof value === "string") return value.slice(0, maxMessage)
  if (typeof value !== "object" || value === null || depth >= maxDepth) return ""
  let words = ""
  for (const inner of Object.values(value)) {
    if (words.length >= maxMessage) break
    const more = wordsOf(inner, depth + 1)
    if (more !== "") words = words === "" ? more : `${words} ${more}`
  }
  return words.slice(0, maxMessage)
}

const messageOf = (json: unknown): string | undefined => {
  const words = isRecord(json) && json["message"] !== undefined ? wordsOf(json["message"]) : ""
  return words === "" ? undefined : words
}

// the matcher is the caller's own code: what it throws, or says in other than a boolean, recognises nothing
const recognises = (exists: ExistsMatcher, candidate: ExistsCandidate): boolean => {
  try {
    const says: unknown = exists(candidate)
    return says === true
  } catch {
    return false
  }
}

const agrees = (code: unknown, status: number): boolean =>
  code === undefined || code === 200 || code === status || code === "200" || code === String(status)

const contradicts = (json: Readonly<Record<string, unknown>>, status: number): boolean =>
  json["success"] === false || !agrees(json["code"], status)

const harmless = [
  "content-type",
  "date",
  "retry-after",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-request-id",
] as const

/**
 * Interprets one answer: every status, header and body lands in exactly one verdict. Pure and total.
 *
 * `info` is what the headers told about the rate limit, `exists` recognises "this contact exists", and `secrets` are
 * the strings that no excerpt may show: identifier, values, token.
 */
export const interpret = (
  answer: Response,
  info: RateLimitInfo,
  exists: ExistsMatcher,
  secrets: () => ReadonlyArray<string>,
): Verdict => {
  const { status } = answer
  const json = parse(answer.body)
  const message = messageOf(json)
  if (status >= 200 && status < 300 && isRecord(json) && !contradicts(json, status)) {
    return { _tag: "Success", status, message: message ?? "" }
  }
  return failureOf(answer, json, message, info, exists, secrets)
}

/** Interprets an answer that is no verified success. */
const failureOf = (
  answer: Response,
  json: unknown,
  message: string | undefined,
  info: RateLimitInfo,
  exists: ExistsMatcher,
  secrets: () => ReadonlyArray<string>,
): Failure => {
  const { status } = answer

  const failure = (
    outcome: Failure["outcome"],
    kind: Failure["kind"],
    toError: Failure["toError"],
  ): Failure => ({
    _tag: "Failure",
    outcome,
    kind,
    resendable: kind === "rate_limited" || kind === "in_doubt",
    code: `HTTP_${status}`,
    toError: (attempts) => withRateLimit(withApiMessage(toError(attempts), message), info),
  })
  const unexpected = (
    outcome: "rejected" | "unknown",
    reason: UnexpectedResponseError["reason"],
  ): Failure =>
    failure(outcome, outcome === "unknown" ? "in_doubt" : "refused", (attempts) => {
      const hidden = secrets()
      const headers = harmless.flatMap((name) => {
        const value = answer.headers[name]
        return value === undefined ? [] : [[name, conceal(value, hidden, 200)]]
      })
      return new UnexpectedResponseError({
        attempts,
        status,
        outcome,
        reason,
        headers: Object.fromEntries(headers),
        excerpt: redact(answer.body ?? "", hidden, 200),
      })
    })

  if (status >= 200 && status < 300) {
    return unexpected("unknown", isRecord(json) ? "contradiction" : "unreadable")
  }
  // fetch reports a redirect that it was told not to follow as status 0
  if (status === 0 || (status >= 300 && status < 400)) return unexpected("unknown", "redirect")
  if (status >= 500 && status < 600) {
    return failure(
      "unknown",
      "in_doubt",
      (attempts) => new InternalServerError({ attempts, status }),
    )
  }
  // not a comparison the other way round: NaN is no refusal either
  if (!(status >= 400 && status < 600)) return unexpected("unknown", "status")
  switch (status) {
    case 401:
      return failure(
        "rejected",
        "unauthorized",
        (attempts) => new AuthenticationError({ attempts }),
      )
    case 408:
      return failure(
        "unknown",
        "in_doubt",
        (attempts) => new OutcomeUnknownError({ attempts, code: "HTTP_408" }),
      )
    case 429:
      return failure(
        "rejected",
        "rate_limited",
        (attempts) =>
          new RateLimitError({
            attempts,
            ...(info.retryAfterMs !== undefined && { retryAfterMs: info.retryAfterMs }),
            ...(info.limit !== undefined && { limit: info.limit }),
            ...(info.remaining !== undefined && { remaining: info.remaining }),
          }),
      )
    default: {
      const known = recognises(exists, { status, message })
      if (status !== 400 && !known) return unexpected("rejected", "status")
      return failure(
        "rejected",
        known ? "exists" : "refused",
        (attempts) => new BadRequestError({ attempts, status, exists: known }),
      )
    }
  }
}

/** Tells whether a status refuses the request for its rate: known when the headers arrive, before any body. */
export const isRateLimited = (status: number): boolean => status === 429

/** Tells whether a status alone says that nothing was created, whatever its body holds. */
export const isRejection = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408
