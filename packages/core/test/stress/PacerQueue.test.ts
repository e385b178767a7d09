import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { makePacer, ok } from "../paced.ts"

/** Microseconds of CPU per call, with this many callers in the queue all the time. */
const cpuPerCall = (waiting: number) =>
  Effect.gen(function* () {
    const total = 10_000 + waiting
    const pacer = yield* makePacer({ maxQueue: waiting })
    let left = total
    const one = Effect.scoped(
      Effect.gen(function* () {
        const permit = yield* (yield* pacer.enter).acquire()
        yield* Effect.yieldNow
        yield* permit.observe(ok(999_000, 1_000_000))
      }),
    )
    const worker = Effect.whileLoop({ while: () => left-- > 0, body: () => one, step: () => {} })
    const before = process.cpuUsage()
    yield* Effect.all(
      Array.from({ length: waiting }, () => worker),
      { concurrency: "unbounded", discard: true },
    )
    const { system, user } = process.cpuUsage(before)
    return (system + user) / total
  })

describe("PacerQueue under load", () => {
  it.live("costs about as much per call with 10,000 in the queue as with 100", () =>
    Effect.gen(function* () {
      yield* cpuPerCall(100)
      const few = Math.min(yield* cpuPerCall(100), yield* cpuPerCall(100))
      const many = Math.min(yield* cpuPerCall(10_000), yield* cpuPerCall(10_000))
      // a call that looked at the whole queue would cost a hundred times as much
      assert.isBelow(many / few, 10)
    }),
  )
})
