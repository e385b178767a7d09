/** Core's client over the Node transport, with the deadlines of a test, and what its calls came to. */
import type { AelystError, AttemptRecord, ContactInput, Delivery } from "@aelyst/core"
import type { ClientConfig } from "@aelyst/core/adapter"
import { Hooks } from "@aelyst/core"
import { SharedState, makeWith, ClientOptions } from "@aelyst/core/adapter"
import * as Transport from "@aelyst/node/transport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

export const token = "sandbox_ok"

/** Holds what a scenario sets; times are in milliseconds. */
export interface Settings extends Omit<Transport.TransportOptions, "baseUrl"> {
  readonly delivery?: Delivery
  readonly retries?: number
  readonly timeoutMs?: number
  readonly deadlineMs?: number
  readonly callbacks?: Hooks.Callbacks
  /** Default `sandbox_ok`. */
  readonly token?: string
}

/** Says what a call came to: `created`, `exists_after_doubt`, or the error's name. */
export interface Came {
  readonly to: string
  readonly outcome: "created" | AelystError["outcome"]
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly error?: AelystError
  readonly elapsedMs: number
}

/** A client for one scenario. */
export interface Creating {
  /** Creates a contact; by default it has a first name and nothing else. */
  readonly create: (identifier: string, contact?: ContactInput) => Effect.Effect<Came>
  readonly service: Effect.Success<ReturnType<typeof makeWith>>
}

/** Makes a client for `baseUrl`; its connections end with the scope. In doubt it waits 20 ms, not seconds. */
export const make = (
  baseUrl: string,
  settings: Settings = {},
): Effect.Effect<Creating, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { delivery, retries, timeoutMs, deadlineMs, callbacks, ...rest } = settings
    const { token: bearer = token, ...transport } = rest
    const options = Result.getOrThrow(
      ClientOptions.parse({ delivery, retries, timeout: timeoutMs, deadline: deadlineMs }),
    )
    // past the checks of an address: a scenario may need a name that only its own lookup knows
    const { origin } = new URL(baseUrl)
    const config: ClientConfig = { ...options, baseUrl, origin, doubtDelayMs: 20 }
    const http = yield* Effect.orDie(Transport.make({ baseUrl, ...transport }))
    const service = yield* makeWith(
      config,
      Redacted.make(bearer),
      yield* SharedState.make(config),
    ).pipe(Effect.provideService(HttpClient.HttpClient, http))
    return {
      service,
      create: (identifier, contact = { firstName: "Ana" }) =>
        Effect.suspend(() => {
          const began = performance.now()
          const elapsed = () => performance.now() - began
          return service.create(identifier, contact).pipe(
            Effect.match({
              onSuccess: ({ result, attempts }): Came => ({
                to: result,
                outcome: "created",
                attempts,
                elapsedMs: elapsed(),
              }),
              onFailure: (error): Came => ({
                to: error._tag,
                outcome: error.outcome,
                attempts: error.attempts,
                error,
                elapsedMs: elapsed(),
              }),
            }),
            callbacks === undefined
              ? (call) => call
              : Effect.provideService(Hooks.Hooks, callbacks),
          )
        }),
    }
  })
