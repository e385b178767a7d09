import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"

import { parse } from "../src/call/ClientOptions.ts"
import * as SharedState from "../src/call/SharedState.ts"

describe("SharedState.make", () => {
  it.effect("passes the ceiling and the size of the queue to its pacer", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(parse({ rateLimit: { perSecond: 2 }, maxQueue: 1 }))
      const shared = yield* SharedState.make(config)
      const first = shared.pacer.openUnsafe()
      assert.isTrue(Result.isSuccess(first))
      const second = shared.pacer.openUnsafe()
      assert.strictEqual(Result.isFailure(second) && second.failure.reason, "queue")
    }),
  )

  it.effect("shares nothing with another state", () =>
    Effect.gen(function* () {
      const config = Result.getOrThrow(parse({}))
      const [one, other] = [yield* SharedState.make(config), yield* SharedState.make(config)]
      one.locks.enter("key")
      one.budget.take()
      assert.deepStrictEqual([one.locks.size, other.locks.size], [1, 0])
      assert.deepStrictEqual([one.budget.left, other.budget.left], [19, 20])
    }),
  )
})
