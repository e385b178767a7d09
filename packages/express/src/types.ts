/**
 * The public types, written by hand: whoever installs this package gets no type of Effect.
 */
import type {
  Aelyst,
  AelystError,
  AelystOptions,
  ContactInput,
  CreateResult,
  Issue,
} from "@aelyst/node"
import type { Request, RequestHandler, Response } from "express"

type Awaitable<A> = A | Promise<A>

/** Where contacts go: a client of yours, or the options of one. */
export type ClientSource = Aelyst | AelystOptions

/** Names what can be noticed about the set-up. */
export type FindingName =
  | "noClient"
  | "noToken"
  | "mapperBeforeHandler"
  | "bodyConsumed"
  | "trustProxyUnset"
  | "trustProxyAll"
  | "onCreatedFailed"
  | "upstreamAuth"

/** Switches what is noticed about the set-up: all of it, or by name. */
export type Checks = boolean | { readonly [Name in FindingName]?: boolean }

/** Something that was noticed about the set-up. */
export interface LogEntry {
  readonly level: "warn" | "error"
  /** Stable, `ERR_AELYST_EXPRESS_…`. */
  readonly code: string
  readonly message: string
  /** The address of its heading. */
  readonly docs: string
}

/** What every block takes. */
export interface SetupOptions {
  /** Default: all on. */
  readonly checks?: Checks
  /** Takes what is noticed, each once per app. Default: a process warning, which Node prints to stderr. */
  readonly log?: (entry: LogEntry) => void
}

/**
 * Says whether a request may go on. Only `true` lets it; `401` and `403` are answered as they are, anything else as 403.
 * A function that answers by itself may return anything.
 */
export type Verdict = boolean | 401 | 403

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

/** Says what an identifier names the contact by; an opaque contact ID counts as `id`. */
export type IdentifierKind = "email" | "phone" | "id"

/** What became of a visitor's contact, as `respond` gets it; the same for a caught bot. */
export interface Submitted {
  readonly identifier: string
  readonly contact: ContactInput
}

/** What `onCreated` gets. */
export interface CreatedContact extends Submitted {
  readonly result: CreateResult["result"]
}

/** A broken rule, at the field of the form that broke it; never the value. */
export interface FieldIssue extends Issue {
  /** The name of the form's field, where the default map read it; else the path, joined by dots. */
  readonly field: string
}

/** What a visitor is told about an error. */
export interface Problem {
  readonly status: number
  /** Stable: `invalid_contact`, `contact_refused`, `upstream_auth`, `rate_limited` and the like. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
  /** When to try again, in whole seconds, at least 1. */
  readonly retryAfter?: number
  readonly issues?: ReadonlyArray<FieldIssue>
  /** The members below are there with `expose: "full"` alone. */
  readonly error?: string
  readonly outcome?: AelystError["outcome"]
  /** The API's own words; they may quote the contact. */
  readonly apiMessage?: string
  readonly docs?: string
}

/** How `createContact` works. */
export interface CreateContactOptions extends SetupOptions {
  /** Where contacts go. Default: the client that `aelyst()` attached. */
  readonly client?: ClientSource
  /**
   * Makes the contact. Default `"default"`: by the names of the form's fields (`e-mail`, `Mobile`, `given name`). A
   * function finds the fields in `req.body`, also where no parser ran.
   */
  readonly map?: "default" | ((req: Request) => Awaitable<ContactInput>)
  /** What the default map takes. Default: all but `profilePic`. */
  readonly fields?: ReadonlyArray<ContactField>
  /** What names the contact: the first of these that it has, or a function that gives the identifier. Default email, phone. */
  readonly identifyBy?:
    | ReadonlyArray<IdentifyBy>
    | ((contact: ContactInput, req: Request) => Awaitable<string>)
  /** Says whether the visitor may do this; runs when the body is there, before anything is sent. */
  readonly guard?: (req: Request, res: Response) => Awaitable<Verdict>
  /** The name of a field that people do not see. Who fills it in gets the same answer, and nothing is sent. */
  readonly honeypot?: string
  /** Any limiter, such as express-rate-limit's; runs before the body is read. */
  readonly rate?: RequestHandler
  /** Default `inline`: the answer waits for the API's. */
  readonly delivery?: "inline"
  /** Called after a contact was created, once however many asked for it. A failure is logged. */
  readonly onCreated?: (created: CreatedContact, req: Request) => unknown
  /** Answers the visitor. Default: 201 and `{ "status": "created" }`. */
  readonly respond?: (res: Response, submitted: Submitted, req: Request) => unknown
  /**
   * Who answers errors: `next` gives them to `next(error)`, `respond` answers as `aelystErrors()` would. Default: `next`
   * where an `aelystErrors()` stands behind the route, else `respond`.
   */
  readonly errors?: "next" | "respond"
}

/** How `aelystErrors` works. */
export interface AelystErrorsOptions extends SetupOptions {
  /** `aelyst` (default): `{ code, message, … }`. `problem`: RFC 9457, `application/problem+json`. */
  readonly shape?: "aelyst" | "problem"
  /** `safe` (default): our words alone. `full`: also the error's name, its outcome and the API's own words. */
  readonly expose?: "safe" | "full"
  /** Gets every error that is answered here. A failure changes nothing. */
  readonly onError?: (error: unknown, req: Request) => unknown
  /** Answers in place of JSON, such as with a page. Status, `Retry-After` and `Cache-Control` are set. */
  readonly respond?: (res: Response, problem: Problem, req: Request) => unknown
}

/** How `contactProxy` works. */
export interface ContactProxyOptions extends SetupOptions {
  /** Says who may create contacts. There is no default: without it anyone could. */
  readonly authorize: (req: Request, res: Response) => Awaitable<Verdict>
  /** Where contacts go. Default: the client that `aelyst()` attached. */
  readonly client?: ClientSource
  readonly allow?: {
    /** Default: all kinds. Others are a 403. */
    readonly identifiers?: ReadonlyArray<IdentifierKind>
    /** Default: all fields. Others are dropped. */
    readonly fields?: ReadonlyArray<ContactField>
    /** Which custom fields, by name. Default: all. Others are dropped. */
    readonly customFields?: boolean | ReadonlyArray<string>
  }
  /** Any limiter, such as express-rate-limit's; runs before `authorize`. */
  readonly rate?: RequestHandler
  /** `strict` answers 500 where the API did, `default` 502. */
  readonly mirror?: "default" | "strict"
}
