import { assert, describe, it } from "@effect/vitest"

import { StoreClock } from "../src/pacing/StoreClock.ts"

describe("StoreClock", () => {
  it("takes the middle of the shortest round trip", () => {
    const clock = new StoreClock()
    assert.isUndefined(clock.offsetMs)
    clock.learn(0, 100, 1_040)
    assert.strictEqual(clock.offsetMs, 990)
    clock.learn(200, 210, 1_205)
    assert.strictEqual(clock.offsetMs, 1_000)
    assert.strictEqual(clock.roundTripMs, 10)
    // a slower reply that fits
    clock.learn(300, 400, 1_390)
    assert.strictEqual(clock.offsetMs, 1_000)
  })

  it("believes a slow reply that contradicts the fast ones: a clock was set", () => {
    const clock = new StoreClock()
    clock.learn(0, 10, 1_005)
    clock.learn(100, 200, 51_150)
    assert.strictEqual(clock.offsetMs, 51_000)
    clock.learn(300, 400, 350)
    assert.strictEqual(clock.offsetMs, 0)
  })
})
