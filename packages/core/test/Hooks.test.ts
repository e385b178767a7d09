import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Logger, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import type { Callbacks } from "../src/call/Hooks.ts"
import { Hooks, notify } from "../src/call/Hooks.ts"
import * as Scripted from "./scripted.ts"

const throwing = () => {
  throw new Error("secret of the caller")
}

const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      lines.push(JSON.stringify(message))
    })
    const value = yield* Effect.provide(effect, Logger.layer([logger]))
    return { lines, value }
  })

const notified = (callback: ((value: number) => unknown) | undefined, value: number) =>
  Effect.suspend(() => notify(callback, value) ?? Effect.void)

describe("notify", () => {
  it.effect("logs that a callback threw, without its error", () =>
    Effect.gen(function* () {
      const { lines } = yield* logged(notified(throwing, 1))
      assert.deepStrictEqual(lines, ['["a callback threw"]'])
    }),
  )

  it.effect("logs that a callback's promise rejected, without waiting for it", () =>
    Effect.gen(function* () {
      const settle: Array<() => void> = []
      const rejected = new Promise<void>((_, reject) => {
        settle.push(() => reject(new Error("secret of the caller")))
      })
      const { lines } = yield* logged(
        Effect.gen(function* () {
          yield* notified(() => rejected, 1)
          for (const reject of settle) reject()
          yield* Effect.promise(() => rejected.catch(() => {}))
          yield* Effect.yieldNow
          yield* Effect.yieldNow
        }),
      )
      assert.deepStrictEqual(lines, ['["a callback threw"]'])
    }),
  )

  it("handles a rejected promise at once, whether or not its warning is logged", async () => {
    const unhandled: Array<unknown> = []
    const handle = (error: unknown) => unhandled.push(error)
    process.on("unhandledRejection", handle)
    notify(async () => throwing(), 1)
    await new Promise((resolve) => setImmediate(resolve))
    process.off("unhandledRejection", handle)
    assert.isEmpty(unhandled)
  })

  it.effect("runs an effect at once, in order, before the next step of the caller", () =>
    Effect.gen(function* () {
      const heard: Array<number> = []
      const push = (value: number) => Effect.sync(() => heard.push(value))
      for (const value of [1, 2, 3]) {
        yield* notified(push, value)
        assert.strictEqual(heard.length, value)
      }
      assert.deepStrictEqual(heard, [1, 2, 3])
    }),
  )

  it.effect("logs that a callback's effect failed or died, without its error", () =>
    Effect.gen(function* () {
      const error = new Error("secret of the caller")
      for (const effect of [Effect.fail(error), Effect.die(error)]) {
        const { lines } = yield* logged(notified(() => effect, 1))
        assert.deepStrictEqual(lines, ['["a callback threw"]'])
      }
    }),
  )

  it.effect("runs an effect in the context of the caller", () =>
    Effect.gen(function* () {
      const { lines } = yield* logged(notified((value) => Effect.logInfo("heard", value), 1))
      assert.deepStrictEqual(lines, ['["heard",1]'])
    }),
  )

  it.effect("does nothing without a callback", () =>
    Effect.map(logged(notified(undefined, 1)), ({ lines }) => assert.isEmpty(lines)),
  )
})

const create = (callbacks: Callbacks) =>
  Effect.gen(function* () {
    const server = Scripted.make([Scripted.ok])
    const client = yield* Effect.provideService(
      AelystClient.make({ token: Redacted.make("token-for-tests") }),
      HttpClient.HttpClient,
      server.client,
    )
    const result = yield* client.create("id:5", { firstName: "Ana" })
    return { result, server }
  }).pipe(Effect.provideService(Hooks, callbacks))

describe("Hooks", () => {
  it.effect("receives waits, attempts and the end of a call, in order", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      yield* create({
        onWait: ({ reason }) => void heard.push(`wait ${reason}`),
        onAttempt: ({ number, status }) => void heard.push(`attempt ${number} ${status}`),
        onOutcome: ({ outcome, attempts, response }) =>
          void heard.push(`${outcome} after ${attempts.length}, status ${response?.status}`),
      })
      assert.deepStrictEqual(heard, ["attempt 1 200", "created after 1, status 200"])
    }),
  )

  it.effect("creates the contact although every callback throws", () =>
    Effect.gen(function* () {
      const { lines, value } = yield* logged(
        create({ onWait: throwing, onAttempt: throwing, onOutcome: throwing }),
      )
      assert.strictEqual(value.result.result, "created")
      assert.strictEqual(value.server.received.length, 1)
      assert.strictEqual(lines.length, 2)
      assert.notMatch(lines.join(""), /secret/)
    }),
  )

  it.effect("creates the contact although the effects of all callbacks fail or never end", () =>
    Effect.gen(function* () {
      for (const effect of [Effect.fail("no"), Effect.die("no"), Effect.never]) {
        const callback = () => effect
        const { value } = yield* logged(
          create({ onWait: callback, onAttempt: callback, onOutcome: callback }),
        )
        assert.strictEqual(value.result.result, "created")
        assert.strictEqual(value.server.received.length, 1)
      }
    }),
  )

  it.effect("does not delay or interrupt an effect with the call", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const server = Scripted.make([{ hangs: true, dispatched: true }])
      const client = yield* Effect.provideService(
        AelystClient.make({ token: Redacted.make("token-for-tests") }),
        HttpClient.HttpClient,
        server.client,
      )
      const fiber = yield* client.create("id:5", { firstName: "Ana" }).pipe(
        Effect.provideService(Hooks, {
          onOutcome: ({ outcome }) =>
            Effect.andThen(
              Effect.sleep("1 minute"),
              Effect.sync(() => heard.push(outcome)),
            ),
        }),
        Effect.forkChild,
      )
      yield* TestClock.adjust("1 second")
      // without a step of the clock: the interruption waits for no callback
      yield* Fiber.interrupt(fiber)
      assert.isEmpty(heard)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(heard, ["unknown"])
    }),
  )

  it.effect("does not watch the calls that a callback makes", () =>
    Effect.gen(function* () {
      const server = Scripted.make([Scripted.ok])
      const client = yield* Effect.provideService(
        AelystClient.make({ token: Redacted.make("token-for-tests") }),
        HttpClient.HttpClient,
        server.client,
      )
      yield* client.create("id:5", { firstName: "Ana" }).pipe(
        Effect.provideService(Hooks, {
          onOutcome: () => client.create("id:6", { firstName: "Bo" }),
        }),
      )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        server.received.map(({ path }) => path),
        ["/v1/contact/id:5", "/v1/contact/id:6"],
      )
    }),
  )

  it("takes effects without requirements only", () => {
    const service: Context.Service<"needed", string> = Context.Service("needed")
    // @ts-expect-error -- the client could not provide what the effect needs
    const callbacks: Callbacks = { onOutcome: () => service }
    assert.isDefined(callbacks.onOutcome)
  })
})
