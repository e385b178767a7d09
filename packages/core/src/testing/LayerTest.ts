/**
 * A client for unit tests: the test says how each create ends, and reads which calls arrived. It checks its input as the
 * real client does, and sends nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

import type { CreateOptions } from "../AelystClient.ts"
import { AelystClient, make } from "../AelystClient.ts"
import type { CreateResult } from "../call/Call.ts"
import type { ClientOptions } from "../call/ClientOptions.ts"
import { createOf } from "../call/Client.ts"
import { parseCall } from "../call/ClientOptions.ts"
import type { Validated } from "../contact/Contact.ts"
import type { AelystError } from "../errors/AelystError.ts"
import type { WireContact } from "../types.ts"
import { createResult } from "./CallEnds.ts"

/** A call with valid input, as the client received it. */
export interface ReceivedCall {
  /** In its canonical form; a plain string, so that a test can compare it with one. */
  readonly identifier: string
  /** The contact as it would travel. */
  readonly contact: WireContact
  readonly options: CreateOptions
}

/** How a create ends: with a result, or as an effect does; an error is an effect that fails with it. */
export type TestResponse = CreateResult | Effect.Effect<CreateResult, AelystError>

/** Decides how a create ends. */
export type CreateHandler = (call: ReceivedCall) => TestResponse

/** The decisions of a test. */
export interface TestHandlers {
  /** A function of the call, or the ends of the calls in order, of which the last repeats. Default: all are created. */
  readonly create?: CreateHandler | readonly [TestResponse, ...ReadonlyArray<TestResponse>]
  /** The custom fields that exist; checked as by the real client. */
  readonly customFields?: ClientOptions["customFields"]
}

/**
 * The calls that the client of `layerTest` received: those with valid input, in order.
 *
 * **Example**
 *
 * ```ts
 * import { AelystClient } from "@aelyst/core"
 * import { CallLedger, layerTest } from "@aelyst/core/testing"
 * import { Effect } from "effect"
 *
 * const test = Effect.gen(function* () {
 *   const aelyst = yield* AelystClient
 *   yield* aelyst.create("id:5", { firstName: "Ana", countryCode: "my" })
 *   const { calls } = yield* CallLedger
 *   return yield* calls
 * })
 *
 * const [call] = await Effect.runPromise(Effect.provide(test, layerTest()))
 * console.log(call?.identifier, call?.contact.countryCode) // => id:5 MY
 * ```
 */
export class CallLedger extends Context.Service<
  CallLedger,
  { readonly calls: Effect.Effect<ReadonlyArray<ReceivedCall>> }
>()("@aelyst/core/testing/CallLedger") {}

/** Returns the function that decides how each call ends. */
const responder = (create: TestHandlers["create"]): CreateHandler => {
  if (create === undefined) return () => createResult()
  if (typeof create === "function") return create
  let next = 0
  return () => create[Math.min(next++, create.length - 1)] ?? createResult()
}

/**
 * Provides a client for unit tests, and the ledger of its calls.
 *
 * **Details**
 *
 * Input and options are checked as by the real client, so an invalid contact fails with `InvalidContactError` and is not
 * in the ledger. There is no network, no pace, no resend, no span and no hook: for those, use `layerClient` of
 * `@aelyst/sandbox/effect`.
 *
 * **Example** (A program that asks people to come back later)
 *
 * ```ts
 * import { AelystClient } from "@aelyst/core"
 * import { CallLedger, createResult, errors, layerTest } from "@aelyst/core/testing"
 * import { Effect } from "effect"
 *
 * const signUp = Effect.fn("signUp")(function* (email: string) {
 *   const aelyst = yield* AelystClient
 *   return yield* aelyst.create(`email:${email}`, { firstName: "Ana" }).pipe(
 *     Effect.as("welcome"),
 *     Effect.catchTag("RateLimitError", ({ retryAfterMs }) => Effect.succeed(`wait ${retryAfterMs} ms`)),
 *   )
 * })
 *
 * const test = Effect.gen(function* () {
 *   console.log(yield* signUp("ana@example.com")) // => wait 2000 ms
 *   console.log(yield* signUp("bo@example.com")) // => welcome
 *   const ledger = yield* CallLedger
 *   console.log((yield* ledger.calls).map(({ identifier }) => identifier).join(" "))
 *   // => email:ana@example.com email:bo@example.com
 * })
 *
 * const client = layerTest({ create: [errors.rateLimit({ retryAfter: "2 seconds" }), createResult()] })
 * await Effect.runPromise(Effect.provide(test, client))
 * ```
 */
export const layerTest = (handlers: TestHandlers = {}): Layer.Layer<AelystClient | CallLedger> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const token = Redacted.make("token-for-tests")
      const client = yield* Effect.orDie(make({ token, customFields: handlers.customFields })).pipe(
        Effect.provideService(HttpClient.HttpClient, noNetwork),
      )
      const calls: Array<ReceivedCall> = []
      const respond = responder(handlers.create)

      const createValid = (
        { identifier, payload }: Validated,
        options: CreateOptions = {},
      ): Effect.Effect<CreateResult, AelystError> =>
        Effect.gen(function* () {
          yield* Effect.orDie(Effect.fromResult(parseCall(options)))
          const call: ReceivedCall = { identifier, contact: payload, options }
          calls.push(call)
          const response = respond(call)
          const result = Effect.isEffect(response) ? yield* response : response
          // a result is always about the identifier of its call
          return { ...result, identifier }
        })
      const create = createOf(client.validate, createValid)

      return Context.make(AelystClient, AelystClient.of({ ...client, create })).pipe(
        Context.add(CallLedger, CallLedger.of({ calls: Effect.sync(() => [...calls]) })),
      )
    }),
  )

const noNetwork = HttpClient.make(() => Effect.die(new Error("a test client sends nothing")))
