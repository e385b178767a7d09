import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import { Hooks, notify } from "../src/call/Hooks.ts"
import * as Scripted from "./scripted.ts"
import type { Callbacks } from "../src/types.ts"

const throwing = () => {
  throw new Error("secret of the caller")
}

const logged = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      lines.push(JSON.stringify(message))
    })
    const value = yield* Effect.provide(effect, Logger.layer([logger]))
    return { lines, value }
  })

const notified = (callback: ((value: number) => void) | undefined, value: number) =>
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
          // safe: a void callback may be an async function
          yield* notified((() => rejected) as () => void, 1)
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
    // safe: a void callback may be an async function
    notify((async () => throwing()) as () => void, 1)
    await new Promise((resolve) => setImmediate(resolve))
    process.off("unhandledRejection", handle)
    assert.isEmpty(unhandled)
  })

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
        onWait: ({ reason }) => heard.push(`wait ${reason}`),
        onAttempt: ({ number, status }) => heard.push(`attempt ${number} ${status}`),
        onOutcome: ({ outcome, attempts, response }) =>
          heard.push(`${outcome} after ${attempts.length}, status ${response?.status}`),
      })
      assert.deepStrictEqual(heard, ["wait queue", "attempt 1 200", "created after 1, status 200"])
    }),
  )

  it.effect("creates the contact although every callback throws", () =>
    Effect.gen(function* () {
      const { lines, value } = yield* logged(
        create({ onWait: throwing, onAttempt: throwing, onOutcome: throwing }),
      )
      assert.strictEqual(value.result.result, "created")
      assert.strictEqual(value.server.received.length, 1)
      assert.strictEqual(lines.length, 3)
      assert.notMatch(lines.join(""), /secret/)
    }),
  )
})
