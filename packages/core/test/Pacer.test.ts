import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

import * as Monotonic from "../src/Monotonic.ts"
import * as Pacer from "../src/Pacer.ts"

const makePacer = (options: Partial<Pacer.PacerOptions> = {}) =>
  Pacer.make({ key: "test", store: Pacer.memoryStore(), ...options })

const ok = (remaining: number, limit = 10): Pacer.Observation => ({
  refused: false,
  limit,
  remaining,
})

/** One call that is answered after 10 ms by what `reply` says. */
const call = (pacer: Pacer.Pacer["Service"], reply: () => Pacer.Observation) =>
  Effect.scoped(
    Effect.gen(function* () {
      const place = yield* pacer.enter
      for (;;) {
        const permit = yield* place.acquire()
        const observation = reply()
        yield* Effect.sleep(10)
        yield* permit.observe(observation)
        if (!observation.refused) return permit.waited
      }
    }),
  )

/** A server with a fixed window of 10 per second that starts with the first request. */
const server = () =>
  Effect.map(
    Effect.clockWith((clock) => Effect.succeed(clock)),
    (clock) => {
      let start = Number.NEGATIVE_INFINITY
      let used = 0
      const sends: Array<number> = []
      return {
        sends,
        reply: (): Pacer.Observation => {
          const now = clock.currentTimeMillisUnsafe()
          sends.push(now)
          if (now >= start + 1000) {
            start = now
            used = 0
          }
          if (used === 10)
            return { refused: true, limit: 10, remaining: 0, retryAfter: Duration.seconds(1) }
          return ok(10 - ++used)
        },
      }
    },
  )

describe("Pacer", () => {
  it.effect("sends the first request alone, then what the answer says is left", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply, sends } = yield* server()
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 25 }, () => call(pacer, reply)),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(5)
      assert.strictEqual(sends.length, 1)
      yield* TestClock.adjust(10)
      assert.strictEqual(sends.length, 10)
      yield* TestClock.adjust(3000)
      yield* Fiber.join(fiber)
      assert.strictEqual(sends.length, 25)
    }),
  )

  it.effect("serves in the order of arrival", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply } = yield* server()
      const served: Array<number> = []
      const fiber = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) => call(pacer, () => (served.push(index), reply())),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(6000)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        served,
        Array.from({ length: 40 }, (_, index) => index),
      )
    }),
  )

  it.effect("lets interrupted callers leave the line and free their turn", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const { reply, sends } = yield* server()
      const fibers = yield* Effect.forEach(Array.from({ length: 300 }), () =>
        Effect.forkChild(call(pacer, reply)),
      )
      yield* TestClock.adjust(100)
      yield* Fiber.interruptAll(fibers.slice(10))
      assert.strictEqual((yield* pacer.snapshot).waiting, 0)
      const last = yield* Effect.forkChild(call(pacer, reply))
      yield* TestClock.adjust(1100)
      assert.isAtMost(Duration.toMillis(yield* Fiber.join(last)), 1000)
      assert.strictEqual(sends.length, 11)
    }),
  )

  it.effect("holds everybody after a refusal until Retry-After, and reopens with one probe", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const sends: Array<number> = []
      const clock = yield* Monotonic.nowMillis
      const calls = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 5 }, () =>
            Effect.scoped(
              Effect.gen(function* () {
                const place = yield* pacer.enter
                for (;;) {
                  const permit = yield* place.acquire()
                  const at = (yield* Monotonic.nowMillis) - clock
                  sends.push(at)
                  yield* Effect.sleep(10)
                  if (at >= 2000) return yield* permit.observe(ok(5))
                  yield* permit.observe({
                    refused: true,
                    limit: 10,
                    remaining: 0,
                    retryAfter: Duration.seconds(2),
                  })
                }
              }),
            ),
          ),
          { concurrency: "unbounded", discard: true },
        ),
      )
      yield* TestClock.adjust(2005)
      assert.strictEqual(sends.length, 1)
      yield* TestClock.adjust(1000)
      yield* Fiber.join(calls)
      assert.isAtLeast(sends[1] ?? 0, 2010)
      assert.isAtMost(sends[1] ?? 0, 2010 + 200)
      assert.isAtLeast((sends[2] ?? 0) - (sends[1] ?? 0), 10)
    }),
  )

  it.effect("fails at its deadline when the wait is not certain, and leaves the line", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const place = yield* pacer.enter
          yield* place.acquire()
          const other = yield* pacer.enter
          const now = yield* Monotonic.nowMillis
          const waiting = yield* Effect.forkChild(
            Effect.exit(other.acquire({ deadline: now + 500 })),
          )
          yield* TestClock.adjust(499)
          assert.strictEqual((yield* pacer.snapshot).waiting, 1)
          yield* TestClock.adjust(2)
          return yield* Fiber.join(waiting)
        }),
      )
      assert.isTrue(Exit.isFailure(first))
      assert.strictEqual((yield* pacer.snapshot).waiting, 0)
    }),
  )

  it.effect(
    "fails at once with the wait when the gate is closed for longer than the deadline",
    () =>
      Effect.gen(function* () {
        const pacer = yield* makePacer()
        const refusal = yield* Effect.scoped(
          Effect.gen(function* () {
            const place = yield* pacer.enter
            const permit = yield* place.acquire()
            yield* permit.observe({ refused: true, retryAfter: Duration.seconds(30) })
            const now = yield* Monotonic.nowMillis
            return yield* Effect.flip(place.acquire({ deadline: now + 10_000 }))
          }),
        )
        assert.strictEqual(refusal.reason, "deadline")
        assert.isAtLeast(
          refusal.retryAfter === undefined ? 0 : Duration.toMillis(refusal.retryAfter),
          30_000,
        )
      }),
  )

  it.effect("refuses one caller more than the line holds", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ maxQueue: 2 })
      const refusal = yield* Effect.scoped(
        Effect.gen(function* () {
          yield* pacer.enter
          yield* pacer.enter
          return yield* Effect.flip(pacer.enter)
        }),
      )
      assert.strictEqual(refusal.reason, "queue")
      yield* Effect.scoped(pacer.enter)
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

  it.effect("emits where things stand now and after a change", () =>
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
})
