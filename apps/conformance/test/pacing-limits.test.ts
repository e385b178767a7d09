import { assert, describe, it } from "@effect/vitest"

import {
  blips,
  disturbedKinds,
  leavingNeighbours,
  measureRecovery,
  oddities,
} from "../src/pacing/Disturbances.ts"
import { runDraws } from "../src/pacing/Draws.ts"
import {
  fastBuckets,
  type Limit,
  measureLimit,
  silent,
  twoLimits,
  unevenWindows,
} from "../src/pacing/Limits.ts"
import { besideNeighbour, fourProcesses, jain } from "../src/pacing/Sharing.ts"

const concurrencies = [1, 10, 50]

/** Returns the worst of ten phases at any number in flight. */
const worstOf = (limit: Limit) => {
  const cells = concurrencies.map((concurrency) => measureLimit(limit, concurrency))
  return {
    ratio: Math.max(...cells.map(({ worst }) => worst)),
    rateLimited: Math.max(...cells.map(({ rateLimited }) => rateLimited)),
  }
}

describe("limits that are not per second, told nothing", () => {
  for (const limit of fastBuckets) {
    it(`${limit.name}: it takes at most 1.05 x ideal without a 429`, () => {
      const { rateLimited, ratio } = worstOf(limit)
      assert.isAtMost(ratio, 1.05)
      assert.strictEqual(rateLimited, 0)
    })
  }

  for (const limit of unevenWindows) {
    // Up to 6 s go by before a window below a second is looked for, of 30 s.
    const isShort = limit.server.limiter.windowMs < 1000
    const [mostRatio, most429s] = isShort ? [1.2, 0] : [1.13, 3]
    it(`${limit.name}: it takes at most ${mostRatio} x ideal, with ${most429s} 429s at most`, () => {
      const { rateLimited, ratio } = worstOf(limit)
      assert.isAtMost(ratio, mostRatio)
      assert.isAtMost(rateLimited, most429s)
    })
  }

  for (const limit of twoLimits.filter(({ server }) => server.named === "first")) {
    it(`${limit.name}: it takes at most 1.05 x ideal in the median`, () => {
      for (const concurrency of concurrencies) {
        assert.isAtMost(measureLimit(limit, concurrency).median, 1.05)
      }
    })
  }

  for (const limit of silent) {
    const isBucket = ["token-bucket", "gcra"].includes(limit.server.limiter.kind)
    const most429s = isBucket ? 10 : 4
    it(`${limit.name}: it takes at most 1.08 x ideal, with ${most429s} 429s at most`, () => {
      const { rateLimited, ratio } = worstOf(limit)
      assert.isAtMost(ratio, 1.08)
      assert.isAtMost(rateLimited, most429s)
    })
  }
})

describe("from the tenth window after a disturbance on", () => {
  for (const kind of disturbedKinds) {
    it(`${kind}: it uses 95 % of the limit after a neighbour that leaves, and 85 % in the worst of 250 runs`, () => {
      const shares = leavingNeighbours.flatMap((disturbance) =>
        [1, 2, 3, 4, 5].map((seed) => measureRecovery(disturbance, kind, seed).share),
      )
      assert.isAtLeast(Math.min(...shares), 0.85)
      assert.isAtLeast(shares.filter((share) => share >= 0.95).length / shares.length, 0.97)
    })

    it(`${kind}: it uses 95 % of the limit after an odd header, a pause or a change of the limit`, () => {
      for (const disturbance of blips) {
        for (const seed of [1, 2, 3, 4, 5]) {
          assert.isAtLeast(measureRecovery(disturbance, kind, seed).share, 0.95, disturbance.name)
        }
      }
    })

    it(`${kind}: it uses 95 % of the limit while headers are odd, in the median of five runs`, () => {
      for (const disturbance of oddities) {
        const shares = [1, 2, 3, 4, 5].map((seed) => measureRecovery(disturbance, kind, seed).share)
        assert.isAtLeast(shares.toSorted((a, b) => a - b)[2] ?? 0, 0.95, disturbance.name)
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
    it(`${kind}: four processes that share nothing end, with one 429 for a create at most`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { rateLimited, ratio } = fourProcesses(kind, seed)
        assert.isAtMost(ratio, 2)
        assert.isAtMost(rateLimited, 200)
      }
    })

    it(`${kind}: it makes 300 creates next to a neighbour with a third, with 20 429s at most`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const { rateLimited, ratio } = besideNeighbour(kind, seed)
        assert.isAtMost(ratio, 2)
        assert.isAtMost(rateLimited, 20)
      }
    })
  }
})

describe("1,000 servers and networks drawn at random", () => {
  it("every run ends, most within 1.15 x ideal and with few 429s", () => {
    const { few429s, lost, within15, within50, worst } = runDraws(1000)
    const names = worst.map(({ name, ratio }) => `${ratio.toFixed(2)} ${name}`).join("\n")
    assert.strictEqual(lost, 0)
    assert.isAtLeast(few429s, 0.84, names)
    assert.isAtLeast(within15, 0.55, names)
    assert.isAtLeast(within50, 0.74, names)
  })
})
