/**
 * The typed error channel of a create: nine classes, one flat union, each with the outcome for the contact.
 * The classes are recognised by brand, so they survive two copies of this package and the way through Promise land.
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import { millis } from "effect/Duration"

import type { ErrorTag, Outcome } from "./ErrorTable.ts"
import { docsUrl, errorTable } from "./ErrorTable.ts"
import type { Issue } from "../contact/Issue.ts"
import type { RateLimitInfo } from "./RateLimitHeaders.ts"
import type { ResponseHead } from "./ResponseHead.ts"
import { responseOf } from "./ResponseHead.ts"

/** Describes one attempt of a call, without anything of the contact, the URL or the token. */
export interface AttemptRecord {
  /** Counts from 1. */
  readonly number: number
  /** How far it got: no byte left, the request may have left, a status arrived, or all of the answer did. */
  readonly phase: "connect" | "headers" | "body" | "answered"
  readonly status?: number
  /** What ended it where no answer did: a code such as `ECONNRESET` or `TIMEOUT`. */
  readonly cause?: string
  /** Whether it was refused for the rate. */
  readonly rateLimited?: boolean
  /** In epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  /** The time in line and in waits before it. */
  readonly waitedMs: number
}

/** Marks every error of this package, in every copy of it; the value is the error's tag. */
export const AelystErrorTypeId = Symbol.for("@aelyst/core/AelystError")

/** Holds what every error has beside its own fields. */
export interface Members<O extends Outcome> {
  /** What became of the contact. */
  readonly outcome: O
  /** Whether sending the same again later may work and cannot double the contact. */
  readonly isRetryable: boolean
  /** The API's own words, where it sent some; kept out of inspection, JSON and logs. */
  readonly apiMessage: string | undefined
  /** What the newest answer told about the rate limit, times in milliseconds; undefined where none came. Not in the JSON. */
  readonly rateLimit: RateLimitInfo | undefined
  /** The head of the newest response; undefined if none came. Not in the JSON. */
  readonly response: ResponseHead | undefined
  /** The address of the error's page section. */
  readonly docs: string
}

interface Waits {
  /** `retryAfterMs` as a `Duration`. */
  readonly retryAfter: Duration.Duration | undefined
}

interface Common {
  /** Every attempt of the call, oldest first; empty where nothing was tried. */
  readonly attempts: ReadonlyArray<AttemptRecord>
}

type Constructor<Tag extends ErrorTag, Fields, M> = new (
  fields: Fields & { readonly message?: string },
) => Cause.YieldableError & { readonly _tag: Tag; readonly name: Tag } & Readonly<Fields> & M

const tagOf = (u: unknown): unknown =>
  typeof u === "object" && u !== null ? Reflect.get(u, AelystErrorTypeId) : undefined

// The API's own words may quote the contact, so they live beside the error: no inspection of it can meet them.
const apiMessages = new WeakMap<object, string>()

/** Keeps the API's own words for an error; `apiMessage` reads them back. */
export const withApiMessage = <E extends AelystError>(error: E, words: string | undefined): E => {
  if (words !== undefined) apiMessages.set(error, words)
  return error
}

const rateLimits = new WeakMap<object, RateLimitInfo>()

/** Keeps what an error's answer told about the rate limit; `rateLimit` reads it back. */
export const withRateLimit = <E extends AelystError>(error: E, info: RateLimitInfo): E => {
  rateLimits.set(error, info)
  return error
}

const sentence = (tag: ErrorTag, happened: string, meaning: string, fix: string): string =>
  `${happened}. ${meaning} ${fix} ${docsUrl(tag)}`

/** Makes the class that an error extends: fields, message, brand, and the members that do not vary by instance. */
const define =
  <Fields extends Common, M>() =>
  <Tag extends ErrorTag>(
    tag: Tag,
    traits: {
      readonly happened: (fields: Fields) => string
      readonly meaning?: (fields: Fields) => string
      readonly fix?: (fields: Fields) => string | undefined
      readonly isRetryable: (fields: Fields) => boolean
      readonly outcome?: Outcome
      readonly status?: number
    },
  ): Constructor<Tag, Fields, M> => {
    const members = {
      // Node then prints the stack and the fields, where Effect would print the JSON form alone
      [Symbol.for("nodejs.util.inspect.custom")]: { value: undefined },
      [AelystErrorTypeId]: { value: tag },
      docs: { value: docsUrl(tag) },
      ...(traits.outcome !== undefined && { outcome: { value: traits.outcome } }),
      ...(traits.status !== undefined && { status: { value: traits.status } }),
    }
    class Base extends Data.TaggedError(tag)<Common & { readonly message: string }> {
      constructor(fields: Fields & { readonly message?: string }) {
        const meaning = traits.meaning?.(fields) ?? errorTable[tag].meaning
        const fix = traits.fix?.(fields) ?? errorTable[tag].fix
        super({
          ...fields,
          message: fields.message ?? sentence(tag, traits.happened(fields), meaning, fix),
        })
      }
      static override [Symbol.hasInstance](u: unknown): boolean {
        return tagOf(u) === tag
      }
      get isRetryable(): boolean {
        // safe: the constructor put every field of `Fields` on the instance
        return traits.isRetryable(this as unknown as Fields)
      }
      get apiMessage(): string | undefined {
        return apiMessages.get(this)
      }
      get rateLimit(): RateLimitInfo | undefined {
        return rateLimits.get(this)
      }
      get response(): ResponseHead | undefined {
        return responseOf(this)
      }
      get retryAfter(): Duration.Duration | undefined {
        const ms: unknown = Reflect.get(this, "retryAfterMs")
        return typeof ms === "number" ? millis(ms) : undefined
      }
      override toJSON(): unknown {
        const outcome: unknown = Reflect.get(this, "outcome")
        const { message, isRetryable } = this
        return { ...this, name: tag, message, outcome, isRetryable, docs: docsUrl(tag) }
      }
    }
    Object.defineProperties(Base.prototype, members)
    // safe: the constructor takes and keeps `Fields`, and the members M are those defined above
    return Base as unknown as Constructor<Tag, Fields, M>
  }

const never = () => false

/**
 * Tells that the identifier or the contact breaks a rule; no request was made.
 *
 * `issues` holds all of them, each with its path, code and rule, never a value. Outcome `not_sent`.
 */
export class InvalidContactError extends define<
  Common & { readonly issues: ReadonlyArray<Issue> },
  Members<"not_sent">
>()("InvalidContactError", {
  outcome: "not_sent",
  isRetryable: never,
  happened: ({ issues }) => {
    const first = issues
      .slice(0, 5)
      .map(({ path, rule, code }) => `${path.join(".")}: ${rule} [${code}]`)
      .join("; ")
    const more = issues.length > 5 ? `; and ${issues.length - 5} more` : ""
    return `The contact is not valid: ${first}${more}`
  },
}) {}

/** Names why a request was not let go. */
export type UnavailableReason = "circuit" | "queue" | "deadline" | "token" | "closed"

const unavailable: Readonly<Record<UnavailableReason, string>> = {
  circuit: "The API has not been answering, so the circuit is open",
  queue: "Too many calls are waiting in line",
  deadline: "The wait in line does not end before the deadline",
  token: "The token function gave no usable token",
  closed: "The client is closed, or its run has ended",
}

/**
 * Tells that the client did not let the request go.
 *
 * `reason` is `circuit`, `queue`, `deadline`, `token` or `closed`; `retryAfterMs` and `retryAfter` say when it may
 * work, where that is known. Outcome `not_sent`.
 */
export class UnavailableError extends define<
  Common & { readonly reason: UnavailableReason; readonly retryAfterMs?: number },
  Members<"not_sent"> & Waits
>()("UnavailableError", {
  outcome: "not_sent",
  isRetryable: ({ reason }) => reason !== "closed" && reason !== "token",
  happened: ({ reason }) => unavailable[reason],
}) {}

/** Names what failed before a connection stood. */
export type ConnectionKind =
  | "dns"
  | "connect"
  | "timeout"
  | "tls"
  | "certificate"
  | "proxy"
  | "proxy_auth"

/**
 * Tells that no connection could be made, before any byte of the request could leave.
 *
 * `kind` is what failed, `code` the system's own code (`ENOTFOUND`). Outcome `not_sent`. Resent by default, but never
 * for `certificate` or `proxy_auth`.
 */
export class ConnectionError extends define<
  Common & { readonly kind: ConnectionKind; readonly code: string },
  Members<"not_sent">
>()("ConnectionError", {
  outcome: "not_sent",
  isRetryable: ({ kind }) => kind !== "certificate" && kind !== "proxy_auth",
  happened: ({ code }) => `The API could not be reached (${code})`,
}) {}

/**
 * Tells that the API refused the contact (W6), or that it exists already (D3).
 *
 * `exists` is true where the answer says that the contact exists; `status` is 400, or what the matcher of "exists"
 * recognised. `apiMessage` holds the API's own words. Outcome `rejected`.
 */
export class BadRequestError extends define<
  Common & { readonly status: number; readonly exists: boolean },
  Members<"rejected">
>()("BadRequestError", {
  outcome: "rejected",
  isRetryable: never,
  happened: ({ exists, status }) =>
    exists
      ? `The API says that the contact exists already (${status})`
      : `The API refused the contact (${status})`,
  fix: ({ exists }) => (exists ? "Use the contact that is there." : undefined),
}) {}

/** Tells that the API refused the token (W7). Outcome `rejected`; a run stops at once. */
export class AuthenticationError extends define<
  Common,
  Members<"rejected"> & { readonly status: 401 }
>()("AuthenticationError", {
  outcome: "rejected",
  status: 401,
  isRetryable: never,
  happened: () => "The API refused the token (401)",
}) {}

/**
 * Tells that the API refused the request for its rate (W8).
 *
 * `retryAfterMs` and `retryAfter` are the wait that it asked for, absent where it named none; `limit` and `remaining`
 * count requests. Outcome `rejected`. Resent after the wait, while resends are left and the wait fits.
 */
export class RateLimitError extends define<
  Common & {
    readonly retryAfterMs?: number
    readonly limit?: number
    readonly remaining?: number
  },
  Members<"rejected"> & Waits & { readonly status: 429 }
>()("RateLimitError", {
  outcome: "rejected",
  status: 429,
  isRetryable: () => true,
  happened: ({ retryAfterMs }) =>
    retryAfterMs === undefined
      ? "The API refused the request for its rate (429)"
      : `The API refused the request for its rate (429) and asks for ${Math.ceil(retryAfterMs / 1000)} s`,
}) {}

/** Tells that the API answered 500 (W9) or another 5xx (D6); `status` says which. Outcome `unknown`. */
export class InternalServerError extends define<
  Common & { readonly status: number },
  Members<"unknown">
>()("InternalServerError", {
  outcome: "unknown",
  isRetryable: never,
  happened: ({ status }) => `The API answered ${status}`,
}) {}

const odd = {
  status: (status: number) => `The API answered ${status}, which it does not document`,
  redirect: () => "The answer is a redirect, and redirects are refused",
  unreadable: (status: number) => `The API answered ${status} with a body that cannot be read`,
  contradiction: (status: number) => `The API answered ${status} with a body that says otherwise`,
}

/**
 * Tells that the answer is none that the API documents (D6).
 *
 * `outcome` is `unknown` for a redirect and for a 2xx that cannot be verified, else `rejected`. `reason` names what
 * was odd. `headers` holds harmless headers only, `excerpt` at most 200 characters of the body, redacted.
 */
export class UnexpectedResponseError extends define<
  Common & {
    readonly status: number
    readonly outcome: "rejected" | "unknown"
    readonly reason: keyof typeof odd
    readonly headers: Readonly<Record<string, string>>
    readonly excerpt: string
  },
  Omit<Members<"rejected" | "unknown">, "outcome">
>()("UnexpectedResponseError", {
  isRetryable: never,
  happened: ({ reason, status }) => odd[reason](status),
  meaning: ({ outcome }) =>
    outcome === "rejected" ? "The contact was not created." : "The contact may or may not exist.",
}) {}

/** Names the errors that can follow an attempt in doubt. */
export type SettledError =
  | UnavailableError
  | ConnectionError
  | BadRequestError
  | AuthenticationError
  | RateLimitError
  | InternalServerError
  | UnexpectedResponseError

/**
 * Tells that an attempt left and that nobody can say whether the contact exists.
 *
 * `code` is what ended the attempt in doubt (`ECONNRESET`, `TIMEOUT`, `HTTP_408` and the like); `last` is the newest
 * error, where the call went on after the doubt and ended otherwise. Outcome `unknown`.
 */
export class OutcomeUnknownError extends define<
  Common & {
    readonly code: string
    readonly last?: SettledError
  },
  Members<"unknown">
>()("OutcomeUnknownError", {
  outcome: "unknown",
  isRetryable: never,
  happened: ({ code }) => `The request left and no answer settled it (${code})`,
}) {}

/** Names every error of a create: one flat union, told apart by `_tag` (or `name`). */
export type AelystError = SettledError | InvalidContactError | OutcomeUnknownError

/** Tells whether a value is one of the nine errors, from this copy of the package or another. */
export const isAelystError = (u: unknown): u is AelystError => {
  const tag = tagOf(u)
  return typeof tag === "string" && Object.hasOwn(errorTable, tag)
}
