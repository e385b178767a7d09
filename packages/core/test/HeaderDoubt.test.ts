import { assert, describe, it } from "@effect/vitest"

import * as HeaderDoubt from "../src/pacing/HeaderDoubt.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import * as Tuning from "../src/pacing/PacerTuning.ts"
import { config } from "./machine.ts"

const draft = (): PacerState.Draft => {
  const state = PacerState.draftOf(PacerState.make(config), 0)
  state.limitSource = "server"
  return state
}

describe("HeaderDoubt", () => {
  it("takes Remaining for one that leaves out its own request once it was the whole limit twice", () => {
    const state = draft()
    assert.isTrue(HeaderDoubt.isDoubtful(state, 10))
    assert.strictEqual(HeaderDoubt.remainingOffset(state), 0)
    assert.isFalse(HeaderDoubt.isDoubtful(state, 10))
    assert.strictEqual(HeaderDoubt.remainingOffset(state), 1)
  })

  it("forgets that when an accepted request leaves 0", () => {
    const state = draft()
    HeaderDoubt.isDoubtful(state, 10)
    HeaderDoubt.isDoubtful(state, 10)
    HeaderDoubt.isDoubtful(state, 0)
    assert.strictEqual(HeaderDoubt.remainingOffset(state), 0)
  })

  it("stops believing in 0 after eight unexplained ones, and believes longer once a 429 confirms it", () => {
    const state = draft()
    for (let count = 0; count < Tuning.zerosToDoubt; count++) {
      assert.isFalse(HeaderDoubt.isDoubtful(state, 0))
      HeaderDoubt.countZero(state)
    }
    assert.isTrue(HeaderDoubt.isDoubtful(state, 0))
    HeaderDoubt.confirmZero(state)
    assert.isFalse(HeaderDoubt.isDoubtful(state, 0))
    assert.strictEqual(state.doubt.patience, 2 * Tuning.zerosToDoubt)
  })

  it("waits for a second response that names a higher limit, and adopts a lower one at once", () => {
    const state = draft()
    assert.isTrue(HeaderDoubt.isUnconfirmed(state, 120, 119))
    assert.isFalse(HeaderDoubt.isUnconfirmed(state, 120, 118))
    assert.isFalse(HeaderDoubt.isUnconfirmed(state, 5, 4))
    assert.isTrue(HeaderDoubt.isUnconfirmed(state, 120, 119))
  })

  it("takes a higher limit of which far more is used for another one, until it was named through two windows", () => {
    const state = draft()
    for (let count = 0; count < 20; count++) {
      assert.isTrue(HeaderDoubt.isUnconfirmed(state, 120, 5))
    }
    assert.isFalse(HeaderDoubt.isUnconfirmed(state, 120, 5))
  })
})
