import { assert, describe, it } from "@effect/vitest"

import type { PacerState } from "../src/pacing/StoredState.ts"
import * as Admission from "../src/pacing/Admission.ts"
import { Machine, SlidingServer, burst, config, waitOf, withLimit } from "./machine.ts"

/** Returns a machine that was alone for one response, and then one of two with a limit of 10. */
const meeting = (): Machine => {
  const machine = new Machine()
  machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 9 })
  machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 7 })
  return machine
}

const perWindow = ({ others }: PacerState): number => others.perWindow ?? Number.NaN

/** Sends whatever the machine admits for so long, to a server that counts others, and returns how many. */
const run = (machine: Machine, forMs: number, remaining: () => number): number => {
  const untilMs = machine.now + forMs
  let count = 0
  while (machine.now < untilMs) {
    for (const id of burst(machine)) {
      machine.observe(id, { rateLimited: false, limit: 10, remaining: remaining() })
      count++
    }
    machine.now += 5
  }
  return count
}

describe("FairShare", () => {
  it("takes a small share if the server counts others when the pacer begins", () => {
    const machine = meeting()
    assert.strictEqual(perWindow(machine.state), 3)
    // the third is sent later, to see the end of the window
    assert.strictEqual(burst(machine).length, 2)
    assert.isAbove(waitOf(machine), 300)
  })

  it("does not bound a process that has a given share: the others have theirs", () => {
    const { now, state } = meeting()
    const [{ ids }] = Admission.decideUpTo(10, { ...config, share: 0.5 }, state, now)
    assert.strictEqual(ids.length, 5)
    const [fair] = Admission.decideUpTo(10, config, state, now)
    assert.strictEqual(fair.ids.length, 2)
  })

  it("takes all that remains if others are counted later: they may be a blip", () => {
    const machine = withLimit(10)
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 8 })
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 5 })
    assert.isNull(machine.state.others.perWindow)
    assert.strictEqual(burst(machine).length, 5)
  })

  it("shares if the response to the first request is a 429", () => {
    const machine = new Machine()
    const rateLimit = { rateLimited: true, limit: 10, remaining: 0, retryAfterMs: 1000 }
    machine.observe(machine.admitted(), rateLimit)
    assert.strictEqual(perWindow(machine.state), 3)
    assert.strictEqual(machine.state.windowMs, 1000)
  })

  it("takes more while requests remain, and less if none does", () => {
    const machine = meeting()
    run(machine, 3000, () => 2)
    const grown = perWindow(machine.state)
    assert.isAbove(grown, 3)
    run(machine, 3000, () => 0)
    assert.isBelow(perWindow(machine.state), grown)
  })

  it("never sends more than its share in a window", () => {
    const machine = meeting()
    run(machine, 1000, () => 0)
    assert.isAtMost(
      run(machine, 1000, () => 0),
      3,
    )
  })

  it("ends when two windows have shown no other client, so that the whole limit is used again", () => {
    const machine = meeting()
    const server = new SlidingServer(10, 1000)
    let count = 0
    while (machine.now < 6000) {
      for (const id of burst(machine)) {
        const response = server.handle(machine.now)
        machine.observe(id, response)
        if (machine.now >= 5000) count++
      }
      machine.now += 5
    }
    assert.isNull(machine.state.others.perWindow)
    assert.isAtLeast(count, 9)
    assert.strictEqual(server.rateLimited, 0)
  })
})
