import { assert, describe, it } from "@effect/vitest"

import { rateLimitJitterMs, rateLimitWaitMs } from "../src/pacing/RateLimitWait.ts"

describe("rateLimitWaitMs (D8)", () => {
  it("is what the API asks for, and never below 100 ms", () => {
    assert.deepStrictEqual(
      [0, 99, 100, 2_500].map((ms) => rateLimitWaitMs(ms, 5)),
      [100, 100, 100, 2_500],
    )
  })

  it("is 1 s, doubling up to 60 s with each 429 in a row, if the API names none", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 6, 7, 1_000].map((inARow) => rateLimitWaitMs(undefined, inARow)),
      [1_000, 2_000, 4_000, 32_000, 60_000, 60_000],
    )
  })
})

describe("rateLimitJitterMs", () => {
  it("is at most a tenth of the wait, and at most 250 ms", () => {
    assert.strictEqual(rateLimitJitterMs(1_000, 1), 100)
    assert.strictEqual(rateLimitJitterMs(60_000, 1), 250)
    assert.strictEqual(rateLimitJitterMs(60_000, 0), 0)
  })
})
