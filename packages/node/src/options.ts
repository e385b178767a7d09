/**
 * The options of the client and of its calls. Core's table has their ranges and core's parser checks them, in the
 * dialect of this package: milliseconds, under names that end in `Ms`. Only what this package adds is checked here.
 */
import type * as Core from "@aelyst/core"
import type { OptionScope, OptionText } from "@aelyst/core/adapter"
import { ClientOptions, checkCountry, isRows } from "@aelyst/core/adapter"
import type { ConfigurationError } from "@aelyst/core"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type {
  AelystOptions,
  CreateManyOptions,
  CreateOptions,
  SharedRateLimitStore,
} from "./types.ts"

/**
 * Describes the options that core does not have.
 *
 * @public read by `scripts/option-tables.mjs`
 */
export const ownOptions = {
  defaultCountry: {
    scopes: ["client"],
    otherwise: "none",
    sentence:
      "The country of phone numbers without `+`, such as `MY`; numbers are then read as people write them",
  },
  proxy: {
    scopes: ["client"],
    otherwise: "`false`",
    sentence: '`"env"` for `HTTPS_PROXY` and `NO_PROXY`, or the URL of a proxy',
  },
  transport: {
    scopes: ["client"],
    otherwise: "built in",
    sentence: "A function like `fetch`, or an undici dispatcher (7.2 or newer)",
  },
  hooks: {
    scopes: ["client"],
    otherwise: "none",
    sentence: "Functions that watch calls: `onAttempt`, `onWait`, `onOutcome`",
  },
  logger: {
    scopes: ["client"],
    otherwise: "`silent`",
    sentence: "`console` (to stderr), or a function",
  },
  signal: {
    scopes: ["call", "run"],
    otherwise: "none",
    sentence: "An `AbortSignal` that ends the call or the run",
  },
  gate: {
    scopes: ["call", "run"],
    otherwise: "none",
    sentence: "For authors of packages: `{ before }` is asked before each attempt",
  },
} as const satisfies Readonly<
  Record<string, OptionText & { readonly scopes: ReadonlyArray<OptionScope> }>
>

const ownNames = (scope: OptionScope): ReadonlyArray<string> =>
  Object.entries(ownOptions).flatMap(([name, { scopes }]) =>
    scopes.some((one) => one === scope) ? [name] : [],
  )

/**
 * How options are written here.
 *
 * @public read by `scripts/option-tables.mjs`
 */
export const dialect: ClientOptions.Dialect = ClientOptions.makeDialect({
  milliseconds: true,
  also: { client: ownNames("client"), call: ownNames("call"), run: ownNames("run") },
  // spans are off in this package
  except: ["propagateTrace"],
})

/** Holds checked options of a client. */
export interface Checked {
  readonly config: ClientOptions.ClientConfig
  /** In upper case. */
  readonly defaultCountry: string | undefined
  readonly token: Core.TokenSource
  /** The store of a limit that processes share. */
  readonly shared: SharedRateLimitStore | undefined
  /** Identifies the token: the token itself, or the function that returns it. */
  readonly tokenKey: unknown
}

/** Returns the value, or throws the failure. */
export const orThrow = <A>(result: Result.Result<A, ConfigurationError>): A => {
  if (Result.isFailure(result)) throw result.failure
  return result.success
}

const refuse = (option: string, rule: string, ...given: [value?: unknown]): never =>
  orThrow(ClientOptions.fail(option, rule, ...given))

const tokenOf = (given: unknown, env: NodeJS.ProcessEnv): Pick<Checked, "token" | "tokenKey"> => {
  if (typeof given === "function") {
    const token = Effect.flatMap(
      Effect.tryPromise({ try: async () => given(), catch: (error) => error }),
      (text) => Effect.fromResult(ClientOptions.checkToken(text)),
    )
    return { token, tokenKey: given }
  }
  const text = given ?? env["AELYST_TOKEN"]
  if (text === undefined || text === "") {
    return refuse("token", "must be set: pass it to the constructor, or set AELYST_TOKEN")
  }
  if (typeof text !== "string") {
    return refuse("token", "must be a string, or a function that returns one")
  }
  const token = orThrow(ClientOptions.checkToken(text))
  return { token, tokenKey: Redacted.value(token) }
}

const hookNames = new Set(["onAttempt", "onWait", "onOutcome"])

const checkHooks = (hooks: unknown): void => {
  if (hooks === undefined) return
  const known = orThrow(ClientOptions.checkNames("hooks", hooks, hookNames))
  for (const [name, hook] of Object.entries(known)) {
    if (hook !== undefined && typeof hook !== "function") {
      refuse(`hooks.${name}`, "must be a function", hook)
    }
  }
}

const checkLogger = (logger: unknown): void => {
  if (logger === undefined || typeof logger === "function") return
  if (logger === "silent" || logger === "console") return
  refuse("logger", 'must be "silent", "console" or a function', logger)
}

const checkTransport = ({ transport, proxy }: { transport?: unknown; proxy?: unknown }): void => {
  if (transport !== undefined && typeof transport !== "function") {
    const dispatch: unknown =
      typeof transport === "object" && transport !== null
        ? Reflect.get(transport, "dispatch")
        : undefined
    if (typeof dispatch !== "function") {
      refuse("transport", "must be a function like fetch, or an undici dispatcher", transport)
    }
  }
  if (proxy === undefined || proxy === false) return
  if (transport !== undefined) {
    refuse("proxy", "must not be set with `transport`: give the transport its own proxy")
  }
  // its URL may hold a password, and is not shown
  if (typeof proxy !== "string" && !(proxy instanceof URL)) {
    refuse("proxy", 'must be false, "env" or a URL')
  }
}

/** Takes the shared store out of `rateLimit`, which core does not have there. */
const splitRateLimit = (
  rateLimit: AelystOptions["rateLimit"],
): Pick<Checked, "shared"> & { readonly rateLimit: Core.ClientOptions["rateLimit"] } => {
  if (typeof rateLimit !== "object" || rateLimit === null || !("shared" in rateLimit)) {
    return { shared: undefined, rateLimit }
  }
  orThrow(ClientOptions.checkNames("rateLimit", rateLimit, new Set(["shared", "perSecond"])))
  const { perSecond, shared } = rateLimit
  if (typeof shared?.modify !== "function") {
    refuse("rateLimit.shared", "must be a store: an object with the function `modify`")
  }
  const { recheckMs = 1 } = shared
  if (!(recheckMs >= 1)) {
    refuse("rateLimit.shared.recheckMs", "must be at least 1 millisecond", recheckMs)
  }
  return { shared, rateLimit: perSecond === undefined ? "adaptive" : { perSecond } }
}

/** Checks the options of a client; the environment fills in token and base URL. Throws `ConfigurationError`. */
export const check = (options: AelystOptions<never>, env: NodeJS.ProcessEnv): Checked => {
  orThrow(ClientOptions.checkNames("options", options, dialect.scopes.client))
  checkHooks(options.hooks)
  checkLogger(options.logger)
  checkTransport(options)
  const defaultCountry = orThrow(checkCountry(options.defaultCountry))
  const baseUrl = options.baseUrl ?? (env["AELYST_BASE_URL"] || undefined)
  const { rateLimit, shared } = splitRateLimit(options.rateLimit)
  const token = options.token ?? env["AELYST_TOKEN"]
  const config = orThrow(ClientOptions.parse({ ...options, baseUrl, rateLimit, token }, dialect))
  return { config, defaultCountry, shared, ...tokenOf(options.token, env) }
}

const checkSignal = (signal: unknown): void => {
  if (signal === undefined || signal instanceof AbortSignal) return
  refuse("signal", "must be an AbortSignal", signal)
}

const checkGate = (gate: unknown): void => {
  if (gate === undefined) return
  const known = orThrow(ClientOptions.checkNames("gate", gate, new Set(["before"])))
  if (typeof Reflect.get(known, "before") !== "function") {
    refuse("gate.before", "must be a function that returns a promise")
  }
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
  const call = orThrow(ClientOptions.parseCall(options, dialect))
  checkSignal(options.signal)
  checkGate(options.gate)
  return {
    options: {
      retries: call.retries,
      timeout: call.timeoutMs,
      deadline: call.deadlineMs,
      maxWait: call.maxWaitMs,
      delivery: call.delivery,
      settle: call.settleMs,
      existing: call.existing,
      doubt: call.doubt,
      headers: call.headers,
    },
    signal: options.signal,
  }
}

/** Checks how long closing may wait, in milliseconds; throws `ConfigurationError`. */
export const checkTimeout = (timeoutMs: unknown): number =>
  typeof timeoutMs === "number" && timeoutMs >= 0
    ? timeoutMs
    : refuse("timeoutMs", "must be a number of milliseconds of at least 0, or Infinity", timeoutMs)

/** Checks the rows of a run; throws `ConfigurationError`, which does not show them. */
export const checkRows = (rows: unknown): void => {
  if (!isRows(rows)) refuse("rows", "must be an iterable or an async iterable of rows")
}

/** Checks the options of a run; throws `ConfigurationError`. */
export const checkRun = (options: CreateManyOptions): Omit<Core.RunOptions, "onProgress"> => {
  const run = orThrow(ClientOptions.parseRun(options, dialect))
  checkSignal(options.signal)
  checkGate(options.gate)
  return {
    concurrency: run.concurrency,
    ordered: run.ordered,
    delivery: run.delivery,
    retries: run.retries,
    timeout: run.timeoutMs,
    deadline: options.deadlineMs,
    maxWait: run.maxWaitMs,
    giveUpAfter: run.giveUpMs,
    maxErrors: options.maxErrors,
  }
}
