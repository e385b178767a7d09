import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as PacerAnswer from "../src/pacing/LearnFromResponse.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import * as PacerTake from "../src/pacing/Admission.ts"
import * as SendLog from "../src/pacing/SendLog.ts"

const config: PacerState.PacerConfig = { prior: { limit: 10, windowMs: 1000 } }
const runs = { arbitrary: { runs: 1000 } }
const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Makes a state that throws where somebody changes it in place. */
const frozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

/** A state machine with a clock of its own, whose state passes through JSON, and is frozen, at every step. */
class Machine {
  now = 1000
  state: PacerState.PacerState
  readonly #config: PacerState.PacerConfig

  constructor(options: PacerState.PacerConfig = config) {
    this.#config = options
    this.state = PacerState.make(options)
  }

  #keep(state: PacerState.PacerState): void {
    // safe: what JSON gives back is what JSON was given; that it works on is what is tested
    this.state = frozen(JSON.parse(JSON.stringify(state)) as PacerState.PacerState)
  }

  take(): PacerTake.Decision {
    const [decision, state] = PacerTake.take(this.#config, this.state, this.now)
    this.#keep(state)
    return decision
  }

  admitted(): number {
    const decision = this.take()
    if (decision._tag === "Wait") return assert.fail(`waits until ${decision.untilMs}`)
    return decision.id
  }

  observe(id: number, answer: Omit<PacerState.Answer, "jitter">, jitter = 0): void {
    this.#keep(PacerAnswer.observe(this.#config, this.state, id, { ...answer, jitter }, this.now))
  }

  abandon(id: number): void {
    this.#keep(PacerState.abandon(this.state, id, this.now))
  }

  giveBack(id: number): void {
    this.#keep(PacerState.giveBack(this.state, id))
  }
}

/** Takes until the machine says wait; returns the ids. */
const burst = (machine: Machine, most = 1000): Array<number> => {
  const ids: Array<number> = []
  for (let count = 0; count < most; count++) {
    const decision = machine.take()
    if (decision._tag === "Wait") break
    ids.push(decision.id)
  }
  return ids
}

const waitOf = (machine: Machine): number => {
  const decision = machine.take()
  return decision._tag === "Wait" ? decision.untilMs - machine.now : 0
}

/** A server with a sliding log, as strict as one can be. */
class SlidingServer {
  readonly admitted: Array<number> = []
  refused = 0

  readonly limit: number
  readonly windowMs: number

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.windowMs = windowMs
  }

  handle(now: number): Omit<PacerState.Answer, "jitter"> {
    const { limit, windowMs } = this
    const live = this.admitted.filter((at) => at > now - windowMs)
    if (live.length >= limit) {
      this.refused++
      const free = live[live.length - limit] ?? now
      return {
        refused: true,
        limit,
        remaining: 0,
        retryAfterMs: Math.ceil((free + windowMs - now) / 1000) * 1000,
      }
    }
    this.admitted.push(now)
    return { refused: false, limit, remaining: limit - live.length - 1 }
  }
}

const refusedAfter = (answer: Omit<PacerState.Answer, "jitter" | "refused">, jitter: number) => {
  const machine = new Machine()
  const id = machine.admitted()
  machine.now += 30
  machine.observe(id, { refused: true, ...answer }, jitter)
  return machine
}

const withLimit = (limit: number) => {
  const machine = new Machine()
  machine.observe(machine.admitted(), { refused: false, limit, remaining: limit - 1 })
  return machine
}

describe("learning", () => {
  it("the first request goes alone, then as many as its answer says remain", () => {
    const machine = new Machine()
    const id = machine.admitted()
    assert.strictEqual(burst(machine).length, 0)
    machine.now += 30
    machine.observe(id, { refused: false, limit: 7, remaining: 4 })
    assert.strictEqual(burst(machine).length, 4)
  })

  it.prop(
    "never meets a 429 on a steady network once the window is a second, whatever the arrivals",
    {
      limit: between(1, 30),
      roundTrip: between(2, 400),
      gaps: Schema.Array(between(0, 900)).check(Schema.isMaxLength(60)),
    },
    ({ gaps, limit, roundTrip }) => {
      const machine = new Machine()
      const server = new SlidingServer(limit, 1000)
      const flights: Array<{ readonly id: number; readonly at: number }> = []
      let end = machine.now
      for (const gap of gaps) {
        end += gap
        // Answers come when they come; between them the caller tries as often as it likes.
        for (
          let flight = flights[0];
          flight !== undefined && flight.at + roundTrip <= end;
          flight = flights[0]
        ) {
          flights.shift()
          machine.now = flight.at + roundTrip
          machine.observe(flight.id, server.handle(flight.at + roundTrip / 2))
          for (const id of burst(machine)) flights.push({ id, at: machine.now })
        }
        machine.now = end
        for (const id of burst(machine, 3)) flights.push({ id, at: machine.now })
      }
      assert.strictEqual(server.refused, 0)
    },
    runs,
  )

  it("a refused probe gives the window: first send to the end of the wait, in whole seconds", () => {
    const machine = new Machine()
    const server = new SlidingServer(5, 20_000)
    for (let index = 0; index < 5; index++) {
      const id = machine.admitted()
      machine.now += 10
      machine.observe(id, server.handle(machine.now - 5))
    }
    machine.now += waitOf(machine)
    const probe = machine.admitted()
    machine.now += 10
    machine.observe(probe, server.handle(machine.now - 5))
    assert.strictEqual(server.refused, 1)
    assert.strictEqual(machine.state.windowMs, 20_000)
  })

  it("an unknown limit doubles after each clean full window until the first 429, which then rules", () => {
    const machine = new Machine()
    const taken: Array<number> = []
    for (let window = 0; window < 4; window++) {
      const until = machine.now + 1000
      let count = 0
      while (machine.now < until) {
        const ids = burst(machine)
        machine.now += 5
        for (const id of ids) machine.observe(id, { refused: false })
        count += ids.length
      }
      taken.push(count)
    }
    assert.strictEqual(taken[0], 10)
    assert.isAbove(taken[1] ?? 0, 10)
    assert.isAbove(taken[3] ?? 0, 30)
    const [first = 0, ...others] = burst(machine)
    const before = machine.state.limit
    machine.observe(first, { refused: true, retryAfterMs: 1000 })
    for (const id of others) machine.observe(id, { refused: true, retryAfterMs: 1000 })
    assert.isBelow(machine.state.limit, before)
    assert.strictEqual(machine.state.limitFrom, "refusal")
  })

  it("answers out of order teach each what it was told, not the newest", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.now += 20
    machine.observe(first, { refused: false, limit: 10, remaining: 9 })
    const ids = burst(machine)
    assert.strictEqual(ids.length, 9)
    machine.now += 20
    const remaining = [3, 0, 8, 5, 1, 7, 2, 6, 4]
    for (const [index, id] of ids.entries())
      machine.observe(id, { refused: false, limit: 10, remaining: remaining[index] ?? 0 })
    assert.isAbove(waitOf(machine), 900)
  })

  it("a lowered limit counts from its answer on, an older answer does not raise it again", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.now += 20
    machine.observe(first, { refused: false, limit: 10, remaining: 9 })
    const [older = 0] = burst(machine, 1)
    machine.now += 5
    const [newer = 0] = burst(machine, 1)
    machine.now += 20
    machine.observe(newer, { refused: false, limit: 4, remaining: 1 })
    machine.observe(older, { refused: false, limit: 10, remaining: 8 })
    assert.strictEqual(machine.state.limit, 4)
    assert.isAtMost(burst(machine).length, 1)
  })

  it("what somebody else spends is left to them", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.now += 20
    machine.observe(first, { refused: false, limit: 10, remaining: 2 })
    assert.strictEqual(burst(machine).length, 2)
  })

  it("an answer that others overtook is not read as somebody else's spending", () => {
    const machine = withLimit(4)
    machine.observe(machine.admitted(), { refused: false, limit: 4, remaining: 2 })
    machine.now += 900
    const [first = 0, second = 0] = burst(machine, 2)
    machine.now += 1
    // The window turned between the two: the second was counted before it, and its answer comes last.
    machine.observe(first, { refused: false, limit: 4, remaining: 3 })
    machine.observe(second, { refused: false, limit: 4, remaining: 1 })
    assert.strictEqual(SendLog.size(machine.state.log), 2)
    assert.isTrue(machine.state.log.every(({ sent }) => sent === 1900))
  })

  it("the answers to one burst, quickest first, do not hide how short a round trip can be", () => {
    const machine = withLimit(1000)
    const ids = burst(machine)
    assert.strictEqual(ids.length, 999)
    for (const [index, id] of ids.entries()) {
      machine.now = 1024 + index / 50
      machine.observe(id, { refused: false, limit: 1000, remaining: 998 - index })
    }
    assert.isAtMost(PacerState.leastRoundTrip(machine.state), 24)
    assert.isAbove(waitOf(machine), 900)
  })

  it.prop(
    "takes any answer without throwing, and its numbers stay finite",
    {
      answers: Schema.Array(
        Schema.Struct({
          refused: Schema.Boolean,
          limit: Schema.optionalKey(Schema.Literals([0, 1, 4, 10, 1_000_000])),
          remaining: Schema.optionalKey(Schema.Literals([0, 1, 3, 9, 10, 50])),
          retryAfterMs: Schema.optionalKey(Schema.Literals([0, 1, 1000, 3_600_000, 1e14])),
          tooLong: Schema.optionalKey(Schema.Boolean),
          wait: between(-500, 3000),
        }),
      ).check(Schema.isMaxLength(80)),
    },
    ({ answers }) => {
      const machine = new Machine()
      for (const { wait, ...answer } of answers) {
        machine.now += wait
        const ids = burst(machine, 5)
        for (const id of ids) machine.observe(id, answer, 0.5)
      }
      for (const value of [
        machine.state.limit,
        machine.state.windowMs,
        machine.state.guardMs,
        machine.state.roundTrip.excess,
      ]) {
        assert.isTrue(Number.isFinite(value) && value >= 0)
      }
      assert.isAtMost(machine.state.windowMs, 3_600_000)
    },
    runs,
  )
})

describe("refusals", () => {
  it.prop(
    "waits Retry-After and 0 to 10 % more, at most 250 ms, never less",
    {
      retryAfterMs: between(100, 100_000),
      percent: between(0, 99),
    },
    ({ percent, retryAfterMs }) => {
      const waited = waitOf(refusedAfter({ retryAfterMs }, percent / 100))
      assert.isAtLeast(waited, retryAfterMs)
      assert.isAtMost(waited, retryAfterMs + Math.min(250, retryAfterMs / 10))
    },
    runs,
  )

  it.prop(
    "adds at most a quarter of that where its own sends alone used the limit up, all of it where others spend",
    { percent: between(0, 99), others: Schema.Boolean },
    ({ others, percent }) => {
      const machine = withLimit(3)
      for (const [index, id] of burst(machine, 2).entries())
        machine.observe(id, { refused: false, limit: 3, remaining: 1 - index })
      machine.now += waitOf(machine)
      if (others) {
        machine.observe(machine.admitted(), { refused: false, limit: 3, remaining: 0 })
        machine.now += waitOf(machine)
      }
      const answer = { refused: true, limit: 3, remaining: 0, retryAfterMs: 1000 }
      machine.observe(machine.admitted(), answer, percent / 100)
      assert.closeTo(waitOf(machine), 1000 + percent / (others ? 1 : 4), 1e-6)
    },
    runs,
  )

  it("waits 100 ms after a Retry-After of 0", () => {
    assert.strictEqual(waitOf(refusedAfter({ retryAfterMs: 0 }, 0)), 100)
  })

  it("waits 1 s without Retry-After, doubling up to 60 s, and starts over after a success", () => {
    const machine = new Machine()
    const waits: Array<number> = []
    for (let count = 0; count < 9; count++) {
      const id = machine.admitted()
      machine.observe(id, { refused: true })
      waits.push(waitOf(machine))
      machine.now += waitOf(machine)
    }
    assert.deepStrictEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    machine.observe(machine.admitted(), { refused: false, limit: 10, remaining: 9 })
    machine.observe(machine.admitted(), { refused: true })
    assert.strictEqual(waitOf(machine), 1000)
  })

  it("closes for one window only when nobody will wait that long", () => {
    assert.strictEqual(waitOf(refusedAfter({ retryAfterMs: 3_600_000, tooLong: true }, 0)), 1000)
  })

  it("lets one probe through when the gate opens, and the rest after its answer", () => {
    const machine = refusedAfter({ retryAfterMs: 1000, limit: 10, remaining: 0 }, 0)
    machine.now += 1000
    const [probe = 0, ...more] = burst(machine)
    assert.strictEqual(more.length, 0)
    machine.now += 30
    machine.observe(probe, { refused: false, limit: 10, remaining: 9 })
    assert.strictEqual(burst(machine).length, 9)
  })

  it("refusals of one burst close the gate once: the longest wait counts, no backoff grows", () => {
    const machine = new Machine()
    machine.observe(machine.admitted(), { refused: false, limit: 10, remaining: 9 })
    const ids = burst(machine)
    machine.now += 30
    for (const [index, id] of ids.entries()) {
      machine.observe(id, {
        refused: true,
        limit: 10,
        remaining: 0,
        retryAfterMs: index === 3 ? 2000 : 1000,
      })
    }
    assert.strictEqual(waitOf(machine), 2000)
    assert.strictEqual(machine.state.refusals, 1)
  })
})

describe("ends of a permit", () => {
  it("an abandoned request counts as spent", () => {
    const machine = withLimit(3)
    const [first = 0] = burst(machine)
    machine.abandon(first)
    assert.strictEqual(burst(machine).length, 0)
  })

  it("a permit given back can be taken again", () => {
    const machine = withLimit(3)
    const [first = 0] = burst(machine)
    machine.giveBack(first)
    assert.strictEqual(burst(machine).length, 1)
  })

  it("a request without an answer holds its place for two seconds and a window, not for ever", () => {
    const machine = withLimit(2)
    assert.strictEqual(burst(machine).length, 1)
    machine.now += 60_000
    assert.isAtLeast(burst(machine).length, 1)
  })

  it("what happened to an unknown permit changes nothing", () => {
    const machine = withLimit(3)
    const before = machine.state
    machine.abandon(99)
    machine.giveBack(99)
    machine.observe(99, { refused: true })
    assert.deepStrictEqual(machine.state, before)
  })
})

describe("the ceiling", () => {
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
          machine.observe(id, { refused: false, limit: 1000, remaining: 900 })
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

const free = () => new Machine({ ...config, schedule: false })

describe("without a schedule", () => {
  it("lets everybody go, whatever the server says remains", () => {
    const machine = free()
    const ids = burst(machine, 40)
    assert.strictEqual(ids.length, 40)
    for (const id of ids) machine.observe(id, { refused: false, limit: 10, remaining: 0 })
    assert.strictEqual(burst(machine, 40).length, 40)
  })

  it("closes the gate after a 429, lets one go alone when it opens, and all after its answer", () => {
    const machine = free()
    const [first = 0, second = 0, third = 0] = burst(machine, 3)
    machine.observe(first, { refused: true, limit: 10, remaining: 0, retryAfterMs: 2000 })
    machine.observe(second, { refused: true, limit: 10, remaining: 0, retryAfterMs: 3000 })
    machine.observe(third, { refused: false, limit: 10, remaining: 0 })
    assert.strictEqual(waitOf(machine), 3000)
    assert.strictEqual(machine.state.refusals, 1)
    machine.now += 3000
    const [probe = 0, ...more] = burst(machine, 40)
    assert.strictEqual(more.length, 0)
    machine.observe(probe, { refused: true })
    assert.strictEqual(waitOf(machine), 2000)
    machine.now += 2000
    machine.observe(machine.admitted(), { refused: false })
    assert.strictEqual(burst(machine, 40).length, 40)
  })

  it("shows what the server said last, less what is on its way", () => {
    const machine = free()
    const [first = 0, second = 0] = burst(machine, 3)
    machine.observe(first, { refused: false, limit: 20, remaining: 7 })
    machine.now += 1
    machine.abandon(second)
    burst(machine, 1)
    assert.deepInclude(PacerState.view(machine.state, machine.now), {
      limit: 20,
      remaining: 5,
      inFlight: 2,
      trusted: false,
    })
  })

  it("keeps a ceiling all the same", () => {
    const machine = new Machine({ ...config, schedule: false, ceiling: { perSecond: 3 } })
    assert.strictEqual(burst(machine).length, 3)
    assert.strictEqual(waitOf(machine), 1000)
  })

  it("remembers no more after a thousand windows than after one", () => {
    const machine = free()
    for (let window = 0; window < 1000; window++) {
      for (const [index, id] of burst(machine, 20).entries()) {
        if (index % 3 === 0) machine.abandon(id)
        else machine.observe(id, { refused: false })
      }
      machine.now += 1000
    }
    burst(machine, 1)
    assert.isAtMost(machine.state.log.length, 1)
    assert.strictEqual(machine.state.spent.length, 0)
    assert.strictEqual(machine.state.limit, 10)
  })

  it("forgets a schedule that was kept before", () => {
    const machine = withLimit(5)
    while (!machine.state.trusted) {
      for (const id of burst(machine)) machine.observe(id, { refused: false })
      machine.now += waitOf(machine)
    }
    const [decision, state] = PacerTake.take(
      { ...config, schedule: false },
      machine.state,
      machine.now,
    )
    assert.strictEqual(decision._tag, "Admit")
    assert.isFalse(state.trusted)
    assert.strictEqual(PacerState.earliest(state, machine.now, 1_000), undefined)
  })
})

describe("cost", () => {
  it("keeps little, however many answers overtake a late one", () => {
    const machine = new Machine()
    const first = machine.admitted()
    machine.observe(first, { refused: false, limit: 100, remaining: 99 })
    const late = machine.admitted()
    for (let count = 0; count < 500; count++) {
      const id = machine.admitted()
      machine.now += 3
      // the server forgets all, again and again
      machine.observe(id, { refused: false, limit: 100, remaining: 99 })
    }
    assert.isAbove(machine.state.dropped.length, 0)
    assert.isAtMost(machine.state.dropped.length, 64)
    assert.strictEqual(
      machine.state.dropped.reduce((sum, { count }) => sum + count, 0),
      500,
    )
    machine.observe(late, { refused: false, limit: 100, remaining: 98 })
    assert.isEmpty(machine.state.flights)
  })

  it("10,000 per second need a log of about 512 runs, however many were sent", () => {
    const machine = new Machine()
    machine.observe(machine.admitted(), { refused: false, limit: 10_000, remaining: 9999 })
    let state = machine.state
    let now = machine.now
    let longest = 0
    for (let count = 0; count < 25_000; count++) {
      now += 0.11
      const [decision, next] = PacerTake.take(config, state, now)
      if (decision._tag === "Wait") {
        now = Math.max(now, decision.untilMs)
        state = next
        continue
      }
      const remaining = 9999 - Math.min(9999, count % 10_000)
      state = PacerAnswer.observe(
        config,
        next,
        decision.id,
        { refused: false, limit: 10_000, remaining, jitter: 0 },
        now,
      )
      longest = Math.max(longest, state.log.length)
    }
    assert.isAtMost(longest, 1100)
  })
})

describe("time", () => {
  it("a step back of the clock is no reason to send more", () => {
    const machine = new Machine()
    machine.observe(machine.admitted(), { refused: false, limit: 2, remaining: 1 })
    assert.strictEqual(burst(machine).length, 1)
    machine.now -= 100_000
    assert.strictEqual(burst(machine).length, 0)
  })
})
