import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Scheduler } from "effect"
import { TestClock } from "effect/testing"

import { DeadlineTimer } from "../src/call/DeadlineTimer.ts"

/** Runs an attempt that never ends by itself. */
const held = (deadlines: DeadlineTimer, ms: number, expire: () => number | undefined) =>
  Effect.forkChild(deadlines.within(ms, Effect.never, expire), { startImmediately: true })

describe("Deadlines", () => {
  it.effect("expires each deadline at its time, the later one that came first too", () =>
    Effect.gen(function* () {
      const deadlines = new DeadlineTimer()
      const expired: Array<string> = []
      const after = (name: string, ms: number) =>
        held(deadlines, ms, () => {
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

  it.effect("lets a deadline that moves on expire again", () =>
    Effect.gen(function* () {
      const deadlines = new DeadlineTimer()
      const left = [700, undefined]
      let calls = 0
      yield* held(deadlines, 300, () => left[calls++])
      yield* TestClock.adjust(300)
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust(699)
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(calls, 2)
    }),
  )

  it.effect("never expires after the attempt has ended, and starts again after its last one", () =>
    Effect.gen(function* () {
      const deadlines = new DeadlineTimer()
      let expired = 0
      const arm = held(deadlines, 1_000, () => {
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

  it.effect("expires the others where one is interrupted while it is being set", () =>
    Effect.gen(function* () {
      for (let turns = 0; turns < 20; turns++) {
        const deadlines = new DeadlineTimer()
        let expired = 0
        const other = yield* held(deadlines, 2_000, () => {
          expired += 1
          return undefined
        })
        // a fiber that yields this often can be interrupted anywhere
        const fiber = yield* Effect.forkChild(
          Effect.provideService(
            deadlines.within(1_000, Effect.never, () => undefined),
            Scheduler.MaxOpsBeforeYield,
            4,
          ),
        )
        for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        // a timer that yields this often is late by some moves of the clock
        for (let move = 0; move < 40; move++) yield* TestClock.adjust(1_000)
        assert.strictEqual(expired, 1, `after ${turns} turns`)
        yield* Fiber.interrupt(other)
      }
    }),
  )

  it.effect("expires the others, and new ones, where one throws", () =>
    Effect.gen(function* () {
      const deadlines = new DeadlineTimer()
      const expired: Array<string> = []
      yield* held(deadlines, 1_000, () => {
        throw new Error("the transport's own")
      })
      yield* held(deadlines, 1_000, () => void expired.push("same time"))
      yield* held(deadlines, 2_000, () => void expired.push("later"))
      yield* TestClock.adjust(1_000)
      yield* held(deadlines, 3_000, () => void expired.push("new"))
      yield* TestClock.adjust(3_000)
      assert.deepStrictEqual(expired, ["same time", "later", "new"])
    }),
  )
})
