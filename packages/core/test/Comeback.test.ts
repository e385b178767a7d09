import { assert, describe, it } from "@effect/vitest"

import * as Comeback from "../src/pacing/Comeback.ts"

describe("Comeback", () => {
  it("begins with the process that returns first, and takes others in until it is over", () => {
    assert.isUndefined(Comeback.join(undefined, "a", { now: 0, returns: false }))
    const first = Comeback.join(undefined, "a", { now: 0, returns: true })
    assert.deepStrictEqual(first, { untilMs: 5000, processes: ["a"] })
    assert.strictEqual(Comeback.join(first, "a", { now: 1000, returns: false }), first)
    const second = Comeback.join(first, "b", { now: 2000, returns: true })
    assert.deepStrictEqual(second, { untilMs: 7000, processes: ["a", "b"] })
    // it was never away
    const third = Comeback.join(second, "c", { now: 3000, returns: false })
    assert.deepStrictEqual(third, { untilMs: 7000, processes: ["a", "b", "c"] })
    assert.isUndefined(Comeback.join(third, "a", { now: 7000, returns: false }))
  })

  it("gives those that are back their shares", () => {
    const two = { untilMs: 1, processes: ["a", "b"] }
    assert.strictEqual(Comeback.shareOf(two, 4), 0.5)
    assert.strictEqual(Comeback.shareOf(two, 1), 1)
    assert.strictEqual(Comeback.shareOf(undefined, 4), 1)
  })
})
