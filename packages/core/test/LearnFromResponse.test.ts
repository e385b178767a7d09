import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as SendLog from "../src/pacing/SendLog.ts"
import { burst, config, Machine, SlidingServer, waitOf, withLimit } from "./machine.ts"

const runs = { arbitrary: { runs: 1000 } }
const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Counts the 429s of a server with a sliding log, on a steady network, if three callers come after each gap. */
const countRateLimited = ({
  gaps,
  limit,
  roundTrip,
}: {
  readonly gaps: ReadonlyArray<number>
  readonly limit: number
  readonly roundTrip: number
}): number => {
  const machine = new Machine()
  const server = new SlidingServer(limit, 1000)
  const inFlight: Array<{ readonly id: number; readonly at: number }> = []
  let end = machine.now
  for (const gap of gaps) {
    end += gap
    // Responses come when they come; between them the caller tries as often as it likes.
    for (
      let request = inFlight[0];
      request !== undefined && request.at + roundTrip <= end;
      request = inFlight[0]
    ) {
      inFlight.shift()
      machine.now = request.at + roundTrip
      machine.observe(request.id, server.handle(request.at + roundTrip / 2))
      for (const id of burst(machine)) inFlight.push({ id, at: machine.now })
    }
    machine.now = end
    for (const id of burst(machine, 3)) inFlight.push({ id, at: machine.now })
  }
  return server.rateLimited
}

describe("LearnFromResponse", () => {
  it.prop(
    "is never rate limited on a steady network with a window of a second, whatever the arrivals",
    {
      // with a limit of 1 a look at a shorter window can cost a 429
      limit: between(2, 30),
      roundTrip: between(2, 400),
      gaps: Schema.Array(between(0, 900)).check(Schema.isMaxLength(60)),
    },
    (arrivals) => assert.strictEqual(countRateLimited(arrivals), 0),
    runs,
  )

  it("takes no window for a shorter one that is expected, too, but explains a send's age less well", () => {
    const gaps = [254, 795, 414, 900, 276, 516, 283, 134, 249, 527]
    assert.strictEqual(countRateLimited({ gaps, limit: 8, roundTrip: 263 }), 0)
  })

  it("reads each response against its own request when they come out of order", () => {
    const machine = withLimit(10)
    const ids = burst(machine)
    assert.strictEqual(ids.length, 9)
    machine.now += 20
    const remaining = [3, 0, 8, 5, 1, 7, 2, 6, 4]
    for (const [index, id] of ids.entries())
      machine.observe(id, { rateLimited: false, limit: 10, remaining: remaining[index] ?? 0 })
    assert.isAbove(waitOf(machine), 900)
  })

  it("follows a lowered limit at once, and does not raise it again for an older request's response", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.now += 20
    machine.observe(first, { rateLimited: false, limit: 10, remaining: 9 })
    const [older = 0] = burst(machine, 1)
    machine.now += 5
    const [newer = 0] = burst(machine, 1)
    machine.now += 20
    machine.observe(newer, { rateLimited: false, limit: 4, remaining: 1 })
    machine.observe(older, { rateLimited: false, limit: 10, remaining: 8 })
    assert.strictEqual(machine.state.limit, 4)
    assert.isAtMost(burst(machine).length, 1)
  })

  it("leaves to other clients what they spend", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.now += 20
    machine.observe(first, { rateLimited: false, limit: 10, remaining: 2 })
    assert.strictEqual(burst(machine).length, 2)
  })

  it.each([
    [undefined, 1100],
    [0.25, 1000],
  ])("takes sends that count for long for a longer window, unless its share is %s", (share, ms) => {
    const machine = new Machine({ ...config, share })
    const send = (remaining: number) => {
      const id = machine.admitted()
      machine.now += 30
      machine.observe(id, { rateLimited: false, limit: 10, remaining })
    }
    send(9)
    machine.now += 10
    send(8)
    machine.now += 1030
    // both are counted still, or two of other processes are
    send(7)
    assert.closeTo(machine.state.windowMs, ms, 30)
  })

  it("does not take a response that others overtook for the spending of another client", () => {
    const machine = withLimit(4)
    machine.observe(machine.admitted(), { rateLimited: false, limit: 4, remaining: 2 })
    machine.now += 900
    const [first = 0, second = 0] = burst(machine, 2)
    machine.now += 1
    // The window turned between the two: the second was counted before it, and its response comes last.
    machine.observe(first, { rateLimited: false, limit: 4, remaining: 3 })
    machine.observe(second, { rateLimited: false, limit: 4, remaining: 1 })
    assert.strictEqual(SendLog.size(machine.state.log), 2)
    assert.isTrue(machine.state.log.every(({ sentAt }) => sentAt === 1900))
  })

  it.prop(
    "accepts any response without throwing, and keeps its numbers finite",
    {
      responses: Schema.Array(
        Schema.Struct({
          rateLimited: Schema.Boolean,
          limit: Schema.optionalKey(Schema.Literals([0, 1, 4, 10, 1_000_000])),
          remaining: Schema.optionalKey(Schema.Literals([0, 1, 3, 9, 10, 50])),
          retryAfterMs: Schema.optionalKey(Schema.Literals([0, 1, 1000, 3_600_000, 1e14])),
          tooLong: Schema.optionalKey(Schema.Boolean),
          wait: between(-500, 3000),
        }),
      ).check(Schema.isMaxLength(80)),
    },
    ({ responses }) => {
      const machine = new Machine()
      for (const { wait, ...response } of responses) {
        machine.now += wait
        const ids = burst(machine, 5)
        for (const id of ids) machine.observe(id, response, 0.5)
      }
      for (const value of [
        machine.state.limit,
        machine.state.windowMs,
        machine.state.marginMs,
        machine.state.roundTrip.excessMs,
      ]) {
        assert.isTrue(Number.isFinite(value) && value >= 0)
      }
      assert.isAtMost(machine.state.windowMs, 3_600_000)
    },
    runs,
  )

  it("keeps at most 64 drops, however many responses overtake a late one", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.observe(first, { rateLimited: false, limit: 100, remaining: 99 })
    const late = machine.admitted()
    for (let count = 0; count < 500; count++) {
      const id = machine.admitted()
      machine.now += 3
      // the server forgets all, again and again
      machine.observe(id, { rateLimited: false, limit: 100, remaining: 99 })
    }
    assert.isAbove(machine.state.dropped.length, 0)
    assert.isAtMost(machine.state.dropped.length, 64)
    assert.strictEqual(
      machine.state.dropped.reduce((sum, { count }) => sum + count, 0),
      500,
    )
    machine.observe(late, { rateLimited: false, limit: 100, remaining: 98 })
    assert.isEmpty(machine.state.inFlight)
  })

  it("recognises a fixed window by a whole limit that comes back early", () => {
    const machine = withLimit(8)
    machine.now += 500
    for (const [index, id] of burst(machine).entries()) {
      machine.observe(id, { rateLimited: false, limit: 8, remaining: 6 - index })
    }
    machine.now += waitOf(machine)
    machine.observe(machine.admitted(), { rateLimited: false, limit: 8, remaining: 7 })
    assert.isTrue(machine.state.fixedWindow)
  })

  it("recognises a refill by the sends forgotten one by one, and its pace", () => {
    const machine = withLimit(20)
    for (const [index, id] of burst(machine).entries()) {
      machine.observe(id, { rateLimited: false, limit: 20, remaining: 18 - index })
    }
    machine.now += waitOf(machine)
    machine.observe(machine.admitted(), { rateLimited: false, limit: 20, remaining: 4 })
    assert.isFalse(machine.state.fixedWindow)
    assert.strictEqual(machine.state.refill?.intervalMs, 200)
  })
})
