import { assert, describe, it } from "@effect/vitest"

import { kinds } from "../../../packages/sandbox/src/Limiter.ts"
import { heavyTailed, steady } from "../src/pacing/Network.ts"
import { measure, median, networks, type Scenario, scenarios } from "../src/pacing/Scenarios.ts"

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

describe("10 per second, told nothing", () => {
  for (const concurrency of [10, 100]) {
    it(`windows, ${concurrency} in flight: it reaches 98.5 % of ideal in the median, never less than 95 %, without a 429`, () => {
      const cells = windows.map((kind) => cell(scenarios.plain, kind, concurrency))
      assert.isAtLeast(median(cells.flatMap(({ utilisations }) => utilisations)), 0.985)
      for (const { worst, mostRefusals } of cells) {
        assert.isAtLeast(worst, 0.95)
        assert.strictEqual(mostRefusals, 0)
      }
    })

    it(`a window from the first request, ${concurrency} in flight: it reaches 99 %`, () => {
      assert.isAtLeast(
        cell(scenarios.plain, "fixed-window-first-request", concurrency).median,
        0.99,
      )
    })

    it(`a sliding log, ${concurrency} in flight: it reaches 98.5 %`, () => {
      assert.isAtLeast(cell(scenarios.plain, "sliding-log", concurrency).median, 0.985)
    })

    // Nobody can know the phase of the first window: at phase p the ideal is (29 - p) seconds, for us 29.
    it(`an aligned window, ${concurrency} in flight: it loses 1.5 % at most to a client that only lacks the phase`, () => {
      const { utilisations } = cell(scenarios.plain, "fixed-window-aligned", concurrency)
      for (const [index, utilisation] of utilisations.entries()) {
        assert.isAtLeast(utilisation / (1 - (index + 0.37) / phases / 29), 0.985)
      }
    })
  }

  for (const kind of windows) {
    it(`${kind}, one in flight: it takes at most 1.08 x ideal, without a 429`, () => {
      const { worst, mostRefusals } = cell(scenarios.plain, kind, 1)
      assert.isAtLeast(worst, 1 / 1.08)
      assert.strictEqual(mostRefusals, 0)
    })
  }

  for (const kind of buckets) {
    for (const concurrency of [1, 10, 100]) {
      it(`${kind}, ${concurrency} in flight: it takes at most 1.02 x ideal, without a 429`, () => {
        const { worst, mostRefusals } = cell(scenarios.plain, kind, concurrency)
        assert.isAtLeast(worst, 1 / 1.02)
        assert.strictEqual(mostRefusals, 0)
      })
    }
  }
})

describe("longer windows and changing limits", () => {
  for (const kind of kinds) {
    for (const concurrency of [1, 10, 100]) {
      it(`${kind}, ${concurrency} in flight: it learns a window of 5 s or 60 s from 5 429s at most, within 1.10 x ideal`, () => {
        for (const scenario of [scenarios.fiveSeconds, scenarios.minute]) {
          const { worst, mostRefusals } = cell(scenario, kind, concurrency)
          assert.isAtLeast(worst, 1 / 1.1)
          assert.isAtMost(mostRefusals, 5)
        }
      })

      it(`${kind}, ${concurrency} in flight: it follows 10, 4, 20 per second with 10 429s at most, within 1.10 x ideal`, () => {
        const { worst, mostRefusals } = cell(scenarios.changing, kind, concurrency)
        assert.isAtLeast(worst, 1 / 1.1)
        assert.isAtMost(mostRefusals, 10)
      })
    }
  }
})

describe("a window that is not whole seconds", () => {
  for (const kind of kinds) {
    it(`${kind}: it takes 1.5 s for 2 s at most, which leaves 70 % of ideal, and learns it from 7 429s at most`, () => {
      for (const concurrency of [1, 10, 100]) {
        const { worst, mostRefusals } = cell(scenarios.uneven, kind, concurrency)
        assert.isAtLeast(worst, 0.7)
        assert.isAtMost(mostRefusals, 7)
      }
    })
  }
})

describe("little or wrong information", () => {
  for (const kind of kinds) {
    for (const concurrency of [10, 100]) {
      it(`${kind}, ${concurrency} in flight: headers on 429s alone take at most 1.10 x ideal in the median and 12 429s`, () => {
        const { median: middle, mostRefusals } = cell(
          scenarios.headersOnRefusals,
          kind,
          concurrency,
        )
        assert.isAtLeast(middle, 1 / 1.1)
        assert.isAtMost(mostRefusals, 12)
      })

      it(`${kind}, ${concurrency} in flight: no headers at all take at most 1.15 x ideal`, () => {
        assert.isAtLeast(cell(scenarios.noHeaders, kind, concurrency).worst, 1 / 1.15)
      })
    }

    it(`${kind}: 429s without Retry-After end within 1.15 x ideal`, () => {
      assert.isAtLeast(cell(scenarios.noRetryAfter, kind, 10).worst, 1 / 1.15)
    })
  }

  for (const scenario of [scenarios.priorTooHigh, scenarios.priorTooFast, scenarios.priorTooLow]) {
    it(`a burst of 60, ${scenario.name}: it sends 64 requests at most and takes 1.15 x ideal in the median`, () => {
      const { median: middle, worst, mostRefusals } = cell(scenario, "sliding-log", 100)
      assert.isAtLeast(middle, 1 / 1.15)
      assert.isAtLeast(worst, 1 / 1.2)
      assert.isAtMost(mostRefusals, 4)
    })
  }
})

describe("a neighbour using a third", () => {
  for (const kind of kinds) {
    it(`${kind}: it gets its share without a storm of 429s`, () => {
      const { median: middle, refusals } = cell(scenarios.neighbour, kind, 10)
      assert.isAtLeast(middle, 0.5)
      assert.isAtMost(median(refusals), 15)
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
          const { worst, refusals } = cell(scenarios.plain, kind, concurrency, network)
          assert.isAtLeast(worst, 0.85, `${kind} ${concurrency}`)
          assert.isAtMost(median(refusals), 1, `${kind} ${concurrency}`)
        }
      }
    })
  }
})
