import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

import * as Pacer from "../src/pacing/Pacer.ts"
import { call, makePacer, ok, server } from "./paced.ts"

describe("Pacer", () => {
  it.effect("emits the state now and after a change", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const seen = yield* Effect.forkChild(Stream.runCollect(Stream.take(pacer.changes, 2)))
      yield* TestClock.adjust(1)
      const { reply } = yield* server()
      const one = yield* Effect.forkChild(call(pacer, reply))
      yield* TestClock.adjust(20)
      yield* Fiber.join(one)
      const [before, after] = yield* Fiber.join(seen)
      assert.strictEqual(before?.observedAgo, undefined)
      assert.isDefined(after)
      assert.strictEqual((yield* pacer.snapshot).remaining, 9)
    }),
  )

  it.effect("lets a slow reader of changes miss some, but never the last", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const seen: Array<number> = []
      const reader = yield* Effect.forkChild(
        Stream.runForEach(pacer.changes, ({ remaining }) => {
          seen.push(remaining)
          return Effect.sleep(1000)
        }),
      )
      yield* TestClock.adjust(1)
      const { reply } = yield* server()
      const calls = Effect.all(Array.from({ length: 5 }, () => call(pacer, reply)))
      const fiber = yield* Effect.forkChild(calls)
      yield* TestClock.adjust(500)
      yield* Fiber.join(fiber)
      const last = (yield* pacer.snapshot).remaining
      yield* TestClock.adjust(600)
      assert.deepStrictEqual(seen, [10, last])
      yield* Fiber.interrupt(reader)
    }),
  )

  it.effect("never sends more than the ceiling in any second", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ ceiling: { perSecond: 3 } })
      const { reply, sends } = yield* server()
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 12 }, () => call(pacer, reply)),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(5000)
      yield* Fiber.join(fiber)
      for (const [index, at] of sends.entries()) {
        assert.isAtLeast(at - (sends[index - 3] ?? Number.NEGATIVE_INFINITY), 1000)
      }
    }),
  )

  it.effect("shows a guess before the first response, and no window until it is trusted", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ prior: { limit: 7, window: "1 second" } })
      assert.deepStrictEqual(yield* pacer.snapshot, {
        limit: 7,
        reported: false,
        remaining: 7,
        trusted: false,
        waiting: 0,
        inFlight: 0,
      })
    }),
  )

  it.effect("T10: shows a limit as reported only once the server has said so", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const answered = Effect.fnUntraced(function* (observation: Pacer.PacerObservation) {
        const ticket = yield* pacer.enter
        const permit = yield* ticket.acquire()
        yield* permit.observe(observation)
        return (yield* pacer.snapshot).reported
      })
      assert.isFalse(yield* answered({ rateLimited: false }))
      assert.isFalse(yield* answered({ rateLimited: true, retryAfterMs: 0 }))
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(yield* answered({ rateLimited: false, limit: 10, remaining: 9 }))
    }),
  )

  it.effect("shows a trusted window, and how long ago the last response came", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply } = yield* server()
      const calls = Effect.all(
        Array.from({ length: 40 }, () => call(pacer, reply)),
        { concurrency: "unbounded", discard: true },
      )
      const fiber = yield* Effect.forkChild(calls)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      const { observedAgo, trusted, window } = yield* pacer.snapshot
      assert.isTrue(trusted)
      assert.deepStrictEqual(window, Duration.seconds(1))
      assert.isAbove(Duration.toMillis(observedAgo ?? Duration.zero), 5000)
    }),
  )

  it.effect("shows how long the gate stays closed", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const permit = yield* (yield* pacer.enter).acquire()
          yield* permit.observe({ rateLimited: true, limit: 10, remaining: 0, retryAfterMs: 5000 })
        }),
      )
      const { opensIn, remaining } = yield* pacer.snapshot
      assert.isAtLeast(Duration.toMillis(opensIn ?? Duration.zero), 5000)
      assert.strictEqual(remaining, 0)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* pacer.snapshot).opensIn, undefined)
    }),
  )

  it.effect("shares one limit between pacers with one key and store", () =>
    Effect.gen(function* () {
      const store = Pacer.memoryStore()
      const first = yield* Pacer.make({ key: "a", store })
      const second = yield* Pacer.make({ key: "a", store })
      const other = yield* Pacer.make({ key: "b", store })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const permit = yield* (yield* first.enter).acquire()
          yield* permit.observe(ok(3, 20))
        }),
      )
      assert.strictEqual((yield* second.snapshot).remaining, 3)
      assert.strictEqual((yield* other.snapshot).remaining, 10)
    }),
  )

  it.effect("is provided on the store in the context", () =>
    Effect.gen(function* () {
      const limited = Pacer.layer({ key: "a", prior: { limit: 4, window: "1 second" } })
      const { limit } = yield* Pacer.Pacer.use((pacer) => pacer.snapshot).pipe(
        Effect.provide(Layer.provide(limited, Pacer.layerMemoryStore)),
      )
      assert.strictEqual(limit, 4)
    }),
  )
})
