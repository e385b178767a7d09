/**
 * The options of a client, a call and a run: their types, and how they become checked values with defaults. Ranges and
 * defaults are in `OptionTable.ts`. A wrong option never reaches the error channel of a create.
 */
import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"

import type { Catalogue } from "../contact/CustomField.ts"
import type { Dialect, Values } from "./OptionCheck.ts"
import { check, makeDialect } from "./OptionCheck.ts"
import { optionTable } from "./OptionTable.ts"
import type { Checked } from "./RequestOptions.ts"
import { checkBaseUrl } from "./RequestOptions.ts"
import type { ExistsMatcher } from "./ResponseVerdict.ts"
import { defaultExists } from "./ResponseVerdict.ts"
import type { Delivery } from "./RetryPolicy.ts"

export { ConfigurationError, show } from "./ConfigurationError.ts"
export type { Dialect } from "./OptionCheck.ts"
export { checkNames, makeDialect } from "./OptionCheck.ts"
export { checkBaseUrl, checkHeaders, checkToken, fail, isLoopback } from "./RequestOptions.ts"

/** Holds the options of a client that are not the token; every one has a default. */
export interface ClientOptions {
  /** Where the API is: https, or http on a loopback host. Default `https://api.aelyst.ai/v1` (W1). */
  readonly baseUrl?: string | undefined
  /** What may be sent again. Default `at-most-once`. */
  readonly delivery?: Delivery | undefined
  /** Resends after the first attempt, 0 to 100; 0 means none, for every kind of failure. Default 3. */
  readonly retries?: number | undefined
  /** Time to the first byte of one attempt's answer, above 0. Default 15 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** All attempts and waits of one call, above 0. Default 60 seconds, under `natural-key` 120. */
  readonly deadline?: Duration.Input | undefined
  /** The longest `Retry-After` that is waited for; 0 means not to wait. Default 60 seconds, in runs 15 minutes. */
  readonly maxWait?: Duration.Input | undefined
  /** The wait before a contact in doubt is sent again, at least 1 second. Default 5 seconds. */
  readonly doubtDelay?: Duration.Input | undefined
  /** The wait after a success, for the processing that the API recommends to wait for (W10, D11). Default none. */
  readonly settle?: Duration.Input | undefined
  /** Calls that may wait in line, 1 to 1,000,000. Default 10,000. */
  readonly maxQueue?: number | undefined
  /**
   * How requests are paced: as the API allows, learned from its answers (`adaptive`, the default); that, under a
   * ceiling of your own on requests per second, above 0; or not at all (false), so that a 429 alone holds calls up.
   */
  readonly rateLimit?: "adaptive" | { readonly perSecond: number } | false | undefined
  /** Recognises an answer that means "this contact exists" (D3). */
  readonly exists?: ExistsMatcher | undefined
  /** The custom fields that exist, to check names and convert values. */
  readonly customFields?: Catalogue | undefined
  /** Whether `traceparent` is sent to the API. Default false. */
  readonly propagateTrace?: boolean | undefined
}

/** Holds checked options; times are in milliseconds. */
export interface ClientConfig {
  readonly baseUrl: string
  readonly origin: string
  readonly delivery: Delivery
  readonly retries: number
  readonly timeoutMs: number
  readonly deadlineMs: number | undefined
  readonly maxWaitMs: number | undefined
  readonly doubtDelayMs: number
  readonly settleMs: number
  readonly maxQueue: number
  readonly perSecond: number | undefined
  /** Whether requests keep to a schedule learned from the API's answers. */
  readonly scheduled: boolean
  readonly exists: ExistsMatcher
  readonly customFields: Catalogue | undefined
  readonly propagateTrace: boolean
}

/** Holds the options that one call or one run may set for itself. */
export interface CallOptions {
  readonly retries?: number | undefined
  readonly timeout?: Duration.Input | undefined
  readonly deadline?: Duration.Input | undefined
  readonly maxWait?: Duration.Input | undefined
  readonly delivery?: Delivery | undefined
  readonly settle?: Duration.Input | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Holds the checked options of one call; times are in milliseconds, options that were not set are undefined. */
export interface CallConfig {
  readonly retries: number | undefined
  readonly timeoutMs: number | undefined
  readonly deadlineMs: number | undefined
  readonly maxWaitMs: number | undefined
  readonly delivery: Delivery | undefined
  readonly settleMs: number | undefined
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
}

/** Holds the checked options of a run: those of its calls, and its own with their defaults. */
export interface RunConfig extends CallConfig {
  readonly concurrency: number
  readonly ordered: boolean
  /** Infinity where there is no limit. */
  readonly maxErrors: number
  readonly giveUpMs: number
}

const defaultUrl = Result.getOrThrow(checkBaseUrl(optionTable.baseUrl.default))

/** Reads options of one dialect. */
export interface Parser {
  /** Checks the options of a client and fills in the defaults. */
  readonly client: (options: object) => Checked<ClientConfig>
  /** Checks the options of one call. */
  readonly call: (options: object) => Checked<CallConfig>
  /** Checks the options of a run and fills in the defaults of those that only a run has. */
  readonly run: (options: object) => Checked<RunConfig>
}

const callOf = (values: Values): CallConfig => ({
  retries: values.retries,
  timeoutMs: values.timeout,
  deadlineMs: values.deadline,
  maxWaitMs: values.maxWait,
  delivery: values.delivery,
  settleMs: values.settle,
  headers: values.headers,
})

/** Stands for a call that sets nothing, as most do. */
const unset = Result.succeed(callOf({}))

const setsNothing = (options: unknown): boolean => {
  if (typeof options !== "object" || options === null) return false
  for (const _ in options) return false
  return true
}

/**
 * Makes the parser of a dialect. An adapter whose options are numbers of milliseconds reads them with one of its own, so
 * that messages name the options as its callers wrote them.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 * import { Result } from "effect"
 *
 * const parser = ClientOptions.makeParser(ClientOptions.makeDialect({ milliseconds: true }))
 * const checked = parser.call({ timeoutMs: 0 })
 * console.log(Result.isFailure(checked) && checked.failure.option) // => "timeoutMs"
 * ```
 */
export const makeParser = (dialect: Dialect): Parser => ({
  client: (options) =>
    Result.map(check("client", options, dialect), (values) => ({
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
      propagateTrace: values.propagateTrace ?? optionTable.propagateTrace.default,
    })),
  call: (options) =>
    setsNothing(options) ? unset : Result.map(check("call", options, dialect), callOf),
  run: (options) =>
    Result.map(check("run", options, dialect), (values) => ({
      ...callOf(values),
      concurrency: values.concurrency ?? optionTable.concurrency.default,
      ordered: values.ordered ?? optionTable.ordered.default,
      maxErrors: values.maxErrors ?? optionTable.maxErrors.default,
      giveUpMs: values.giveUpAfter ?? optionTable.giveUpAfter.default,
    })),
})

// the options of a run reach its calls too
const runNames = ["concurrency", "ordered", "maxErrors", "giveUpAfter", "onProgress"]
const own = makeParser(makeDialect({ milliseconds: false, also: { call: runNames } }))

/**
 * Checks the options of a client and fills in the defaults; fails with the first option that is wrong.
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
 * ```
 */
export const parse: (options: ClientOptions) => Checked<ClientConfig> = own.client

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
 * console.log(Result.isFailure(checked) && checked.failure.option) // => "retries"
 * ```
 */
export const parseCall: (options: CallOptions) => Checked<CallConfig> = own.call

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
export const parseRun: (
  options: Omit<CallOptions, "settle" | "headers"> & {
    readonly concurrency?: number | undefined
    readonly maxErrors?: number | undefined
    readonly giveUpAfter?: Duration.Input | undefined
  },
) => Checked<RunConfig> = own.run

/**
 * Returns how long a call may take where no `deadline` is set, in milliseconds.
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
 * Returns the longest wait for the server where no `maxWait` is set, in milliseconds.
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
