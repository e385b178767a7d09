import { assert, describe, it } from "@effect/vitest"

import * as Admission from "../src/pacing/Admission.ts"
import * as LearnFromResponse from "../src/pacing/LearnFromResponse.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import { burst, config, Machine, waitOf, withLimit } from "./machine.ts"

describe("PacerState", () => {
  it("counts an abandoned request as spent", () => {
    const machine = withLimit(3)
    const [first = 0] = burst(machine)
    machine.abandon(first)
    assert.strictEqual(burst(machine).length, 0)
  })

  it("lets a permit that was given back be taken again", () => {
    const machine = withLimit(3)
    const [first = 0] = burst(machine)
    machine.giveBack(first)
    assert.strictEqual(burst(machine).length, 1)
  })

  it("changes nothing for an unknown permit", () => {
    const machine = withLimit(3)
    const before = machine.state
    machine.abandon(99)
    machine.giveBack(99)
    machine.observe(99, { rateLimited: true })
    assert.deepStrictEqual(machine.state, before)
  })

  it("keeps a log of about 512 runs at 10,000 per second, however many were sent", () => {
    const machine = new Machine()
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10_000, remaining: 9999 })
    let state = machine.state
    let now = machine.now
    let longest = 0
    for (let count = 0; count < 25_000; count++) {
      now += 0.11
      const [decision, next] = Admission.decide(config, state, now)
      if (decision._tag === "Wait") {
        now = Math.max(now, decision.untilMs)
        state = next
        continue
      }
      const remaining = 9999 - Math.min(9999, count % 10_000)
      state = LearnFromResponse.observe(
        config,
        next,
        decision.id,
        { rateLimited: false, limit: 10_000, remaining, jitter: 0 },
        now,
      )
      longest = Math.max(longest, state.log.length)
    }
    assert.isAtMost(longest, 1100)
  })

  it("starts with whole requests, and looks for the window from one second up", () => {
    const state = PacerState.make({ prior: { limit: 0.5, windowMs: 60_000 } })
    assert.strictEqual(state.limit, 1)
    assert.strictEqual(state.windowMs, 1000)
    assert.strictEqual(PacerState.make({ prior: { limit: 1, windowMs: 250 } }).windowMs, 250)
  })

  it("is JSON", () => {
    const state = PacerState.make(config)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(state)), state)
    assert.strictEqual(state.version, 6)
  })

  it("starts afresh with a state of another version, and continues its numbers", () => {
    const { state } = withLimit(3)
    assert.strictEqual(PacerState.restore(config, state), state)
    // safe: what an older release may have left in a store
    const older = { ...state, version: 1 } as unknown as PacerState.PacerState
    assert.deepStrictEqual(PacerState.restore(config, older), {
      ...PacerState.make(config),
      nextId: older.nextId,
    })
  })

  it("takes a send back from the ceiling with its permit", () => {
    const machine = new Machine({ ...config, ceiling: { perSecond: 1 } })
    const id = machine.admitted()
    assert.strictEqual(waitOf(machine), 1000)
    machine.giveBack(id)
    assert.deepStrictEqual(machine.state.ceilingLog, [])
  })
})
