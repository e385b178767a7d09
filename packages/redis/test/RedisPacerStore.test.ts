import { assert, describe, it } from "@effect/vitest"
import { ConfigurationError, Pacer } from "@aelyst/core"
import { Effect, Layer } from "effect"

import { RedisPacerStore } from "../src/effect.ts"

describe("RedisPacerStore.layer", () => {
  it.effect("fails with ConfigurationError if an option is wrong", () =>
    Effect.gen(function* () {
      const layer = RedisPacerStore.layer({ sendCommand: async () => undefined, instances: 0 })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.instanceOf(error, ConfigurationError)
      assert.strictEqual(error.option, "instances")
    }),
  )

  it.live("continues, with its part of the limit, while the server cannot be reached", () =>
    Effect.gen(function* () {
      const pacer = yield* Pacer.Pacer
      const ticket = yield* pacer.enter
      const permit = yield* ticket.acquire()
      yield* permit.observe({ rateLimited: false, limit: 20, remaining: 19 })
      const { limit, shared } = yield* pacer.snapshot
      assert.deepStrictEqual({ limit, shared }, { limit: 20, shared: "alone" })
    }).pipe(
      Effect.provide(Pacer.layer({ key: "api" })),
      Effect.provide(
        RedisPacerStore.layer({
          sendCommand: () => Promise.reject(new Error("ECONNREFUSED")),
          instances: 2,
        }),
      ),
      Effect.scoped,
    ),
  )
})
