import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

import * as MonotonicClock from "../src/pacing/MonotonicClock.ts"
import * as PacerState from "../src/pacing/PacerState.ts"
import * as PacerStore from "../src/pacing/PacerStore.ts"
import { config } from "./machine.ts"
import { call, makePacer, server } from "./paced.ts"

const initial = PacerState.make(config)

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
