/**
 * The public types, written by hand so that users of the sandbox get no types of Effect or of core.
 * Times are milliseconds since the epoch on the sandbox's clock; durations are milliseconds.
 */

/** Names a limiter; see `Limiter.ts` for how each one counts. */
export type LimiterKind =
  | "fixed-window-aligned"
  | "fixed-window-first-request"
  | "sliding-log"
  | "token-bucket"
  | "gcra"

/** Sets how many requests a limiter allows. */
export interface LimitOptions {
  /** Requests per window, an integer; 0 rejects every request. Default 10 (W8's example). */
  readonly limit?: number
  /** Length of the window in milliseconds. Default 1,000: the documentation does not say (D4). */
  readonly windowMs?: number
  /** Default `fixed-window-aligned`. */
  readonly limiter?: LimiterKind
}

/**
 * Sets what a create of an existing contact gets; the documentation does not say (D3).
 *
 * - `reject`: 400 with a message that says so; `reject=403` and `reject=409` use these statuses, `reject=object` is a 400
 *   with an object as `message`
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

/** A clock to read and to wait on. `sleep` ends early, without failing, when the signal aborts. */
export interface SandboxClock {
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** Settings that can change while the sandbox runs, with `configure` or `PATCH /_sandbox/settings`. */
export interface SandboxSettings extends LimitOptions {
  /** Default `reject`. */
  readonly existing?: Existing
  /** How long a new contact is `processing` before it is `ready` (W10). Default 0. */
  readonly processingDelayMs?: number
  /** How long the search for an existing contact does not see a new one. Default 0. */
  readonly lagMs?: number
  /** The delay before every response, or a range to draw it from. Default 0. */
  readonly latencyMs?: number | readonly [number, number]
  /** Which responses carry `X-RateLimit-*` (D5). Default `all`. */
  readonly rateLimitHeaders?: "all" | "on-429" | "none"
  /** How the limiter's 429s write `Retry-After` (D8). Default `integer`, as documented. */
  readonly retryAfter?: "integer" | "fraction" | "date" | "none"
}

/** Options for starting a sandbox. */
export interface SandboxOptions extends SandboxSettings {
  /** Default 127.0.0.1. Any other address exposes the contacts in the sandbox to the network. */
  readonly host?: string
  /** Default 0: a free port. Starting on a port in use rejects with `EADDRINUSE`. */
  readonly port?: number
  /** The custom fields that exist. By default every name is accepted, with any kind of value. */
  readonly fields?: { readonly [name: string]: FieldDeclaration }
  /** More valid tokens with their limits, in addition to the seeded ones. */
  readonly extraTokens?: { readonly [token: string]: LimitOptions }
  /** `real` (default), `virtual` (moves only by `advance` or `POST /_sandbox/clock`), or your own clock. */
  readonly clock?: "real" | "virtual" | SandboxClock | (() => number)
  /**
   * Also keeps the contacts in this file, one line of JSON per change, and loads the contacts it holds. The file is
   * readable only by its owner (0600) and can be used by one sandbox at a time. Default: contacts live in memory.
   */
  readonly data?: string
  /** Seeds everything that is drawn at random. Default 1. */
  readonly seed?: number
  /** Faults that are active from the start and after each `reset`. */
  readonly faults?: ReadonlyArray<FaultSpec | string>
  /** Whether `/_sandbox` is served. Default: only on loopback. */
  readonly admin?: boolean
  /** More names that are accepted in the `Host` header, in addition to the loopback names. */
  readonly allowedHosts?: ReadonlyArray<string>
  /** The origins whose pages may call the API from a browser, such as `http://localhost:5173`. Default: none. */
  readonly cors?: ReadonlyArray<string>
  /** Whether `+` in the path is read as a space, as some gateways do; `%2B` stays a plus. Default false. */
  readonly decodePlus?: boolean
  /** The most connections at once. Default 256. */
  readonly maxConnections?: number
  /** The most contacts that are kept; a create beyond gets a 507. Default 1,000,000. */
  readonly maxContacts?: number
  /** The most requests that are remembered, and the most keys without a contact in the ledger. Default 5,000. */
  readonly maxRequests?: number
  /** How long an idle connection stays open. Default 5,000. */
  readonly idleTimeoutMs?: number
  /** How long the head of a request may take. Default 5,000. */
  readonly headersTimeoutMs?: number
  /** How long a whole request may take. Default 15,000. */
  readonly requestTimeoutMs?: number
}

/** How a response is delivered when it is not sent in one piece. */
export type FaultDelivery =
  /** The connection is reset; no byte of a response is sent. */
  | "drop"
  /** The connection is closed with a FIN; no byte of a response is sent. */
  | "fin"
  /** No byte of a response is ever sent; the connection stays open. */
  | "stall"
  /** The head and the first half of the body are sent, then nothing. */
  | "stall-body"
  /** `Content-Length` promises more than is sent. */
  | "truncate-length"
  /** A chunked body without its last chunk. */
  | "truncate-chunked"
  /** Half of a body that ends with the connection: nothing shows that half is missing. */
  | "truncate-close"
  /** Bytes that are not HTTP. */
  | "garbage"
  /** The response is sent byte by byte. */
  | "trickle"

/** Describes a fault: which requests it hits, what they get, how that is delivered, and how often. */
export interface FaultSpec {
  /** A preset, such as `429-7s-x3`, `drop-before` or `html-502`; the other members override parts of it. */
  readonly preset?: string
  /** Which requests it hits: all given members must match. A `*` at the end of an identifier matches anything. */
  readonly match?: { readonly identifier?: string; readonly token?: string }
  readonly status?: number
  /** A string is sent as is, anything else as JSON. Default: the documented body of the status. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
  /** Seconds, or any text; `null` omits the header. */
  readonly retryAfter?: number | string | null
  /** `false` omits `X-RateLimit-*`. */
  readonly rateLimitHeaders?: boolean
  /** The target of a redirect. Default: a page of the sandbox that responds with 200. */
  readonly location?: string
  /** The delay before the response. */
  readonly delayMs?: number
  /** Whether a valid contact is created anyway. Default: only if the response itself is unchanged. */
  readonly commit?: boolean
  readonly delivery?: FaultDelivery
  /** Milliseconds between the bytes of `trickle`. Default 1,000. */
  readonly intervalMs?: number
  /** Pads the body with spaces up to this many bytes. */
  readonly padTo?: number
  /** Compresses the body once. */
  readonly gzip?: boolean
  /** Sends exactly these bytes (as latin1) and closes. */
  readonly raw?: string
  /** How many times it hits; unlimited by default. */
  readonly times?: number
  /** The probability of a hit, 0 to 1. Default 1. */
  readonly probability?: number
  /** Seeds the probability. Default: derived from the sandbox's seed. */
  readonly seed?: number
}

/** An active fault. */
export interface Fault {
  readonly id: number
  readonly name: string
  readonly spec: FaultSpec
  /** How many requests it has hit. */
  readonly hits: number
  /** How many more requests it will hit; absent if unlimited. */
  readonly left?: number
}

/** The tokens that every sandbox knows. */
export interface SandboxTokens {
  readonly ok: "sandbox_ok"
  /** Always rejected with a 401. */
  readonly unauthorized: "sandbox_401"
  /** Responds 2 s later. */
  readonly slow: "sandbox_slow"
  /** One request per second. */
  readonly limit1: "sandbox_limit_1"
  /** Every third call is a 500. */
  readonly flaky: "sandbox_flaky"
}

/** A response that has been decided but not sent. */
export interface SandboxExchange {
  /** How long to wait before `respond`. */
  readonly delayMs: number
  /** Whether there will never be a response; do not call `respond` then. */
  readonly stalls: boolean
  /** Returns the response; throws the `TypeError` of a cut connection. */
  readonly respond: () => Response
  /** Records that the client has left. */
  readonly abandon: () => void
}

/** A complete request. */
export interface SandboxExchangeRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** The process of the command: its streams, environment and signals. */
export interface SandboxIo {
  readonly stdout: { readonly write: (text: string) => unknown }
  readonly stderr: { readonly write: (text: string) => unknown; readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Stops the command; its reason is the name of the signal: `SIGINT`, `SIGTERM`, `SIGHUP` or `SIGQUIT`. */
  readonly signal: AbortSignal
  /** The command as the user typed it. Default `aelyst-sandbox`. */
  readonly program?: string
  readonly version?: string
  /** Prints why the command failed. Default: `error: …` and the hints below it, on `stderr`. */
  readonly report?: (problem: SandboxProblem) => void
}

/** Holds why the command failed. */
export interface SandboxProblem {
  /** The exit code. */
  readonly exit: number
  readonly message: string
  /** The lines below: what to do. */
  readonly hints: ReadonlyArray<string>
}
