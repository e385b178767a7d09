/** A client: checks the input, runs each call, and reports how it ended. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"

import type { ContactInput, Validated } from "../contact/Contact.ts"
import * as Contact from "../contact/Contact.ts"
import type { AelystError } from "../errors/AelystError.ts"
import { InvalidContactError } from "../errors/AelystError.ts"
import type { PacerSnapshot } from "../pacing/Pacer.ts"
import type { CallEnd, ClientConfig } from "../types.ts"
import type { ClientState, CreateResult, TokenSource } from "./Call.ts"
import { Call } from "./Call.ts"
import type { CallRecord } from "./CallRecord.ts"
import { Ended } from "./CallRecord.ts"
import type { CallOptions } from "./ClientOptions.ts"
import { parseCall } from "./ClientOptions.ts"
import * as CreateCall from "./CreateCall.ts"
import { DeadlineTimer } from "./DeadlineTimer.ts"
import { notify } from "./Hooks.ts"
import { Lifetime } from "./Lifetime.ts"
import { Counting } from "./Metrics.ts"
import * as SharedState from "./SharedState.ts"
import * as Tracing from "./Tracing.ts"

/** The options of one call; the client's hold for those that are not set. */
export interface CreateOptions extends CallOptions {}

/** The methods of a client. */
export interface Client {
  /**
   * Creates one contact.
   *
   * Takes an identifier (`email:…`, `phone:+…`, `id:…` or a contact ID, W2) and a contact (W3), or both as this client's
   * `validate` returned them. Succeeds with `created`, with `exists_after_doubt` if a repeat after a lost response was told that
   * the contact exists, or with `existed` if it exists otherwise and `existing` is `accept`. Fails with `InvalidContactError` before any request, else with one of the other eight errors; only
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
    attributes: { ...Tracing.requestAttributes, "aelyst.identifier.kind": valid.kind },
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
    const settled = Effect.andThen(settle, Effect.sleep(settleMs))
    return Effect.tap(result, () =>
      client.lifetime.within(settled, () => Effect.void, call.run?.lifetime),
    )
  })
}

/** Creates the overloads of `create` from a check of contacts, which may be done at once, and a create of valid ones. */
export const createOf =
  (
    validate: Client["validate"],
    create: (valid: Validated, options?: CreateOptions) => Effect.Effect<CreateResult, AelystError>,
  ): Client["create"] =>
  (first: unknown, second?: unknown, third?: CreateOptions) =>
    Contact.isValidated(first)
      ? // safe: the overload with a validated contact takes its options second
        create(first, second as CreateOptions | undefined)
      : Effect.flatMapEager(validate(first, second), (valid) => create(valid, third))

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
 * }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
 *
 * console.log((await Effect.runPromise(program)).identifier) // => id:5
 * ```
 */
export const makeWith = (
  config: ClientConfig,
  token: TokenSource,
  sharedState: SharedState.SharedState,
): Effect.Effect<Client, never, HttpClient.HttpClient | Scope> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const counters = yield* Counting
    const lifetime = new Lifetime()
    yield* Effect.addFinalizer(() => lifetime.close)
    const timer = new DeadlineTimer()
    const client: ClientState = { http, config, token, sharedState, timer, counters, lifetime }

    const withKeyWaits = (snapshot: PacerSnapshot) =>
      SharedState.withKeyWaits(sharedState, snapshot)

    const validate: Client["validate"] = (identifier, contact) =>
      Effect.fromResult(
        Result.mapError(
          Contact.validate(identifier, contact, config),
          (issues) => new InvalidContactError({ attempts: [], issues }),
        ),
      )

    return {
      create: createOf(validate, (valid, options) => createValid(client, valid, options)),
      validate,
      // suspended: another client of the same token can replace the pacer
      rateLimit: Effect.suspend(() => Effect.map(sharedState.pacer.snapshot, withKeyWaits)),
      rateLimitChanges: Stream.suspend(() => Stream.map(sharedState.pacer.changes, withKeyWaits)),
    }
  })
