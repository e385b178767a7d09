/**
 * The options of a client, checked once: units, ranges and defaults in one place for core, the Promise SDK and the
 * command line. A wrong option never reaches the error channel of a create.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { ExistsMatcher } from "./ResponseVerdict.ts"
import { defaultExists } from "./ResponseVerdict.ts"
import type { Catalogue } from "../contact/CustomField.ts"
import type { Delivery } from "./RetryPolicy.ts"

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

/** Tells that an option makes no sense; `option` names it, and the value is never quoted. */
export class ConfigurationError extends TypeError {
  readonly code = "ERR_AELYST_CONFIG"
  readonly option: string
  override readonly name = "ConfigurationError"
  constructor(option: string, rule: string) {
    super(`${option} ${rule}`)
    this.option = option
  }
}

/** Where the API is unless an option says otherwise (W1). */
export const defaultBaseUrl = "https://api.aelyst.ai/v1"

const isLoopback = (hostname: string): boolean => {
  const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** Checks a base URL: https, or http on a loopback host; no user, query or fragment. Gives it without a final slash. */
export const checkBaseUrl = (
  input: string,
): Result.Result<{ readonly baseUrl: string; readonly origin: string }, ConfigurationError> => {
  const no = (rule: string) => Result.fail(new ConfigurationError("baseUrl", rule))
  if (typeof input !== "string" || !URL.canParse(input)) return no("is a URL, with its scheme")
  const url = new URL(input)
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    return no("begins with https:// (http:// is for loopback hosts alone)")
  }
  if (url.username !== "" || url.password !== "") return no("holds no user and no password")
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(input)) {
    return no("holds no query and no fragment")
  }
  return Result.succeed({
    baseUrl: url.origin + url.pathname.replace(/\/+$/, ""),
    origin: url.origin,
  })
}

const fail = (option: string, rule: string) => Result.fail(new ConfigurationError(option, rule))

const tokenPattern = /^[\x21-\x7e]{8,4096}$/

/** Checks a token: 8 to 4,096 visible ASCII characters after one trailing line break is cut. The value is never quoted. */
export const checkToken = (input: string): Result.Result<Redacted.Redacted, ConfigurationError> => {
  const text = typeof input === "string" ? input.replace(/\r?\n$/, "") : ""
  return tokenPattern.test(text)
    ? Result.succeed(Redacted.make(text, { label: "token" }))
    : Result.fail(
        new ConfigurationError(
          "token",
          "is 8 to 4,096 visible ASCII characters, without spaces or line breaks",
        ),
      )
}

type TimeOption = "timeout" | "deadline" | "maxWait" | "doubtDelay" | "settle" | "giveUpAfter"

const time = (
  option: TimeOption,
  value: unknown,
  leastMs: number,
): Result.Result<number | undefined, ConfigurationError> => {
  if (value === undefined) return Result.succeed(undefined)
  // safe: fromInput gives none for what is no duration
  const millis = Option.map(Duration.fromInput(value as Duration.Input), Duration.toMillis)
  return Option.isSome(millis) && millis.value >= leastMs
    ? Result.succeed(millis.value)
    : fail(option, leastMs === 0 ? "is a time, 0 or more" : `is a time of at least ${leastMs} ms`)
}

const integer = (
  option: "retries" | "maxQueue" | "concurrency" | "maxErrors",
  value: unknown,
  least: number,
  most: number,
): Result.Result<number | undefined, ConfigurationError> =>
  value === undefined ||
  (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
    ? // safe: the integer that was just checked, or undefined
      Result.succeed(value as number | undefined)
    : fail(option, `is a whole number from ${least} to ${most}`)

const delivery = (value: unknown): Result.Result<Delivery | undefined, ConfigurationError> =>
  value === undefined || value === "at-most-once" || value === "natural-key"
    ? Result.succeed(value)
    : fail("delivery", 'is "at-most-once" or "natural-key"')

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

/** Holds the checked options of one call; times are in milliseconds, what was not set is undefined. */
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

// What the client, the transport or HTTP itself writes.
const reservedHeader =
  /^(?:authorization|accept|accept-encoding|content-.*|transfer-encoding|host|connection|keep-alive|te|trailer|upgrade|expect|user-agent|cookie|proxy-.*)$/

/**
 * Checks the headers that a caller adds to a request, and gives them by lower-case name. What the client, the transport
 * or HTTP itself writes is refused, and so is what no header can hold; no value is quoted.
 */
export const checkHeaders = (
  headers: unknown,
): Result.Result<Readonly<Record<string, string>> | undefined, ConfigurationError> => {
  if (headers === undefined) return Result.succeed(undefined)
  if (typeof headers !== "object" || headers === null) {
    return fail("headers", "is an object of names and strings")
  }
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(lower)) {
      return fail("headers", "has a name that is no header name")
    }
    if (reservedHeader.test(lower)) return fail("headers", `does not take ${lower}`)
    if (typeof value !== "string" || !/^[\x20-\x7e\t]*$/.test(value)) {
      return fail("headers", "has a value that is not visible ASCII")
    }
    checked[lower] = value
  }
  return Result.succeed(checked)
}

/** Stands for a call that sets nothing, as most do. */
const unset: Result.Result<CallConfig> = Result.succeed({
  retries: undefined,
  timeoutMs: undefined,
  deadlineMs: undefined,
  maxWaitMs: undefined,
  delivery: undefined,
  settleMs: undefined,
  headers: undefined,
})

/** Checks the options of one call, in the same ranges as those of the client. */
export const parseCall = (options: CallOptions): Result.Result<CallConfig, ConfigurationError> => {
  const isSet =
    options.retries !== undefined ||
    options.timeout !== undefined ||
    options.deadline !== undefined ||
    options.maxWait !== undefined ||
    options.delivery !== undefined ||
    options.settle !== undefined ||
    options.headers !== undefined
  return isSet ? parseSet(options) : unset
}

const parseSet = (options: CallOptions): Result.Result<CallConfig, ConfigurationError> =>
  Result.gen(function* () {
    return {
      retries: yield* integer("retries", options.retries, 0, 100),
      timeoutMs: yield* time("timeout", options.timeout, 1),
      deadlineMs: yield* time("deadline", options.deadline, 1),
      maxWaitMs: yield* time("maxWait", options.maxWait, 0),
      delivery: yield* delivery(options.delivery),
      settleMs: yield* time("settle", options.settle, 0),
      headers: yield* checkHeaders(options.headers),
    }
  })

/** Checks the options that only a run has. */
export const parseRun = (options: {
  readonly concurrency?: number | undefined
  readonly maxErrors?: number | undefined
  readonly giveUpAfter?: Duration.Input | undefined
}): Result.Result<
  {
    readonly concurrency: number
    readonly maxErrors: number
    readonly giveUpMs: number
  },
  ConfigurationError
> =>
  Result.gen(function* () {
    const most = Number.MAX_SAFE_INTEGER
    return {
      concurrency: (yield* integer("concurrency", options.concurrency, 1, 10_000)) ?? 32,
      maxErrors:
        (yield* integer("maxErrors", options.maxErrors, 1, most)) ?? Number.POSITIVE_INFINITY,
      giveUpMs: (yield* time("giveUpAfter", options.giveUpAfter, 1)) ?? 900_000,
    }
  })

const ceiling = (
  limit: ClientOptions["rateLimit"],
): Result.Result<number | undefined, ConfigurationError> => {
  if (limit === undefined || limit === "adaptive" || limit === false)
    return Result.succeed(undefined)
  const perSecond: unknown =
    typeof limit === "object" && limit !== null ? limit.perSecond : undefined
  return typeof perSecond === "number" && perSecond > 0 && Number.isFinite(perSecond)
    ? Result.succeed(perSecond)
    : fail("rateLimit", 'is "adaptive", { perSecond }, a number above 0, or false')
}

/** Checks all options and fills in the defaults; the first option that makes no sense fails, by its name. */
export const parse = (options: ClientOptions): Result.Result<ClientConfig, ConfigurationError> =>
  Result.gen(function* () {
    const { baseUrl, origin } = yield* checkBaseUrl(options.baseUrl ?? defaultBaseUrl)
    const exists = options.exists ?? defaultExists
    if (typeof exists !== "function") return yield* fail("exists", "is a function")
    const propagateTrace = options.propagateTrace ?? false
    if (typeof propagateTrace !== "boolean") {
      return yield* fail("propagateTrace", "is true or false")
    }
    const call = yield* parseCall(options)
    return {
      baseUrl,
      origin,
      delivery: call.delivery ?? "at-most-once",
      retries: call.retries ?? 3,
      timeoutMs: call.timeoutMs ?? 15_000,
      deadlineMs: call.deadlineMs,
      maxWaitMs: call.maxWaitMs,
      doubtDelayMs: (yield* time("doubtDelay", options.doubtDelay, 1_000)) ?? 5_000,
      settleMs: call.settleMs ?? 0,
      maxQueue: (yield* integer("maxQueue", options.maxQueue, 1, 1_000_000)) ?? 10_000,
      perSecond: yield* ceiling(options.rateLimit),
      scheduled: options.rateLimit !== false,
      exists,
      customFields: options.customFields,
      propagateTrace,
    }
  })
