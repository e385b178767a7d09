import { assert, describe, it } from "@effect/vitest"

import type { BreakerState, BreakerPermit } from "../src/call/CircuitBreaker.ts"
import { CircuitBreaker } from "../src/call/CircuitBreaker.ts"
import { randomOf } from "./ledger.ts"

const breakerPermitOf = (state: BreakerState): BreakerPermit => {
  assert(state._tag !== "Open")
  return state
}

const opened = (now = 0): CircuitBreaker => {
  const breaker = new CircuitBreaker()
  for (let i = 0; i < 5; i++) breaker.recordFailure(now, breakerPermitOf(breaker.enter(now)))
  return breaker
}

describe("CircuitBreaker", () => {
  it("opens for a second after five failures in a row", () => {
    const breaker = new CircuitBreaker()
    for (let i = 0; i < 4; i++) breaker.recordFailure(0, breakerPermitOf(breaker.enter(0)))
    assert.deepStrictEqual(breaker.enter(0), { _tag: "Closed" })
    breaker.recordFailure(0, breakerPermitOf(breaker.enter(0)))
    assert.deepStrictEqual(breaker.enter(0), { _tag: "Open", retryAfterMs: 1_000 })
    assert.deepStrictEqual(breaker.enter(999), { _tag: "Open", retryAfterMs: 1 })
  })

  it("starts counting again after a response that is no failure", () => {
    const breaker = new CircuitBreaker()
    for (let i = 0; i < 50; i++) {
      for (let k = 0; k < 4; k++) breaker.recordFailure(0, breakerPermitOf(breaker.enter(0)))
      breaker.recordSuccess()
    }
    assert.strictEqual(breaker.enter(0)._tag, "Closed")
  })

  it("doubles the wait with each trial that fails, up to a minute", () => {
    const breaker = opened()
    let now = 0
    const waits: Array<number> = []
    for (let i = 0; i < 9; i++) {
      const state = breaker.enter(now)
      assert(state._tag === "Open")
      waits.push(state.retryAfterMs)
      now += state.retryAfterMs
      breaker.recordFailure(now, breakerPermitOf(breaker.enter(now)))
    }
    assert.deepStrictEqual(
      waits,
      [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    )
  })

  it("permits one trial at a time, whose holder keeps it", () => {
    const breaker = opened()
    const trial = breakerPermitOf(breaker.enter(1_000))
    assert.strictEqual(trial._tag, "Trial")
    assert.deepStrictEqual(breaker.enter(1_000), { _tag: "Open", retryAfterMs: 1_000 })
    assert.strictEqual(breaker.enter(1_000, trial), trial)
    breaker.recordSuccess()
    assert.strictEqual(breaker.enter(1_000, trial)._tag, "Closed")
  })

  it("expects a trial to take as long again as it has taken since it was sent", () => {
    const breaker = opened()
    const trial = breakerPermitOf(breaker.enter(1_000))
    // it waits for its turn in the queue
    assert.deepStrictEqual(breaker.peek(20_000), { _tag: "Open", retryAfterMs: 1_000 })
    breaker.recordSend(20_000, trial)
    assert.deepStrictEqual(breaker.peek(20_400), { _tag: "Open", retryAfterMs: 1_000 })
    assert.deepStrictEqual(breaker.peek(26_000), { _tag: "Open", retryAfterMs: 6_000 })
  })

  it("wakes its callers in order, once, when a trial ends or the circuit closes", () => {
    for (const end of ["recordSuccess", "recordFailure", "release"] as const) {
      const breaker = opened()
      const trial = breakerPermitOf(breaker.enter(1_000))
      const woken: Array<string> = []
      for (const name of ["first", "second", "third"]) breaker.onChange(() => woken.push(name))
      breaker.onChange(() => woken.push("gone"))()
      if (end === "recordFailure") breaker.recordFailure(1_000, trial)
      else breaker[end](trial)
      breaker.recordSuccess()
      assert.deepStrictEqual(woken, ["first", "second", "third"], end)
    }
  })

  it("peeks without taking the trial", () => {
    const breaker = opened()
    assert.strictEqual(breaker.peek(1_000)._tag, "Trial")
    assert.strictEqual(breaker.peek(1_000)._tag, "Trial")
    assert.strictEqual(breaker.enter(1_000)._tag, "Trial")
  })

  it("offers the trial to the next call when the first one was not sent", () => {
    const breaker = opened()
    breaker.release(breakerPermitOf(breaker.enter(1_000)))
    assert.strictEqual(breaker.enter(1_000)._tag, "Trial")
  })

  it("keeps its trial while a call from before the opening is aborted or fails", () => {
    const breaker = new CircuitBreaker()
    const early = breakerPermitOf(breaker.enter(0))
    for (let i = 0; i < 5; i++) breaker.recordFailure(0, breakerPermitOf(breaker.enter(0)))
    const trial = breakerPermitOf(breaker.enter(1_000))
    assert.strictEqual(trial._tag, "Trial")
    breaker.release(early)
    assert.strictEqual(breaker.enter(1_000)._tag, "Open")
    breaker.recordFailure(1_500, early)
    assert.strictEqual(breaker.enter(1_500)._tag, "Open")
    breaker.recordFailure(2_000, trial)
    assert.deepStrictEqual(breaker.enter(2_000), { _tag: "Open", retryAfterMs: 2_000 })
  })

  it("closes after any usable response and waits a second the next time it opens", () => {
    const breaker = opened()
    breaker.recordFailure(1_000, breakerPermitOf(breaker.enter(1_000)))
    const trial = breakerPermitOf(breaker.enter(3_000))
    breaker.recordSuccess()
    assert.strictEqual(breaker.enter(3_000)._tag, "Closed")
    // the trial of a circuit that has closed since is an attempt like any other
    breaker.recordFailure(3_000, trial)
    assert.strictEqual(breaker.enter(3_000)._tag, "Closed")
    for (let i = 0; i < 4; i++) breaker.recordFailure(3_000, breakerPermitOf(breaker.enter(3_000)))
    assert.deepStrictEqual(breaker.enter(3_000), { _tag: "Open", retryAfterMs: 1_000 })
  })

  it("remembers when the API last responded", () => {
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
      // the model: closed with a count, or open until a time with at most one trial
      let failures = 0
      let openings = 0
      let until = 0
      let trial: BreakerPermit | undefined
      for (let step = 0; step < 200; step++) {
        now += Math.floor(random() * 700)
        const at = Math.floor(random() * held.length)
        const draw = random()
        if (draw < 0.5 || held.length === 0) {
          const state = breaker.enter(now)
          const expected =
            openings === 0 ? "Closed" : now < until || trial !== undefined ? "Open" : "Trial"
          assert.strictEqual(state._tag, expected, `seed ${seed} step ${step}`)
          if (state._tag === "Open") {
            assert.isAbove(state.retryAfterMs, 0)
            assert.isAtMost(state.retryAfterMs, 60_000)
          } else {
            held.push(state)
            if (state._tag === "Trial") trial = state
          }
          continue
        }
        const [permit] = held.splice(at, 1)
        if (permit === undefined) continue
        const isTrial = permit === trial
        if (draw < 0.55) {
          breaker.recordSuccess()
          failures = 0
          openings = 0
          trial = undefined
        } else if (draw < 0.65) {
          breaker.release(permit)
          if (isTrial) trial = undefined
        } else {
          breaker.recordFailure(now, permit)
          failures += 1
          if (openings === 0 ? failures >= 5 : isTrial) {
            until = now + Math.min(60_000, 1_000 * 2 ** openings)
            openings += 1
          }
          if (isTrial) trial = undefined
        }
      }
    }
  })
})
