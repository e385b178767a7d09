import { assert, describe, it } from "@effect/vitest"

import type { BreakerState, BreakerPermit } from "../src/call/CircuitBreaker.ts"
import { CircuitBreaker } from "../src/call/CircuitBreaker.ts"
import { randomOf } from "./ledger.ts"

const passOf = (gate: BreakerState): BreakerPermit => {
  assert(gate._tag !== "Open")
  return gate
}

const opened = (now = 0): CircuitBreaker => {
  const breaker = new CircuitBreaker()
  for (let i = 0; i < 5; i++) breaker.recordFailure(now, passOf(breaker.enter(now)))
  return breaker
}

describe("Breaker", () => {
  it("opens after five failures in a row, for a second", () => {
    const breaker = new CircuitBreaker()
    for (let i = 0; i < 4; i++) breaker.recordFailure(0, passOf(breaker.enter(0)))
    assert.deepStrictEqual(breaker.enter(0), { _tag: "Closed" })
    breaker.recordFailure(0, passOf(breaker.enter(0)))
    assert.deepStrictEqual(breaker.enter(0), { _tag: "Open", retryAfterMs: 1_000 })
    assert.deepStrictEqual(breaker.enter(999), { _tag: "Open", retryAfterMs: 1 })
  })

  it("counts failures in a row only: an answer between them starts again", () => {
    const breaker = new CircuitBreaker()
    for (let i = 0; i < 50; i++) {
      for (let k = 0; k < 4; k++) breaker.recordFailure(0, passOf(breaker.enter(0)))
      breaker.recordSuccess()
    }
    assert.strictEqual(breaker.enter(0)._tag, "Closed")
  })

  it("doubles the wait with each probe that fails, up to a minute", () => {
    const breaker = opened()
    let now = 0
    const waits: Array<number> = []
    for (let i = 0; i < 9; i++) {
      const gate = breaker.enter(now)
      assert(gate._tag === "Open")
      waits.push(gate.retryAfterMs)
      now += gate.retryAfterMs
      breaker.recordFailure(now, passOf(breaker.enter(now)))
    }
    assert.deepStrictEqual(
      waits,
      [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    )
  })

  it("lets one probe through at a time, and tells the others to look again in a second", () => {
    const breaker = opened()
    assert.strictEqual(breaker.enter(1_000)._tag, "Trial")
    assert.deepStrictEqual(breaker.enter(1_000), { _tag: "Open", retryAfterMs: 1_000 })
    assert.deepStrictEqual(breaker.peek(5_000), { _tag: "Open", retryAfterMs: 1_000 })
  })

  it("looks without taking the probe", () => {
    const breaker = opened()
    assert.strictEqual(breaker.peek(1_000)._tag, "Trial")
    assert.strictEqual(breaker.peek(1_000)._tag, "Trial")
    assert.strictEqual(breaker.enter(1_000)._tag, "Trial")
  })

  it("lets the next call probe when the probe was not made", () => {
    const breaker = opened()
    breaker.release(passOf(breaker.enter(1_000)))
    assert.strictEqual(breaker.enter(1_000)._tag, "Trial")
  })

  it("keeps its probe while a call from before the opening is aborted or fails", () => {
    const breaker = new CircuitBreaker()
    const early = passOf(breaker.enter(0))
    for (let i = 0; i < 5; i++) breaker.recordFailure(0, passOf(breaker.enter(0)))
    const probe = passOf(breaker.enter(1_000))
    assert.strictEqual(probe._tag, "Trial")
    breaker.release(early)
    assert.strictEqual(breaker.enter(1_000)._tag, "Open")
    breaker.recordFailure(1_500, early)
    assert.strictEqual(breaker.enter(1_500)._tag, "Open")
    breaker.recordFailure(2_000, probe)
    assert.deepStrictEqual(breaker.enter(2_000), { _tag: "Open", retryAfterMs: 2_000 })
  })

  it("closes with any usable answer, and begins at a second the next time", () => {
    const breaker = opened()
    breaker.recordFailure(1_000, passOf(breaker.enter(1_000)))
    const probe = passOf(breaker.enter(3_000))
    breaker.recordSuccess()
    assert.strictEqual(breaker.enter(3_000)._tag, "Closed")
    // the probe of a circuit that is closed by now is an attempt like any other
    breaker.recordFailure(3_000, probe)
    assert.strictEqual(breaker.enter(3_000)._tag, "Closed")
    for (let i = 0; i < 4; i++) breaker.recordFailure(3_000, passOf(breaker.enter(3_000)))
    assert.deepStrictEqual(breaker.enter(3_000), { _tag: "Open", retryAfterMs: 1_000 })
  })

  it("remembers when the API last answered", () => {
    const breaker = new CircuitBreaker()
    assert.strictEqual(breaker.lastResponseAt, Number.NEGATIVE_INFINITY)
    breaker.recordResponse(7)
    assert.strictEqual(breaker.lastResponseAt, 7)
  })

  it("agrees with a plain model over random histories", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const breaker = new CircuitBreaker()
      const held: Array<BreakerPermit> = []
      let now = 0
      // the model: closed with a count, or open until a time with at most one probe
      let failures = 0
      let openings = 0
      let until = 0
      let probe: BreakerPermit | undefined
      for (let step = 0; step < 200; step++) {
        now += Math.floor(random() * 700)
        const at = Math.floor(random() * held.length)
        const draw = random()
        if (draw < 0.5 || held.length === 0) {
          const gate = breaker.enter(now)
          const expected =
            openings === 0 ? "Closed" : now < until || probe !== undefined ? "Open" : "Trial"
          assert.strictEqual(gate._tag, expected, `seed ${seed} step ${step}`)
          if (gate._tag === "Open") {
            assert.isAbove(gate.retryAfterMs, 0)
            assert.isAtMost(gate.retryAfterMs, 60_000)
          } else {
            held.push(gate)
            if (gate._tag === "Trial") probe = gate
          }
          continue
        }
        const [pass] = held.splice(at, 1)
        if (pass === undefined) continue
        const isProbe = pass === probe
        if (draw < 0.55) {
          breaker.recordSuccess()
          failures = 0
          openings = 0
          probe = undefined
        } else if (draw < 0.65) {
          breaker.release(pass)
          if (isProbe) probe = undefined
        } else {
          breaker.recordFailure(now, pass)
          failures += 1
          if (openings === 0 ? failures >= 5 : isProbe) {
            until = now + Math.min(60_000, 1_000 * 2 ** openings)
            openings += 1
          }
          if (isProbe) probe = undefined
        }
      }
    }
  })
})
