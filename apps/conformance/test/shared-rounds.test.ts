import { describe, expect, it } from "vitest"

import { kinds } from "../../../packages/sandbox/src/api/Limiter.ts"
import { heavyTailed } from "../src/pacing/Network.ts"
import { jain } from "../src/pacing/Sharing.ts"
import { playVirtual } from "../src/shared/VirtualFleet.ts"

const four = { processes: 4, concurrency: 10, each: 50, limit: 10, windowMs: 1000 }

/** An aligned window is found at the phase in which the run begins: half a window is lost on average. */
const mostOf = (kind: (typeof kinds)[number]) => (kind === "fixed-window-aligned" ? 1.1 : 1.06)

/** A sliding log frees each permit at its own time; far from the store, more writes then find another one in their way. */
const mostTripsOf = (kind: (typeof kinds)[number], storeMs: number) =>
  kind === "sliding-log" && storeMs > 1 ? 5.5 : 5

describe("four processes at 10 per second in virtual time", { timeout: 600_000 }, () => {
  describe.each([0.4, 10])("%d ms from their store", (storeMs) => {
    it.each(kinds)("%s: few round trips, equal shares, no 429", async (kind) => {
      for (const seed of [1, 2]) {
        const played = await playVirtual({ ...four, kind, storeMs, seed })
        expect(played.roundTrips).toBeLessThanOrEqual(mostTripsOf(kind, storeMs))
        expect(played.fairness).toBeGreaterThanOrEqual(0.95)
        expect(played.rateLimited).toBe(0)
        expect(played.ratio).toBeLessThanOrEqual(mostOf(kind))
      }
    })
  })

  it("asks the store rarely in a long window, and at a high limit", async () => {
    const many = { ...four, kind: "sliding-log", concurrency: 50, storeMs: 0.4, seed: 1 } as const
    const long = await playVirtual({ ...many, limit: 200, windowMs: 60_000, each: 150 })
    expect(long.roundTrips).toBeLessThanOrEqual(3)
    expect(long.ratio).toBeLessThanOrEqual(1.03)
    // after two windows, not in the middle of a burst
    const counts = long.created.map((times) => times.filter((at) => at < 90_000).length)
    expect(jain(counts)).toBeGreaterThanOrEqual(0.95)
    // the window has to be learned
    expect(long.rateLimited).toBeLessThanOrEqual(1)
    const high = await playVirtual({ ...many, limit: 100, each: 200 })
    expect(high.roundTrips).toBeLessThanOrEqual(3)
    expect(high.rateLimited).toBe(0)
  })

  it("loses no slot of a long window on a network with a long tail", async () => {
    const many = { ...four, kind: "sliding-log", concurrency: 50, limit: 200, each: 150 } as const
    // three windows, filled to the last slot: a lost one would cost a fourth
    for (const seed of [78, 79, 80]) {
      const options = { windowMs: 60_000, storeMs: 0.4, network: heavyTailed, seed }
      const { ratio } = await playVirtual({ ...many, ...options })
      expect(ratio).toBeLessThanOrEqual(1.03)
    }
  })

  it.each([4, 8, 20])("has equal shares of a ceiling of %d per second, too", async (perSecond) => {
    const below = {
      ...four,
      kind: "sliding-log",
      limit: 100,
      each: 6 * perSecond,
      seed: 1,
    } as const
    for (const storeMs of [0.4, 10]) {
      const { created, fairness, roundTrips } = await playVirtual({ ...below, storeMs, perSecond })
      expect(roundTrips).toBeLessThanOrEqual(5)
      expect(fairness).toBeGreaterThanOrEqual(0.98)
      const times = created.flat()
      const tookMs = Math.max(...times) - Math.min(...times)
      // 24 seconds of requests, each way up to 3 ms off
      expect(tookMs).toBeGreaterThanOrEqual(23_000 - 6)
      expect(tookMs).toBeLessThanOrEqual(23_000 * 1.02)
    }
  })
})
