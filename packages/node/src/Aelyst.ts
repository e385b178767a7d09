/** The client for callers of Promises: options in, core's calls underneath, Promises out. It decides nothing itself. */
import * as Core from "@aelyst/core"
import * as Adapter from "@aelyst/core/adapter"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"

import type { Ended } from "./Calls.ts"
import { Calls } from "./Calls.ts"
import * as Options from "./options.ts"
import { toResult } from "./results.ts"
import { runOf } from "./Run.ts"
import * as SharedStates from "./SharedStates.ts"
import * as Transport from "./transport/Transport.ts"
import type * as Types from "./types.ts"
import type {
  AelystOptions,
  ContactInput,
  CreateManyOptions,
  CreateOptions,
  CreatePromise,
  CreateResult,
  CustomFieldPairs,
  CustomFieldRecord,
  IdentifierInput,
  LogLine,
  RateLimitSnapshot,
  Row,
  Run,
  TryCreateResult,
  ValidationResult,
} from "./types.ts"

const levels: { readonly [level: string]: LogLine["level"] | undefined } = {
  Fatal: "error",
  Error: "error",
  Warn: "warn",
  Info: "info",
}

const textOf = (message: unknown): string =>
  Array.isArray(message) ? message.map(String).join(" ") : String(message)

/** The context of all calls: the log as the caller wants it, and no spans, which nobody would collect. */
const contextOf = (logger: AelystOptions["logger"]): Context.Context<never> => {
  const write =
    logger === "console"
      ? ({ level, message }: LogLine) => process.stderr.write(`aelyst ${level}: ${message}\n`)
      : typeof logger === "function"
        ? logger
        : undefined
  const own =
    write === undefined
      ? []
      : [
          Logger.make<unknown, void>(({ logLevel, message }) => {
            write({ level: levels[logLevel] ?? "debug", message: textOf(message) })
          }),
        ]
  return Context.empty().pipe(
    Context.add(Logger.CurrentLoggers, new Set(own)),
    Context.add(References.TracerEnabled, false),
  )
}

const overFetch = (transport: typeof globalThis.fetch) => {
  const fetchClient = Effect.runSync(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer))
  return HttpClient.transform(fetchClient, (effect) =>
    effect.pipe(
      Effect.provideService(FetchHttpClient.Fetch, transport),
      // a redirect that was followed would look like an answer
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
    ),
  )
}

/** Makes the way to the API; its connections end with the scope. */
const httpOf = (options: AelystOptions<never>, baseUrl: string, scope: Scope.Scope) => {
  const { transport, proxy } = options
  if (typeof transport === "function") return overFetch(transport)
  if (transport !== undefined) return Transport.fromDispatcher(transport, baseUrl)
  if (!Transport.isSupported) {
    if (proxy === undefined || proxy === false) return overFetch(globalThis.fetch)
    throw new Core.ConfigurationError(
      "proxy",
      "must not be set here: it needs undici, which this runtime replaces",
    )
  }
  return Options.orThrow(
    Effect.runSync(Effect.result(Transport.make({ baseUrl, proxy }).pipe(Scope.provide(scope)))),
  )
}

/**
 * Returns the result of a call or throws its error. The stack of the error then shows the line that awaits the call: the
 * error was made in the callback of a socket, so all its other frames are inside this package.
 */
const settle = async (call: Promise<Ended>): Promise<CreateResult> => {
  const ended = await call
  if (ended._tag === "Created") return toResult(ended.value)
  if (ended._tag === "Failed") {
    Error.captureStackTrace?.(ended.error, settle)
    throw ended.error
  }
  throw ended._tag === "Aborted" ? ended.reason : ended.defect
}

/** Shows the instances of a class by its name only, whatever is behind them. */
const hideInside = (Class: { readonly name: string; readonly prototype: object }): void => {
  Object.defineProperty(Class.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => `${Class.name} {}`,
  })
}

const outcomeOf = ({ outcome }: Ended) => outcome

class Contacts<Fields> implements Types.Contacts<Fields> {
  readonly #client: Core.AelystClient["Service"]
  readonly #calls: Calls

  constructor(client: Core.AelystClient["Service"], calls: Calls) {
    this.#client = client
    this.#calls = calls
  }

  #run(identifier: string, contact: ContactInput<Fields>, options: CreateOptions): Promise<Ended> {
    const call = Options.checkCall(options)
    // safe: core checks the contact at run time, whatever its type
    const input = contact as Core.ContactInput
    return this.#calls.run(this.#client.create(identifier, input, call.options), call)
  }

  /** Rejects if an option is wrong. */
  #started(
    identifier: string,
    contact: ContactInput<Fields>,
    options: CreateOptions,
  ): Promise<Ended> {
    try {
      return this.#run(identifier, contact, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  create(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options: CreateOptions = Options.noOptions,
  ): CreatePromise {
    const ended = this.#started(identifier, contact, options)
    const created = settle(ended)
    return Object.assign(created, {
      withResponse: async () => {
        const value = await created
        const end = await ended
        const head = end._tag === "Created" ? end.value.response : undefined
        const response = { status: head?.status ?? 0, headers: { ...head?.headers } }
        return { value, response, rateLimit: value.rateLimit }
      },
      outcome: () => ended.then(outcomeOf, () => "not_sent" as const),
    })
  }

  async tryCreate(
    identifier: IdentifierInput,
    contact: ContactInput<Fields>,
    options: CreateOptions = Options.noOptions,
  ): Promise<TryCreateResult> {
    const ended = await this.#run(identifier, contact, options)
    switch (ended._tag) {
      case "Created":
        return { ok: true, value: toResult(ended.value) }
      case "Failed":
        return { ok: false, error: ended.error, outcome: ended.outcome, aborted: false }
      case "Aborted":
        return { ok: false, error: ended.reason, outcome: ended.outcome, aborted: true }
      case "Died":
        throw ended.defect
    }
  }

  createMany(
    rows: Iterable<Row<Fields>> | AsyncIterable<Row<Fields>>,
    options: CreateManyOptions = {},
  ): Run {
    // safe: core checks every contact at run time, whatever its type
    const inputs = rows as Iterable<Core.Row> | AsyncIterable<Core.Row>
    return runOf(this.#calls, this.#client, inputs, options)
  }

  validate(identifier: unknown, contact: unknown): ValidationResult {
    const checked = Effect.runSync(Effect.result(this.#client.validate(identifier, contact)))
    return Result.isSuccess(checked)
      ? {
          ok: true,
          identifier: checked.success.identifier,
          contact: checked.success.payload,
        }
      : { ok: false, error: checked.failure }
  }

  static {
    hideInside(this)
  }
}

/**
 * Creates Aelyst contacts.
 *
 * Every option is checked here; a wrong one throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` and the
 * option's name. Clients with the same token and origin share one pace in the process.
 */
export class Aelyst<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** Creates contacts, one or many, and checks them offline. */
  readonly contacts: Types.Contacts<Fields>
  readonly #calls: Calls
  readonly #shared: ReturnType<typeof SharedStates.join>
  readonly #scope: Scope.Closeable
  #closing: Promise<void> | undefined

  constructor(options: AelystOptions<Fields> = {}) {
    // safe: the type of the custom fields is for callers; at run time it is not there
    const given = options as AelystOptions<never>
    const { config, token, tokenKey } = Options.check(given, process.env)
    this.#scope = Scope.makeUnsafe()
    const http = httpOf(given, config.baseUrl, this.#scope)
    this.#shared = SharedStates.join(tokenKey, config)
    const client = Effect.runSync(
      Adapter.makeWith(config, token, this.#shared.state).pipe(
        Effect.provideService(HttpClient.HttpClient, http),
      ),
    )
    this.#calls = new Calls(contextOf(options.logger), options.hooks ?? {})
    this.contacts = new Contacts<Fields>(client, this.#calls)
  }

  /** What is known of the API's rate limit at this moment. */
  get rateLimit(): RateLimitSnapshot {
    const now = Date.now()
    const seen = Effect.runSync(this.#shared.state.pacer.snapshot)
    const { limit, remaining, opensIn, observedAgo, waiting, inFlight } = seen
    return {
      limit,
      remaining,
      retryAt: opensIn === undefined ? undefined : Math.ceil(now + Duration.toMillis(opensIn)),
      observedAt:
        observedAgo === undefined ? undefined : Math.round(now - Duration.toMillis(observedAgo)),
      waiting,
      inFlight,
    }
  }

  /**
   * Takes no more calls, waits for those under way, and ends what is left after `timeoutMs` (default 30,000): what had
   * not left rejects with `UnavailableError`, the rest with `OutcomeUnknownError`. Every call gives the same promise.
   */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? 30_000)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#calls.close(timeoutMs)
    this.#shared.leave()
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }

  /** Closes the client; for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  static {
    hideInside(this)
  }
}
