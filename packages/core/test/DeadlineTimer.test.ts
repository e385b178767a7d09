import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Scheduler } from "effect"
import { TestClock } from "effect/testing"

import { DeadlineTimer } from "../src/call/DeadlineTimer.ts"

/** Runs an attempt that only its deadline can end. */
const held = (timer: DeadlineTimer, ms: number, expire: () => number | undefined) =>
  Effect.forkChild(timer.within(ms, Effect.never, expire), { startImmediately: true })

describe("DeadlineTimer", () => {
  it.effect("expires each deadline at its time, also when a later one was set first", () =>
    Effect.gen(function* () {
      const timer = new DeadlineTimer()
      const expired: Array<string> = []
      const after = (name: string, ms: number) =>
        held(timer, ms, () => {
          expired.push(name)
          return undefined
        })
      yield* after("late", 3_000)
      yield* after("early", 1_000)
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(expired, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(expired, ["early"])
      yield* after("next", 500)
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(expired, ["early", "next"])
      yield* TestClock.adjust(1_500)
      assert.deepStrictEqual(expired, ["early", "next", "late"])
    }),
  )

  it.effect("expires a deadline again after it was extended", () =>
    Effect.gen(function* () {
      const timer = new DeadlineTimer()
      const left = [700, undefined]
      let calls = 0
      yield* held(timer, 300, () => left[calls++])
      yield* TestClock.adjust(300)
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust(699)
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(calls, 2)
    }),
  )

  it.effect("never expires after the attempt has ended, and starts again for the next one", () =>
    Effect.gen(function* () {
      const timer = new DeadlineTimer()
      let expired = 0
      const arm = held(timer, 1_000, () => {
        expired += 1
        return undefined
      })
      yield* Fiber.interrupt(yield* arm)
      yield* TestClock.adjust(5_000)
      assert.strictEqual(expired, 0)
      yield* arm
      yield* TestClock.adjust(1_000)
      assert.strictEqual(expired, 1)
    }),
  )

  it.effect("expires the others when one is interrupted while it is being set", () =>
    Effect.gen(function* () {
      for (let yields = 0; yields < 20; yields++) {
        const timer = new DeadlineTimer()
        let expired = 0
        const other = yield* held(timer, 2_000, () => {
          expired += 1
          return undefined
        })
        // a fiber that yields this often can be interrupted anywhere
        const fiber = yield* Effect.forkChild(
          Effect.provideService(
            timer.within(1_000, Effect.never, () => undefined),
            Scheduler.MaxOpsBeforeYield,
            4,
          ),
        )
        for (let i = 0; i < yields; i++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        // a timer that yields this often is late by some moves of the clock
        for (let move = 0; move < 40; move++) yield* TestClock.adjust(1_000)
        assert.strictEqual(expired, 1, `after ${yields} yields`)
        yield* Fiber.interrupt(other)
      }
    }),
  )

  it.effect("expires the others, and new ones, when one throws", () =>
    Effect.gen(function* () {
      const timer = new DeadlineTimer()
      const expired: Array<string> = []
      yield* held(timer, 1_000, () => {
        throw new Error("thrown by the transport")
      })
      yield* held(timer, 1_000, () => void expired.push("same time"))
      yield* held(timer, 2_000, () => void expired.push("later"))
      yield* TestClock.adjust(1_000)
      yield* held(timer, 3_000, () => void expired.push("new"))
      yield* TestClock.adjust(3_000)
      assert.deepStrictEqual(expired, ["same time", "later", "new"])
    }),
  )
})
