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
    (log, at) => SendLog.add(log, { at, base: at, sent: at, count: 1 }, resolution),
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
    "never gives a run an earlier base than the run before it",
    { times: Times },
    ({ times }) => {
      const log = times.reduce(
        (before, at, index) =>
          SendLog.add(before, { at, base: at - (index % 7), sent: at, count: 1 }, 0),
        SendLog.empty,
      )
      for (const [index, run] of log.entries()) {
        if (index > 0 && log[index - 1]?.at === run.at) assert.fail("two runs of one time")
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

  it("a run within the resolution takes the later time: nothing is forgotten too early", () => {
    const log = logOf([100, 101, 103, 109], 10)
    assert.deepStrictEqual(timesOf(log), [109, 109, 109, 109])
  })
})
