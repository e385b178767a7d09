import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

import * as MonotonicClock from "../src/pacing/MonotonicClock.ts"

describe("MonotonicClock", () => {
  it.effect("reads milliseconds that move with the clock", () =>
    Effect.gen(function* () {
      const before = yield* MonotonicClock.nowMillis
      yield* TestClock.adjust("1500 millis")
      assert.strictEqual((yield* MonotonicClock.nowMillis) - before, 1500)
    }),
  )

  it.effect("reads the clock that it is given", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("20 millis")
      const clock = yield* Clock.Clock
      assert.strictEqual(MonotonicClock.millisOf(clock), yield* MonotonicClock.nowMillis)
    }),
  )

  it.effect("keeps fractions of a millisecond", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const fraction = { ...clock, monotonicTimeNanosUnsafe: () => 1_500_000n }
      assert.strictEqual(MonotonicClock.millisOf(fraction), 1.5)
    }),
  )
})
