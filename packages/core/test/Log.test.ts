import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, Redacted, References } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import { Hooks } from "../src/call/Hooks.ts"
import { logged } from "../src/call/Log.ts"
import { ok, rateLimited } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const throwing = Logger.make(() => {
  throw new Error("mine")
})

const withThrowing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provide(Logger.layer([throwing])),
    Effect.provideService(References.MinimumLogLevel, "All"),
  )

describe("logged", () => {
  it.effect("ends although the logger throws", () =>
    Effect.map(withThrowing(logged(Effect.logInfo("line"))), (value) => assert.isUndefined(value)),
  )

  it.effect("lets a call end with its result, whatever the logger does (T4)", () =>
    Effect.gen(function* () {
      const server = Scripted.make([rateLimited("1"), ok])
      const client = yield* Effect.provideService(
        AelystClient.make({ token: Redacted.make("token-for-tests"), settle: "1 second" }),
        HttpClient.HttpClient,
        server.client,
      )
      const hooks = {
        onAttempt: () => {
          throw new Error("mine")
        },
      }
      const create = client.create("id:5", { firstName: "Ana" })
      const fiber = yield* withThrowing(Effect.provideService(create, Hooks, hooks)).pipe(
        Effect.forkChild,
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).result, "created")
    }),
  )
})
