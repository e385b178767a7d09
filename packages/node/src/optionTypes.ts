/** The types of options: of a client, of a call and of a run. Documents units, ranges and defaults. */
import type {
  Allowance,
  AttemptRecord,
  CustomFieldDescription,
  CustomFieldPairs,
  CustomFieldRecord,
  Delivery,
  ExistingPolicy,
  GatedAttempt,
  OutcomeEvent,
  SharedRateLimitStore,
  Stopped,
  WaitEvent,
} from "@aelyst/core/types"

/** The custom fields of a workspace, made with `customFields.define`. */
export interface CustomFieldCatalogue<out Fields> {
  /** The fields in the order of their declaration. */
  readonly fields: ReadonlyArray<CustomFieldDescription>
  /** Carries the type of the fields; nothing is there at run time. */
  readonly "~aelyst/Fields"?: Fields
}

/** Callbacks that watch calls; none of them sees the contact. An error that one throws is only logged. */
export interface Hooks {
  readonly onAttempt?: ((attempt: AttemptRecord) => void) | undefined
  readonly onWait?: ((wait: WaitEvent) => void) | undefined
  /** Called once at the end of every call whose input was valid, an aborted one included. */
  readonly onOutcome?: ((end: OutcomeEvent) => void) | undefined
}

/** An undici dispatcher, such as an `Agent` with a client certificate; undici 7.2 or newer. */
export interface UndiciDispatcher {
  dispatch(options: object, handler: object): boolean
}

/** One line of the log, such as a warning that a hook threw. It shows nothing of a contact, the URL or the token. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error"
  readonly message: string
}

/** The options of a client; each has a default. Durations are in milliseconds. */
export interface AelystOptions<Fields = CustomFieldRecord | CustomFieldPairs> {
  /**
   * The bearer token (W1): 8 to 4,096 visible ASCII characters, or a function that returns it, asked before each attempt
   * and again, once, after a 401. Default: the environment variable `AELYST_TOKEN`.
   */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * The URL of the API: https, or http on a loopback host or with a token of the sandbox. Default: the environment variable `AELYST_BASE_URL`, else
   * `https://api.aelyst.ai/v1` (W1).
   */
  readonly baseUrl?: string | undefined
  /**
   * The time to the first byte of one attempt's response, at least 1. Default 15,000. Connecting gets at most 5,000 of
   * it; the body of the response gets another 10,000.
   */
  readonly timeoutMs?: number | undefined
  /** The time for all attempts and waits of one call, at least 1. Default 60,000, under `natural-key` 120,000. */
  readonly deadlineMs?: number | undefined
  /** Resends after the first attempt, 0 to 100; 0 means none, for every kind of failure. Default 3. */
  readonly retries?: number | undefined
  /** Which attempts may be resent. Default `at-most-once`. */
  readonly delivery?: Delivery | undefined
  /**
   * The longest `Retry-After` to wait for; a longer one rejects at once, and 0 means to never wait. Default 60,000, in
   * `createMany` 900,000.
   */
  readonly maxWaitMs?: number | undefined
  /** The wait before an attempt in doubt is resent under `natural-key`, at least 1,000. Default 5,000. */
  readonly doubtDelayMs?: number | undefined
  /** The wait after a success, while the API processes the contact (W10, D11). Default 0; 2,000 is a good start. */
  readonly settleMs?: number | undefined
  /** Calls that may wait in the queue, 1 to 1,000,000; one more rejects with `UnavailableError`. Default 10,000. */
  readonly maxQueue?: number | undefined
  /**
   * How requests are paced: as fast as the API allows, learned from its responses (`adaptive`, the default); that, with
   * at most `perSecond` requests per second, above 0; or not at all (false), so that calls only wait after a 429.
   * Clients with the same token and origin share one pace in the process, under the lowest of their ceilings; they are
   * unpaced only if all of them ask for it. `shared` is a store that lets several processes keep to one limit.
   */
  readonly rateLimit?:
    | "adaptive"
    | { readonly perSecond: number }
    | { readonly shared: SharedRateLimitStore; readonly perSecond?: number | undefined }
    | false
    | undefined
  /**
   * The way to the API: direct (false, the default), as `HTTPS_PROXY` and `NO_PROXY` say (`"env"`), or the URL of an
   * http or https proxy. Loopback hosts are never reached through a proxy.
   */
  readonly proxy?: false | "env" | string | URL | undefined
  /**
   * Sends the requests instead of the built-in transport: a function like `fetch`, or an undici dispatcher. With `fetch`
   * every failure of the network counts as `unknown`, since it cannot tell whether the request had left.
   */
  readonly transport?: typeof globalThis.fetch | UndiciDispatcher | undefined
  readonly hooks?: Hooks | undefined
  /** Receives the log: `"console"` (stderr), a function, or by default nothing (`"silent"`). */
  readonly logger?: "silent" | "console" | ((line: LogLine) => void) | undefined
  /** The custom fields that exist: gives their names and types, checks names and converts values. */
  readonly customFields?: CustomFieldCatalogue<Fields> | undefined
  /** Whether `+` in the path is sent as `%2B`, for gateways that read it as a space. Default false. */
  readonly encodePlus?: boolean | undefined
  /** Whether a contact without email or phone gets that of its identifier. Default true. */
  readonly fill?: boolean | undefined
  /**
   * The country of phone numbers without `+`, two letters (ISO 3166) such as `MY`. With it, the contact's `phone` and a
   * `phone:` identifier are read as people write them (`012-345 6789`, `+44 (0)20 …`), by numbering plans that are loaded
   * at first use. Default: none, and numbers must be in E.164.
   */
  readonly defaultCountry?: string | undefined
  /** Recognises a response that means that the contact exists (D3). Default: 409, and a 400 that says so. */
  readonly exists?:
    | ((response: { readonly status: number; readonly message: string | undefined }) => boolean)
    | undefined
}

/**
 * For authors of packages: guards the attempts of a call or a run, so that each can be noted before it leaves.
 *
 * `before` is called when rate limit and circuit permit an attempt, and the attempt waits for its promise, until the
 * deadline of the call. A rejection prevents the attempt and ends the call with an `UnavailableError` (`gate`), whose
 * `cause` is that rejection; after doubt with an `OutcomeUnknownError`. A row ends as `not_sent`, and its run stops.
 *
 * The promise may resolve to `{ notAfter }`, a time of `performance.now()`: an attempt that has not left by then, because the
 * process was paused or the connection took long, ends as `not_sent`, and a resend asks the gate again. With a `transport` like
 * `fetch` the time to connect does not count.
 */
export interface AttemptGate {
  readonly before: (attempt: GatedAttempt) => Promise<Allowance | void>
}

/** The options of one call; see `AelystOptions` for units, ranges and defaults. */
export interface CreateOptions {
  /** Ends the call at once; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly retries?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly deadlineMs?: number | undefined
  readonly maxWaitMs?: number | undefined
  readonly delivery?: Delivery | undefined
  readonly settleMs?: number | undefined
  /**
   * Whether a contact that exists, without an attempt in doubt before, is an error (the default), or a success with the
   * result `existed`.
   */
  readonly existing?: ExistingPolicy | undefined
  /** More request headers; those that the client or HTTP sets, `authorization` among them, are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * For authors of packages: whether an earlier attempt may have created the contact. The call then waits `doubtDelayMs`
   * before its first attempt, which counts as the resend, and a contact that exists is `exists_after_doubt`; it ends with
   * a success or with `OutcomeUnknownError`. Default false.
   */
  readonly doubt?: boolean | undefined
  /** For authors of packages: asked before each attempt. */
  readonly gate?: AttemptGate | undefined
}

/** Counts the rows of a run; `total` is always the sum of the seven. */
export interface RunSummary {
  readonly total: number
  readonly created: number
  readonly existed: number
  readonly existsAfterDoubt: number
  readonly invalid: number
  readonly rejected: number
  readonly unknown: number
  readonly notSent: number
  /** Why it ended; undefined while it continues. */
  readonly stopped: Stopped | undefined
  /** Attempts that were rate limited. */
  readonly rateLimited: number
  /** Rows whose resend waits because the retry budget is spent. */
  readonly resendsWaiting: number
  readonly elapsedMs: number
}

/** The argument of `onProgress`: the counts, and whether all rows wait. */
export interface RunProgress extends RunSummary {
  /** The time until the next request after a 429, in milliseconds; 0 if nothing holds requests back. */
  readonly waitingMs: number
}

/** The options of a run; each has a default. Durations are in milliseconds. */
export interface CreateManyOptions {
  /** Ends the run: rows in progress are cancelled and the loop ends without throwing. */
  readonly signal?: AbortSignal | undefined
  /** Rows in progress at a time, including those that wait in the queue, 1 to 10,000. Default 32. */
  readonly concurrency?: number | undefined
  /** Whether results come in the order of the source instead of the order of completion. Default false. */
  readonly ordered?: boolean | undefined
  /** Which attempts may be resent. Default: the client's. */
  readonly delivery?: Delivery | undefined
  /** Resends of a row in doubt under `natural-key`, 0 to 100. Default: the client's. */
  readonly retries?: number | undefined
  /** The time to the first byte of one attempt's response, at least 1. Default: the client's. */
  readonly timeoutMs?: number | undefined
  /** The time for the whole run, at least 1; rows not sent by then are `not_sent`. Default: none. */
  readonly deadlineMs?: number | undefined
  /** The longest `Retry-After` to wait for; 0 means to never wait. Default: the client's, else 900,000. */
  readonly maxWaitMs?: number | undefined
  /** Ends the run after this long without any response, at least 1. Default 900,000. */
  readonly giveUpAfterMs?: number | undefined
  /** Ends the run after this many rows that ended `invalid`, `rejected` or `unknown`, at least 1. Default: no limit. */
  readonly maxErrors?: number | undefined
  /** Called with the counts after every row and every 429, and when a resend waits for the retry budget. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined
  /** For authors of packages: asked before each attempt. */
  readonly gate?: AttemptGate | undefined
}
