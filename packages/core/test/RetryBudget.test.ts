import { assert, describe, it } from "@effect/vitest"

import type { Resend } from "../src/call/RetryBudget.ts"
import { RetryBudget } from "../src/call/RetryBudget.ts"
import { randomOf } from "./ledger.ts"

/** Requests one resend, which is sent if it is granted; returns how long it must wait. */
const ask = (budget: RetryBudget, now = 0): number => {
  const resend = budget.enter()
  const ms = budget.ask(resend, now)
  if (ms === 0) budget.send(resend, now)
  else budget.release(resend)
  return ms
}

/** Returns a budget whose twenty resends were sent at 0. */
const spent = (): RetryBudget => {
  const budget = new RetryBudget()
  for (let i = 0; i < 20; i++) assert.strictEqual(ask(budget), 0)
  return budget
}

describe("RetryBudget (F8)", () => {
  it("allows twenty resends, then none until successes have paid for one", () => {
    const budget = spent()
    assert.strictEqual(budget.left, 0)
    assert.isAbove(ask(budget), 0)
    for (let i = 0; i < 9; i++) budget.earn()
    assert.isAbove(ask(budget), 0)
    // ten successes and a hair: a tenth has no exact binary form
    budget.earn()
    budget.earn()
    assert.strictEqual(ask(budget), 0)
    assert.isAbove(ask(budget), 0)
  })

  it("never goes below zero or above twenty, and bounds the resends of any sequence", () => {
    for (let seed = 0; seed < 1_000; seed++) {
      const random = randomOf(seed)
      const budget = new RetryBudget()
      // a fresh row is always left
      budget.beginFresh()
      const share = random()
      let calls = 0
      let resends = 0
      let least = 20
      let excess = 0
      for (let i = 0; i < 500; i++) {
        calls += 1
        if (random() < share) budget.earn()
        else for (let k = 0; k < 3; k++) if (ask(budget, i * 1_000) === 0) resends += 1
        least = Math.min(least, budget.left)
        excess = Math.max(excess, resends - calls * 0.1 - 20)
      }
      assert.isAtLeast(least, 0)
      assert.isAtMost(budget.left, 20)
      // amplification: (calls + resends) / calls <= 1.1 (+20)
      assert.isAtMost(excess, 0)
    }
  })

  it("grants one resend each second once it is spent and no fresh row is left", () => {
    const budget = spent()
    assert.strictEqual(ask(budget, 400), 600)
    assert.strictEqual(ask(budget, 1_000), 0)
    assert.strictEqual(ask(budget, 1_001), 999)
    assert.strictEqual(ask(budget, 2_000), 0)
    budget.beginFresh()
    assert.strictEqual(ask(budget, 9_000), 1_000)
    budget.endFresh()
    assert.strictEqual(ask(budget, 9_000), 0)
  })

  it("grants the next one only when the one before was sent or taken back", () => {
    for (const end of ["send", "release"] as const) {
      const budget = spent()
      const [first, second] = [budget.enter(), budget.enter()]
      assert.strictEqual(budget.ask(first, 60_000), 0)
      assert.isAbove(budget.ask(second, 90_000), 0)
      budget[end](first, 90_000)
      assert.strictEqual(budget.ask(second, 90_000), end === "send" ? 1_000 : 0)
    }
  })

  it("grants resends in the order in which they were due, and wakes the first", () => {
    const budget = spent()
    budget.beginFresh()
    const woken: Array<number> = []
    const resends = [0, 1, 2].map((n): Resend => {
      const resend = budget.enter()
      resend.wake = () => woken.push(n)
      return resend
    })
    const [first, second, third] = resends
    assert(first !== undefined && second !== undefined && third !== undefined)
    for (let i = 0; i < 11; i++) budget.earn()
    assert.isAbove(budget.ask(second, 0), 0)
    woken.length = 0
    // the first one is gone before its turn
    budget.release(first)
    assert.deepStrictEqual(woken, [1])
    assert.strictEqual(budget.ask(second, 0), 0)
    assert.deepStrictEqual(woken, [1, 2])
    assert.isAbove(budget.ask(third, 0), 0)
    budget.endFresh()
    assert.deepStrictEqual(woken, [1, 2, 2])
  })

  it("takes back what was paid for a resend that was not sent (V11)", () => {
    const budget = new RetryBudget()
    const resend = budget.enter()
    assert.strictEqual(budget.ask(resend, 0), 0)
    assert.strictEqual(budget.left, 19)
    budget.release(resend)
    budget.release(resend)
    assert.strictEqual(budget.left, 20)
    assert.strictEqual(ask(budget), 0)
    assert.strictEqual(budget.left, 19)
  })
})
