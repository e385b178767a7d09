/**
 * The typed error channel of a create: nine classes, one flat union, each with the outcome for the contact.
 * The classes are recognised by brand, so they survive two copies of this package and the way through Promise land.
 */
import type * as Duration from "effect/Duration"
import { millis } from "effect/Duration"
import * as Schema from "effect/Schema"

import type { ErrorTag, Outcome } from "./ErrorTable.ts"
import { docsUrl, errorTable } from "./ErrorTable.ts"
import { Issue } from "./Issue.ts"

/**
 * Describes one attempt of a call, without anything of the contact, the URL or the token.
 *
 * `number` counts from 1. `phase` is how far it got: `connect` (no byte left), `headers` (the request may have left),
 * `body` (a status arrived) or `answered`. `status` is the answer's, `cause` an error code such as `ECONNRESET` or
 * `TIMEOUT`. `refused` marks a refusal for the rate. `startedAt` is in epoch milliseconds, `durationMs` the attempt itself, `waitedMs` the time in line and in
 * waits before it.
 */
export const AttemptRecord = Schema.Struct({
  number: Schema.Int,
  phase: Schema.Literals(["connect", "headers", "body", "answered"]),
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.String),
  refused: Schema.optionalKey(Schema.Boolean),
  startedAt: Schema.Finite,
  durationMs: Schema.Finite,
  waitedMs: Schema.Finite,
}).annotate({ identifier: "AttemptRecord" })
export type AttemptRecord = typeof AttemptRecord.Type

/** Marks every error of this package, in every copy of it; the value is the error's tag. */
export const AelystErrorTypeId = Symbol.for("@aelyst/core/AelystError")

const fields = {
  /** What happened, what it means for the contact and what to do, with the address of its page. */
  message: Schema.String,
  /** Every attempt of the call, oldest first; empty where nothing was tried. */
  attempts: Schema.Array(AttemptRecord),
}

type Words = { readonly message?: string }
type Input<Fields> = Omit<Fields, "message" | "_tag"> & Words

const sentence = (tag: ErrorTag, happened: string, meaning: string = errorTable[tag].meaning) =>
  `${happened}. ${meaning} ${errorTable[tag].fix} ${docsUrl(tag)}`

const worded = <P extends Words>(
  props: P,
  words: () => string,
): P & { readonly message: string } => ({
  ...props,
  message: props.message ?? words(),
})

// The API's own words may quote the contact, so they live beside the error: no inspection of it can meet them.
const apiMessages = new WeakMap<object, string>()

/** Keeps the API's own words for an error; `apiMessage` reads them back. */
export const withApiMessage = <E extends AelystError>(error: E, words: string | undefined): E => {
  if (words !== undefined) apiMessages.set(error, words)
  return error
}

/** Holds what every error has beside its fields. */
export interface Members<O extends Outcome> {
  /** What became of the contact. */
  readonly outcome: O
  /** Whether sending the same again later may work and cannot double the contact. */
  readonly isRetryable: boolean
  /** The API's own words, where it sent some; kept out of inspection, JSON and logs. */
  readonly apiMessage: string | undefined
  /** The address of the error's page section. */
  readonly docs: string
}

interface Waits {
  /** `retryAfterMs` as a `Duration`. */
  readonly retryAfter: Duration.Duration | undefined
}

/**
 * Tells that the identifier or the contact breaks a rule; no request was made.
 *
 * `issues` holds all of them, each with its path, code and rule, never a value. Outcome `not_sent`.
 */
export class InvalidContactError extends Schema.TaggedError<
  InvalidContactError,
  Members<"not_sent">
>()("InvalidContactError", { ...fields, issues: Schema.Array(Issue) }) {
  constructor(props: Input<InvalidContactFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () => {
        const first = props.issues
          .slice(0, 5)
          .map((issue) => `${issue.path.join(".")}: ${issue.rule} [${issue.code}]`)
          .join("; ")
        const more = props.issues.length > 5 ? `; and ${props.issues.length - 5} more` : ""
        return sentence("InvalidContactError", `The contact is not valid: ${first}${more}`)
      }),
      options,
    )
  }
}
type InvalidContactFields = Pick<InvalidContactError, "attempts" | "issues">

const unavailableWords = {
  circuit: "The API has not been answering, so the circuit is open",
  queue: "Too many calls are waiting in line",
  deadline: "The wait in line cannot end before the deadline",
  token: "The token function gave no token",
  closed: "The client is closed",
} as const

/**
 * Tells that the client did not let the request go.
 *
 * `reason` is `circuit`, `queue`, `deadline`, `token` or `closed`; `retryAfterMs` and `retryAfter` say when it may
 * work, where that is known. Outcome `not_sent`.
 */
export class UnavailableError extends Schema.TaggedError<
  UnavailableError,
  Members<"not_sent"> & Waits
>()("UnavailableError", {
  ...fields,
  reason: Schema.Literals(["circuit", "queue", "deadline", "token", "closed"]),
  retryAfterMs: Schema.optionalKey(Schema.Finite),
}) {
  constructor(props: Input<UnavailableFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () => sentence("UnavailableError", unavailableWords[props.reason])),
      options,
    )
  }
}
type UnavailableFields = Pick<UnavailableError, "attempts" | "reason" | "retryAfterMs">

/**
 * Tells that no connection could be made, before any byte of the request could leave.
 *
 * `kind` is what failed, `code` the system's own code (`ENOTFOUND`). Outcome `not_sent`. Resent by default, but never
 * for `certificate` or `proxy_auth`.
 */
export class ConnectionError extends Schema.TaggedError<ConnectionError, Members<"not_sent">>()(
  "ConnectionError",
  {
    ...fields,
    kind: Schema.Literals([
      "dns",
      "connect",
      "timeout",
      "tls",
      "certificate",
      "proxy",
      "proxy_auth",
    ]),
    code: Schema.String,
  },
) {
  constructor(props: Input<ConnectionFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () =>
        sentence("ConnectionError", `The API could not be reached (${props.code})`),
      ),
      options,
    )
  }
}
type ConnectionFields = Pick<ConnectionError, "attempts" | "kind" | "code">

/**
 * Tells that the API refused the contact (W6), or that it exists already (D3).
 *
 * `exists` is true where the answer says that the contact exists; `status` is 400, or what the matcher of "exists"
 * recognised. `apiMessage` holds the API's own words. Outcome `rejected`.
 */
export class BadRequestError extends Schema.TaggedError<BadRequestError, Members<"rejected">>()(
  "BadRequestError",
  {
    ...fields,
    status: Schema.Int,
    exists: Schema.Boolean,
  },
) {
  constructor(props: Input<BadRequestFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () =>
        sentence(
          "BadRequestError",
          props.exists
            ? `The API says that the contact exists already (${props.status})`
            : `The API refused the contact (${props.status})`,
        ),
      ),
      options,
    )
  }
}
type BadRequestFields = Pick<BadRequestError, "attempts" | "status" | "exists">

/** Tells that the API refused the token (W7). Outcome `rejected`; a run stops at once. */
export class AuthenticationError extends Schema.TaggedError<
  AuthenticationError,
  Members<"rejected"> & { readonly status: 401 }
>()("AuthenticationError", { ...fields }) {
  constructor(props: Input<Pick<AuthenticationError, "attempts">>, options?: Schema.MakeOptions) {
    super(
      worded(props, () => sentence("AuthenticationError", "The API refused the token (401)")),
      options,
    )
  }
}

/**
 * Tells that the API refused the request for its rate (W8).
 *
 * `retryAfterMs` and `retryAfter` are the wait that it asked for, absent where it named none; `limit` and `remaining`
 * count requests. Outcome `rejected`. Resent after the wait, while resends are left and the wait fits.
 */
export class RateLimitError extends Schema.TaggedError<
  RateLimitError,
  Members<"rejected"> & Waits & { readonly status: 429 }
>()("RateLimitError", {
  ...fields,
  retryAfterMs: Schema.optionalKey(Schema.Finite),
  limit: Schema.optionalKey(Schema.Finite),
  remaining: Schema.optionalKey(Schema.Finite),
}) {
  constructor(props: Input<RateLimitFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () =>
        sentence(
          "RateLimitError",
          props.retryAfterMs === undefined
            ? "The API refused the request for its rate (429)"
            : `The API refused the request for its rate (429) and asks for ${Math.ceil(props.retryAfterMs / 1000)} s`,
        ),
      ),
      options,
    )
  }
}
type RateLimitFields = Pick<RateLimitError, "attempts" | "retryAfterMs" | "limit" | "remaining">

/** Tells that the API answered 500 (W9) or another 5xx (D6); `status` says which. Outcome `unknown`. */
export class InternalServerError extends Schema.TaggedError<
  InternalServerError,
  Members<"unknown">
>()("InternalServerError", { ...fields, status: Schema.Int }) {
  constructor(
    props: Input<Pick<InternalServerError, "attempts" | "status">>,
    options?: Schema.MakeOptions,
  ) {
    super(
      worded(props, () => sentence("InternalServerError", `The API answered ${props.status}`)),
      options,
    )
  }
}

/**
 * Tells that the answer is none that the API documents (D6).
 *
 * `outcome` is `unknown` for a redirect and for a 2xx that cannot be verified, else `rejected`. `reason` names what
 * was odd. `headers` holds harmless headers only, `excerpt` at most 200 characters of the body, redacted.
 */
export class UnexpectedResponseError extends Schema.TaggedError<
  UnexpectedResponseError,
  Omit<Members<Outcome>, "outcome">
>()("UnexpectedResponseError", {
  ...fields,
  status: Schema.Int,
  outcome: Schema.Literals(["rejected", "unknown"]),
  reason: Schema.Literals(["status", "redirect", "unreadable", "contradiction"]),
  headers: Schema.Record(Schema.String, Schema.String),
  excerpt: Schema.String,
}) {
  constructor(props: Input<UnexpectedResponseFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () =>
        sentence(
          "UnexpectedResponseError",
          {
            status: `The API answered ${props.status}, which it does not document`,
            redirect: "The answer is a redirect, and redirects are refused",
            unreadable: `The API answered ${props.status} with a body that cannot be read`,
            contradiction: `The API answered ${props.status} with a body that says otherwise`,
          }[props.reason],
          props.outcome === "rejected"
            ? "The contact was not created."
            : "The contact may or may not exist.",
        ),
      ),
      options,
    )
  }
}
type UnexpectedResponseFields = Pick<
  UnexpectedResponseError,
  "attempts" | "status" | "outcome" | "reason" | "headers" | "excerpt"
>

const LastError = Schema.Union([
  UnavailableError,
  ConnectionError,
  BadRequestError,
  AuthenticationError,
  RateLimitError,
  InternalServerError,
  UnexpectedResponseError,
])

/**
 * Tells that an attempt left and that nobody can say whether the contact exists.
 *
 * `code` is what ended the attempt in doubt (`ECONNRESET`, `TIMEOUT`, `ABORTED`, `HTTP_408` and the like); `last` is
 * the newest error, where the call went on after the doubt and ended otherwise. Outcome `unknown`.
 */
export class OutcomeUnknownError extends Schema.TaggedError<
  OutcomeUnknownError,
  Members<"unknown">
>()("OutcomeUnknownError", {
  ...fields,
  code: Schema.String,
  last: Schema.optionalKey(LastError),
}) {
  constructor(props: Input<OutcomeUnknownFields>, options?: Schema.MakeOptions) {
    super(
      worded(props, () =>
        sentence("OutcomeUnknownError", `The request left and no answer came back (${props.code})`),
      ),
      options,
    )
  }
}
type OutcomeUnknownFields = Pick<OutcomeUnknownError, "attempts" | "code" | "last">

const tagOf = (u: unknown): unknown =>
  typeof u === "object" && u !== null ? Reflect.get(u, AelystErrorTypeId) : undefined

const getter = (get: (this: AelystError) => unknown): PropertyDescriptor => ({
  get,
  configurable: true,
})

const describe = (
  Class: { readonly prototype: AelystError; readonly identifier: string },
  own: {
    readonly outcome?: Outcome
    readonly status?: number
    readonly isRetryable: PropertyDescriptor
  },
) => {
  const tag = Class.identifier
  Object.defineProperty(Class, Symbol.hasInstance, { value: (u: unknown) => tagOf(u) === tag })
  Object.defineProperties(Class.prototype, {
    [AelystErrorTypeId]: { value: tag },
    ...(own.outcome !== undefined && { outcome: { value: own.outcome } }),
    ...(own.status !== undefined && { status: { value: own.status } }),
    isRetryable: own.isRetryable,
    apiMessage: getter(function () {
      return apiMessages.get(this)
    }),
    docs: getter(function () {
      return docsUrl(this._tag)
    }),
    retryAfter: getter(function () {
      return "retryAfterMs" in this && this.retryAfterMs !== undefined
        ? millis(this.retryAfterMs)
        : undefined
    }),
    toJSON: {
      value(this: AelystError): unknown {
        const { _tag, message, outcome, isRetryable, docs } = this
        return { ...this, _tag, name: _tag, message, outcome, isRetryable, docs }
      },
    },
  })
}
const never: PropertyDescriptor = { value: false }

describe(InvalidContactError, { outcome: "not_sent", isRetryable: never })
describe(UnavailableError, {
  outcome: "not_sent",
  isRetryable: getter(function () {
    return "reason" in this && this.reason !== "closed" && this.reason !== "token"
  }),
})
describe(ConnectionError, {
  outcome: "not_sent",
  isRetryable: getter(function () {
    return "kind" in this && this.kind !== "certificate" && this.kind !== "proxy_auth"
  }),
})
describe(BadRequestError, { outcome: "rejected", isRetryable: never })
describe(AuthenticationError, { outcome: "rejected", status: 401, isRetryable: never })
describe(RateLimitError, { outcome: "rejected", status: 429, isRetryable: { value: true } })
describe(InternalServerError, { outcome: "unknown", isRetryable: never })
describe(OutcomeUnknownError, { outcome: "unknown", isRetryable: never })
describe(UnexpectedResponseError, { isRetryable: never })

/** Describes every error of a create, in JSON and back; decoding gives instances of the classes. */
export const AelystError = Schema.Union([
  InvalidContactError,
  UnavailableError,
  ConnectionError,
  BadRequestError,
  AuthenticationError,
  RateLimitError,
  InternalServerError,
  OutcomeUnknownError,
  UnexpectedResponseError,
])
export type AelystError = typeof AelystError.Type

/** Tells whether a value is one of the nine errors, from this copy of the package or another. */
export const isAelystError = (u: unknown): u is AelystError => {
  const tag = tagOf(u)
  return typeof tag === "string" && Object.hasOwn(errorTable, tag)
}
