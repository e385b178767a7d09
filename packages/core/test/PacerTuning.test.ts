import { assert, describe, it } from "@effect/vitest"

import * as Tuning from "../src/pacing/PacerTuning.ts"

describe("PacerTuning", () => {
  it("assumes no longer window by default than it assumes at all", () => {
    assert.isAtMost(Tuning.defaultWindowMs, Tuning.longestAssumedWindowMs)
    assert.isAtMost(Tuning.longestAssumedWindowMs, Tuning.longestWindowMs)
  })

  it("waits longer without Retry-After than for a Retry-After of 0", () => {
    assert.isAbove(Tuning.firstBlindWaitMs, Tuning.shortestWaitMs)
    assert.isAbove(Tuning.longestBlindWaitMs, Tuning.firstBlindWaitMs)
  })

  it("gives a request up long after it was taken for slow", () => {
    assert.isAbove(Tuning.lostRequestMs, Tuning.slowResponseMs)
    assert.isAtLeast(Tuning.lostRequestMs, Tuning.longestBlindWaitMs)
  })

  it("trusts a window before it halves the margin", () => {
    assert.isAbove(Tuning.windowsToTrust, 1)
    assert.isAbove(Tuning.windowsToHalveMargin, Tuning.windowsToTrust)
  })

  it("keeps jitter below the whole seconds of Retry-After", () => {
    assert.isBelow(Tuning.largestJitterMs, 1000)
    assert.isBelow(Tuning.shortestWaitMs * Tuning.jitterShare, Tuning.largestJitterMs)
  })

  it("keeps every share between 0 and 1", () => {
    const shares = Object.entries(Tuning).filter(([name]) => name.endsWith("Share"))
    assert.isAbove(shares.length, 0)
    for (const [name, share] of shares) {
      assert.isAbove(share, 0, name)
      assert.isBelow(share, 1, name)
    }
  })

  it("bounds the spread of round trips from both sides", () => {
    assert.isBelow(Tuning.leastSpread, Tuning.largestSpread)
    assert.isAbove(Tuning.minimumSamples, Tuning.excessSamples)
  })

  it("divides windows more finely than it keeps small limits exactly", () => {
    assert.isAbove(Tuning.logCells, Tuning.exactLogLimit)
  })

  it("counts requests, windows and entries in integers", () => {
    const { defaultLimit, defaultMaxQueue, initialPatience } = Tuning
    const { largestDropCount, largestGrownLimit, largestPatience, logCells } = Tuning
    for (const count of [
      defaultLimit,
      defaultMaxQueue,
      initialPatience,
      largestDropCount,
      largestGrownLimit,
      largestPatience,
      logCells,
    ]) {
      assert.isTrue(Number.isSafeInteger(count) && count > 0)
    }
    assert.isAbove(largestPatience, initialPatience)
  })
})
