/** The options of the client and of its calls, checked by name, range and type before anything is done with them. */
import type * as Core from "@aelyst/core"
import * as Adapter from "@aelyst/core/adapter"
import { ConfigurationError } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { AelystOptions, CreateManyOptions, CreateOptions } from "./types.ts"

/** Holds checked options of a client. */
export interface Checked {
  readonly config: Adapter.ClientConfig
  readonly token: Core.TokenSource
  /** What tells tokens apart: the token itself, or the function that gives it. */
  readonly tokenKey: unknown
}

// longer timers fire at once
const longestMs = 2 ** 31 - 1

const refuse = (option: string, rule: string): never => {
  throw new ConfigurationError(option, rule)
}

/** Gives the value, or throws the failure. */
export const orThrow = <A>(result: Result.Result<A, ConfigurationError>): A => {
  if (Result.isFailure(result)) throw result.failure
  return result.success
}

const time = (option: string, value: unknown, least: number): void => {
  if (value === undefined) return
  if (typeof value === "number" && value >= least && value <= longestMs) return
  refuse(option, `is a number of milliseconds from ${least} to ${longestMs}`)
}

const integer = (option: string, value: unknown, least: number, most: number): void => {
  if (value === undefined) return
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return
  refuse(option, `is a whole number from ${least} to ${most}`)
}

const oneOf = (option: string, value: unknown, values: ReadonlyArray<unknown>, rule: string) => {
  if (value !== undefined && !values.includes(value)) refuse(option, rule)
}

const functions = (option: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "function") refuse(option, "is a function")
}

const delivery = (value: unknown) =>
  oneOf("delivery", value, ["at-most-once", "natural-key"], 'is "at-most-once" or "natural-key"')

const known = (what: string, options: unknown, names: ReadonlyArray<string>): void => {
  if (typeof options !== "object" || options === null) return refuse(what, "is an object")
  for (const name of Object.keys(options)) {
    // a name that is no word may be a value in the wrong place
    const shown = /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name) ? name : what
    if (!names.includes(name)) refuse(shown, `is not one of the options: ${names.join(", ")}`)
  }
}

const clientNames = [
  "token",
  "baseUrl",
  "timeoutMs",
  "deadlineMs",
  "retries",
  "delivery",
  "maxWaitMs",
  "doubtDelayMs",
  "settleMs",
  "maxQueue",
  "rateLimit",
  "proxy",
  "transport",
  "hooks",
  "logger",
  "customFields",
  "exists",
]

const tokenOf = (given: unknown, env: NodeJS.ProcessEnv): Pick<Checked, "token" | "tokenKey"> => {
  if (typeof given === "function") {
    const token = Effect.flatMap(
      Effect.tryPromise(async () => given()),
      (text) => Effect.fromResult(Adapter.ClientOptions.checkToken(text)),
    )
    return { token, tokenKey: given }
  }
  const text = given ?? env["AELYST_TOKEN"]
  if (text === undefined || text === "") {
    return refuse("token", "is missing: set AELYST_TOKEN, or pass it to the constructor")
  }
  if (typeof text !== "string") return refuse("token", "is a string, or a function that gives one")
  const token = orThrow(Adapter.ClientOptions.checkToken(text))
  return { token, tokenKey: Redacted.value(token) }
}

const hooks = (value: unknown): void => {
  if (value === undefined) return
  known("hooks", value, ["onAttempt", "onWait", "onOutcome"])
  for (const [name, hook] of Object.entries(value ?? {})) functions(`hooks.${name}`, hook)
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Checks the options of a client; the environment fills in token and base URL. Throws `ConfigurationError`. */
export const check = (options: AelystOptions<never>, env: NodeJS.ProcessEnv): Checked => {
  known("options", options, clientNames)
  time("timeoutMs", options.timeoutMs, 1)
  time("deadlineMs", options.deadlineMs, 1)
  time("maxWaitMs", options.maxWaitMs, 0)
  time("doubtDelayMs", options.doubtDelayMs, 1_000)
  time("settleMs", options.settleMs, 0)
  integer("retries", options.retries, 0, 100)
  integer("maxQueue", options.maxQueue, 1, 1_000_000)
  delivery(options.delivery)
  hooks(options.hooks)
  functions("exists", options.exists)
  if (typeof options.logger !== "function") {
    oneOf("logger", options.logger, ["silent", "console"], 'is "silent", "console" or a function')
  }
  const { transport, customFields } = options
  if (transport !== undefined && typeof transport !== "function") {
    const dispatch: unknown = isObject(transport) ? Reflect.get(transport, "dispatch") : undefined
    if (typeof dispatch !== "function") {
      refuse("transport", "is a function like fetch, or an undici dispatcher")
    }
  }
  if (transport !== undefined && options.proxy !== undefined && options.proxy !== false) {
    refuse("proxy", "is for the built-in transport; give the transport its own proxy")
  }
  const proxy: unknown = options.proxy
  if (
    proxy !== undefined &&
    proxy !== false &&
    typeof proxy !== "string" &&
    !(proxy instanceof URL)
  ) {
    refuse("proxy", 'is false, "env" or a URL')
  }
  if (customFields !== undefined) {
    const get: unknown = isObject(customFields) ? Reflect.get(customFields, "get") : undefined
    if (typeof get !== "function") refuse("customFields", "is made with customFields.define")
  }
  const config = orThrow(
    Adapter.ClientOptions.parse({
      baseUrl: options.baseUrl ?? (env["AELYST_BASE_URL"] || undefined),
      delivery: options.delivery,
      retries: options.retries,
      timeout: options.timeoutMs,
      deadline: options.deadlineMs,
      maxWait: options.maxWaitMs,
      doubtDelay: options.doubtDelayMs,
      settle: options.settleMs,
      maxQueue: options.maxQueue,
      rateLimit: options.rateLimit,
      exists: options.exists,
      // safe: `get` was looked for above; only `customFields.define` makes one
      customFields: customFields as Core.CustomField.Catalogue | undefined,
    }),
  )
  return { config, ...tokenOf(options.token, env) }
}

const callNames = [
  "signal",
  "retries",
  "timeoutMs",
  "deadlineMs",
  "maxWaitMs",
  "delivery",
  "settleMs",
  "headers",
]

const signal = (value: unknown): void => {
  if (value !== undefined && !(value instanceof AbortSignal)) refuse("signal", "is an AbortSignal")
}

/** Holds the checked options of one call, as core takes them. */
export interface CheckedCall {
  readonly options: Core.CreateOptions
  readonly signal: AbortSignal | undefined
}

/** Stands for a call that sets nothing, as most do. */
export const noOptions: CreateOptions = {}
const unset: CheckedCall = { options: {}, signal: undefined }

/** Checks the options of one create; throws `ConfigurationError`. */
export const checkCall = (options: CreateOptions): CheckedCall => {
  if (options === noOptions) return unset
  known("options", options, callNames)
  time("timeoutMs", options.timeoutMs, 1)
  time("deadlineMs", options.deadlineMs, 1)
  time("maxWaitMs", options.maxWaitMs, 0)
  time("settleMs", options.settleMs, 0)
  integer("retries", options.retries, 0, 100)
  delivery(options.delivery)
  signal(options.signal)
  return {
    options: {
      retries: options.retries,
      timeout: options.timeoutMs,
      deadline: options.deadlineMs,
      maxWait: options.maxWaitMs,
      delivery: options.delivery,
      settle: options.settleMs,
      headers: orThrow(Adapter.ClientOptions.checkHeaders(options.headers)),
    },
    signal: options.signal,
  }
}

const runNames = [
  "signal",
  "concurrency",
  "ordered",
  "delivery",
  "retries",
  "timeoutMs",
  "deadlineMs",
  "maxWaitMs",
  "giveUpAfterMs",
  "stopOn",
  "onProgress",
]

/** Checks the options of a run; throws `ConfigurationError`. */
export const checkRun = (options: CreateManyOptions): Omit<Core.RunOptions, "onProgress"> => {
  known("options", options, runNames)
  time("timeoutMs", options.timeoutMs, 1)
  time("deadlineMs", options.deadlineMs, 1)
  time("maxWaitMs", options.maxWaitMs, 0)
  time("giveUpAfterMs", options.giveUpAfterMs, 1)
  integer("retries", options.retries, 0, 100)
  integer("concurrency", options.concurrency, 1, 10_000)
  oneOf("ordered", options.ordered, [true, false], "is true or false")
  delivery(options.delivery)
  signal(options.signal)
  functions("onProgress", options.onProgress)
  if (options.stopOn !== undefined) {
    known("stopOn", options.stopOn, ["errors"])
    integer("stopOn.errors", options.stopOn.errors, 1, Number.MAX_SAFE_INTEGER)
  }
  return {
    concurrency: options.concurrency,
    ordered: options.ordered,
    delivery: options.delivery,
    retries: options.retries,
    timeout: options.timeoutMs,
    deadline: options.deadlineMs,
    maxWait: options.maxWaitMs,
    giveUpAfter: options.giveUpAfterMs,
    maxErrors: options.stopOn?.errors,
  }
}
