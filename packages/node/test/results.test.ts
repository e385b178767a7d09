import type * as Core from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

import { email } from "../src/index.ts"
import { toResult, toSnapshot } from "../src/results.ts"

describe("toResult", () => {
  it("keeps core's fields and adds the end of the create", () => {
    const before = Date.now()
    const core: Core.CreateResult = {
      identifier: email("ana@example.com"),
      result: "created",
      outcome: "created",
      message: "Contact added successfully!",
      attempts: [],
      rateLimit: { limit: 10, remaining: 9 },
      response: { status: 200, headers: {} },
    }
    const { settledAt, ...result } = toResult(core)
    assert.deepStrictEqual(result, {
      identifier: email("ana@example.com"),
      result: "created",
      message: "Contact added successfully!",
      attempts: [],
      rateLimit: { limit: 10, remaining: 9 },
    })
    assert.isAtLeast(settledAt, before)
    assert.isAtMost(settledAt, Date.now())
  })
})

describe("toSnapshot", () => {
  const counts = { limit: 10, reported: true, remaining: 4, waiting: 2, inFlight: 1 }

  it("returns moments in epoch milliseconds, the gate's rounded up", () => {
    const snapshot = toSnapshot(
      {
        ...counts,
        trusted: true,
        opensIn: Duration.micros(1_500_100n),
        observedAgo: Duration.millis(200),
      },
      10_000,
    )
    assert.deepStrictEqual(snapshot, { ...counts, retryAt: 11_501, observedAt: 9_800 })
  })

  it("leaves moments undefined that are unknown", () => {
    assert.deepStrictEqual(toSnapshot({ ...counts, trusted: false }, 10_000), {
      ...counts,
      retryAt: undefined,
      observedAt: undefined,
    })
  })
})
