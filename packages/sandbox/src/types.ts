/**
 * The public types, written by hand: whoever installs the sandbox gets no type of Effect and none of the core.
 * Times are milliseconds since the epoch on the sandbox's clock, lengths of time are milliseconds.
 */

/** Names a limiter; see `Limiter.ts` for how each counts. */
export type LimiterKind =
  | "fixed-window-aligned"
  | "fixed-window-first-request"
  | "sliding-log"
  | "token-bucket"
  | "gcra"

/** Says which requests a limiter lets in. */
export interface LimitOptions {
  /** How many requests, a whole number; 0 refuses all. Default 10 (W8's example). */
  readonly limit?: number
  /** Per how many milliseconds. Default 1,000: the page does not say (D4). */
  readonly windowMs?: number
  /** Default `fixed-window-aligned`. */
  readonly limiter?: LimiterKind
}

/**
 * Says what a create of a contact that exists does; the page does not (D3).
 *
 * - `reject`: 400 with a message that says so; `reject=403`, `reject=409` with these statuses, `reject=object` 400 with
 *   an object as `message`
 * - `merge`: 200, one contact, the given fields replace the old ones
 * - `duplicate`: 200, a second contact
 */
export type Existing =
  | "reject"
  | "reject=403"
  | "reject=409"
  | "reject=object"
  | "merge"
  | "duplicate"

/** Declares a custom field: its type (W4), or an object with the options of a list. */
export type FieldDeclaration =
  | "text"
  | "number"
  | "email"
  | "url"
  | "date"
  | "time"
  | "checkbox"
  | {
      readonly type: "text" | "number" | "email" | "url" | "date" | "time" | "checkbox"
      readonly help?: string
    }
  | { readonly type: "list"; readonly options: ReadonlyArray<string>; readonly help?: string }

/** Gives the time. `sleep` ends early, without failing, when the signal aborts. */
export interface SandboxClock {
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** What can be changed while the sandbox runs, with `configure` or `PATCH /_sandbox/settings`. */
export interface SandboxSettings extends LimitOptions {
  /** Default `reject`. */
  readonly existing?: Existing
  /** How long a new contact is `processing` before it is `ready` (W10). Default 0. */
  readonly processingDelayMs?: number
  /** How long the search for an existing contact is blind to a new one. Default 0. */
  readonly lagMs?: number
  /** Waits this long before every answer, or a time between the two. Default 0. */
  readonly latencyMs?: number | readonly [number, number]
  /** Which answers carry `X-RateLimit-*` (D5). Default `all`. */
  readonly rateLimitHeaders?: "all" | "on-429" | "none"
  /** How a 429 of the limiter writes `Retry-After` (D8). Default `integer`, as documented. */
  readonly retryAfter?: "integer" | "fraction" | "date" | "none"
}

/** How a sandbox is started. */
export interface SandboxOptions extends SandboxSettings {
  /** Default 127.0.0.1. Another address shows the contacts in the sandbox to the network. */
  readonly host?: string
  /** Default 0: a free port. A port that is taken rejects with `EADDRINUSE`. */
  readonly port?: number
  /** The custom fields that exist. Without it every name is taken with every kind of value. */
  readonly fields?: { readonly [name: string]: FieldDeclaration }
  /** More accepted tokens and their limits, beside the seeded ones. */
  readonly extraTokens?: { readonly [token: string]: LimitOptions }
  /** `real` (default), `virtual` (moves only by `advance` or `POST /_sandbox/clock`), or a clock of yours. */
  readonly clock?: "real" | "virtual" | SandboxClock | (() => number)
  /**
   * Keeps the contacts in this file too, a line of JSON per change, and takes those that it holds. It is made for its
   * owner alone (0600); one sandbox at a time. Default: contacts live in memory.
   */
  readonly data?: string
  /** Seeds everything drawn at random. Default 1. */
  readonly seed?: number
  /** Faults that are there from the start and after each `reset`. */
  readonly faults?: ReadonlyArray<FaultSpec | string>
  /** Whether `/_sandbox` answers. Default: on loopback only. */
  readonly admin?: boolean
  /** More names under which the sandbox may be reached, beside the loopback ones. */
  readonly allowedHosts?: ReadonlyArray<string>
  /** How many connections at once. Default 256. */
  readonly maxConnections?: number
  /** How many contacts are kept; a create beyond is a 507. Default 1,000,000. */
  readonly maxContacts?: number
  /** How many requests are remembered. Default 5,000. */
  readonly maxRequests?: number
  /** After how long an idle connection is closed. Default 5,000. */
  readonly idleTimeoutMs?: number
  /** How long the head of a request may take. Default 5,000. */
  readonly headersTimeoutMs?: number
  /** How long a whole request may take. Default 15,000. */
  readonly requestTimeoutMs?: number
}

/** How an answer leaves, where it does not leave in one piece. */
export type Delivery =
  /** The connection is reset, no byte of an answer leaves. */
  | "drop"
  /** The connection is closed with a FIN, no byte of an answer leaves. */
  | "fin"
  /** No byte of an answer ever leaves; the connection stays open. */
  | "stall"
  /** The head leaves and the first half of the body, then nothing. */
  | "stall-body"
  /** `Content-Length` promises more than is sent. */
  | "truncate-length"
  /** A chunked body without its last chunk. */
  | "truncate-chunked"
  /** Half of a body that ends with the connection: nothing shows that it is half. */
  | "truncate-close"
  /** Bytes that are not HTTP. */
  | "garbage"
  /** The answer leaves byte by byte. */
  | "drip"

/** Describes a fault: whom it hits, what is answered, how that leaves, and how often. */
export interface FaultSpec {
  /** A preset, such as `429-7s-x3`, `drop-before` or `html-502`; the other members replace parts of it. */
  readonly preset?: string
  /** Which requests: all that are given must fit. `*` at the end of an identifier stands for anything. */
  readonly match?: { readonly identifier?: string; readonly token?: string }
  readonly status?: number
  /** A string is sent as it is, anything else as JSON. Default: the documented body of the status. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
  /** Seconds, or any text; `null` leaves the header out. */
  readonly retryAfter?: number | string | null
  /** `false` leaves `X-RateLimit-*` out. */
  readonly rateLimitHeaders?: boolean
  /** Where a redirect leads. Default: a page of the sandbox that answers 200. */
  readonly location?: string
  /** Waits before the answer. */
  readonly delayMs?: number
  /** Whether a valid contact is created all the same. Default: only where the answer itself is left alone. */
  readonly commit?: boolean
  readonly delivery?: Delivery
  /** Milliseconds between the bytes of `drip`. Default 1,000. */
  readonly intervalMs?: number
  /** Fills the body up to this many bytes with spaces. */
  readonly padTo?: number
  /** Compresses the body once. */
  readonly gzip?: boolean
  /** Sends exactly these bytes (as latin1) and closes. */
  readonly raw?: string
  /** How many times; without it for ever. */
  readonly times?: number
  /** How likely, 0 to 1. Default 1. */
  readonly probability?: number
  /** Seeds the probability. Default: from the sandbox's seed. */
  readonly seed?: number
}

/** A fault that waits for its requests. */
export interface Fault {
  readonly id: number
  readonly name: string
  readonly spec: FaultSpec
  /** How many requests it has hit. */
  readonly hits: number
  /** How many more it will hit; absent for ever. */
  readonly left?: number
}

/** A contact in the sandbox. */
export interface SandboxContact {
  readonly id: string
  readonly identifier: string
  readonly key: string
  readonly firstName: string
  readonly lastName?: string
  readonly phone?: string
  readonly email?: string
  readonly language?: string
  readonly profilePic?: string
  readonly countryCode?: string
  readonly custom_fields?: ReadonlyArray<{
    readonly name: string
    readonly value?: string | number | boolean
  }>
  /** `processing` until `readyAt` (W10). */
  readonly state: "processing" | "ready"
  readonly createdAt: number
  readonly readyAt: number
  /** How many times a create was merged into it. */
  readonly merges: number
}

/** A broken rule: where, which, and how to mend it; never the value. */
export interface RequestIssue {
  readonly path: ReadonlyArray<string | number>
  readonly code: string
  readonly rule: string
  readonly suggestion?: string
}

/** A request that the sandbox received. */
export interface SandboxRequest {
  readonly seq: number
  readonly at: number
  readonly method: string
  readonly path: string
  /** As written in the path; absent where there was none. */
  readonly identifier?: string
  readonly key?: string
  /** A seeded or extra token by its name; `none` or `unknown` for all others, which are never kept. */
  readonly token: string
  /** 1 for the first request with this key. */
  readonly attempt?: number
  /** Without `authorization`. */
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** The first 8,192 characters. */
  readonly body: string
  /** The fault that hit it, by name. */
  readonly fault?: string
  readonly issues?: ReadonlyArray<RequestIssue>
  readonly result?: "created" | "merged" | "duplicated" | "existed"
  /** `waiting` for its answer, `answered`, `cut` by a fault, or `gone`: the client left first. */
  readonly state: "waiting" | "answered" | "cut" | "gone"
  /** Absent until an answer has left. */
  readonly status?: number
  /** How long until the answer or the end. */
  readonly ms?: number
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfter?: string
  readonly answer?: string
}

/** What happened to one key, whatever was answered: the judge of a test. */
export interface LedgerEntry {
  readonly key: string
  /** Complete requests received. */
  readonly posts: number
  /** Contacts created. */
  readonly created: number
  readonly merged: number
  /** How often each status was decided on; 0 counts cut connections. */
  readonly statuses: { readonly [status: number]: number }
  readonly firstAt: number
  readonly lastAt: number
}

/** One request as a point in a rate plot. */
export interface TimelinePoint {
  readonly at: number
  readonly status: number
  readonly ms: number
  readonly limit?: number
  readonly remaining?: number
}

/** The tokens that every sandbox knows. */
export interface SandboxTokens {
  readonly ok: "sandbox_ok"
  /** Always refused. */
  readonly unauthorized: "sandbox_401"
  /** Answered 2 s later. */
  readonly slow: "sandbox_slow"
  /** One request per second. */
  readonly limit1: "sandbox_limit_1"
  /** Every third call is a 500. */
  readonly flaky: "sandbox_flaky"
}

/** What listeners are told. */
export type SandboxEvent =
  | { readonly type: "request"; readonly request: SandboxRequest }
  | { readonly type: "answer"; readonly request: SandboxRequest }
  | { readonly type: "contact"; readonly contact: Pick<SandboxContact, "identifier" | "key"> }
  | {
      readonly type: "change"
      readonly what: "reset" | "faults" | "settings" | "clock" | "removed"
    }

/** An answer that is decided on but has not left. */
export interface SandboxExchange {
  /** How long to wait before `respond`. */
  readonly delayMs: number
  /** Whether no answer will ever come; do not call `respond` then. */
  readonly stalls: boolean
  /** Makes the answer; throws the `TypeError` of a connection that is cut. */
  readonly respond: () => Response
  /** Says that the client has left. */
  readonly abandon: () => void
}

/** A complete request. */
export interface SandboxExchangeRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** What the command needs of its process. */
export interface SandboxIo {
  readonly stdout: { readonly write: (text: string) => unknown }
  readonly stderr: { readonly write: (text: string) => unknown; readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Asks to stop; its reason is the name of the signal: `SIGINT` or `SIGTERM`. */
  readonly signal: AbortSignal
  /** The command as people typed it. Default `aelyst-sandbox`. */
  readonly program?: string
  readonly version?: string
}
