import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import * as SendLog from "../src/pacing/SendLog.ts"

const Times = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))).check(
  Schema.isMaxLength(100),
)
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 120 }))
const options = { arbitrary: { runs: 1000 } }

const logOf = (times: ReadonlyArray<number>, resolution = 0): SendLog.SendLog =>
  times.reduce(
    (log, at) => SendLog.add(log, { at, windowStart: at, sentAt: at, count: 1 }, resolution),
    SendLog.empty,
  )

const timesOf = (log: SendLog.SendLog): Array<number> =>
  log.flatMap((run) => Array.from({ length: run.count }, () => run.at))

describe("SendLog", () => {
  it.prop(
    "keeps every send, in order of time",
    { times: Times },
    ({ times }) => {
      assert.deepStrictEqual(
        timesOf(logOf(times)),
        times.toSorted((a, b) => a - b),
      )
    },
    options,
  )

  it.prop(
    "drops the oldest sends and no others",
    { times: Times, count: Count },
    ({ count, times }) => {
      const sorted = times.toSorted((a, b) => a - b)
      assert.deepStrictEqual(timesOf(SendLog.dropOldest(logOf(times), count)), sorted.slice(count))
    },
    options,
  )

  it.prop(
    "finds the nth oldest send",
    { times: Times, count: Count },
    ({ count, times }) => {
      const sorted = times.toSorted((a, b) => a - b)
      assert.strictEqual(SendLog.runOf(logOf(times), count + 1)?.at, sorted[count])
    },
    options,
  )

  it.prop(
    "takes one send of a time away, if there is one",
    { times: Times },
    ({ times }) => {
      const [first = -1] = times
      const left = SendLog.dropAt(logOf(times), first)
      assert.strictEqual(SendLog.size(left), Math.max(0, times.length - 1))
      assert.deepStrictEqual(SendLog.dropAt(left, -5), left)
    },
    options,
  )

  it.prop(
    "never starts the window of a newer run before that of an older one",
    { times: Times },
    ({ times }) => {
      const log = times
        .toSorted((a, b) => a - b)
        .reduce(
          (before, at, index) =>
            SendLog.add(before, { at, windowStart: at - (index % 7), sentAt: at, count: 1 }, 0),
          SendLog.empty,
        )
      for (const [index, run] of log.entries()) {
        const before = log[index - 1]
        if (before === undefined) continue
        assert.isBelow(before.at, run.at, "two runs of one time")
        assert.isAtMost(before.windowStart, run.windowStart)
      }
      assert.strictEqual(SendLog.size(log), times.length)
    },
    options,
  )

  it("holds 10,000 sends of a second in about as many runs as the resolution allows", () => {
    const log = logOf(
      Array.from({ length: 10_000 }, (_, index) => index / 10),
      1000 / 512,
    )
    assert.strictEqual(SendLog.size(log), 10_000)
    assert.isAtMost(log.length, 514)
  })

  it("gives a run within the resolution the later time, so that nothing is forgotten too early", () => {
    const log = logOf([100, 101, 103, 109], 10)
    assert.deepStrictEqual(timesOf(log), [109, 109, 109, 109])
  })

  it("counts from the oldest on, and anywhere", () => {
    const log = logOf([1, 5, 5, 9])
    assert.strictEqual(
      SendLog.countWhile(log, ({ at }) => at !== 5),
      1,
    )
    assert.strictEqual(
      SendLog.countWhere(log, ({ at }) => at !== 5),
      2,
    )
    assert.strictEqual(
      SendLog.countWhile(log, () => true),
      4,
    )
  })

  it("moves windows forward, never back", () => {
    const starts = SendLog.restartWindows(logOf([1, 5, 9]), 6).map(({ windowStart }) => windowStart)
    assert.deepStrictEqual(starts, [6, 6, 9])
  })

  it("knows whether other clients have sent", () => {
    const own = logOf([1, 2])
    const theirs = { at: 2, windowStart: 2, sentAt: SendLog.unaccounted, count: 3 }
    assert.isFalse(SendLog.hasUnaccounted(own))
    assert.isTrue(SendLog.hasUnaccounted(SendLog.add(own, theirs, 0)))
  })
})
