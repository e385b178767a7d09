/**
 * The client as a service: checks the input, runs the call and tells what became of the contact.
 * Made from options and a token over any `HttpClient`; `layerConfig` reads both from the environment.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Fiber } from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type { Span } from "effect/Tracer"

import type { AelystError } from "./errors/AelystError.ts"
import { InvalidContactError } from "./errors/AelystError.ts"
import type { CreateResult, RunScope, TokenSource } from "./call/CreateCall.ts"
import * as Call from "./call/CreateCall.ts"
import type {
  CallConfig,
  CallOptions,
  ClientConfig,
  ClientOptions,
  ConfigurationError,
} from "./call/ClientOptions.ts"
import { checkToken, parse, parseCall } from "./call/ClientOptions.ts"
import type { ContactInput, Validated } from "./contact/Contact.ts"
import { validate } from "./contact/Contact.ts"
import { DeadlineTimer } from "./call/DeadlineTimer.ts"
import * as Identifier from "./contact/Identifier.ts"
import type { SharedState } from "./call/SharedState.ts"
import * as Lanes from "./call/SharedState.ts"
import { Counting } from "./call/Metrics.ts"
import * as Monotonic from "./pacing/MonotonicClock.ts"
import { Hooks, notify } from "./call/Hooks.ts"
import type { PacerSnapshot } from "./pacing/Pacer.ts"
import type { Delivery } from "./call/RetryPolicy.ts"
import * as Tracing from "./call/Tracing.ts"

/** Holds what one call may set for itself; what it leaves out comes from the client's options. */
export interface CreateOptions extends CallOptions {
  /** Resends after the first attempt; 0 means none, for every kind of failure. */
  readonly retries?: number | undefined
  /** Time to the first byte of one attempt's answer. */
  readonly timeout?: Duration.Input | undefined
  /** All attempts and waits together. */
  readonly deadline?: Duration.Input | undefined
  /** The longest `Retry-After` that is waited for; 0 means not to wait. */
  readonly maxWait?: Duration.Input | undefined
  readonly delivery?: Delivery | undefined
  /** The wait after the success (W10, D11). */
  readonly settle?: Duration.Input | undefined
  /** Further headers of the request, such as a request ID; those that the client or HTTP itself writes are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Creates Aelyst contacts. */
export class AelystClient extends Context.Service<
  AelystClient,
  {
    /**
     * Creates one contact.
     *
     * Takes an identifier (`email:…`, `phone:+…`, `id:…` or a contact ID, W2) and a contact (W3). Gives `created`, or
     * `exists_after_doubt` where a repeat after a lost answer was told that the contact exists. Fails with
     * `InvalidContactError` before any request, else with one of the other eight errors; what was sent again is
     * decided by the delivery policy alone. An option that makes no sense is a defect, a `ConfigurationError`.
     */
    readonly create: (
      identifier: string,
      contact: ContactInput,
      options?: CreateOptions,
    ) => Effect.Effect<CreateResult, AelystError>
    /** Checks an identifier and a contact offline; fails with all issues at once. */
    readonly validate: (
      identifier: unknown,
      contact: unknown,
    ) => Effect.Effect<Validated, InvalidContactError>
    /** Creates one row of a run, which shares the run's deadline and its pauses. */
    readonly createRow: (
      valid: Validated,
      options: CreateOptions,
      run: RunScope,
    ) => Effect.Effect<CreateResult, AelystError>
    /** Reads the state of the pacer. */
    readonly rateLimit: Effect.Effect<PacerSnapshot>
    /** Emits the state of the pacer whenever it changes. */
    readonly rateLimitChanges: Stream.Stream<PacerSnapshot>
  }
>()("@aelyst/core/AelystClient") {}

const limitsOf = (
  config: ClientConfig,
  call: CallConfig,
  token: TokenSource,
  run: RunScope | undefined,
  now: number,
): Call.CallLimits => {
  const delivery = call.delivery ?? config.delivery
  const deadlineMs =
    call.deadlineMs ?? config.deadlineMs ?? (delivery === "natural-key" ? 120_000 : 60_000)
  return {
    policy: {
      delivery,
      retries: call.retries ?? config.retries,
      run: run !== undefined,
      renewsToken: !Redacted.isRedacted(token),
    },
    deadlineAt: run === undefined ? now + deadlineMs : run.deadlineAt,
    timeoutMs: call.timeoutMs ?? config.timeoutMs,
    maxWaitMs: call.maxWaitMs ?? config.maxWaitMs ?? (run === undefined ? 60_000 : 900_000),
    headers: call.headers,
    run,
  }
}

/** Makes a client from checked options, a token and the lane that its calls share. */
export const makeWith = (
  config: ClientConfig,
  token: TokenSource,
  lane: SharedState,
): Effect.Effect<AelystClient["Service"], never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const sender: Call.Sender = { http, config, token, lane, deadlines: new DeadlineTimer() }

    const call = (
      valid: Validated,
      options: CreateOptions,
      run: RunScope | undefined,
      span: Span | undefined,
      fiber: Fiber<unknown, unknown>,
    ): Effect.Effect<CreateResult, AelystError> => {
      const own = parseCall(options)
      if (Result.isFailure(own)) return Effect.die(own.failure)
      const observer = fiber.getRef(Hooks)
      const now = Monotonic.millisOf(fiber.getRef(Clock.Clock))
      const trace = new Call.CallRecord(now)
      const settleMs = own.success.settleMs ?? config.settleMs
      const limits = limitsOf(config, own.success, token, run, now)

      const result = Effect.onExitPrimitive(
        Call.run(sender, valid, limits, trace, fiber),
        (exit) => {
          const { attempts } = trace
          const error = Exit.isSuccess(exit)
            ? undefined
            : Option.getOrUndefined(Exit.findErrorOption(exit))
          const known = Exit.isSuccess(exit) ? exit.value.result : (error?.outcome ?? trace.known)
          span?.attribute("aelyst.outcome", known)
          span?.attribute("aelyst.attempts", attempts.length)
          if (Exit.isFailure(exit) && error === undefined) run?.ended(trace.known)
          const outcome = known === "exists_after_doubt" ? "created" : known
          return notify(observer.onOutcome, { outcome, attempts })
        },
      )
      if (settleMs === 0) return result
      const settle = Effect.gen(function* () {
        const counters = yield* Counting
        yield* counters.wait("settle", settleMs)
        const told = notify(observer.onWait, { reason: "settle", ms: settleMs, resend: 0 })
        if (told !== undefined) yield* told
        yield* Effect.sleep(settleMs)
      })
      return Effect.tap(result, (ended) =>
        Effect.onInterrupt(settle, () => Effect.sync(() => run?.ended(ended.result))),
      )
    }

    const traced = (valid: Validated, options: CreateOptions, run: RunScope | undefined) =>
      Tracing.spanned(
        "AelystClient.create",
        () => ({
          attributes: {
            "http.request.method": "POST",
            "url.template": "/contact/{identifier}",
            "aelyst.identifier.kind": Identifier.kind(valid.identifier),
          },
        }),
        (span, fiber) => call(valid, options, run, span, fiber),
      )

    const check = (identifier: unknown, contact: unknown) =>
      Result.mapError(
        validate(identifier, contact, { customFields: config.customFields }),
        (issues) => new InvalidContactError({ attempts: [], issues }),
      )

    return AelystClient.of({
      create: (identifier, contact, options = {}) => {
        const valid = check(identifier, contact)
        return Result.isSuccess(valid)
          ? traced(valid.success, options, undefined)
          : Effect.fail(valid.failure)
      },
      createRow: traced,
      validate: (identifier, contact) => Effect.fromResult(check(identifier, contact)),
      rateLimit: lane.pacer.snapshot,
      rateLimitChanges: lane.pacer.changes,
    })
  })

/** Holds the options of a client together with its token. */
export interface LayerOptions extends ClientOptions {
  /** The bearer token (W1): fixed, or an effect that is asked before each attempt, and once more after a 401. */
  readonly token: TokenSource
}

/**
 * Makes a client with a lane of its own over the `HttpClient` at hand.
 *
 * Fails with `ConfigurationError`, which names the option that makes no sense. The lane paces and locks the calls of
 * this client only; whoever makes several clients for one token and origin gives them one lane by `makeWith`.
 */
export const make = Effect.fnUntraced(function* (options: LayerOptions) {
  const config = yield* Effect.fromResult(parse(options))
  const token = Redacted.isRedacted(options.token)
    ? yield* Effect.fromResult(checkToken(Redacted.value(options.token)))
    : Effect.flatMap(options.token, (secret) =>
        Effect.fromResult(checkToken(Redacted.value(secret))),
      )
  const lane = yield* Lanes.make(config)
  return yield* makeWith(config, token, lane)
})

/** Provides a client made from options. */
export const layer = (
  options: LayerOptions,
): Layer.Layer<AelystClient, ConfigurationError, HttpClient.HttpClient> =>
  Layer.effect(AelystClient, make(options))

// a function, so that bundles that give their options directly leave Config out
const fromEnvironment = () =>
  Config.all({
    token: Config.Redacted("AELYST_TOKEN"),
    baseUrl: Config.option(Config.String("AELYST_BASE_URL")),
  })

/**
 * Provides a client whose token and base URL come from `AELYST_TOKEN` and `AELYST_BASE_URL`.
 *
 * Fails with Effect's `ConfigError` where the token is missing or one of the two makes no sense.
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
