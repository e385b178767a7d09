import { assert, describe, it } from "@effect/vitest"

import type { PacerObservation, PacerState } from "../src/pacing/PacerState.ts"
import { Machine, SlidingServer, waitOf } from "./machine.ts"

/** A server with a limit of 10 per second, which it names, and a longer one, which it does not. */
class TwoLimits {
  readonly named = new SlidingServer(10, 1000)
  longer = new SlidingServer(30, 10_000)
  rateLimited = 0

  handle(now: number): PacerObservation {
    const longer = this.longer.handle(now)
    if (!longer.rateLimited) return this.named.handle(now)
    this.rateLimited++
    const used = this.named.admitted.filter((at) => at > now - 1000).length
    return { ...longer, limit: 10, remaining: 10 - used }
  }
}

/** Sends one request after the other for so long; a response takes 20 ms. */
const run = (machine: Machine, server: TwoLimits, forMs: number): void => {
  const untilMs = machine.now + forMs
  while (machine.now < untilMs) {
    const decision = machine.decide()
    if (decision._tag === "Wait") machine.now = decision.untilMs
    else {
      const response = server.handle(machine.now + 10)
      machine.now += 20
      machine.observe(decision.id, response)
    }
  }
}

const limitOf = ({ otherLimit: { limit } }: PacerState) =>
  limit === null ? null : { count: limit.count, spanMs: limit.spanMs }

describe("OtherLimit", () => {
  it("learns a second limit from one 429, and keeps to both", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 60_000)
    assert.deepStrictEqual(limitOf(machine.state), { count: 30, spanMs: 10_000 })
    assert.strictEqual(server.rateLimited, 1)
    assert.isAtLeast(server.longer.admitted.length, 6 * 30)
    assert.strictEqual(machine.state.limit, 10)
  })

  it("finds out that the second limit is gone, without a 429", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 20_000)
    server.longer = new SlidingServer(1_000_000, 10_000)
    run(machine, server, 100_000)
    assert.isNull(limitOf(machine.state))
    assert.strictEqual(server.rateLimited, 1)
    const before = server.longer.admitted.length
    run(machine, server, 10_000)
    assert.isAtLeast(server.longer.admitted.length - before, 95)
  })

  it("tries a second limit that still holds with one request, once in eight of its windows", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 200_000)
    assert.deepStrictEqual(limitOf(machine.state), { count: 30, spanMs: 10_000 })
    assert.isAtMost(server.rateLimited, 3)
  })

  it("takes a lowered limit for the limit, and not for a second one", () => {
    const machine = new Machine()
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 9 })
    machine.observe(machine.admitted(), {
      rateLimited: true,
      limit: 4,
      remaining: 0,
      retryAfterMs: 1000,
    })
    assert.strictEqual(machine.state.limit, 4)
    assert.isNull(limitOf(machine.state))
    assert.isAtLeast(waitOf(machine), 1000)
  })

  it("keeps a bounded number of times", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    server.longer = new SlidingServer(1_000_000, 10_000)
    run(machine, server, 100_000)
    assert.isAtMost(machine.state.otherLimit.log.length, 64)
  })
})
