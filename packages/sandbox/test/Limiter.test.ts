import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Limiter from "../src/api/Limiter.ts"

/** Milliseconds between requests: mostly bursts and short waits, now and then a long one or a step back. */
const Gaps = Schema.Array(
  Schema.Union([
    Schema.Literals([0, 0, 1, 50, 100, 250, 1000, 1001, -40]),
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2500 })),
  ]),
).check(Schema.isMaxLength(200))
const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
const WindowMs = Schema.Literals([1, 7, 1000, 1500, 60_000])
const Kind = Schema.Literals(Limiter.kinds)
const runs = { arbitrary: { runs: 1000 } }

/** Sends requests at the given gaps; returns when each was allowed and the state at the end, passed through JSON. */
const drive = (options: Limiter.LimiterOptions, gaps: ReadonlyArray<number>, startMs = 123_456) => {
  let state = Limiter.make(options)
  let now = startMs
  // what the limiter has seen; the first gap may be a step back
  let latest = Number.NEGATIVE_INFINITY
  const admitted: Array<number> = []
  for (const gap of gaps) {
    now += gap
    latest = Math.max(latest, now)
    const taken = Limiter.take(state, now)
    // safe: JSON returns what it was given; that the limiter works on is what is tested
    state = JSON.parse(JSON.stringify(taken.state)) as Limiter.LimiterState
    if (taken.decision.allowed) admitted.push(latest)
  }
  return { admitted, state, now: gaps.length === 0 ? startMs : latest }
}

/** The most requests in any half-open span of this length. */
const densest = (times: ReadonlyArray<number>, spanMs: number): number => {
  let most = 0
  let start = 0
  for (const [index, time] of times.entries()) {
    while ((times[start] ?? time) <= time - spanMs) start++
    most = Math.max(most, index - start + 1)
  }
  return most
}

const byWindow = (times: ReadonlyArray<number>, windowOf: (time: number) => number): number => {
  const counts = new Map<number, number>()
  for (const time of times) counts.set(windowOf(time), (counts.get(windowOf(time)) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

const input = { limit: Limit, windowMs: WindowMs, gaps: Gaps }

describe("every limiter", () => {
  const every = { kind: Kind, ...input }

  it.prop(
    "it allows exactly `limit` requests of a first burst and counts remaining down to 0",
    { kind: Kind, limit: Limit, windowMs: WindowMs },
    ({ kind, limit, windowMs }) => {
      let state = Limiter.make({ kind, limit, windowMs })
      const decisions = Array.from({ length: limit + 3 }, () => {
        const taken = Limiter.take(state, 5000)
        state = taken.state
        return taken.decision
      })
      assert.deepStrictEqual(
        decisions.map((decision) => decision.allowed),
        decisions.map((_, index) => index < limit),
      )
      assert.deepStrictEqual(
        decisions.map((decision) => decision.remaining),
        decisions.map((_, index) => Math.max(0, limit - index - 1)),
      )
      assert.isTrue(decisions.every((decision) => decision.limit === limit))
    },
    runs,
  )

  it.prop(
    "it rejects until the very end of retryAfterMs and then allows one",
    every,
    ({ kind, limit, windowMs, gaps }) => {
      const { state, now } = drive({ kind, limit, windowMs }, gaps)
      const { decision, state: after } = Limiter.take(state, now)
      if (decision.allowed) return
      assert.isAbove(decision.retryAfterMs, 0)
      assert.isAtMost(decision.retryAfterMs, windowMs)
      const early = Limiter.take(after, now + decision.retryAfterMs * 0.99 - 0.01)
      assert.isFalse(early.decision.allowed)
      assert.isTrue(Limiter.take(early.state, now + decision.retryAfterMs).decision.allowed)
    },
    runs,
  )

  it.prop(
    "it never allows more than twice the limit in one window",
    every,
    ({ kind, limit, windowMs, gaps }) => {
      const { admitted } = drive({ kind, limit, windowMs }, gaps)
      assert.isAtMost(densest(admitted, windowMs), 2 * limit)
    },
    runs,
  )

  it.prop(
    "it does not count what it rejected",
    { kind: Kind, limit: Limit, windowMs: WindowMs },
    ({ kind, limit, windowMs }) => {
      const rejectedOften = drive(
        { kind, limit, windowMs },
        Array.from({ length: limit + 50 }, () => 0),
      )
      const fresh = drive(
        { kind, limit, windowMs },
        Array.from({ length: limit }, () => 0),
      )
      assert.deepStrictEqual(rejectedOften.state, fresh.state)
    },
  )

  it.prop(
    "it allows a full burst after a quiet window, whatever came before",
    every,
    ({ kind, limit, windowMs, gaps }) => {
      const { state, now } = drive({ kind, limit, windowMs }, gaps)
      let current = state
      for (let index = 0; index < limit; index++) {
        const taken = Limiter.take(current, now + windowMs)
        assert.isTrue(taken.decision.allowed)
        current = taken.state
      }
    },
    runs,
  )

  it.prop(
    "it rejects everything if the limit is 0",
    { kind: Kind, windowMs: WindowMs },
    ({ kind, windowMs }) => {
      const { decision } = Limiter.take(Limiter.make({ kind, limit: 0, windowMs }), 1)
      assert.deepStrictEqual(decision, {
        allowed: false,
        limit: 0,
        remaining: 0,
        retryAfterMs: windowMs,
      })
    },
  )
})

describe("fixed windows", () => {
  it.prop(
    "it never allows more than `limit` in one window of the server's clock",
    input,
    ({ limit, windowMs, gaps }) => {
      const { admitted } = drive({ kind: "fixed-window-aligned", limit, windowMs }, gaps)
      assert.isAtMost(
        byWindow(admitted, (time) => Math.floor(time / windowMs)),
        limit,
      )
    },
    runs,
  )

  it.prop(
    "it starts a window with the first request after the last one ended",
    input,
    ({ limit, windowMs, gaps }) => {
      const { admitted } = drive({ kind: "fixed-window-first-request", limit, windowMs }, gaps)
      let start = Number.NEGATIVE_INFINITY
      let used = 0
      for (const time of admitted) {
        if (time >= start + windowMs) {
          start = time
          used = 0
        }
        used++
        assert.isAtMost(used, limit)
      }
    },
    runs,
  )

  it("allows 2 x limit around the edge of an aligned window", () => {
    const { admitted } = drive(
      { kind: "fixed-window-aligned", limit: 3, windowMs: 1000 },
      [999, 0, 0, 1, 0, 0],
      0,
    )
    assert.deepStrictEqual(admitted, [999, 999, 999, 1000, 1000, 1000])
  })

  it("allows no more than `limit` at the edge of a window that rounding moves", () => {
    const windowMs = 571.7
    const startMs = 5 * windowMs
    const { admitted } = drive(
      { kind: "fixed-window-aligned", limit: 2, windowMs },
      [0, 0, windowMs, 0, 0, 0],
      startMs,
    )
    assert.strictEqual(admitted.length, 4)
  })
})

describe("sliding log", () => {
  it.prop(
    "it never allows more than `limit` in any window",
    input,
    ({ limit, windowMs, gaps }) => {
      const { admitted } = drive({ kind: "sliding-log", limit, windowMs }, gaps)
      assert.isAtMost(densest(admitted, windowMs), limit)
    },
    runs,
  )
})

describe("token bucket and gcra", () => {
  it.prop(
    "it never allows more than the burst and what was refilled since",
    { kind: Schema.Literals(["token-bucket", "gcra"]), ...input },
    ({ kind, limit, windowMs, gaps }) => {
      const { admitted } = drive({ kind, limit, windowMs }, gaps)
      for (const [from, first] of admitted.entries()) {
        for (const [offset, last] of admitted.slice(from).entries()) {
          assert.isAtMost(offset + 1, limit + ((last - first) * limit) / windowMs + 1e-3)
        }
      }
    },
    { arbitrary: { runs: 200 } },
  )

  it.prop(
    "both decide alike",
    input,
    ({ limit, windowMs, gaps }) => {
      const bucket = drive({ kind: "token-bucket", limit, windowMs }, gaps)
      const gcra = drive({ kind: "gcra", limit, windowMs }, gaps)
      assert.deepStrictEqual(bucket.admitted, gcra.admitted)
    },
    runs,
  )
})

describe("reconfigure", () => {
  it.prop("it still counts what was allowed before", { kind: Kind }, ({ kind }) => {
    const { state, now } = drive(
      { kind, limit: 10, windowMs: 1000 },
      Array.from({ length: 10 }, () => 0),
      5000,
    )
    const lowered = Limiter.reconfigure(state, { limit: 4 }, now)
    const { decision } = Limiter.take(lowered, now)
    assert.isFalse(decision.allowed)
    assert.strictEqual(decision.limit, 4)
  })

  it.prop(
    "it keeps to the new limit and window from the next window on",
    {
      kind: Kind,
      limit: Limit,
      windowMs: WindowMs,
      newLimit: Limit,
      newWindowMs: WindowMs,
      gaps: Gaps,
    },
    ({ kind, limit, windowMs, newLimit, newWindowMs, gaps }) => {
      const { state, now } = drive({ kind, limit, windowMs }, gaps)
      const quiet = now + windowMs + newWindowMs
      let current = Limiter.reconfigure(state, { limit: newLimit, windowMs: newWindowMs }, now)
      let admitted = 0
      while (admitted <= newLimit) {
        const taken = Limiter.take(current, quiet)
        if (!taken.decision.allowed) break
        current = taken.state
        admitted++
      }
      assert.strictEqual(admitted, newLimit)
    },
    runs,
  )

  it("allows immediately what a raised limit adds to a window", () => {
    const { state, now } = drive({ kind: "sliding-log", limit: 4, windowMs: 1000 }, [0, 0, 0, 0, 0])
    assert.strictEqual(
      Limiter.take(Limiter.reconfigure(state, { limit: 20 }, now), now).decision.remaining,
      15,
    )
  })
})

describe("make", () => {
  it("throws a RangeError for an invalid limit or window", () => {
    for (const [limit, windowMs] of [
      [-1, 1000],
      [1.5, 1000],
      [Number.NaN, 1000],
      [10, 0],
      [10, -1],
      [10, Number.POSITIVE_INFINITY],
    ] as const) {
      assert.throws(() => Limiter.make({ kind: "gcra", limit, windowMs }), RangeError)
    }
  })
})
