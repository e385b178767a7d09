import { describe, expect, it } from "vitest"

import { kinds } from "../../../packages/sandbox/src/api/Limiter.ts"
import { playVirtual } from "../src/shared/VirtualFleet.ts"

const four = { processes: 4, concurrency: 10, each: 50, limit: 10, windowMs: 1000 }

/** An aligned window is found at the phase in which the run begins: half a window is lost on average. */
const mostOf = (kind: (typeof kinds)[number]) => (kind === "fixed-window-aligned" ? 1.1 : 1.08)

describe("four processes at 10 per second in virtual time", { timeout: 600_000 }, () => {
  describe.each([0.4, 10])("%d ms from their store", (storeMs) => {
    it.each(kinds)("%s: few round trips, equal shares, no 429", async (kind) => {
      for (const seed of [1, 2]) {
        const played = await playVirtual({ ...four, kind, storeMs, seed })
        expect(played.roundTrips).toBeLessThanOrEqual(5)
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
    // the window has to be learned
    expect(long.rateLimited).toBeLessThanOrEqual(1)
    const high = await playVirtual({ ...many, limit: 100, each: 200 })
    expect(high.roundTrips).toBeLessThanOrEqual(3)
    expect(high.rateLimited).toBe(0)
  })
})
