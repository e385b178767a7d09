import { assert, describe, it } from "@effect/vitest"

import * as Comparison from "../src/pacing/Comparison.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import { config } from "./machine.ts"

/** Compares a count with a log of sends at these times, in the order of their responses, for a request that went alone at 900. */
const compare = (times: ReadonlyArray<number>, used: number) => {
  const previous = PacerState.make(config)
  const state = PacerState.draftOf(previous, 930)
  let at = -1
  for (const sentAt of times) {
    at = Math.max(at + 1, sentAt)
    PacerState.recordSend(state, { id: 0, sentAt, counted: 0 }, at)
  }
  const request = { id: 1, sentAt: 900, counted: 0 }
  const response = { rateLimited: false, jitter: 0 }
  return Comparison.compare({ config, previous, state, request, response }, used, 0)
}

describe("Comparison", () => {
  it("counts what the server has forgotten, and what of it is too early for the window", () => {
    const { early, forgotten, unaccounted } = compare([0, 100, 200], 2)
    assert.deepStrictEqual([forgotten, early, unaccounted], [2, 2, 0])
  })

  it("counts what only another client can have spent", () => {
    assert.strictEqual(compare([0, 100], 5).unaccounted, 2)
  })

  it("bounds the ages of forgotten and of counted sends, unless all may be forgotten", () => {
    const some = compare([0, 100, 200], 3)
    assert.deepStrictEqual([some.forgottenMs, some.countedMs], [930, 800])
    const all = compare([0, 100, 200], 1)
    assert.deepStrictEqual([all.forgottenMs, all.countedMs], [Number.POSITIVE_INFINITY, 0])
  })

  it("takes those for forgotten that were sent first, whichever response came first", () => {
    assert.strictEqual(compare([600, 0, 700], 3).forgottenMs, 930)
  })

  it("sees a refill if a send is forgotten too soon for any window", () => {
    assert.isTrue(compare([800, 850], 2).tooSoon)
    assert.isFalse(compare([100, 850], 2).tooSoon)
  })
})
