/** Runs core's client over the Node transport, on a clock of the test, and reports how its calls end. */
import type { AelystError, AttemptRecord, ContactInput, Delivery } from "@aelyst/core"
import type { ClientConfig } from "@aelyst/core/adapter"
import { Hooks } from "@aelyst/core"
import { SharedState, makeWith, ClientOptions } from "@aelyst/core/adapter"
import type { TransportOptions } from "@aelyst/node/effect"
import { makeTransport } from "@aelyst/node/effect"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

import * as StillClock from "./StillClock.ts"

export const token = "sandbox_ok"

/** The settings of a scenario; times are in milliseconds. */
export interface Settings extends Omit<TransportOptions, "baseUrl"> {
  readonly delivery?: Delivery
  readonly retries?: number
  readonly timeoutMs?: number
  readonly deadlineMs?: number
  readonly callbacks?: Hooks.Callbacks
  /** Default `sandbox_ok`. */
  readonly token?: string
  /**
   * The clock for deadlines and waits of `create`. By default it is a separate clock that does not move, except that waits
   * of a known length end at once; `real` is for scenarios in which the pacer waits.
   */
  readonly clock?: "real"
}

/** How a call ended: `created`, `exists_after_doubt`, or the error's name. */
export interface Came {
  readonly to: string
  readonly outcome: "created" | AelystError["outcome"]
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly error?: AelystError
  /** The duration by the call's clock. */
  readonly elapsedMs: number
}

/** A client for one scenario. */
export interface Creating {
  /** Creates a contact; by default it has only a first name. */
  readonly create: (identifier: string, contact?: ContactInput) => Effect.Effect<Came>
  /** Advances the clock of the calls in progress. */
  readonly advance: (ms: number) => Effect.Effect<void>
  readonly service: Effect.Success<ReturnType<typeof makeWith>>
}

const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** Creates a client for `baseUrl`, whose connections end with the scope. Its doubtDelay is 20 ms. */
export const make = (
  baseUrl: string,
  settings: Settings = {},
): Effect.Effect<Creating, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { delivery, retries, timeoutMs, deadlineMs, callbacks, ...rest } = settings
    const { clock, token: bearer = token, ...transport } = rest
    const options = Result.getOrThrow(
      ClientOptions.parse({ delivery, retries, timeout: timeoutMs, deadline: deadlineMs }),
    )
    // bypasses the checks of the base URL, for names that only the scenario's lookup knows
    const { origin } = new URL(baseUrl)
    const config: ClientConfig = { ...options, baseUrl, origin, doubtDelayMs: 20 }
    const http = yield* Effect.orDie(makeTransport({ baseUrl, ...transport }))
    const service = yield* makeWith(
      config,
      Redacted.make(bearer),
      yield* SharedState.make(config),
    ).pipe(Effect.provideService(HttpClient.HttpClient, http))
    const still = StillClock.make()
    const hooks: Hooks.Callbacks = {
      ...callbacks,
      onWait: (wait) => {
        const returned = callbacks?.onWait?.(wait)
        // the call must already sleep when the clock moves
        if (wait.ms !== undefined) Effect.runFork(still.advance(Math.ceil(wait.ms)))
        return returned
      },
    }
    const timed = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      clock === "real" ? call : Effect.provideService(call, Clock.Clock, still)
    return {
      service,
      advance: still.advance,
      create: (identifier, contact = { firstName: "Ana" }) =>
        Effect.gen(function* () {
          const began = yield* monotonicMillis
          const ended = yield* Effect.result(service.create(identifier, contact))
          const elapsedMs = (yield* monotonicMillis) - began
          if (Result.isSuccess(ended)) {
            const { result, attempts } = ended.success
            return { to: result, outcome: "created" as const, attempts, elapsedMs }
          }
          const error = ended.failure
          const { _tag: to, outcome, attempts } = error
          return { to, outcome, attempts, error, elapsedMs }
        }).pipe(timed, Effect.provideService(Hooks.Hooks, hooks)),
    }
  })
