import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import { KeyLock } from "../src/call/KeyLock.ts"
import { pick, randomOf } from "./ledger.ts"
import * as Scripted from "./scripted.ts"

/** Uses a key for as long as `use` takes. */
const locked = <A>(locks: KeyLock, key: string, use: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const lease = locks.enter(key)
      return Effect.ensuring(
        restore(Effect.andThen(lease.ready, use)),
        Effect.sync(() => lease.release()),
      )
    }),
  )

describe("KeyLock", () => {
  it("grants a free key at once and forgets it after its release", () => {
    const locks = new KeyLock()
    const lease = locks.enter("a")
    assert.isTrue(lease.isGranted)
    assert.strictEqual(locks.size, 1)
    lease.release()
    lease.release()
    assert.strictEqual(locks.size, 0)
  })

  it("keeps keys apart", () => {
    const locks = new KeyLock()
    assert.isTrue(locks.enter("id:5").isGranted)
    assert.isTrue(locks.enter("5").isGranted)
    assert.isFalse(locks.enter("5").isGranted)
  })

  it.effect("serves callers in order and skips those that have left", () =>
    Effect.gen(function* () {
      const locks = new KeyLock()
      const order: Array<number> = []
      const first = locks.enter("a")
      const fibers = yield* Effect.forEach([1, 2, 3, 4], (n) =>
        Effect.forkChild(
          locked(
            locks,
            "a",
            Effect.sync(() => order.push(n)),
          ),
          { startImmediately: true },
        ),
      )
      const [, second] = fibers
      if (second !== undefined) yield* Fiber.interrupt(second)
      first.release()
      yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(order, [1, 3, 4])
      assert.strictEqual(locks.size, 0)
    }),
  )

  it.effect("passes on a key whose new owner was interrupted before it ran", () =>
    Effect.gen(function* () {
      const locks = new KeyLock()
      const holder = locks.enter("a")
      const granted = yield* Effect.forkChild(locked(locks, "a", Effect.never), {
        startImmediately: true,
      })
      // the key now belongs to that caller, which has not run since
      holder.release()
      yield* Fiber.interrupt(granted)
      assert.strictEqual(locks.size, 0)
      assert.isTrue(locks.enter("a").isGranted)
    }),
  )

  it.effect("never grants one key twice, and ends empty, under random interruptions", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 300; seed++) {
        const random = randomOf(seed)
        const locks = new KeyLock()
        const holding = new Map<string, number>()
        const use = (key: string) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              const holders = (holding.get(key) ?? 0) + 1
              holding.set(key, holders)
              assert.strictEqual(holders, 1, `seed ${seed}`)
            }),
            () => Effect.forEach([1, 2, 3], () => Effect.yieldNow, { discard: true }),
            () => Effect.sync(() => holding.set(key, 0)),
          )
        const fibers = yield* Effect.forEach(Array.from({ length: 20 }), () => {
          const key = pick(random, ["a", "b"])
          return Effect.forkChild(locked(locks, key, use(key)))
        })
        for (const fiber of fibers) {
          if (random() < 0.4) yield* Effect.yieldNow
          if (random() < 0.4) yield* Fiber.interrupt(fiber)
        }
        yield* Effect.forEach(fibers, Fiber.await)
        assert.strictEqual(locks.size, 0, `seed ${seed}`)
      }
    }),
  )
})

describe("many calls for one key (V12)", () => {
  const token = Redacted.make("token-for-tests")

  it.effect("are counted and capped, and an abort of all of them sends nothing more", () =>
    Effect.gen(function* () {
      const server = Scripted.make([{ hangs: true, dispatched: true }])
      const client = yield* Effect.provideService(
        AelystClient.make({ token, maxQueue: 5_000 }),
        HttpClient.HttpClient,
        server.client,
      )
      const create = client.create("id:5", { firstName: "Ana" })
      const calls = Array.from({ length: 5_001 }, () => create)
      const fibers = yield* Effect.forEach(calls, (call) =>
        Effect.forkChild(call, { startImmediately: true }),
      )
      assert.strictEqual((yield* client.rateLimit).waiting, 5_000)
      const refused = yield* Effect.flip(create)
      assert.deepInclude(refused, { _tag: "UnavailableError", reason: "queue" })
      yield* Fiber.interruptAll(fibers)
      assert.strictEqual(server.received.length, 1)
      assert.strictEqual((yield* client.rateLimit).waiting, 0)
    }),
  )
})
