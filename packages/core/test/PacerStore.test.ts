import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

import * as MonotonicClock from "../src/pacing/MonotonicClock.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import * as PacerStore from "../src/pacing/PacerStore.ts"
import { config } from "./machine.ts"
import { call, makePacer, ok, server } from "./paced.ts"

const initial = PacerState.make(config)

/** A store outside of the process: each try takes a round trip, and every second compare-and-set loses. */
const remoteStore = (roundTripMs: number): PacerStore.PacerStore["Service"] => {
  let stored: PacerState.PacerState | undefined
  let tries = 0
  return {
    recheckMs: 250,
    modify: (_, f) =>
      Effect.gen(function* () {
        for (;;) {
          const before = stored
          const now = yield* MonotonicClock.nowMillis
          // run twice on purpose: only the last result counts
          f(before, now)
          const [result, state] = f(before, now)
          yield* Effect.sleep(roundTripMs)
          tries += 1
          if (stored !== before || tries % 2 === 0) continue
          stored = JSON.parse(JSON.stringify(state))
          return result
        }
      }),
  }
}

describe("PacerStore", () => {
  it.effect("keeps one state per key, and returns what the change returned", () =>
    Effect.gen(function* () {
      const store = PacerStore.memoryStore()
      const change = (key: string, limit: number) =>
        store.modify(key, (state) => [state?.limit, { ...initial, limit }])
      assert.strictEqual(yield* change("a", 1), undefined)
      assert.strictEqual(yield* change("b", 2), undefined)
      assert.strictEqual(yield* change("a", 3), 1)
      assert.strictEqual(yield* change("a", 4), 3)
      assert.strictEqual(yield* change("b", 5), 2)
    }),
  )

  it.effect("may run the function twice: only the last run takes a permit", () =>
    Effect.gen(function* () {
      const memory = PacerStore.memoryStore()
      const store: PacerStore.PacerStore["Service"] = {
        modify: (key, f) =>
          memory.modify(key, (state, now) => {
            f(state, now)
            return f(state, now)
          }),
      }
      const pacer = yield* makePacer({ store })
      const { reply, sends } = yield* server()
      const calls = Effect.forEach(Array.from({ length: 30 }), () => call(pacer, reply), {
        concurrency: "unbounded",
      })
      const fiber = yield* Effect.forkChild(calls)
      yield* TestClock.adjust("4 seconds")
      yield* Fiber.join(fiber)
      assert.strictEqual(sends.length, 30)
      assert.strictEqual((yield* pacer.snapshot).inFlight, 0)
    }),
  )

  it.effect(
    "may run the function often and lose its writes: no request too many, no permit lost (L1)",
    () =>
      Effect.gen(function* () {
        const store = remoteStore(2)
        // four processes on one store
        const pacers = yield* Effect.all(Array.from({ length: 4 }, () => makePacer({ store })))
        const { reply, sends } = yield* server()
        let rateLimited = 0
        const counted = () => {
          const observation = reply()
          if (observation.rateLimited) rateLimited += 1
          return observation
        }
        const calls = pacers.flatMap((pacer) =>
          Array.from({ length: 40 }, () => call(pacer, counted)),
        )
        const fiber = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }))
        yield* TestClock.adjust("30 seconds")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual([sends.length, rateLimited], [160, 0])
        for (const pacer of pacers) {
          const snapshot = yield* Effect.forkChild(pacer.snapshot)
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(snapshot)).inFlight, 0)
        }
      }),
  )

  it.effect("keeps no permit of a caller that is interrupted while the store decides", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer({ store: remoteStore(50) })
      for (const afterMs of [0, 10, 49, 51, 99, 101, 149, 151]) {
        const fiber = yield* Effect.forkChild(call(pacer, () => ok(5)))
        yield* TestClock.adjust(afterMs)
        yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* TestClock.adjust("10 seconds")
        const snapshot = yield* Effect.forkChild(pacer.snapshot)
        yield* TestClock.adjust("1 second")
        const { inFlight, waiting } = yield* Fiber.join(snapshot)
        assert.deepStrictEqual([inFlight, waiting], [0, 0], `after ${afterMs} ms`)
      }
    }),
  )

  it.effect("lets the head of a queue read the state again after recheckMs at most", () =>
    Effect.gen(function* () {
      const memory = PacerStore.memoryStore()
      let asked = 0
      const store: PacerStore.PacerStore["Service"] = {
        recheckMs: 250,
        modify: (key, f) => {
          asked += 1
          return memory.modify(key, f)
        },
      }
      const pacer = yield* makePacer({ store })
      const other = yield* makePacer({ store: memory })
      yield* call(other, () => ({ rateLimited: true, retryAfterMs: 60_000 })).pipe(Effect.forkChild)
      yield* TestClock.adjust("100 millis")
      const fiber = yield* Effect.forkChild(call(pacer, () => ok(5)))
      yield* TestClock.adjust("1 millis")
      const before = asked
      yield* TestClock.adjust("10 seconds")
      assert.isAtLeast(asked - before, 38)
      assert.isAtMost(asked - before, 42)
      yield* Fiber.interrupt(fiber)
    }),
  )

  for (const [share, perWindow, windows] of [
    [1 / 4, 2, 1],
    [1 / 2, 5, 1],
    [1 / 20, 1, 2],
  ] as const) {
    it.effect(`sends ${perWindow} in ${windows} windows of 10 with a share of ${share}`, () =>
      Effect.gen(function* () {
        const memory = PacerStore.memoryStore()
        let alone = false
        const store: PacerStore.PacerStore["Service"] = {
          modify: (key, f) =>
            memory.modify(key, (state, now) => (alone ? f(state, now, share) : f(state, now))),
        }
        const pacer = yield* makePacer({ store })
        const { reply, sends } = yield* server()
        yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 400 }), () => call(pacer, reply), {
            concurrency: "unbounded",
          }),
        )
        yield* TestClock.adjust("10 seconds")
        assert.isAbove(sends.length, 90)
        alone = true
        // requests on their way
        yield* TestClock.adjust("1 second")
        const from = sends.length
        yield* TestClock.adjust("20 seconds")
        const own = sends.slice(from)
        for (const [i, at] of own.entries()) {
          const earlier = own[i - perWindow]
          if (earlier !== undefined) assert.isAtLeast(at - earlier, windows * 1_000)
        }
        const most = (20 * perWindow) / windows
        assert.isAtLeast(own.length, most * 0.9)
        alone = false
        yield* TestClock.adjust("5 seconds")
        assert.isAtLeast(sends.length - from - own.length, 40)
      }),
    )
  }

  it.effect("reads a snapshot by peek, without a change of the state", () =>
    Effect.gen(function* () {
      const memory = PacerStore.memoryStore()
      let asked = 0
      const pacer = yield* makePacer({
        store: {
          modify: (key, f) => {
            asked += 1
            return memory.modify(key, f)
          },
          peek: (_, f) => Effect.succeed(f({ ...initial, limit: 77 }, 0)),
        },
      })
      assert.strictEqual((yield* pacer.snapshot).limit, 77)
      assert.strictEqual(asked, 0)
    }),
  )

  it.effect("passes monotonic time", () =>
    Effect.gen(function* () {
      const store = PacerStore.memoryStore()
      yield* TestClock.adjust("7 seconds")
      const now = yield* store.modify("a", (_, time) => [time, initial])
      assert.strictEqual(now, yield* MonotonicClock.nowMillis)
    }),
  )

  it.effect("shares nothing between stores", () =>
    Effect.gen(function* () {
      const seen = PacerStore.PacerStore.use((store) =>
        store.modify("a", (state) => [state, initial]),
      ).pipe(Effect.provide(PacerStore.layerMemoryStore))
      assert.strictEqual(yield* seen, undefined)
      assert.strictEqual(yield* seen, undefined)
    }),
  )
})
