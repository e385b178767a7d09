/** The words for each error of a create: what happened, what it means for the contact, and what to do. */
import type {
  AelystError,
  ConnectionKind,
  Delivery,
  ErrorTag,
  UnavailableReason,
  UnexpectedReason,
} from "@aelyst/core"
import { redact } from "@aelyst/core/transport"

import { clause, count, time, visible } from "./Text.ts"

/** Holds what is known about a failed create besides its error. */
export interface ErrorContext {
  readonly host: string
  readonly profile: string
  readonly tokenFrom: string
  /** The token and the contact's values: never shown, whatever the server echoes. */
  readonly secrets: ReadonlyArray<string>
  /** The resends that were allowed, and the longest wait in milliseconds. */
  readonly retries?: number
  readonly maxWait?: number
  readonly delivery?: Delivery
  /** Whether the contact has custom fields. */
  readonly hasFields?: boolean
}

/** Holds the words for one error. */
export interface ErrorWords {
  readonly headline: string
  readonly details: ReadonlyArray<string>
  /** The code of a broken rule, which is more exact than that of the error. */
  readonly code?: string
}

const notCreated = "the contact was not created"
const notSent = "outcome not_sent: nothing was sent"

/** The outcome of a contact in doubt. */
export const mayExist = "outcome unknown: the contact may exist"
const check = "fix:   search for it in the Aelyst app before retrying"

/** Returns the next step for a contact in doubt, with the wait that the API asked for. */
const checkFirst = ({ retryAfterMs }: AelystError): string =>
  retryAfterMs === undefined ? check : `${check}, after ${time(retryAfterMs)}`

/** Returns the next step, and the policy under which the command makes sure. */
const makeSure = (error: AelystError, { delivery }: ErrorContext): string =>
  delivery === "natural-key"
    ? checkFirst(error)
    : `${checkFirst(error)}, or use --delivery natural-key`

/** The reasons for which a request was not sent, each with its cure. */
export const unavailable = {
  circuit: ["the API is not responding", "retry later"],
  queue: ["the queue is full", "retry later"],
  deadline: ["the wait would not end before the deadline", "retry later, or raise --deadline"],
  token: ["there is no usable token", "log in again: aelyst auth login"],
  closed: ["the client is closed", "run the command again"],
  gate: ["the attempt gate refused the attempt", "retry later"],
} as const satisfies Readonly<Record<UnavailableReason, readonly [reason: string, fix: string]>>

/** The kinds of failed connections, each with its cure. */
export const checks = {
  dns: "check the host name, DNS or HTTPS_PROXY",
  connect: "check the base URL, the network or HTTPS_PROXY",
  timeout: "check the base URL, the network or HTTPS_PROXY",
  tls: "check that the base URL has a port that speaks TLS",
  certificate: "check the server's certificate; NODE_EXTRA_CA_CERTS adds one to trust",
  proxy: "check HTTPS_PROXY",
  proxy_auth: "check the user name and the password in HTTPS_PROXY",
} as const satisfies Readonly<Record<ConnectionKind, string>>

/** The ways in which a response is unexpected. */
export const unexpected = {
  status: "which is not documented",
  redirect: "a redirect; redirects are never followed",
  unreadable: "with an unreadable body",
  contradiction: "with a body that reports a failure",
} as const satisfies Readonly<Record<UnexpectedReason, string>>

/** Returns the API's own words, without secrets, after a separator. */
const quoted = ({ apiMessage }: AelystError, { secrets }: ErrorContext, separator: string) =>
  apiMessage === undefined ? "" : `${separator}${redact(visible(apiMessage), secrets, 300)}`

const attemptsOf = ({ attempts }: AelystError): string => count(attempts.length, "attempt")

/** Returns a rule after the field that breaks it, unless the rule names the field itself. */
const ruleAt = (path: ReadonlyArray<string | number>, rule: string): string => {
  const where = path.length === 0 ? "contact" : path.join(".")
  const text = clause(rule)
  return visible(text.startsWith(where) ? text : `${where}: ${text}`)
}

/** Returns why a call did not wait for the rate limit any longer, and the flag that would let it. */
const rateLimitReason = (
  { attempts, retryAfterMs }: AelystError,
  { retries, maxWait }: ErrorContext,
): { readonly why: string; readonly raise: string } => {
  if (retries === undefined || maxWait === undefined) {
    return { why: "", raise: "--retries, --max-wait or --deadline" }
  }
  if (maxWait === 0) return { why: ": --max-wait 0 allows no wait", raise: "--max-wait" }
  if (attempts.length > retries) return { why: ": no resend is left", raise: "--retries" }
  if (retryAfterMs !== undefined && retryAfterMs > maxWait) {
    const why = `: the wait of ${time(retryAfterMs)} is longer than --max-wait`
    return { why, raise: "--max-wait and --deadline" }
  }
  return { why: ": the wait would not end before the deadline", raise: "--deadline" }
}

type Describe<Tag> = (
  error: Extract<AelystError, { readonly _tag: Tag }>,
  context: ErrorContext,
) => ErrorWords

const table: { readonly [Tag in ErrorTag]: Describe<Tag> } = {
  InvalidContactError: ({ issues }) => {
    const [first, ...more] = issues
    return {
      headline: first === undefined ? "the contact is invalid" : ruleAt(first.path, first.rule),
      ...(first !== undefined && { code: first.code }),
      details: [
        ...(more.length === 0
          ? []
          : [
              `also:  ${more.map(({ path, rule, code }) => `${ruleAt(path, rule)} [${code}]`).join("; ")}`,
            ]),
        first?.suggestion === undefined
          ? "nothing was sent"
          : `fix:   ${visible(first.suggestion)}; nothing was sent`,
      ],
    }
  },
  UnavailableError: ({ reason, retryAfterMs }) => {
    const [why, fix] = unavailable[reason]
    const wait = retryAfterMs === undefined ? fix : `retry after ${time(retryAfterMs)}`
    return { headline: `not sent: ${why}`, details: [notCreated, `fix:   ${wait}`] }
  },
  ConnectionError: ({ code, kind }, { host }) => ({
    headline: `cannot reach ${host}: ${code} (${checks[kind]})`,
    details: [notSent, "to find out why: aelyst doctor"],
  }),
  BadRequestError: (error, context) => {
    const api = quoted(error, context, ": ")
    return error.exists
      ? {
          headline: `the contact already exists (${error.status})${api}`,
          details: ["no second contact was created"],
        }
      : {
          headline: `Aelyst rejected the contact (${error.status})${api}`,
          details: [
            notCreated,
            ...(context.hasFields === true
              ? ["a list field takes exactly one of its options; only Aelyst knows them"]
              : []),
          ],
        }
  },
  AuthenticationError: (error, context) => {
    const { host, profile, tokenFrom } = context
    const flag = profile === "default" ? "" : ` --profile ${profile}`
    const unset =
      tokenFrom === "AELYST_TOKEN" ? ", or unset AELYST_TOKEN to use the saved token" : ""
    return {
      headline: `Aelyst rejected the token (${error.status}${quoted(error, context, " ")})`,
      details: [
        `token: from ${tokenFrom}, profile ${profile}, host ${host}`,
        `fix:   aelyst auth login${flag}${unset}`,
      ],
    }
  },
  RateLimitError: (error, context) => {
    const limit = error.limit === undefined ? "" : `, limit ${error.limit}`
    const { retryAfterMs } = error
    const wait =
      retryAfterMs === undefined
        ? "later"
        : retryAfterMs === 0
          ? "now"
          : `after ${time(retryAfterMs)}`
    const { why, raise } = rateLimitReason(error, context)
    return {
      headline: `rate limited (${error.status}${limit}) after ${attemptsOf(error)}${why}`,
      details: [notCreated, `fix:   retry ${wait}, or raise ${raise}`],
    }
  },
  InternalServerError: (error, context) => ({
    headline: `Aelyst answered ${error.status}${quoted(error, context, ": ")} (${attemptsOf(error)})`,
    details: [mayExist, makeSure(error, context)],
  }),
  OutcomeUnknownError: (error, context) => ({
    headline: `no response from ${context.host} confirmed the request: ${error.code} (${attemptsOf(error)})`,
    details: [mayExist, makeSure(error, context)],
  }),
  UnexpectedResponseError: (error) => ({
    headline: `Aelyst answered ${error.status}, ${unexpected[error.reason]} (${attemptsOf(error)})`,
    details: [
      error.outcome === "rejected" ? notCreated : mayExist,
      `${error.outcome === "rejected" ? "fix:   " : `${checkFirst(error)}; `}check the base URL and any proxy or gateway in between`,
    ],
  }),
}

/** Returns the words for an error. */
export const describe = (error: AelystError, context: ErrorContext): ErrorWords => {
  // safe: the entry at the error's tag takes the error with that tag
  const words = table[error._tag] as Describe<ErrorTag>
  return words(error, context)
}
