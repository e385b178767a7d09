/**
 * The state that all calls with one token to one origin share: the pacer, the circuit breaker, the retry budget and the key locks.
 * There is one per token and origin in a process, however many clients there are.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

import * as Pacer from "../pacing/Pacer.ts"
import { version } from "../pacing/PacerState.ts"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import type { ClientOptions } from "./ClientOptions.ts"
import { ConfigurationError, checkNames, parse } from "./ClientOptions.ts"
import { KeyLock } from "./KeyLock.ts"
import type { TokenSource } from "./RequestOptions.ts"
import { RetryBudget } from "./RetryBudget.ts"
import type { ClientConfig } from "../types.ts"

/** The state of one token and origin. */
export interface SharedState {
  readonly pacer: Pacer.Pacer["Service"]
  readonly breaker: CircuitBreaker
  readonly budget: RetryBudget
  readonly locks: KeyLock
}

/**
 * Creates the state of one token and origin. The pacer keeps its state in the `PacerStore` of the context, under a hash of
 * the origin and the token (of the origin only, if an effect returns the token); without a store, in memory.
 *
 * **Example** (Two clients that share one pace)
 *
 * ```ts
 * import { ClientOptions, SharedState, makeWith } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const config = yield* Effect.fromResult(ClientOptions.parse({ rateLimit: { perSecond: 5 } }))
 *   const shared = yield* SharedState.make(config)
 *   const token = Redacted.make("sandbox_ok")
 *   const first = yield* makeWith(config, token, shared)
 *   const second = yield* makeWith({ ...config, retries: 0 }, token, shared)
 *   return [yield* first.rateLimit, yield* second.rateLimit]
 * }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
 *
 * const [one, other] = await Effect.runPromise(program)
 * console.log(one?.limit === other?.limit) // => true
 * ```
 */
export const make = (
  config: Pick<ClientConfig, "origin" | "maxQueue" | "perSecond" | "scheduled">,
  token?: TokenSource<unknown>,
): Effect.Effect<SharedState> =>
  Effect.gen(function* () {
    const shared = Option.getOrUndefined(yield* Effect.serviceOption(Pacer.PacerStore))
    const pacer = yield* Pacer.make({
      key: shared === undefined ? config.origin : yield* keyOf(config.origin, token),
      store: shared ?? Pacer.memoryStore(),
      maxQueue: config.maxQueue,
      schedule: config.scheduled,
      ...(config.perSecond !== undefined && { ceiling: { perSecond: config.perSecond } }),
    })
    return {
      pacer,
      breaker: new CircuitBreaker(),
      budget: new RetryBudget(),
      locks: new KeyLock(),
    }
  })

/**
 * Adds the calls that wait for the key of another one to a snapshot of the pacer.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions, SharedState } from "@aelyst/core/adapter"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const shared = yield* SharedState.make(yield* Effect.fromResult(ClientOptions.parse({})))
 *   return SharedState.withKeyWaits(shared, yield* shared.pacer.snapshot).waiting
 * })
 *
 * console.log(await Effect.runPromise(program)) // => 0
 * ```
 */
export const withKeyWaits = (
  { locks }: Pick<SharedState, "locks">,
  snapshot: Pacer.PacerSnapshot,
): Pacer.PacerSnapshot => ({ ...snapshot, waiting: snapshot.waiting + locks.waiting })

/**
 * Returns the key of the state in a store outside of the process: a hash of the origin and the token, which it must not
 * hold, and the version of the state, so that two versions of this package keep apart.
 *
 * **Example**
 *
 * ```ts
 * import { SharedState } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 *
 * const key = SharedState.keyOf("https://api.aelyst.ai", Redacted.make("sandbox_ok"))
 * console.log(/^aelyst:pacer:\d+:[0-9a-f]{64}$/.test(await Effect.runPromise(key))) // => true
 * ```
 */
export const keyOf = (
  origin: string,
  token: TokenSource<unknown> | undefined,
): Effect.Effect<string> => {
  const secret = Redacted.isRedacted(token) ? Redacted.value(token) : ""
  const bytes = new TextEncoder().encode(`${origin} ${secret}`)
  return Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytes)),
    (digest) => {
      const digits = Array.from(new Uint8Array(digest), (byte) =>
        byte.toString(16).padStart(2, "0"),
      )
      return `aelyst:pacer:${version}:${digits.join("")}`
    },
  )
}

/**
 * The states of the clients in one context; finds, or creates, that of an origin and a token.
 *
 * **Example**
 *
 * ```ts
 * import { layerSharedState } from "@aelyst/core"
 * import { SharedState } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const stateOf = yield* SharedState.SharedStates
 *   const token = Redacted.make("sandbox_ok")
 *   const first = yield* stateOf("https://api.aelyst.ai", token)
 *   return first === (yield* stateOf("https://api.aelyst.ai", token))
 * }).pipe(Effect.provide(layerSharedState()))
 *
 * console.log(await Effect.runPromise(program)) // => true
 * ```
 */
export class SharedStates extends Context.Service<
  SharedStates,
  (origin: string, token: TokenSource<unknown>) => Effect.Effect<SharedState>
>()("@aelyst/core/SharedStates") {}

/** The options of all clients that share a state. */
export type SharedStateOptions = Pick<ClientOptions, "maxQueue" | "rateLimit">

const names = ["maxQueue", "rateLimit"] as const satisfies ReadonlyArray<keyof SharedStateOptions>

/**
 * Provides clients with one state for each token and origin, which they share: the pace, the circuit breaker, the retry
 * budget, and the locks of keys.
 *
 * **Details**
 *
 * Without it, two clients with one token do not know of each other and run into each other's rate limit. Two
 * token effects count as one token if they are the same value. `maxQueue` and `rateLimit` belong to the shared state: a
 * client that also sets one fails with `ConfigurationError`, as this layer does if one is wrong.
 *
 * **Example** (Two clients with different retries and one pace)
 *
 * ```ts
 * import { AelystClient, layerSharedState } from "@aelyst/core"
 * import { Config, Context, Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const options = Config.all({
 *   token: Config.Redacted("AELYST_TOKEN"),
 *   baseUrl: Config.String("AELYST_BASE_URL"),
 * })
 * const client = (more: { readonly retries?: number; readonly delivery?: "natural-key" }) =>
 *   Effect.flatMap(options, (all) => AelystClient.make({ ...all, ...more }))
 *
 * class Once extends Context.Service<Once, AelystClient["Service"]>()("Once") {
 *   static readonly layer = Layer.effect(Once, client({ retries: 0 }))
 * }
 * class Persistent extends Context.Service<Persistent, AelystClient["Service"]>()("Persistent") {
 *   static readonly layer = Layer.effect(Persistent, client({ delivery: "natural-key" }))
 * }
 *
 * const live = Layer.merge(Once.layer, Persistent.layer).pipe(
 *   Layer.provide([layerSharedState({ rateLimit: { perSecond: 5 } }), FetchHttpClient.layer]),
 * )
 *
 * const program = Effect.gen(function* () {
 *   yield* (yield* Once).create("id:shared-state", { firstName: "Ana" })
 *   // learned from the response that the other client received
 *   return (yield* (yield* Persistent).rateLimit).remaining
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, live))) // => 9
 * ```
 */
export const layerSharedState = (
  options: SharedStateOptions = {},
): Layer.Layer<SharedStates, ConfigurationError> =>
  Layer.effect(
    SharedStates,
    Effect.gen(function* () {
      yield* Effect.fromResult(checkNames("options", options, new Set<string>(names)))
      const config = yield* Effect.fromResult(parse(options))
      // the store is that of this layer, not of its clients
      const context = yield* Effect.context<never>()
      const states = new Map<unknown, Map<string, SharedState>>()
      return (origin, token) =>
        Effect.map(Effect.provideContext(make({ ...config, origin }, token), context), (fresh) => {
          const key = Redacted.isRedacted(token) ? Redacted.value(token) : token
          const byOrigin = states.get(key) ?? new Map<string, SharedState>()
          states.set(key, byOrigin)
          const state = byOrigin.get(origin) ?? fresh
          byOrigin.set(origin, state)
          return state
        })
    }),
  )

/**
 * Returns the state of a client: the one that its context provides, else one that no other client has. Fails with
 * `ConfigurationError` if the client sets an option of the state that its context provides.
 *
 * **Example**
 *
 * ```ts
 * import { layerSharedState } from "@aelyst/core"
 * import { ClientOptions, SharedState } from "@aelyst/core/adapter"
 * import { Effect, Redacted } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const config = yield* Effect.fromResult(ClientOptions.parse({}))
 *   const options = { token: Redacted.make("sandbox_ok") }
 *   const first = yield* SharedState.forClient(config, options)
 *   return first === (yield* SharedState.forClient(config, options))
 * })
 *
 * console.log(await Effect.runPromise(program)) // => false
 * console.log(await Effect.runPromise(Effect.provide(program, layerSharedState()))) // => true
 * ```
 */
export const forClient = (
  config: ClientConfig,
  options: SharedStateOptions & { readonly token: TokenSource<unknown> },
): Effect.Effect<SharedState, ConfigurationError> =>
  Effect.gen(function* () {
    const states = yield* Effect.serviceOption(SharedStates)
    if (Option.isNone(states)) return yield* make(config, options.token)
    for (const name of names) {
      if (options[name] !== undefined) {
        return yield* new ConfigurationError(name, "must be set on `layerSharedState` instead")
      }
    }
    return yield* states.value(config.origin, options.token)
  })
