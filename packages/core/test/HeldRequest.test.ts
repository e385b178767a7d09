import { assert, describe, it } from "@effect/vitest"

import { burst, config, Machine, waitOf, withLimit } from "./machine.ts"

/** A server whose window starts with the first request, of any length. */
class FixedServer {
  rateLimited = 0
  #start = Number.NEGATIVE_INFINITY
  #used = 0
  readonly limit: number
  readonly windowMs: number

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.windowMs = windowMs
  }

  handle(now: number) {
    const { limit } = this
    if (now >= this.#start + this.windowMs) {
      this.#start = now
      this.#used = 0
    }
    if (this.#used < limit) {
      return { rateLimited: false, limit, remaining: limit - ++this.#used }
    }
    this.rateLimited++
    return { rateLimited: true, limit, remaining: 0, retryAfterMs: 1000 }
  }
}

/** Sends as much as the machine lets through, until a time; returns how much was accepted. */
const run = (machine: Machine, server: FixedServer, untilMs: number): number => {
  let accepted = 0
  while (machine.now < untilMs) {
    const sent = burst(machine).map((id) => [id, server.handle(machine.now + 10)] as const)
    machine.now += sent.length > 0 ? 20 : Math.max(1, Math.ceil(waitOf(machine)))
    for (const [id, response] of sent) {
      if (!response.rateLimited) accepted++
      machine.observe(id, response)
    }
  }
  return accepted
}

/** Checks whether a shorter window is looked for within 12 windows, if so many creates are to come at the end of each. */
const looks = (left: number | undefined): boolean => {
  const machine = new Machine({ ...config, left })
  run(machine, new FixedServer(20, 1000), 12_000)
  return machine.state.held.countedMs > 0
}

describe("HeldRequest", () => {
  it("spreads the last requests of the first window, each sent after the response to the one before", () => {
    const machine = withLimit(6, config.prior)
    const waits: Array<number> = []
    for (let remaining = 4; remaining >= 1; remaining--) {
      const waitMs = Math.ceil(waitOf(machine))
      waits.push(waitMs)
      machine.now += waitMs
      machine.observe(machine.admitted(), { rateLimited: false, limit: 6, remaining })
    }
    // at 600 ms, the window that the rate of the prior gives, divided by 16, 8, 4 and 2
    assert.deepStrictEqual(waits, [38, 38, 76, 150])
  })

  it("sends the last request of the second window a little later than the others if limit and prior agree", () => {
    const machine = withLimit(10)
    for (const id of burst(machine)) machine.observe(id, { rateLimited: false })
    machine.now += waitOf(machine)
    machine.observe(machine.admitted(), { rateLimited: false, limit: 10, remaining: 9 })
    assert.strictEqual(burst(machine).length, 8)
    machine.now += 20
    for (const id of machine.state.inFlight.map((request) => request.id)) {
      machine.observe(id, { rateLimited: false })
    }
    assert.strictEqual(waitOf(machine), 40)
  })

  it("looks for a shorter window, unless it may cost one of the few windows to come", () => {
    assert.isTrue(looks(undefined))
    // the last one of 10 windows that are filled; one more than that; the last one of 30
    assert.isFalse(looks(201))
    assert.isTrue(looks(202))
    assert.isTrue(looks(601))
  })

  it("finds a window of half a second without a 429", () => {
    const machine = new Machine()
    const server = new FixedServer(5, 500)
    run(machine, server, 15_000)
    assert.strictEqual(machine.state.windowMs, 500)
    assert.isAtLeast(run(machine, server, 25_000), 90)
    assert.strictEqual(server.rateLimited, 0)
  })

  it("leaves a window that is twice too long, however well it seemed to turn", () => {
    const machine = new Machine()
    const server = new FixedServer(10, 1000)
    run(machine, server, 5000)
    machine.state = { ...machine.state, windowMs: 2000, held: { ...machine.state.held, nextAt: 0 } }
    run(machine, server, 15_000)
    assert.strictEqual(machine.state.windowMs, 1000)
    assert.strictEqual(server.rateLimited, 0)
  })

  it("tests more and more rarely if it finds nothing", () => {
    const machine = new Machine()
    const server = new FixedServer(7, 1000)
    run(machine, server, 200_000)
    assert.strictEqual(machine.state.windowMs, 1000)
    assert.isAtLeast(machine.state.held.patience, 16)
    assert.strictEqual(server.rateLimited, 0)
  })

  for (const windowMs of [300, 500, 700]) {
    it(`finds a window of ${windowMs} ms with a limit of 1, with four 429s at most`, () => {
      const machine = new Machine()
      const server = new FixedServer(1, windowMs)
      run(machine, server, 100_000)
      assert.isAtMost(machine.state.windowMs, windowMs * 1.12)
      assert.isAtMost(server.rateLimited, 4)
    })
  }
})
