import { PassThrough } from "node:stream"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

import { askHidden } from "../src/Prompt.ts"

const prompt = () => {
  const input = new PassThrough()
  let shown = ""
  const output = {
    write: (text: string) => {
      shown += text
      return true
    },
  }
  const fiber = Effect.runFork(askHidden("Token: ", input, output))
  return { input, fiber, shown: () => shown }
}

describe("askHidden", () => {
  it("returns the line and shows only the prompt", async () => {
    const { input, fiber, shown } = prompt()
    input.write("canary_typed\r")
    assert.strictEqual(await Effect.runPromise(Fiber.join(fiber)), "canary_typed")
    assert.strictEqual(shown(), "Token: \n")
  })

  it("fails if the input ends without a line", async () => {
    const { input, fiber, shown } = prompt()
    input.end()
    const { exit, message } = await Effect.runPromise(Effect.flip(Fiber.join(fiber)))
    assert.deepStrictEqual([exit, message], ["usage", "no token was given"])
    assert.strictEqual(shown(), "Token: \n")
  })

  it("lets go of the input when it is interrupted", async () => {
    const { input, fiber } = prompt()
    await Effect.runPromise(Fiber.interrupt(fiber))
    assert.isTrue(input.isPaused())
  })
})
