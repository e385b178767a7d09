import { Effect } from "effect"
import { assert, describe, it } from "@effect/vitest"

import { Aelyst } from "../src/index.ts"
import * as SharedLane from "../src/SharedStates.ts"
import { setUp } from "./sandboxed.ts"

const limits = (perSecond?: number, origin = "https://api.example.test", scheduled = true) => ({
  origin,
  maxQueue: 10,
  perSecond,
  scheduled,
})

const give = () => "token-one"

/** How many requests the lane lets go at this moment. */
const burst = (lane: ReturnType<typeof SharedLane.join>["lane"]) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        let gone = 0
        for (;;) {
          const place = yield* lane.pacer.enter
          const permit = yield* Effect.timeoutOption(place.acquire(), 5)
          if (permit._tag === "None") return gone
          yield* permit.value.observe({ rateLimited: false, limit: 8 })
          gone += 1
        }
      }),
    ),
  )

describe("the lane of a token and an origin", () => {
  it("is one for all that share both, and forgotten with the last", () => {
    const before = SharedLane.count()
    const a = SharedLane.join("token-one", limits())
    const b = SharedLane.join("token-one", limits())
    const otherOrigin = SharedLane.join("token-one", limits(undefined, "https://other.test"))
    const otherToken = SharedLane.join("token-one-and-more", limits())
    assert.strictEqual(a.lane, b.lane)
    assert.strictEqual(new Set([a.lane, otherOrigin.lane, otherToken.lane]).size, 3)
    assert.strictEqual(SharedLane.count(), before + 3)
    a.leave()
    assert.strictEqual(SharedLane.count(), before + 3)
    for (const { leave } of [b, otherOrigin, otherToken]) leave()
    assert.strictEqual(SharedLane.count(), before)
  })

  it("is one for all that share a token function, and another for every other function", () => {
    const a = SharedLane.join(give, limits())
    const b = SharedLane.join(give, limits())
    const c = SharedLane.join(() => "token-one", limits())
    assert.strictEqual(a.lane, b.lane)
    assert.notStrictEqual(a.lane, c.lane)
    for (const { leave } of [a, b, c]) leave()
  })

  it("keeps to the lowest ceiling of its members, for as long as they are there", async () => {
    const a = SharedLane.join("token-two", limits())
    const b = SharedLane.join("token-two", limits(2))
    assert.strictEqual(await burst(a.lane), 2)
    b.leave()
    // what was sent counts on: the state is the lane's, not the pacer's
    assert.strictEqual(await burst(a.lane), 6)
    a.leave()
  })
})

describe("a lane without a schedule", () => {
  it("gets one as soon as a member asks for it, and for as long as it is there", async () => {
    const free = limits(undefined, "https://api.example.test", false)
    const a = SharedLane.join("token-three", free)
    const atOnce = () =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const places = yield* Effect.replicateEffect(a.lane.pacer.enter, 5)
            const permits = yield* Effect.forEach(
              places,
              (place) => Effect.timeoutOption(place.acquire(), 5),
              { concurrency: "unbounded" },
            )
            return permits.filter(({ _tag }) => _tag === "Some").length
          }),
        ),
      )
    const b = SharedLane.join("token-three", limits())
    // the first request of a schedule goes alone
    assert.strictEqual(await atOnce(), 1)
    b.leave()
    assert.strictEqual(await atOnce(), 5)
    a.leave()
  })

  it("sends all at once, and waits for every 429 all the same", { timeout: 15_000 }, async () => {
    await using at = await setUp(
      { rateLimit: false },
      { limit: 5, limiter: "fixed-window-first-request", latencyMs: 20 },
    )
    const run = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        at.aelyst.contacts.create(`id:${index}`, { firstName: "Ana" }),
      ),
    )
    assert.strictEqual(at.sandbox.contacts().length, 12)
    const firsts = run.map(({ attempts }) => attempts[0]?.startedAt ?? 0)
    assert.isBelow(Math.max(...firsts) - Math.min(...firsts), 500)
    const refused = at.sandbox.requests().filter(({ status }) => status === 429)
    // seven of the first burst, and two of the second at most
    assert.isAtLeast(refused.length, 7)
    assert.isAtMost(refused.length, 12)
  })
})

describe("two clients with one token", () => {
  it("share one pace: together they stay within the limit", { timeout: 15_000 }, async () => {
    await using at = await setUp({}, { limit: 5, limiter: "sliding-log" })
    const other = new Aelyst({ baseUrl: at.sandbox.baseUrl, token: at.sandbox.tokens.ok })
    const all = Array.from({ length: 15 }, (_, index) =>
      (index % 2 === 0 ? at.aelyst : other).contacts.create(`id:${index}`, { firstName: "Ana" }),
    )
    await Promise.all(all)
    assert.strictEqual(at.sandbox.contacts().length, 15)
    const refused = at.sandbox.requests().filter(({ status }) => status === 429)
    assert.isAtMost(refused.length, 1)
    await other.close()
  })
})
