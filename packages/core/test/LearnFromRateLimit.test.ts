import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import type { PacerObservation } from "../src/pacing/PacerState.ts"
import { burst, config, Machine, SlidingServer, waitOf, withLimit } from "./machine.ts"

const runs = { arbitrary: { runs: 1000 } }
const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const rateLimitedAfter = (observation: Partial<PacerObservation>, jitter: number): Machine => {
  const machine = new Machine()
  const id = machine.admitted()
  machine.now += 30
  machine.observe(id, { rateLimited: true, ...observation }, jitter)
  return machine
}

describe("LearnFromRateLimit", () => {
  it.prop(
    "waits Retry-After and 0 to 10 % more, at most 250 ms, never less",
    {
      retryAfterMs: between(100, 100_000),
      percent: between(0, 99),
    },
    ({ percent, retryAfterMs }) => {
      const waited = waitOf(rateLimitedAfter({ retryAfterMs }, percent / 100))
      assert.isAtLeast(waited, retryAfterMs)
      assert.isAtMost(waited, retryAfterMs + Math.min(250, retryAfterMs / 10))
    },
    runs,
  )

  it.prop(
    "adds at most a quarter of that if only its own sends used the limit up, all of it if other clients spend",
    { percent: between(0, 99), others: Schema.Boolean },
    ({ others, percent }) => {
      const machine = withLimit(3)
      for (const [index, id] of burst(machine, 2).entries())
        machine.observe(id, { rateLimited: false, limit: 3, remaining: 1 - index })
      machine.now += waitOf(machine)
      if (others) {
        machine.observe(machine.admitted(), { rateLimited: false, limit: 3, remaining: 0 })
        machine.now += waitOf(machine)
      }
      const response = { rateLimited: true, limit: 3, remaining: 0, retryAfterMs: 1000 }
      machine.observe(machine.admitted(), response, percent / 100)
      assert.closeTo(waitOf(machine), 1000 + percent / (others ? 1 : 4), 1e-6)
    },
    runs,
  )

  it("waits 100 ms after a Retry-After of 0", () => {
    assert.strictEqual(waitOf(rateLimitedAfter({ retryAfterMs: 0 }, 0)), 100)
  })

  it("waits 1 s without Retry-After, doubling up to 60 s, and starts over after a success", () => {
    const machine = new Machine()
    const waits: Array<number> = []
    for (let count = 0; count < 9; count++) {
      const id = machine.admitted()
      machine.observe(id, { rateLimited: true })
      waits.push(waitOf(machine))
      machine.now += waitOf(machine)
    }
    assert.deepStrictEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 9 })
    machine.observe(machine.admitted(), { rateLimited: true })
    assert.strictEqual(waitOf(machine), 1000)
  })

  it("closes the gate for one window only if the caller will not wait that long", () => {
    assert.strictEqual(
      waitOf(rateLimitedAfter({ retryAfterMs: 3_600_000, tooLong: true }, 0)),
      1000,
    )
  })

  it.prop(
    "waits for a failure's Retry-After as for a 429's, and learns nothing about the limit",
    { retryAfterMs: between(100, 100_000), percent: between(0, 99), remaining: between(0, 9) },
    ({ percent, remaining, retryAfterMs }) => {
      const machine = withLimit(10)
      const id = machine.admitted()
      const before = machine.state
      machine.now += 30
      const seen = { limit: 5, remaining, retryAfterMs }
      machine.observe(id, { rateLimited: false, unavailable: true, ...seen }, percent / 100)
      const waited = waitOf(machine)
      assert.isAtLeast(waited, retryAfterMs)
      assert.isAtMost(waited, retryAfterMs + Math.min(250, retryAfterMs / 10))
      for (const key of ["limit", "limitSource", "windowMs", "trusted", "rateLimits"] as const) {
        assert.strictEqual(machine.state[key], before[key], key)
      }
      machine.now += waited
      assert.strictEqual(burst(machine).length, 1)
    },
    runs,
  )

  it("closes the gate for one window only if the caller will not wait for a failure's Retry-After", () => {
    const wait = { rateLimited: false, unavailable: true, retryAfterMs: 3_600_000, tooLong: true }
    assert.strictEqual(waitOf(rateLimitedAfter(wait, 0)), 1000)
  })

  it("never opens a gate earlier for a later response", () => {
    const machine = withLimit(3)
    const [first = 0, second = 0] = burst(machine, 2)
    machine.observe(first, { rateLimited: true, retryAfterMs: 5_000 })
    machine.observe(second, { rateLimited: false, unavailable: true, retryAfterMs: 1_000 })
    assert.strictEqual(waitOf(machine), 5_000)
  })

  it("lets one scout through when the gate opens, and the rest after its response", () => {
    const machine = withLimit(10)
    const rateLimit = { rateLimited: true, retryAfterMs: 1000, limit: 10, remaining: 0 }
    machine.observe(machine.admitted(), rateLimit)
    machine.now += 1000
    const [scout = 0, ...more] = burst(machine)
    assert.strictEqual(more.length, 0)
    machine.now += 30
    machine.observe(scout, { rateLimited: false, limit: 10, remaining: 9 })
    // the last one waits a moment, to see whether a bucket refills
    assert.strictEqual(burst(machine).length, 8)
  })

  it("closes the gate once for the 429s of one burst: the longest wait counts, and no backoff grows", () => {
    const machine = withLimit(10)
    const ids = burst(machine)
    machine.now += 30
    for (const [index, id] of ids.entries()) {
      machine.observe(id, {
        rateLimited: true,
        limit: 10,
        remaining: 0,
        retryAfterMs: index === 3 ? 2000 : 1000,
      })
    }
    assert.strictEqual(waitOf(machine), 2000)
    assert.strictEqual(machine.state.rateLimits, 1)
  })

  it.each([
    [undefined, 2000],
    [0.99, 1000],
  ])("takes the wait of a scout for a longer window, unless its share is %s", (share, windowMs) => {
    const machine = new Machine({ ...config, share })
    const respond = (remaining: number) =>
      machine.observe(machine.admitted(), { rateLimited: false, limit: 1, remaining })
    respond(0)
    machine.now += 1030
    const rateLimited = { rateLimited: true, limit: 1, remaining: 0, retryAfterMs: 1000 }
    machine.observe(machine.admitted(), rateLimited)
    assert.strictEqual(machine.state.windowMs, windowMs)
  })

  it("reads the window from a rate-limited scout: first send to the end of the wait, in whole seconds", () => {
    const machine = new Machine({ prior: { limit: 5, windowMs: 1000 } })
    const server = new SlidingServer(5, 20_000)
    for (let index = 0; index < 5; index++) {
      const id = machine.admitted()
      machine.now += 10
      machine.observe(id, server.handle(machine.now - 5))
    }
    machine.now += waitOf(machine)
    const scout = machine.admitted()
    machine.now += 10
    machine.observe(scout, server.handle(machine.now - 5))
    assert.strictEqual(server.rateLimited, 1)
    assert.strictEqual(machine.state.windowMs, 20_000)
  })
})
