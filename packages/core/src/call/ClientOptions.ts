/**
 * The options of a client, a call and a run: their types, and how they become checked values with defaults. Ranges and
 * defaults are in `OptionTable.ts`. A wrong option never reaches the error channel of a create.
 */
import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"

import type {
  CallConfig,
  Catalogue,
  ClientConfig,
  Delivery,
  ExistingPolicy,
  ExistsMatcher,
  RunSummary,
} from "../types.ts"
import type { Dialect, Values } from "./OptionCheck.ts"
import { check, makeDialect } from "./OptionCheck.ts"
import { optionTable } from "./OptionTable.ts"
import type { Checked } from "./RequestOptions.ts"
import { checkBaseUrl } from "./RequestOptions.ts"
import { defaultExists } from "./ResponseVerdict.ts"

export type { CallConfig, ClientConfig } from "../types.ts"
export { ConfigurationError, show } from "./ConfigurationError.ts"
export type { Dialect } from "./OptionCheck.ts"
export { checkNames, makeDialect } from "./OptionCheck.ts"
export { checkBaseUrl, checkHeaders, checkToken, fail, isLoopback } from "./RequestOptions.ts"

/** The options of a client except the token; each has a default. */
export interface ClientOptions {
  /** The URL of the API: https, or http on a loopback host or with a sandbox token. Default `https://api.aelyst.ai/v1` (W1). */
  readonly baseUrl?: string | undefined
  /** Which attempts may be resent. Default `at-most-once`. */
  readonly delivery?: Delivery | undefined
  /** Resends after the first attempt, 0 to 100; 0 means none, for every kind of failure. Default 3. */
  readonly retries?: number | undefined
  /** The time to the first byte of one attempt's response, at least 1 ms. Default 15 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** The time for all attempts and waits of one call, at least 1 ms. Default 60 seconds, under `natural-key` 120 seconds. */
  readonly deadline?: Duration.Input | undefined
  /** The longest `Retry-After` to wait for; 0 means to never wait. Default 60 seconds, in runs 15 minutes. */
  readonly maxWait?: Duration.Input | undefined
  /** The wait before an attempt in doubt is resent, at least 1 second. Default 5 seconds. */
  readonly doubtDelay?: Duration.Input | undefined
  /** The wait after a success, while the API processes the contact (W10, D11). Default 0. */
  readonly settle?: Duration.Input | undefined
  /** Calls that may wait in the queue, 1 to 1,000,000. Default 10,000. */
  readonly maxQueue?: number | undefined
  /**
   * How requests are paced: as fast as the API allows, learned from its responses (`adaptive`, the default); that, with
   * at most `perSecond` requests per second, above 0; or not at all (false), so that calls only wait after a 429.
   */
  readonly rateLimit?: "adaptive" | { readonly perSecond: number } | false | undefined
  /** Recognises a response that means that the contact exists (D3). Default: 409, and a 400 that says so. */
  readonly exists?: ExistsMatcher | undefined
  /** The custom fields that exist: checks names and converts values. */
  readonly customFields?: Catalogue | undefined
  /** Whether `+` in the path is sent as `%2B`, for gateways that read it as a space (D2). Default false. */
  readonly encodePlus?: boolean | undefined
  /** Whether a contact without email or phone gets that of its identifier (D14). Default true. */
  readonly fill?: boolean | undefined
  /** Whether `traceparent` is sent to the API. Default false. */
  readonly propagateTrace?: boolean | undefined
}

/** The options of one call; the client's hold for those that are not set. */
export interface CallOptions extends Pick<
  ClientOptions,
  "retries" | "timeout" | "deadline" | "maxWait" | "delivery" | "settle"
> {
  /**
   * Whether a contact that exists, without an attempt in doubt before, is an error (the default), or a success with the
   * result `existed`, for a program that is retried as a whole.
   */
  readonly existing?: ExistingPolicy | undefined
  /**
   * For authors of packages: whether an earlier attempt may have created the contact. The call then waits `doubtDelay`
   * before its first attempt, which counts as the resend, and a contact that exists is `exists_after_doubt`; it ends with
   * a success or with `OutcomeUnknownError`. Default false.
   */
  readonly doubt?: boolean | undefined
  /** More request headers, such as a request ID; those that the client or HTTP sets are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** The options of a run; each has a default, which for `delivery` and `retries` is what the client has. */
export interface RunOptions extends Pick<ClientOptions, "delivery" | "timeout" | "maxWait"> {
  /** Rows in progress at a time, those in the queue included. Default 32. */
  readonly concurrency?: number | undefined
  /** Whether results come in the order of the source instead of the order of completion. Default false. */
  readonly ordered?: boolean | undefined
  /** Resends of a row in doubt under `natural-key`. Default: the client's `retries`. */
  readonly retries?: number | undefined
  /** The end of the run; rows not sent by then are `not_sent`. Default none. */
  readonly deadline?: Duration.Input | undefined
  /** Ends the run after so long without any response. Default 15 minutes. */
  readonly giveUpAfter?: Duration.Input | undefined
  /** Ends the run after so many rows that ended `invalid`, `rejected` or `unknown`. Default: never. */
  readonly maxErrors?: number | undefined
  /** Called with the counts after every row. */
  readonly onProgress?: ((summary: RunSummary) => void) | undefined
}

/** The checked options of a run: those of its calls, and its own with their defaults. */
export interface RunConfig extends CallConfig {
  /** Infinity if there is no deadline. */
  readonly deadlineMs: number
  readonly concurrency: number
  readonly ordered: boolean
  /** Infinity by default. */
  readonly maxErrors: number
  readonly giveUpMs: number
}

const defaultUrl = Result.getOrThrow(checkBaseUrl(optionTable.baseUrl.default))

const callOf = (values: Values): CallConfig => ({
  retries: values.retries,
  timeoutMs: values.timeout,
  deadlineMs: values.deadline,
  maxWaitMs: values.maxWait,
  delivery: values.delivery,
  settleMs: values.settle,
  existing: values.existing,
  doubt: values.doubt,
  headers: values.headers,
})

/** Checks options as this package writes them, or in the dialect of an adapter. */
interface Parse<Options, Config> {
  (options: Options): Checked<Config>
  (options: object, dialect: Dialect): Checked<Config>
}

/** The dialect of this package: each duration is a `Duration.Input`. */
const own = makeDialect({ milliseconds: false })

/**
 * Checks the options of a client and fills in the defaults; fails with the first option that is wrong.
 *
 * **Details**
 *
 * An adapter passes its own dialect, so that messages name the options as its callers wrote them.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const config = Result.getOrThrow(ClientOptions.parse({ timeout: "2 seconds" }))
 * console.log(config.timeoutMs) // => 2000
 * console.log(config.retries) // => 3
 *
 * const dialect = ClientOptions.makeDialect({ milliseconds: true })
 * const checked = ClientOptions.parse({ timeoutMs: 0 }, dialect)
 * console.log(Result.isFailure(checked) && checked.failure.option) // => timeoutMs
 * ```
 */
export const parse: Parse<ClientOptions, ClientConfig> = (input: object, dialect: Dialect = own) =>
  Result.map(check("client", input, dialect), (values) => ({
    ...(values.baseUrl ?? defaultUrl),
    delivery: values.delivery ?? optionTable.delivery.default,
    retries: values.retries ?? optionTable.retries.default,
    timeoutMs: values.timeout ?? optionTable.timeout.default,
    deadlineMs: values.deadline,
    maxWaitMs: values.maxWait,
    doubtDelayMs: values.doubtDelay ?? optionTable.doubtDelay.default,
    settleMs: values.settle ?? optionTable.settle.default,
    maxQueue: values.maxQueue ?? optionTable.maxQueue.default,
    ...(values.rateLimit ?? { perSecond: undefined, scheduled: true }),
    // safe: a function; what it returns is looked at where it is called
    exists: (values.exists as ExistsMatcher | undefined) ?? defaultExists,
    // safe: only `define` and `make` give what has the methods of a catalogue
    customFields: values.customFields as Catalogue | undefined,
    encodePlus: values.encodePlus ?? optionTable.encodePlus.default,
    fill: values.fill ?? optionTable.fill.default,
    propagateTrace: values.propagateTrace ?? optionTable.propagateTrace.default,
  }))

/**
 * Checks the options of one call, in the same ranges as those of the client.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const checked = ClientOptions.parseCall({ retries: -1 })
 * console.log(Result.isFailure(checked) && checked.failure.option) // => retries
 * ```
 */
export const parseCall: Parse<CallOptions, CallConfig> = (input: object, dialect: Dialect = own) =>
  Result.map(check("call", input, dialect), callOf)

/**
 * Checks the options of a run.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const config = Result.getOrThrow(ClientOptions.parseRun({ maxErrors: 5 }))
 * console.log(config.maxErrors, config.concurrency) // => 5 32
 * ```
 */
export const parseRun: Parse<RunOptions, RunConfig> = (input: object, dialect: Dialect = own) =>
  Result.map(check("run", input, dialect), (values) => ({
    ...callOf(values),
    deadlineMs: values.deadline ?? optionTable.deadline.inRuns,
    concurrency: values.concurrency ?? optionTable.concurrency.default,
    ordered: values.ordered ?? optionTable.ordered.default,
    maxErrors: values.maxErrors ?? optionTable.maxErrors.default,
    giveUpMs: values.giveUpAfter ?? optionTable.giveUpAfter.default,
  }))

/**
 * Returns how long a call may take if no `deadline` is set, in milliseconds.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 *
 * console.log(ClientOptions.defaultDeadlineMs("natural-key")) // => 120000
 * ```
 */
export const defaultDeadlineMs = (delivery: Delivery): number =>
  delivery === "natural-key" ? optionTable.deadline.naturalKey : optionTable.deadline.default

/**
 * Returns the longest wait for the server if no `maxWait` is set, in milliseconds.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 *
 * console.log(ClientOptions.defaultMaxWaitMs(true)) // => 900000
 * ```
 */
export const defaultMaxWaitMs = (inRun: boolean): number =>
  inRun ? optionTable.maxWait.inRuns : optionTable.maxWait.default
