import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

import type { PacerObservation, PacerState } from "../src/pacing/PacerState.ts"
import { Machine, SlidingServer, waitOf } from "./machine.ts"
import { call, makePacer } from "./paced.ts"

/** A server with a limit of 10 per second, which it names, and a longer one, which it does not. */
class TwoLimits {
  readonly named = new SlidingServer(10, 1000)
  longer = new SlidingServer(30, 10_000)
  rateLimited = 0
  /** Whether its 429s name the longer limit. */
  isNamed = false
  /** The next response, if it is a stray 429. */
  stray: PacerObservation | undefined
  /** When another client sends, in order. */
  neighbour: ReadonlyArray<number> = []

  handle(now: number): PacerObservation {
    const { stray } = this
    this.stray = undefined
    for (const at of this.neighbour.filter((time) => time <= now)) this.longer.handle(at)
    this.neighbour = this.neighbour.filter((time) => time > now)
    if (stray !== undefined) return stray
    const longer = this.longer.handle(now)
    if (!longer.rateLimited) return this.named.handle(now)
    this.rateLimited++
    if (this.isNamed) return longer
    const used = this.named.admitted.filter((at) => at > now - 1000).length
    return { ...longer, limit: 10, remaining: 10 - used }
  }
}

/** A server whose second limit is never reached. */
const oneLimit = (): TwoLimits => {
  const server = new TwoLimits()
  server.longer = new SlidingServer(1_000_000, 10_000)
  return server
}

/** Sends one request after the other for so long, with a gap between them; a response takes 20 ms. */
const run = (machine: Machine, server: TwoLimits, forMs: number, gapMs = 0): void => {
  const untilMs = machine.now + forMs
  while (machine.now < untilMs) {
    const decision = machine.decide()
    if (decision._tag === "Wait") machine.now = decision.untilMs
    else {
      const response = server.handle(machine.now + 10)
      machine.now += 20
      machine.observe(decision.id, response)
      machine.now += gapMs
    }
  }
}

/** Counts the requests that are accepted in so long. */
const accepted = (machine: Machine, server: TwoLimits, forMs: number): number => {
  const before = server.named.admitted.length
  run(machine, server, forMs)
  return server.named.admitted.length - before
}

const limitOf = ({ otherLimit: { limit } }: PacerState) =>
  limit === null ? null : { count: limit.count, spanMs: limit.spanMs }

const stray = (retryAfterMs: number, remaining = 5): PacerObservation => ({
  rateLimited: true,
  limit: 10,
  remaining,
  retryAfterMs,
})

/** Counts the requests that go at once, after a run of so long. */
const burst = (forMs: number): number => {
  const machine = new Machine()
  run(machine, oneLimit(), forMs)
  machine.now += 2000
  machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 9 })
  let count = 0
  while (machine.decide()._tag === "Admit") count++
  return count
}

describe("OtherLimit", () => {
  it("learns a second limit from one 429, makes sure with another, and keeps to both", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 50_000)
    assert.deepStrictEqual(limitOf(machine.state), { count: 30, spanMs: 10_000 })
    assert.strictEqual(server.rateLimited, 2)
    assert.isAtLeast(server.longer.admitted.length, 5 * 30 - 10)
    assert.strictEqual(machine.state.limit, 10)
  })

  it("needs no other 429 to make sure of a second limit that the first one names", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    server.isNamed = true
    run(machine, server, 40_000)
    assert.deepStrictEqual(limitOf(machine.state), { count: 30, spanMs: 10_000 })
    assert.strictEqual(server.rateLimited, 1)
    assert.strictEqual(machine.state.limit, 10)
  })

  it("keeps few requests in flight in a long run at full rate, and as many as fit in a short one", () => {
    assert.isAbove(burst(3000), 5)
    assert.isAtMost(burst(20_000), 3)
  })

  it("finds out that the second limit is gone, without a 429", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 30_000)
    const { rateLimited } = server
    server.longer = new SlidingServer(1_000_000, 10_000)
    run(machine, server, 60_000)
    assert.isNull(limitOf(machine.state))
    assert.strictEqual(server.rateLimited, rateLimited)
    assert.isAtLeast(accepted(machine, server, 10_000), 95)
  })

  it("uses the whole second limit again within ten of its windows after a neighbour that took half", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 30_000)
    server.neighbour = Array.from({ length: 90 }, (_, index) => machine.now + index * 667)
    run(machine, server, 60_000 + 100_000)
    assert.isAtLeast(accepted(machine, server, 100_000), 0.95 * 300)
  })

  it("forgets a second limit that is not used up for long", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 30_000)
    assert.isNotNull(limitOf(machine.state))
    run(machine, server, 100_000, 1000)
    assert.isNull(limitOf(machine.state))
  })

  it("tries a second limit that still holds with one request, once in four of its windows", () => {
    const machine = new Machine()
    const server = new TwoLimits()
    run(machine, server, 200_000)
    assert.deepStrictEqual(limitOf(machine.state), { count: 30, spanMs: 10_000 })
    assert.isAtMost(server.rateLimited, 6)
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

  for (const seconds of [3, 10, 30]) {
    it(`is back within ten windows of one stray 429 with a wait of ${seconds} s, in a full run`, () => {
      const machine = new Machine()
      const server = oneLimit()
      run(machine, server, 20_500)
      server.stray = stray(1000 * seconds)
      run(machine, server, 1000 * seconds + 10_000)
      for (let minute = 0; minute < 2; minute++) {
        assert.isAtLeast(accepted(machine, server, 60_000), 0.95 * 600)
      }
      assert.isNull(limitOf(machine.state))
    })
  }

  for (const [seconds, remaining] of [
    [1, 0],
    [30, 0],
    [30, 5],
    [3600, 5],
  ] as const) {
    it(`takes no quiet hour for a limit: a 429 with ${remaining} left and a wait of ${seconds} s`, () => {
      const machine = new Machine()
      const server = oneLimit()
      run(machine, server, 20_000)
      run(machine, server, 3_600_000, 60_000)
      server.stray = stray(1000 * seconds, remaining)
      run(machine, server, 10)
      assert.isNull(limitOf(machine.state))
      run(machine, server, 1000 * seconds + 10_000)
      assert.isAtLeast(accepted(machine, server, 60_000), 0.95 * 600)
    })
  }

  it.effect("sends at its rate again ten seconds after a stray 429 that ends a quiet hour", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const server = oneLimit()
      const reply = yield* Effect.clockWith((clock) =>
        Effect.succeed(() => server.handle(clock.currentTimeMillisUnsafe())),
      )
      for (let minute = 0; minute < 60; minute++) {
        const one = yield* Effect.forkChild(call(pacer, reply))
        yield* TestClock.adjust(60_000)
        yield* Fiber.join(one)
      }
      server.stray = stray(1000, 0)
      const many = Array.from({ length: 1000 }, () => call(pacer, reply))
      const fiber = yield* Effect.forkChild(Effect.all(many, { concurrency: 20, discard: true }))
      yield* TestClock.adjust(11_000)
      const before = server.named.admitted.length
      yield* TestClock.adjust(10_000)
      assert.isAtLeast(server.named.admitted.length - before, 95)
      yield* Fiber.interrupt(fiber)
    }),
  )

  it("keeps a bounded number of times", () => {
    const machine = new Machine()
    run(machine, oneLimit(), 100_000)
    assert.isAtMost(machine.state.otherLimit.log.length, 64)
  })
})
