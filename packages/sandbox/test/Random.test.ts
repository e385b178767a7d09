import { assert, describe, it } from "@effect/vitest"

import * as Random from "../src/api/Random.ts"

const draw = (seed: number, count: number) => {
  const random = Random.make(seed)
  return Array.from({ length: count }, random)
}

describe("make", () => {
  it("draws the same numbers for the same seed, and others for another", () => {
    assert.deepStrictEqual(draw(42, 100), draw(42, 100))
    assert.notDeepEqual(draw(42, 100), draw(43, 100))
  })

  it("draws numbers from 0 up to 1, spread over the whole range", () => {
    const drawn = draw(1, 10_000)
    assert.isTrue(drawn.every((number) => number >= 0 && number < 1))
    const buckets = Array.from({ length: 10 }, () => 0)
    for (const number of drawn) {
      const bucket = Math.floor(number * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    assert.isTrue(
      buckets.every((count) => count > 800 && count < 1200),
      String(buckets),
    )
  })
})
