/**
 * The client as a service: checks the input, runs the call and reports its outcome. It is made from options
 * and a token over any `HttpClient`; `layerConfig` reads the token from the environment.
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"

import type { ClientState, CreateResult, TokenSource } from "./call/Call.ts"
import { Call } from "./call/Call.ts"
import type { CallRecord } from "./call/CallRecord.ts"
import { Ended } from "./call/CallRecord.ts"
import type { CallOptions, ClientOptions, ConfigurationError } from "./call/ClientOptions.ts"
import { checkToken, parse, parseCall } from "./call/ClientOptions.ts"
import * as CreateCall from "./call/CreateCall.ts"
import { DeadlineTimer } from "./call/DeadlineTimer.ts"
import * as FetchTransport from "./call/FetchTransport.ts"
import { notify } from "./call/Hooks.ts"
import { Counting } from "./call/Metrics.ts"
import * as SharedState from "./call/SharedState.ts"
import * as Tracing from "./call/Tracing.ts"
import type { ContactInput, Validated } from "./contact/Contact.ts"
import { isValidated, validate } from "./contact/Contact.ts"
import type { AelystError } from "./errors/AelystError.ts"
import { InvalidContactError } from "./errors/AelystError.ts"
import type { PacerSnapshot } from "./pacing/Pacer.ts"
import type { CallEnd, ClientConfig } from "./types.ts"

/** The options of one call; the client's hold for those that are not set. */
export interface CreateOptions extends CallOptions {}

/**
 * Creates Aelyst contacts.
 *
 * **Example** (Create a contact and handle one of the errors)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   const { outcome } = yield* client.create("email:ana@example.com", { firstName: "Ana" })
 *   return outcome
 * }).pipe(
 *   Effect.catchTag("RateLimitError", ({ retryAfter }) => Effect.succeed(`wait ${retryAfter}`)),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log(await Effect.runPromise(program)) // => created
 * ```
 */
export class AelystClient extends Context.Service<
  AelystClient,
  {
    /**
     * Creates one contact.
     *
     * Takes an identifier (`email:…`, `phone:+…`, `id:…` or a contact ID, W2) and a contact (W3), or both as this client's
     * `validate` returned them. Succeeds with `created`, or `exists_after_doubt` if a repeat after a lost response was told that the
     * contact exists. Fails with `InvalidContactError` before any request, else with one of the other eight errors; only
     * the delivery policy decides what is sent again. A wrong option is a defect, a `ConfigurationError`.
     */
    readonly create: {
      (
        identifier: string,
        contact: ContactInput,
        options?: CreateOptions,
      ): Effect.Effect<CreateResult, AelystError>
      (valid: Validated, options?: CreateOptions): Effect.Effect<CreateResult, AelystError>
    }
    /** Checks an identifier and a contact offline; fails with all issues at once. */
    readonly validate: (
      identifier: unknown,
      contact: unknown,
    ) => Effect.Effect<Validated, InvalidContactError>
    /** Reads the state of the pacer. */
    readonly rateLimit: Effect.Effect<PacerSnapshot>
    /** Emits the state of the pacer whenever it changes. */
    readonly rateLimitChanges: Stream.Stream<PacerSnapshot>
  }
>()("@aelyst/core/AelystClient") {}

/** Returns how a call ended: with its result, with its error, or interrupted, as far as its record knows. */
const endOf = (exit: Exit.Exit<CreateResult, AelystError>, record: CallRecord): CallEnd =>
  Exit.isSuccess(exit)
    ? exit.value
    : Option.getOrElse(Exit.findErrorOption(exit), (): CallEnd => record)

/** Runs a call in a span, and reports how it ended. */
const createValid = (
  client: ClientState,
  valid: Validated,
  options: CreateOptions = {},
): Effect.Effect<CreateResult, AelystError> => {
  const spanOptions = () => ({
    attributes: {
      "http.request.method": "POST",
      "url.template": "/contact/{identifier}",
      "aelyst.identifier.kind": valid.kind,
    },
  })
  return Tracing.spanned("AelystClient.create", spanOptions, (span, fiber) => {
    const parsed = parseCall(options)
    if (Result.isFailure(parsed)) return Effect.die(parsed.failure)
    const call = new Call(client, valid, parsed.success, fiber)
    const settleMs = parsed.success.settleMs ?? client.config.settleMs
    const result = Effect.onExitPrimitive(CreateCall.run(call), (exit) => {
      const end = endOf(exit, call.record)
      span?.attribute("aelyst.outcome", end.outcome)
      span?.attribute("aelyst.attempts", end.attempts.length)
      return notify(call.hooks.onOutcome, new Ended(end))
    })
    if (settleMs === 0) return result
    // the processing that the API recommends to wait for (W10)
    const settle = call.reportWait({ reason: "settle", ms: settleMs, resend: 0 })
    return Effect.tap(result, Effect.andThen(settle, Effect.sleep(settleMs)))
  })
}

/**
 * Creates a client from checked options, a token and the state that its calls share with those of other clients.
 *
 * **Example** (A client over checked options)
 *
 * ```ts
 * import { ClientOptions, SharedState, makeWith } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const config = yield* Effect.fromResult(ClientOptions.parse({ retries: 1 }))
 *   const shared = yield* SharedState.make(config)
 *   const client = yield* makeWith(config, Redacted.make("sandbox_ok"), shared)
 *   return yield* client.validate("id:5", { firstName: "Ana" })
 * }).pipe(Effect.provide(FetchHttpClient.layer))
 *
 * console.log((await Effect.runPromise(program)).identifier) // => id:5
 * ```
 */
export const makeWith = (
  config: ClientConfig,
  token: TokenSource,
  sharedState: SharedState.SharedState,
): Effect.Effect<AelystClient["Service"], never, HttpClient.HttpClient> =>
  Effect.map(Effect.all([HttpClient.HttpClient, Counting]), ([http, counters]) => {
    const timer = new DeadlineTimer()
    const client: ClientState = { http, config, token, sharedState, timer, counters }

    const check = (identifier: unknown, contact: unknown) =>
      Result.mapError(
        validate(identifier, contact, { customFields: config.customFields }),
        (issues) => new InvalidContactError({ attempts: [], issues }),
      )

    const create = (
      first: unknown,
      second?: unknown,
      third?: CreateOptions,
    ): Effect.Effect<CreateResult, AelystError> => {
      // safe: the overload with a validated contact takes its options second
      if (isValidated(first)) return createValid(client, first, second as CreateOptions | undefined)
      const checked = check(first, second)
      return Result.isSuccess(checked)
        ? createValid(client, checked.success, third)
        : Effect.fail(checked.failure)
    }

    return AelystClient.of({
      create,
      validate: (identifier, contact) => Effect.fromResult(check(identifier, contact)),
      rateLimit: sharedState.pacer.snapshot,
      rateLimitChanges: sharedState.pacer.changes,
    })
  })

/** The options of a client together with its token. */
export interface LayerOptions extends ClientOptions {
  /**
   * The bearer token (W1): fixed, or an effect that is asked before each attempt, and again after a 401. Its failure is the
   * `cause` of an `UnavailableError` (`token`); its defect is a defect of the call.
   */
  readonly token: TokenSource
}

/**
 * Creates a client over the `HttpClient` in the context.
 *
 * Fails with `ConfigurationError`, which names the wrong option. The client paces and locks its own calls only; several
 * clients for one token and origin must share one state, see `makeWith` in `@aelyst/core/adapter`.
 *
 * **Example** (A token that is read before each attempt)
 *
 * ```ts
 * import { make } from "@aelyst/core"
 * import { Config, Effect } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const baseUrl = yield* Config.String("AELYST_BASE_URL")
 *   const client = yield* make({ baseUrl, token: Config.Redacted("AELYST_TOKEN") })
 *   return yield* client.create("id:make-example", { firstName: "Ana" })
 * }).pipe(Effect.provide(FetchHttpClient.layer))
 *
 * console.log((await Effect.runPromise(program)).result) // => created
 * ```
 */
export const make = Effect.fnUntraced(function* (options: LayerOptions) {
  const config = yield* Effect.fromResult(parse(options))
  const token = Redacted.isRedacted(options.token)
    ? yield* Effect.fromResult(checkToken(Redacted.value(options.token)))
    : Effect.flatMap(options.token, (secret) =>
        Effect.fromResult(checkToken(Redacted.value(secret))),
      )
  return yield* makeWith(config, token, yield* SharedState.make(config))
})

/**
 * Provides a client made from options.
 *
 * **Example** (A client with a ceiling)
 *
 * ```ts
 * import { AelystClient, layer } from "@aelyst/core"
 * import { Effect, Layer, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const live = layer({
 *   token: Redacted.make("sandbox_ok"),
 *   rateLimit: { perSecond: 5 },
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 *
 * const program = Effect.flatMap(AelystClient, (client) => client.rateLimit)
 * console.log((await Effect.runPromise(Effect.provide(program, live))).waiting) // => 0
 * ```
 */
export const layer = (
  options: LayerOptions,
): Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient> =>
  Layer.effect(AelystClient, make(options))

/**
 * Provides a client over `fetch`; it needs no `HttpClient`.
 *
 * `FetchHttpClient.Fetch` replaces the global `fetch`, and `FetchHttpClient.RequestInit` adds settings such as
 * `credentials`. Fails with `ConfigurationError`, which names the wrong option.
 *
 * **Example** (A client in one line)
 *
 * ```ts
 * import { AelystClient, layerFetch } from "@aelyst/core"
 * import { Effect, Redacted } from "effect"
 *
 * const program = Effect.flatMap(AelystClient, (client) => client.rateLimit)
 * const live = layerFetch({ token: Redacted.make("sandbox_ok") })
 *
 * console.log((await Effect.runPromise(Effect.provide(program, live))).waiting) // => 0
 * ```
 */
export const layerFetch = (options: LayerOptions): Layer.Layer<AelystClient, ConfigurationError> =>
  Layer.provide(layer(options), FetchTransport.layer)

// a function, so that bundles that pass their options directly leave Config out
const fromEnvironment = () =>
  Config.all({
    token: Config.Redacted("AELYST_TOKEN"),
    baseUrl: Config.option(Config.String("AELYST_BASE_URL")),
  })

/**
 * Provides a client whose token and base URL come from `AELYST_TOKEN` and `AELYST_BASE_URL`.
 *
 * Fails with Effect's `ConfigError` if the token is missing or one of the two is wrong.
 *
 * **Example** (Configure from the environment)
 *
 * ```ts
 * import { AelystClient, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   return yield* client.create("id:environment-example", { firstName: "Ana" })
 * }).pipe(Effect.provide(Layer.provide(layerConfig({ retries: 2 }), FetchHttpClient.layer)))
 *
 * console.log((await Effect.runPromise(program)).status) // => 200
 * ```
 */
export const layerConfig = (
  options: Omit<ClientOptions, "baseUrl"> = {},
): Layer.Layer<AelystClient, Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    AelystClient,
    Effect.flatMap(fromEnvironment(), ({ token, baseUrl }) =>
      Effect.mapError(
        make({ ...options, token, baseUrl: Option.getOrUndefined(baseUrl) }),
        ({ message }) => new Config.ConfigError(new ConfigProvider.SourceError({ message })),
      ),
    ),
  )
