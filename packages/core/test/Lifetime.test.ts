import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, References } from "effect"

import { Lifetime } from "../src/call/Lifetime.ts"

const instead = () => Effect.succeed("instead")

describe("Lifetime", () => {
  it.effect("returns what the effect returns, or its failure", () =>
    Effect.gen(function* () {
      const lifetime = new Lifetime()
      assert.strictEqual(yield* lifetime.within(Effect.succeed("done"), instead), "done")
      const failing = lifetime.within<string, string>(Effect.fail("failed"), instead)
      assert.strictEqual(yield* Effect.flip(failing), "failed")
    }),
  )

  it.effect(
    "interrupts the effect when it closes, and continues with the other in the caller's fiber",
    () =>
      Effect.gen(function* () {
        const lifetime = new Lifetime()
        let isReleased = false
        const waiting = Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => {
            isReleased = true
          }),
        )
        const fiber = yield* Effect.forkChild(
          lifetime.within<string, never>(waiting, () => Effect.succeed(`released: ${isReleased}`)),
          { startImmediately: true },
        )
        yield* lifetime.close
        assert.isTrue(isReleased)
        assert.strictEqual(yield* Fiber.join(fiber), "released: true")
      }),
  )

  it.effect("runs nothing once it is closed", () =>
    Effect.gen(function* () {
      const lifetime = new Lifetime()
      yield* lifetime.close
      assert.strictEqual(yield* lifetime.within(Effect.die("ran"), instead), "instead")
    }),
  )

  it.effect("interrupts an effect that closes it as it starts", () =>
    Effect.gen(function* () {
      const lifetime = new Lifetime()
      const closing = Effect.suspend(() => {
        Effect.runSync(lifetime.close)
        return Effect.never
      })
      assert.strictEqual(yield* lifetime.within(closing, instead), "instead")
    }),
  )

  it.effect("interrupts the effect, and waits for its end, if the caller is interrupted", () =>
    Effect.gen(function* () {
      const lifetime = new Lifetime()
      let isReleased = false
      const waiting = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => {
            isReleased = true
          }),
        ),
      )
      const fiber = yield* Effect.forkChild(lifetime.within(waiting, instead), {
        startImmediately: true,
      })
      yield* Fiber.interrupt(fiber)
      assert.isTrue(isReleased)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }),
  )

  it.effect("runs the effect in the context of the caller", () =>
    Effect.gen(function* () {
      const level = new Lifetime().within(References.MinimumLogLevel, () => Effect.succeed("All"))
      const provided = Effect.provideService(level, References.MinimumLogLevel, "Fatal")
      assert.strictEqual(yield* provided, "Fatal")
    }),
  )
})
