/** Runs the table of scenarios over core: over the transport of `@aelyst/node`, and in process on a virtual clock. */
import type { AelystClient } from "@aelyst/core"
import { play, variants } from "@aelyst/sandbox/scenarios"
import { SandboxService, layerInProcess } from "@aelyst/sandbox/effect"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

import { createWith, layerOf, runOver } from "./scenarios-core.ts"

runOver("the transport of @aelyst/node")

describe("core in process", () => {
  for (const variant of variants) {
    // without a port, no server can be down
    if (variant.down) continue
    it.effect(`ends as the table expects: ${variant.title}`, () =>
      Effect.gen(function* () {
        const sandbox = yield* SandboxService
        const context = yield* Effect.context<AelystClient>()
        const played = yield* Effect.forkChild(
          Effect.promise(() =>
            play(variant, sandbox, {
              create: () => Effect.runPromiseWith(context)(createWith(variant)),
            }),
          ),
          { startImmediately: true },
        )
        // advance the clock only while the call waits
        while (played.pollUnsafe() === undefined) {
          yield* TestClock.adjust("100 millis")
          yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
        }
        assert.deepStrictEqual(yield* Fiber.join(played), variant.expected)
      }).pipe(
        Effect.provide(
          layerOf(variant, "http://127.0.0.1/v1").pipe(Layer.provideMerge(layerInProcess())),
        ),
      ),
    )
  }
})
