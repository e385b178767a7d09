import { describe, expect, it } from "vitest"

import type { LimiterKind } from "../../../packages/sandbox/src/api/Limiter.ts"
import { lognormal } from "../src/pacing/Network.ts"
import type { Outage } from "../src/shared/VirtualFleet.ts"
import { playVirtual } from "../src/shared/VirtualFleet.ts"

const limit = 10
const windowMs = 1000
const processes = 4
const share = Math.floor(limit / processes)
const network = (ms: number) => lognormal(ms, 0.5)

/** Loses the store for a minute, on a network that varies much. */
const lose = async (kind: LimiterKind, fails: Outage["fails"], seed: number) => {
  const outage = { fromMs: 4000 + ((137 * seed) % 1000), untilMs: 64_000, fails }
  const run = { processes, limit, windowMs, concurrency: 10, each: 160, storeMs: 2, network }
  const { created, rateLimitedAt } = await playVirtual({ ...run, kind, seed, outage })
  // from the window after it was noticed
  const fromMs = outage.fromMs + 250 + windowMs
  const windows = Math.floor((outage.untilMs - fromMs) / windowMs)
  const untilMs = fromMs + windows * windowMs
  const isMeanwhile = (at: number) => at >= fromMs && at < untilMs
  const sent = created.map((times) => times.filter(isMeanwhile))
  return {
    parts: sent.map((times) => times.length / (share * windows)),
    longestStopMs: Math.max(
      ...sent.flatMap((times) => times.map((at, n) => at - (times[n - 1] ?? fromMs))),
    ),
    rateLimited: rateLimitedAt.filter(isMeanwhile).length,
  }
}

describe("four processes without their store for a minute", { timeout: 600_000 }, () => {
  // the requests of the others make a limiter look as if its window was longer
  it.each([
    ["gcra", "at once", 38],
    ["gcra", "at once", 54],
    ["gcra", "silently", 38],
    ["sliding-log", "at once", 1],
    ["sliding-log", "silently", 1],
    ["fixed-window-aligned", "at once", 1],
    ["fixed-window-first-request", "at once", 1],
    ["fixed-window-first-request", "silently", 2],
  ] as const)("%s, which fails %s: each makes its share", async (kind, fails, seed) => {
    const { longestStopMs, parts, rateLimited } = await lose(kind, fails, seed)
    expect(Math.min(...parts)).toBeGreaterThanOrEqual(0.9)
    // on its way to the API a request can overtake another by so much
    expect(longestStopMs).toBeLessThanOrEqual(windowMs + 1000 + 100)
    expect(rateLimited).toBe(0)
  })
})
