import { assert, describe, it } from "@effect/vitest"

import * as SendLog from "../src/pacing/SendLog.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import * as WindowModel from "../src/pacing/WindowModel.ts"
import { burst, config, waitOf, withLimit } from "./machine.ts"

/** A draft whose log holds sends of these times. */
const draft = (times: ReadonlyArray<number>): PacerState.Draft => {
  const state = PacerState.draftOf(PacerState.make(config), 0)
  for (const at of times) PacerState.recordSend(state, { id: 0, sentAt: at, counted: 0 }, at)
  return state
}

describe("WindowModel", () => {
  it("allows for shorter round trips after a burst whose responses came quickest first", () => {
    const machine = withLimit(1000)
    const ids = burst(machine)
    assert.strictEqual(ids.length, 999)
    for (const [index, id] of ids.entries()) {
      machine.now = 1024 + index / 50
      machine.observe(id, { rateLimited: false, limit: 1000, remaining: 998 - index })
    }
    assert.isAtMost(WindowModel.minRoundTrip(machine.state), 24)
    assert.isAbove(waitOf(machine), 900)
  })

  it("trusts a window after one and a half turned as predicted, and then for good knows it", () => {
    const state = draft([])
    WindowModel.confirm(state, 14)
    assert.isFalse(state.trusted)
    WindowModel.confirm(state, 1)
    assert.isTrue(state.trusted)
    WindowModel.distrust(state)
    assert.isFalse(state.trusted)
    assert.strictEqual(state.confirmedSends, 0)
    assert.isTrue(state.windowKnown)
  })

  it("halves the safety margin after 64 windows without a surprise", () => {
    const state = draft([])
    state.marginMs = 8
    WindowModel.confirm(state, 639)
    assert.strictEqual(state.marginMs, 8)
    WindowModel.confirm(state, 1)
    assert.strictEqual(state.marginMs, 4)
  })

  it("takes sends for forgotten only once the window is trusted", () => {
    const state = draft([0, 100, 200])
    assert.strictEqual(WindowModel.countForgotten(state, 1150), 0)
    assert.strictEqual(WindowModel.countDue(state, 1150), 2)
    state.trusted = true
    assert.strictEqual(WindowModel.countForgotten(state, 1150), 2)
    assert.strictEqual(WindowModel.countLive(state, 1150), 1)
    assert.strictEqual(WindowModel.forgottenAt(state, 3), 1200)
    assert.strictEqual(WindowModel.forgottenAt(state, 4), undefined)
  })

  it("takes sends for forgotten one by one while a bucket refills", () => {
    const state = draft([0, 0, 0])
    state.refill = { intervalMs: 100, sinceMs: 0, rateLimited: 0 }
    assert.strictEqual(WindowModel.countForgotten(state, 250), 2)
    assert.strictEqual(WindowModel.countForgotten(state, 9999), 3)
    assert.strictEqual(WindowModel.forgottenAt(state, 3), 300)
    state.nowMs = 250
    WindowModel.dropForgotten(state)
    assert.strictEqual(SendLog.size(state.log), 1)
    assert.strictEqual(WindowModel.forgottenAt(state, 1), 300)
  })

  it("drops nothing that a response still to come may count", () => {
    const state = draft([0, 100])
    state.trusted = true
    state.nowMs = 5000
    state.inFlight = [{ id: 1, sentAt: 1050, counted: 0 }]
    WindowModel.dropForgotten(state)
    assert.strictEqual(SendLog.size(state.log), 1)
  })
})
