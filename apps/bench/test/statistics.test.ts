import { assert, describe, it } from "vitest"

import { median, quantile, shuffled } from "../src/statistics.ts"

describe("median", () => {
  it("returns the middle value, or the mean of the two in the middle", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 3, 2]), 2.5)
  })
})

describe("quantile", () => {
  it("returns the value that the share is below, the last one at most", () => {
    assert.strictEqual(quantile([3, 1, 4, 2], 0.5), 3)
    assert.strictEqual(quantile([3, 1, 4, 2], 1), 4)
  })
})

describe("shuffled", () => {
  it("keeps every value", () => {
    let seed = 1
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    assert.deepStrictEqual(
      shuffled([1, 2, 3, 4, 5], random).toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5],
    )
  })
})
