import { assert, describe, it } from "@effect/vitest"

import type { PacerConfig } from "../src/pacing/PacerState.ts"
import * as SendBounds from "../src/pacing/SendBounds.ts"
import { config, Machine } from "./machine.ts"

/** A pacer that has sent two requests, 100 ms apart, and its bounds. */
const start = (options: Partial<PacerConfig>) => {
  const machine = new Machine({ ...config, schedule: false, ...options })
  const startMs = machine.now
  machine.admitted()
  machine.now += 100
  machine.admitted()
  const bounds = SendBounds.boundsOf({ ...config, ...options }, machine.state)
  return {
    opensIn: (nth: number) => SendBounds.opensAt(machine.state, bounds, nth) - startMs,
    room: (ms: number) => SendBounds.countRoom(machine.state, bounds, startMs + ms),
  }
}

describe("SendBounds", () => {
  it("says when there is room, and for how many", () => {
    const { opensIn, room } = start({ ceiling: { perSecond: 3 } })
    assert.deepStrictEqual([100, 999, 1000, 1100].map(room), [1, 1, 2, 3])
    assert.strictEqual(opensIn(1), Number.NEGATIVE_INFINITY)
    // later ones depend on requests that are still to come
    assert.deepStrictEqual([2, 3, 4].map(opensIn), [1000, 1100, 1100])
  })

  it("gives a process its part of the limit and of the ceiling", () => {
    const { room } = start({ share: 0.5 })
    // jitter must not bring two sends of one slot into one window
    assert.deepStrictEqual([100, 1000, 1014, 1015].map(room), [3, 3, 3, 4])
    const both = start({ ceiling: { perSecond: 5 }, share: 0.5 })
    assert.strictEqual(both.room(100), 0)
    assert.strictEqual(both.opensIn(1), 800)
  })

  it("leaves the sends of a process with a ceiling to it, if another one has none", () => {
    const machine = new Machine({ ...config, ceiling: { perSecond: 2 } })
    machine.admitted()
    const log = machine.state.ceilingLog
    const draft = { ...machine.state, nowMs: machine.now + 500 }
    SendBounds.trim(draft, SendBounds.boundsOf(config, draft))
    assert.strictEqual(draft.ceilingLog, log)
    assert.lengthOf(log, 1)
  })

  it("bounds nothing without ceiling, share and others", () => {
    assert.strictEqual(start({}).room(100), Number.POSITIVE_INFINITY)
  })
})
