import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as Admission from "../src/pacing/Admission.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import { burst, config, Machine, waitOf, withLimit } from "./machine.ts"

const runs = { arbitrary: { runs: 1000 } }
const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const unscheduled = () => new Machine({ ...config, schedule: false })

describe("Admission", () => {
  it("admits several requests at a time, as one after the other", () => {
    const machine = withLimit(100)
    const one = withLimit(100)
    const upTo = (most: number) => {
      const [{ ids, untilMs }, state] = Admission.decideUpTo(
        most,
        config,
        machine.state,
        machine.now,
      )
      machine.state = state
      return { ids, untilMs }
    }
    assert.deepStrictEqual(upTo(7).ids, burst(one, 7))
    const rest = upTo(1000)
    assert.deepStrictEqual(rest.ids, burst(one))
    assert.strictEqual(rest.untilMs - machine.now, waitOf(one))
    assert.deepStrictEqual(upTo(7), { ids: [], untilMs: rest.untilMs })
    assert.deepStrictEqual(machine.state, one.state)
  })

  it("sends only the first request, then as many as its response says remain", () => {
    const machine = new Machine({ prior: { limit: 7, windowMs: 1000 } })
    const id = machine.admitted()
    assert.strictEqual(burst(machine).length, 0)
    machine.now += 30
    machine.observe(id, { rateLimited: false, limit: 7, remaining: 6 })
    assert.strictEqual(burst(machine).length, 6)
  })

  it("doubles an unnamed limit after each clean full window, until the first 429 sets it", () => {
    const machine = new Machine()
    const taken: Array<number> = []
    for (let window = 0; window < 4; window++) {
      const until = machine.now + 1000
      let count = 0
      while (machine.now < until) {
        const ids = burst(machine)
        machine.now += 5
        for (const id of ids) machine.observe(id, { rateLimited: false })
        count += ids.length
      }
      taken.push(count)
    }
    assert.strictEqual(taken[0], 10)
    assert.isAbove(taken[1] ?? 0, 10)
    assert.isAbove(taken[3] ?? 0, 30)
    const [first = 0, ...others] = burst(machine)
    const before = machine.state.limit
    machine.observe(first, { rateLimited: true, retryAfterMs: 1000 })
    for (const id of others) machine.observe(id, { rateLimited: true, retryAfterMs: 1000 })
    assert.isBelow(machine.state.limit, before)
    assert.strictEqual(machine.state.limitSource, "rateLimit")
  })

  it("holds the place of a request without a response for two seconds and a window, not for ever", () => {
    const machine = withLimit(2)
    assert.strictEqual(burst(machine).length, 1)
    machine.now += 60_000
    assert.isAtLeast(burst(machine).length, 1)
  })

  it("sends no more when the clock steps back", () => {
    const machine = withLimit(2)
    assert.strictEqual(burst(machine).length, 1)
    machine.now -= 100_000
    assert.strictEqual(burst(machine).length, 0)
  })

  it("gives up requests of processes that are gone, and the scout among them", () => {
    const machine = new Machine()
    machine.admitted()
    assert.strictEqual(waitOf(machine), 2000)
    machine.now += 300_000
    machine.admitted()
    assert.strictEqual(machine.state.inFlight.length, 1)
  })

  it("is certain of nothing until the gate is closed or the window is trusted", () => {
    const machine = withLimit(2)
    assert.strictEqual(Admission.certainWait(machine.state, machine.now, 100), 0)
    machine.observe(machine.admitted(), { rateLimited: true, retryAfterMs: 3000 })
    assert.strictEqual(Admission.certainWait(machine.state, machine.now, 100), 3000)
  })

  it("is certain of whole windows behind a trusted one", () => {
    const machine = withLimit(2)
    while (!machine.state.trusted) {
      for (const id of burst(machine)) machine.observe(id, { rateLimited: false })
      machine.now += waitOf(machine)
    }
    burst(machine)
    assert.strictEqual(Admission.remaining(machine.state, machine.now), 0)
    const wait = (nth: number) => Admission.certainWait(machine.state, machine.now, nth)
    assert.strictEqual(wait(5) - wait(1), 2000)
  })
})

describe("a ceiling", () => {
  it.prop(
    "holds in every span, whatever the server says and the clock does",
    {
      perSecond: Schema.Literals([0.5, 1, 2.5, 7]),
      gaps: Schema.Array(between(-300, 700)).check(Schema.isMaxLength(80)),
    },
    ({ gaps, perSecond }) => {
      const machine = new Machine({ ...config, ceiling: { perSecond } })
      const sends: Array<number> = []
      let latest = Number.NEGATIVE_INFINITY
      for (const gap of gaps) {
        machine.now += gap
        latest = Math.max(latest, machine.now)
        for (const id of burst(machine)) {
          sends.push(latest)
          machine.observe(id, { rateLimited: false, limit: 1000, remaining: 900 })
        }
      }
      const count = Math.max(1, Math.floor(perSecond))
      for (const [index, at] of sends.entries()) {
        assert.isAtLeast(
          at - (sends[index - count] ?? Number.NEGATIVE_INFINITY),
          (1000 * count) / perSecond,
        )
      }
    },
    runs,
  )
})

describe("without a schedule", () => {
  it("lets every request go, whatever the server says remains", () => {
    const machine = unscheduled()
    const ids = burst(machine, 40)
    assert.strictEqual(ids.length, 40)
    for (const id of ids) machine.observe(id, { rateLimited: false, limit: 10, remaining: 0 })
    assert.strictEqual(burst(machine, 40).length, 40)
  })

  it("closes the gate after a 429, sends one request when it opens, and all after its response", () => {
    const machine = unscheduled()
    const [first = 0, second = 0, third = 0] = burst(machine, 3)
    machine.observe(first, { rateLimited: true, limit: 10, remaining: 0, retryAfterMs: 2000 })
    machine.observe(second, { rateLimited: true, limit: 10, remaining: 0, retryAfterMs: 3000 })
    machine.observe(third, { rateLimited: false, limit: 10, remaining: 0 })
    assert.strictEqual(waitOf(machine), 3000)
    assert.strictEqual(machine.state.rateLimits, 1)
    machine.now += 3000
    const [scout = 0, ...more] = burst(machine, 40)
    assert.strictEqual(more.length, 0)
    machine.observe(scout, { rateLimited: true })
    assert.strictEqual(waitOf(machine), 2000)
    machine.now += 2000
    machine.observe(machine.admitted(), { rateLimited: false })
    assert.strictEqual(burst(machine, 40).length, 40)
  })

  it("shows what the server said last, less what is in flight", () => {
    const machine = unscheduled()
    const [first = 0, second = 0] = burst(machine, 3)
    machine.observe(first, { rateLimited: false, limit: 20, remaining: 7 })
    machine.now += 1
    machine.abandon(second)
    burst(machine, 1)
    assert.strictEqual(machine.state.limit, 20)
    assert.strictEqual(Admission.remaining(machine.state, machine.now), 5)
    assert.strictEqual(PacerState.countInFlight(machine.state), 2)
    assert.isFalse(machine.state.trusted)
  })

  it("keeps the ceiling", () => {
    const machine = new Machine({ ...config, schedule: false, ceiling: { perSecond: 3 } })
    assert.strictEqual(burst(machine).length, 3)
    assert.strictEqual(waitOf(machine), 1000)
  })

  it("remembers no more after a thousand windows than after one", () => {
    const machine = unscheduled()
    for (let window = 0; window < 1000; window++) {
      for (const [index, id] of burst(machine, 20).entries()) {
        if (index % 3 === 0) machine.abandon(id)
        else machine.observe(id, { rateLimited: false })
      }
      machine.now += 1000
    }
    burst(machine, 1)
    assert.isAtMost(machine.state.log.length, 1)
    assert.strictEqual(machine.state.ceilingLog.length, 0)
    assert.strictEqual(machine.state.limit, 10)
  })

  it("drops a schedule that was kept before", () => {
    const machine = withLimit(5)
    while (!machine.state.trusted) {
      for (const id of burst(machine)) machine.observe(id, { rateLimited: false })
      machine.now += waitOf(machine)
    }
    const [decision, state] = Admission.decide(
      { ...config, schedule: false },
      machine.state,
      machine.now,
    )
    assert.strictEqual(decision._tag, "Admit")
    assert.isFalse(state.trusted)
    assert.strictEqual(Admission.certainWait(state, machine.now, 1_000), 0)
  })
})
