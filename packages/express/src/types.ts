/** The public types, without any type of Effect. */
import type {
  Aelyst,
  AelystError,
  AelystOptions,
  ContactInput,
  CreateResult,
  IdentifierInput,
  IdentifierKind,
  Issue,
} from "@aelyst/node"
import type { Request, RequestHandler, Response } from "express"

type Awaitable<A> = A | Promise<A>

/** A client, or the options of one. */
export type ClientSource = Aelyst | AelystOptions

/** Names a problem with the set-up; the README has a heading for each. */
export type FindingName =
  | "noClient"
  | "noToken"
  | "mapperBeforeHandler"
  | "bodyConsumed"
  | "trustProxyUnset"
  | "trustProxyAll"
  | "onCreatedFailed"
  | "upstreamAuth"
  | "fieldIgnored"
  | "honeypot"
  | "createFailed"

/** Switches the checks of the set-up on or off, all at once or by name. */
export type Checks = boolean | { readonly [Name in FindingName]?: boolean }

/** Describes a problem with the set-up. */
export interface LogEntry {
  readonly level: "warn" | "error"
  /** Stable, `ERR_AELYST_EXPRESS_…`. */
  readonly code: string
  readonly message: string
  /** The URL of its heading in the README. */
  readonly docs: string
  /** The field of the form that was ignored: its name, never its value. */
  readonly field?: string
  /** The name of the error of a create, or the code of a response such as `busy`. */
  readonly error?: string
  /** How many events there were since the last line of this kind. */
  readonly count?: number
}

/** Counts the submissions of an app by how they ended. */
export interface SubmissionCounts {
  readonly created: number
  /** Accepted by an outbox, which creates them later. */
  readonly accepted: number
  /** The API said that the contact exists. */
  readonly existed: number
  /** The input was invalid; nothing was sent. */
  readonly invalid: number
  /** The API rejected the contact. */
  readonly rejected: number
  /** The contact may or may not exist. */
  readonly unknown: number
  /** Not created for any other reason: the API, the network, the token, a limit or the outbox. */
  readonly failed: number
  /** The honeypot was filled in; nothing was sent. */
  readonly honeypot: number
}

/** The options that every block takes. */
export interface SetupOptions {
  /** Which checks are on. Default: all. */
  readonly checks?: Checks
  /**
   * Receives each problem with the set-up once per app, and failed creates and filled-in honeypots at most once a minute
   * and kind, with a count. Default: a process warning, which Node prints to stderr.
   */
  readonly log?: (entry: LogEntry) => void
}

/**
 * The decision of a guard. Only `true` accepts the request; `401` and `403` become the response's status, every other
 * value a 403. A guard that sends a response itself may return anything.
 */
export type GuardResult = boolean | 401 | 403

/** Names a field of a contact. */
export type ContactField =
  | "firstName"
  | "lastName"
  | "email"
  | "phone"
  | "language"
  | "countryCode"
  | "profilePic"

/** Names a field that can identify a contact. */
export type IdentifyBy = "email" | "phone"

export type { IdentifierKind } from "@aelyst/node"

/** A visitor's submission, as `respond` receives it; the same for a caught bot. */
export interface Submitted {
  readonly identifier: string
  readonly contact: ContactInput
  /** The `id` under which an outbox has accepted it. */
  readonly id?: string
}

/** Takes submissions to create their contacts later; an outbox of `@aelyst/outbox` is one. */
export interface ContactDelivery {
  /** Resolves when the submission is stored durably. */
  readonly accept: (
    submission: { readonly identifier: IdentifierInput; readonly contact: ContactInput },
    options: { readonly idempotencyKey?: string | undefined },
  ) => Promise<{ readonly id: string }>
  /** Returns the state of a submission; undefined if it is not known. */
  readonly get: (id: string) => Promise<{ readonly state: string } | undefined>
}

/** The state of an accepted submission, for its visitor. */
export type SubmissionStatus = "pending" | "created" | "rejected" | "unknown"

/** The options of `contactStatus`. */
export interface ContactStatusOptions {
  /** The outbox that accepted the submissions. */
  readonly delivery: ContactDelivery
  /** The name of the route's parameter with the `id`. Default `id`. */
  readonly param?: string
}

/** A submission and its result, as `onCreated` receives them. */
export interface CreatedContact extends Submitted {
  readonly result: Exclude<CreateResult["result"], "existed">
}

/** A broken rule, at the field of the form that broke it; never the value. */
export interface FieldIssue extends Issue {
  /** The name of the form's field if the default map read it, else the path, joined by dots. */
  readonly field: string
}

/** Describes an error to a visitor. */
export interface Problem {
  readonly status: number
  /** Stable: `invalid_contact`, `contact_refused`, `already_exists`, `rate_limited` and the like. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
  /** When to try again, in whole seconds, at least 1. */
  readonly retryAfter?: number
  readonly issues?: ReadonlyArray<FieldIssue>
  /** The name of the error; this and the members below only with `expose: "full"`. */
  readonly error?: string
  readonly outcome?: AelystError["outcome"]
  /** The API's own message, which may quote the contact. */
  readonly apiMessage?: string
  readonly docs?: string
}

/** The options of `createContact`. */
export interface CreateContactOptions extends SetupOptions {
  /** The client, or its options. Default: the client that `aelyst()` attached. */
  readonly client?: ClientSource
  /**
   * Builds the contact from the form. Default `"default"`: by the names of the form's fields (`e-mail`, `Mobile`, `given
   * name`). A function finds the fields in `req.body`, even if no body parser ran.
   */
  readonly map?: "default" | ((req: Request) => Awaitable<ContactInput>)
  /** The fields that the default map reads. Default: all but `profilePic`. */
  readonly fields?: ReadonlyArray<ContactField>
  /**
   * The custom fields that the default map reads, by name; or an object from the names of the form's fields to those of
   * the custom fields. Default: none.
   */
  readonly customFields?: ReadonlyArray<string> | Readonly<Record<string, string>>
  /** The fields that can identify the contact, the first that it has wins, or a function. Default: email, phone. */
  readonly identifyBy?:
    | ReadonlyArray<IdentifyBy>
    | ((contact: ContactInput, req: Request) => Awaitable<string>)
  /** Decides whether the visitor may submit; runs after the body was read and before anything is sent. */
  readonly guard?: (req: Request, res: Response) => Awaitable<GuardResult>
  /** The name of a field that people do not see. If it is filled in, nothing is sent and the response is the same. */
  readonly honeypot?: string
  /** Called when the honeypot was filled in, with the submission that was not sent. A failure changes nothing. */
  readonly onHoneypot?: (submitted: Submitted, req: Request) => unknown
  /** `accept` responds to a contact that exists as to a created one. Default `error`: 422 with `already_exists`. */
  readonly existing?: "error" | "accept"
  /** Receives every error of a submission, whichever handler responds to it. A failure changes nothing. */
  readonly onError?: (error: unknown, req: Request) => unknown
  /** A rate limiter, such as express-rate-limit's; runs before the body is read. */
  readonly rate?: RequestHandler
  /**
   * Default `inline`: the response waits for the API's. An outbox of `@aelyst/outbox`: the response is 202 with
   * `{ "status": "accepted", "id" }` and a `Location` as soon as the submission is stored durably, and the contact is
   * created later. A visitor's `Idempotency-Key` is stored with it: the same key with another contact is a 422.
   */
  readonly delivery?: "inline" | ContactDelivery
  /**
   * Called once per created contact, however many requests submitted it. A failure is logged. With an outbox, use the
   * outbox's `onEnd` instead.
   */
  readonly onCreated?: (created: CreatedContact, req: Request) => unknown
  /** Responds to the visitor. Default: 201 and `{ "status": "created" }`; with an outbox see `delivery`. */
  readonly respond?: (res: Response, submitted: Submitted, req: Request) => unknown
  /**
   * Handling of errors: `next` passes them to `next(error)`, `respond` responds as `aelystErrors()` would. Default:
   * `next` if an `aelystErrors()` is mounted after the route, else `respond`.
   */
  readonly errors?: "next" | "respond"
}

/** The options of `aelystErrors`. */
export interface AelystErrorsOptions extends SetupOptions {
  /** `aelyst` (default): `{ code, message, … }`. `problem`: RFC 9457, `application/problem+json`. */
  readonly shape?: "aelyst" | "problem"
  /** `safe` (default): our sentences only. `full`: also the error's name, its outcome and the API's own message. */
  readonly expose?: "safe" | "full"
  /** Receives every error that is responded to here. A failure changes nothing. */
  readonly onError?: (error: unknown, req: Request) => unknown
  /** Responds instead of JSON, for example with a page. Status, `Retry-After` and `Cache-Control` are already set. */
  readonly respond?: (res: Response, problem: Problem, req: Request) => unknown
}

/** The options of `contactProxy`. */
export interface ContactProxyOptions extends SetupOptions {
  /** Decides whether a caller may create contacts. Required: without it, anyone could. */
  readonly authorize: (req: Request, res: Response) => Awaitable<GuardResult>
  /** The client, or its options. Default: the client that `aelyst()` attached. */
  readonly client?: ClientSource
  readonly allow?: {
    /** The allowed kinds of identifiers; others get a 403. Default: all. */
    readonly identifiers?: ReadonlyArray<IdentifierKind>
    /** The allowed fields; others are dropped. Default: all. */
    readonly fields?: ReadonlyArray<ContactField>
    /** The allowed custom fields, by name; others are dropped. Default: all. */
    readonly customFields?: boolean | ReadonlyArray<string>
  }
  /** A rate limiter, such as express-rate-limit's; runs before `authorize`. */
  readonly rate?: RequestHandler
  /** Receives every error that the proxy responds to. A failure changes nothing. */
  readonly onError?: (error: unknown, req: Request) => unknown
  /** The response's status if the API failed with a 5xx: `strict` 500, `default` 502. */
  readonly mirror?: "default" | "strict"
}
