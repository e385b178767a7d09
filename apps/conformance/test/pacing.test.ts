import { assert, describe, it } from "@effect/vitest"

import { kinds } from "../../../packages/sandbox/src/api/Limiter.ts"
import { earliestLast, neverRateLimited } from "../src/pacing/Ceiling.ts"
import { heavyTailed, steady } from "../src/pacing/Network.ts"
import { measure, median, networks, type Scenario, scenarios } from "../src/pacing/Scenarios.ts"
import { ideal } from "../src/pacing/Server.ts"
import { simulate } from "../src/pacing/Simulation.ts"

const usual = steady(30, 0.2)
const windows = ["fixed-window-aligned", "fixed-window-first-request", "sliding-log"] as const
const buckets = ["token-bucket", "gcra"] as const
const phases = 20

const cell = (
  scenario: Scenario,
  kind: (typeof kinds)[number],
  concurrency: number,
  network = usual,
) => measure(scenario, kind, concurrency, network, phases)

/** Which share of ideal an aligned server leaves to a client that is never rate limited, for each phase of a cell. */
const ceilings = ({ server, total }: Scenario, concurrency: number) =>
  Array.from({ length: phases }, (_, index) => {
    const options = server("fixed-window-aligned", (index + 0.37) / phases)
    const { limit, windowMs } = options.limiter
    const { roundTripMs } = usual
    return (
      ideal(options, total, concurrency, roundTripMs) /
      neverRateLimited(limit, windowMs, total, roundTripMs)
    )
  })

describe("windows that follow the clock", () => {
  it("a client that is never rate limited cannot get ahead of the first request while the windows are full", () => {
    for (const [limit, window, total] of [
      [1, 6, 4],
      [2, 6, 8],
      [3, 5, 9],
    ] as const) {
      for (let phase = 0; phase < window; phase++) {
        const expected = neverRateLimited(limit, window, total, 0)
        assert.strictEqual(earliestLast(limit, window, total, phase), expected)
      }
    }
  })

  it("only slots that no request needs can pay for the phase", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5].map((phase) => earliestLast(2, 6, 5, phase)),
      [12, 11, 10, 9, 8, 7],
    )
  })

  it("300 at 10 per second leave 98.3 % of ideal in the median to a client that is never rate limited", () => {
    assert.closeTo(median(ceilings(scenarios.plain, 10)), 0.9833, 0.0005)
  })

  for (const concurrency of [10, 100]) {
    it(`${concurrency} in flight: it comes within 1 % of that at every phase`, () => {
      const most = ceilings(scenarios.plain, concurrency)
      const { utilisations } = cell(scenarios.plain, "fixed-window-aligned", concurrency)
      for (const [index, utilisation] of utilisations.entries()) {
        assert.isAtLeast(utilisation, 0.99 * (most[index] ?? 1))
      }
    })
  }
})

describe("10 per second, without a hint", () => {
  const least = {
    "fixed-window-aligned": 0.975,
    "fixed-window-first-request": 0.99,
    "sliding-log": 0.985,
  }
  for (const kind of windows) {
    for (const concurrency of [10, 100]) {
      const percent = 100 * least[kind]
      it(`${kind}, ${concurrency} in flight: it reaches ${percent} % of ideal in the median, never less than 95 %, without a 429`, () => {
        const { median: middle, mostRateLimited, worst } = cell(scenarios.plain, kind, concurrency)
        assert.isAtLeast(middle, least[kind])
        assert.isAtLeast(worst, 0.95)
        assert.strictEqual(mostRateLimited, 0)
      })
    }

    it(`${kind}: it gets no 429 in 200 more runs`, () => {
      assert.strictEqual(measure(scenarios.plain, kind, 100, usual, 200).mostRateLimited, 0)
    })
  }

  for (const concurrency of [10, 100]) {
    it(`the three together, ${concurrency} in flight: it reaches 98.5 % of ideal in the median`, () => {
      const all = windows.flatMap((kind) => cell(scenarios.plain, kind, concurrency).utilisations)
      assert.isAtLeast(median(all), 0.985)
    })
  }

  for (const kind of windows) {
    it(`${kind}, one in flight: it takes at most 1.08 x ideal, without a 429`, () => {
      const { worst, mostRateLimited } = cell(scenarios.plain, kind, 1)
      assert.isAtLeast(worst, 1 / 1.08)
      assert.strictEqual(mostRateLimited, 0)
    })
  }

  for (const kind of buckets) {
    for (const concurrency of [1, 10, 100]) {
      it(`${kind}, ${concurrency} in flight: it takes at most 1.02 x ideal, without a 429`, () => {
        const { worst, mostRateLimited } = cell(scenarios.plain, kind, concurrency)
        assert.isAtLeast(worst, 1 / 1.02)
        assert.strictEqual(mostRateLimited, 0)
      })
    }
  }
})

describe("longer windows and changing limits", () => {
  for (const kind of kinds) {
    for (const concurrency of [1, 10, 100]) {
      it(`${kind}, ${concurrency} in flight: it learns a window of 5 s or 60 s from 6 429s at most, within 1.10 x ideal`, () => {
        for (const scenario of [scenarios.fiveSeconds, scenarios.minute]) {
          const { worst, mostRateLimited } = cell(scenario, kind, concurrency)
          assert.isAtLeast(worst, 1 / 1.1)
          assert.isAtMost(mostRateLimited, 6)
        }
      })

      it(`${kind}, ${concurrency} in flight: it follows 10, 4, 20 per second with 10 429s at most, within 1.10 x ideal`, () => {
        const { worst, mostRateLimited } = cell(scenarios.changing, kind, concurrency)
        assert.isAtLeast(worst, 1 / 1.1)
        assert.isAtMost(mostRateLimited, 10)
      })
    }
  }
})

describe("a window that is not whole seconds", () => {
  for (const kind of kinds) {
    const most429s = ["token-bucket", "gcra"].includes(kind) ? 10 : 7
    it(`${kind}: it takes 1.5 s for 2 s at most, which leaves 70 % of ideal, and learns it from ${most429s} 429s at most`, () => {
      for (const concurrency of [1, 10, 100]) {
        const { worst, mostRateLimited } = cell(scenarios.uneven, kind, concurrency)
        assert.isAtLeast(worst, 0.7)
        assert.isAtMost(mostRateLimited, most429s)
      }
    })
  }
})

describe("little or wrong information", () => {
  for (const kind of kinds) {
    for (const concurrency of [10, 100]) {
      it(`${kind}, ${concurrency} in flight: headers on 429s only take at most 1.10 x ideal in the median and 12 429s`, () => {
        const { median: middle, mostRateLimited } = cell(scenarios.headersOn429, kind, concurrency)
        assert.isAtLeast(middle, 1 / 1.1)
        assert.isAtMost(mostRateLimited, 12)
      })

      it(`${kind}, ${concurrency} in flight: no headers at all take at most 1.15 x ideal`, () => {
        assert.isAtLeast(cell(scenarios.noHeaders, kind, concurrency).worst, 1 / 1.15)
      })
    }

    it(`${kind}: 429s without Retry-After end within 1.15 x ideal`, () => {
      assert.isAtLeast(cell(scenarios.noRetryAfter, kind, 10).worst, 1 / 1.15)
    })
  }

  const bursts = [scenarios.priorTooHigh, scenarios.priorTooFast, scenarios.priorTooLow]
  for (const scenario of bursts) {
    for (const kind of kinds.filter((other) => other !== "fixed-window-aligned")) {
      it(`${kind}, a burst of ${scenario.name}: it sends 64 requests at most and never takes more than 1.18 x ideal`, () => {
        const { worst, mostRateLimited } = measure(scenario, kind, 100, usual, 60)
        assert.isAtLeast(worst, 1 / 1.18)
        assert.isAtMost(mostRateLimited, 4)
      })
    }
  }

  // A prior of 20 per second suggests half a second: looking for that may cost a slot of six windows.
  for (const [scenario, least] of [
    [scenarios.priorTooHigh, 0.88],
    [scenarios.priorTooLow, 0.98],
  ] as const) {
    it(`an aligned window, a burst of ${scenario.name}: it reaches ${100 * least} % of a client that is never rate limited, without a 429`, () => {
      const most = ceilings(scenario, 100)
      const { mostRateLimited, utilisations } = cell(scenario, "fixed-window-aligned", 100)
      for (const [index, utilisation] of utilisations.entries()) {
        assert.isAtLeast(utilisation, least * (most[index] ?? 1))
      }
      assert.strictEqual(mostRateLimited, 0)
    })
  }

  // The early scout costs a wait of a second, which whole seconds in `Retry-After` make twice the rest of the window.
  it("an aligned window, a burst with half its length as prior: it takes 1.2 x ideal in the median after one 429", () => {
    const {
      median: middle,
      mostRateLimited,
      worst,
    } = cell(scenarios.priorTooFast, "fixed-window-aligned", 100)
    assert.isAtLeast(middle, 1 / 1.2)
    assert.isAtLeast(worst, 0.7)
    assert.isAtMost(mostRateLimited, 1)
  })
})

describe("limits of any size", () => {
  for (const limit of [1, 2, 3, 5, 100, 1000]) {
    // A prior of 10 per second suggests 300 or 500 ms for 3 or 5: looking for that costs up to as much, once.
    const least = limit === 3 || limit === 5 ? 0.85 : 0.95
    it(`${limit} per second, six windows: it reaches ${100 * least} % of a client that is never rate limited, without a 429`, () => {
      for (const kind of windows) {
        for (const phase of [0.15, 0.45, 0.75]) {
          const limiter = { kind, limit, windowMs: 1000 }
          const server = {
            limiter,
            phaseMs: 1000 * phase,
            headers: "always",
            retryAfter: true,
          } as const
          const run = { server, network: usual, total: 6 * limit, concurrency: 2 * limit + 8 }
          const { makespanMs, rateLimited } = simulate({ ...run, seed: limit + 100 * phase })
          const leastMs = neverRateLimited(limit, 1000, run.total, usual.roundTripMs)
          assert.isAtLeast(leastMs / makespanMs, least, kind)
          assert.strictEqual(rateLimited, 0, kind)
        }
      }
    })
  }
})

describe("a neighbour using a third", () => {
  for (const kind of kinds) {
    it(`${kind}: it gets its share without a storm of 429s`, () => {
      const { median: middle, rateLimited } = cell(scenarios.neighbour, kind, 10)
      assert.isAtLeast(middle, 0.5)
      assert.isAtMost(median(rateLimited), 15)
    })
  }
})

describe("networks that nothing was tuned to", () => {
  for (const network of [
    ...networks,
    steady(7, 0.4),
    steady(55, 0.15),
    steady(180, 0.08),
    heavyTailed(12),
  ]) {
    it(`${network.name}: it stays above 85 % on every plain limiter with one 429 at most in the median run`, () => {
      for (const kind of kinds) {
        for (const concurrency of [10, 100]) {
          const { worst, rateLimited } = cell(scenarios.plain, kind, concurrency, network)
          assert.isAtLeast(worst, 0.85, `${kind} ${concurrency}`)
          assert.isAtMost(median(rateLimited), 1, `${kind} ${concurrency}`)
        }
      }
    })
  }
})
