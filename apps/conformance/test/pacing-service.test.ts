import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { kinds } from "../../../packages/sandbox/src/api/Limiter.ts"
import { heavyTailed, steady } from "../src/pacing/Network.ts"
import { median, type Scenario, scenarios } from "../src/pacing/Scenarios.ts"
import { run } from "../src/pacing/ServiceRun.ts"
import { simulate } from "../src/pacing/Simulation.ts"

const network = steady(30, 0.2)

const spec = (
  scenario: Scenario,
  kind: (typeof kinds)[number],
  concurrency: number,
  index: number,
) => ({
  server: scenario.server(kind, (index + 0.37) / 5),
  network,
  total: scenario.total,
  concurrency,
  seed: index * 104_729 + 7,
  ...(scenario.prior !== undefined && { prior: scenario.prior }),
})

describe("the service under the test clock", () => {
  for (const kind of kinds) {
    it.effect(`${kind}: it keeps the figures of the simulation, without a 429`, () =>
      Effect.gen(function* () {
        const runs = [0, 1, 2, 3, 4].map((index) => spec(scenarios.plain, kind, 10, index))
        const outcomes = yield* Effect.forEach(runs, (one) => run(one))
        const simulated = runs.map((one) => simulate(one).utilisation)
        for (const { rateLimited, utilisation } of outcomes) {
          assert.strictEqual(rateLimited, 0)
          assert.isAtLeast(utilisation, 0.95)
        }
        const middle = median(outcomes.map(({ utilisation }) => utilisation))
        assert.closeTo(middle, median(simulated), 0.005)
      }),
    )

    it.effect(`${kind}: it serves every call while the limit changes`, () =>
      Effect.gen(function* () {
        const { served, utilisation } = yield* run(spec(scenarios.changing, kind, 10, 2))
        assert.strictEqual(new Set(served).size, 300)
        assert.isAtLeast(utilisation, 1 / 1.1)
      }),
    )
  }

  it.effect("it lets no call be overtaken by more calls than are in flight", () =>
    Effect.gen(function* () {
      const one = { ...spec(scenarios.noHeaders, "sliding-log", 100, 1), network: heavyTailed(30) }
      const { rateLimited, served } = yield* run(one)
      assert.isAbove(rateLimited, 0)
      assert.deepStrictEqual(
        served.toSorted((a, b) => a - b),
        Array.from({ length: 300 }, (_, order) => order),
      )
      for (const [position, order] of served.entries()) assert.isAtMost(position - order, 60)
    }),
  )

  for (const kind of kinds) {
    it.effect(
      `${kind}: it sends one request per Retry-After in a storm of 429s, and is as fast as before after it`,
      () =>
        Effect.gen(function* () {
          const during: Array<number> = []
          const outcome = yield* run(
            { ...spec(scenarios.plain, kind, 10, 0), total: 400 },
            (response, atMs, request) => {
              const partly = atMs > 3000 && atMs < 8000 && request % 10 < 3
              const fully = atMs >= 8000 && atMs < 68_000
              if (fully) during.push(atMs)
              return partly || fully
                ? { ...response, rateLimited: true, retryAfterMs: 2000 }
                : response
            },
          )
          assert.strictEqual(new Set(outcome.served).size, 400)
          for (const [index, atMs] of during.entries()) {
            // The first responses may still be on their way when the storm begins.
            if (index > 10) assert.isAtLeast(atMs - (during[index - 1] ?? 0), 2000)
          }
          assert.isAtMost(during.length, 40)
          assert.isAtMost(outcome.makespanMs, 68_000 + 45_000)
        }),
    )
  }

  it.effect("it is not held up by one Retry-After in twenty that no caller would wait for", () =>
    Effect.gen(function* () {
      const outcome = yield* run(
        spec(scenarios.plain, "sliding-log", 10, 0),
        (response, _, request) =>
          request % 20 === 7 ? { rateLimited: true, retryAfterMs: 3_600_000 } : response,
      )
      assert.strictEqual(new Set(outcome.served).size, 300)
      assert.isAtMost(outcome.makespanMs, 60_000)
    }),
  )
})
