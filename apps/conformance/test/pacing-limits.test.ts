import { assert, describe, it } from "@effect/vitest"

import {
  blips,
  disturbedKinds,
  leavingNeighbours,
  longWaits,
  measureRecovery,
  oddities,
  outages,
} from "../src/pacing/Disturbances.ts"
import { runDraws } from "../src/pacing/Draws.ts"
import {
  fastBuckets,
  hiddenLimits,
  longWindows,
  measureLasting,
  measureLimit,
  silent,
  silentSmall,
  twoLimits,
  unevenWindows,
} from "../src/pacing/Limits.ts"
import { steady } from "../src/pacing/Network.ts"
import { besideNeighbour, fourProcesses, jain } from "../src/pacing/Sharing.ts"
import { simulate, simulateFleet } from "../src/pacing/Simulation.ts"

const concurrencies = [1, 10, 50]

describe("limits that are not per second, told nothing", () => {
  for (const limit of [...fastBuckets, ...unevenWindows]) {
    it(`${limit.name}: it takes at most 1.08 x ideal in the median, 1.2 x at any phase, with 3 429s at most`, () => {
      for (const concurrency of concurrencies) {
        const { median, rateLimited, worst } = measureLimit(limit, concurrency)
        assert.isAtMost(median, 1.08)
        assert.isAtMost(worst, 1.2)
        assert.isAtMost(rateLimited, 3)
      }
    })
  }

  for (const limit of longWindows) {
    it(`${limit.name}: it takes at most 1.05 x ideal in the median, with two 429s at most`, () => {
      for (const concurrency of concurrencies) {
        const { median, rateLimited } = measureLimit(limit, concurrency)
        assert.isAtMost(median, 1.05)
        assert.isAtMost(rateLimited, 2)
      }
    })
  }

  for (const limit of twoLimits) {
    it(`${limit.name}: it takes at most 1.05 x ideal in the median, with 7 429s at most`, () => {
      for (const concurrency of concurrencies) {
        const { median, rateLimited } = measureLimit(limit, concurrency)
        assert.isAtMost(median, 1.05)
        assert.isAtMost(rateLimited, 7)
      }
    })
  }

  for (const limit of silent) {
    it(`${limit.name}: it takes at most 1.07 x ideal in the median, 1.2 x at any phase, with 4 429s at most`, () => {
      for (const concurrency of concurrencies) {
        const { median, rateLimited, worst } = measureLimit(limit, concurrency)
        assert.isAtMost(median, 1.07)
        assert.isAtMost(worst, 1.2)
        assert.isAtMost(rateLimited, 4)
      }
    })
  }
})

describe("from the fifth minute of a run on", () => {
  for (const limit of silentSmall) {
    it(`${limit.name}: it uses 95 % of the limit`, () => {
      for (const concurrency of concurrencies) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureLasting(limit, concurrency, seed).share, 0.95)
        }
      }
    })
  }

  for (const limit of hiddenLimits) {
    it(`${limit.name}: it uses 95 % of the limit, with 8 429s a minute at most`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { perMinute, share } = measureLasting(limit, 10, seed)
        assert.isAtLeast(share, 0.95)
        assert.isAtMost(perMinute, 8)
      }
    })
  }
})

describe("a run whose length is known", () => {
  for (const total of [700, 2_000, 2_030]) {
    it(`${total} creates at 100 per second, aligned: it needs no more windows than with the phase of its first request`, () => {
      for (let phaseMs = 37; phaseMs < 800; phaseMs += 100) {
        const { makespanMs, rateLimited } = simulate({
          server: {
            limiter: { kind: "fixed-window-aligned", limit: 100, windowMs: 1000 },
            phaseMs,
            headers: "always",
            retryAfter: true,
          },
          network: steady(12, 0.5),
          total,
          concurrency: 32,
          knowsTotal: true,
          seed: phaseMs,
        })
        assert.isBelow(makespanMs, 1000 * Math.ceil(total / 100) - 600)
        assert.strictEqual(rateLimited, 0)
      }
    })
  }
})

describe("from the tenth window after a disturbance on", () => {
  for (const kind of disturbedKinds) {
    it(`${kind}: it uses 95 % of the limit after a neighbour that leaves`, () => {
      for (const disturbance of leavingNeighbours) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, 0.95, disturbance.name)
        }
      }
    })

    it(`${kind}: it uses 95 % of the limit after an odd header, a pause or a change of the limit`, () => {
      for (const disturbance of blips) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, 0.95, disturbance.name)
        }
      }
    })

    it(`${kind}: it uses 90 % of the limit after one long wait that no limit explains`, () => {
      for (const disturbance of longWaits) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, 0.9, disturbance.name)
        }
      }
    })

    const least = kind === "token-bucket" ? 0.85 : 0.9
    it(`${kind}: it uses ${100 * least} % of a limit that no header names after an outage`, () => {
      for (const disturbance of outages) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, least, disturbance.name)
        }
      }
    })

    it(`${kind}: it uses 95 % of the limit while headers are odd`, () => {
      for (const disturbance of oddities) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, 0.95, disturbance.name)
        }
      }
    })
  }
})

describe("others with the same token", () => {
  it("fairness is 1 if all have the same, and 1/n if one has all", () => {
    assert.strictEqual(jain([3, 3, 3]), 1)
    assert.strictEqual(jain([0, 5, 0, 0]), 0.25)
  })

  for (const kind of disturbedKinds) {
    it(`${kind}: four processes that share nothing get fair shares, with 50 429s for 200 creates at most`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { fairness, rateLimited, ratio } = fourProcesses(kind, seed)
        assert.isAtMost(ratio, 1.3)
        assert.isAtMost(rateLimited, 50)
        assert.isAtLeast(fairness, 0.8)
      }
    })

    const most429s = kind === "token-bucket" ? 15 : 12
    it(`${kind}: it makes 300 creates next to a neighbour with a third, with ${most429s} 429s at most, and leaves it most of that`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { neighbourLost, rateLimited, ratio } = besideNeighbour(kind, seed)
        assert.isAtMost(ratio, 1.4)
        assert.isAtMost(rateLimited, most429s)
        assert.isAtMost(neighbourLost, 0.25)
      }
    })
  }
})

describe("one 429 that asks for 30 s without a reason", () => {
  for (const [limit, windowMs] of [
    [100, 10_000],
    [60, 5000],
  ] as const) {
    it(`${limit} per ${windowMs} ms on a slow network: ten minutes later it uses 80 % of the limit`, () => {
      for (const kind of [
        "fixed-window-aligned",
        "fixed-window-first-request",
        "sliding-log",
      ] as const) {
        for (const stray of [5, 45, 85, 125]) {
          const { server } = simulateFleet({
            server: {
              limiter: { kind, limit, windowMs },
              phaseMs: 123,
              headers: "always",
              retryAfter: true,
              odd: (response, count) =>
                count === stray
                  ? { rateLimited: true, limit, remaining: 0, retryAfterMs: 30_000 }
                  : response,
            },
            network: steady(300, 0.2),
            seed: stray,
            processes: [{ total: Number.POSITIVE_INFINITY, concurrency: 10 }],
            untilMs: 900_000,
          })
          const used = server.accepted.filter((at) => at > 600_000).length
          assert.isAtLeast(used, 0.8 * (limit / windowMs) * 300_000)
        }
      }
    })
  }
})

describe("1,000 servers and networks drawn at random", () => {
  it("every run ends, most within 1.15 x ideal and with few 429s", () => {
    const { few429s, lost, within15, within50, worst } = runDraws(1000)
    const names = worst.map(({ name, ratio }) => `${ratio.toFixed(2)} ${name}`).join("\n")
    process.stdout.write(`the slowest ten, in time over ideal:\n${names}\n`)
    assert.strictEqual(lost, 0)
    assert.isAtLeast(few429s, 0.93)
    assert.isAtLeast(within15, 0.615)
    assert.isAtLeast(within50, 0.805)
  })
})
