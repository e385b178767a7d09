import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { ConfigurationError, show } from "../src/call/ConfigurationError.ts"

describe("ConfigurationError", () => {
  it("names the option in its message and in its fields", () => {
    const error = new ConfigurationError("retries", "must be an integer")
    assert.strictEqual(error.message, "`retries` must be an integer")
    assert.strictEqual(error.option, "retries")
    assert.strictEqual(error.code, "ERR_AELYST_CONFIG")
    assert.strictEqual(error.name, "ConfigurationError")
    assert.instanceOf(error, TypeError)
  })

  it("recognises an error of another copy of the package by its brand", () => {
    const foreign = Object.defineProperty(
      new TypeError("x"),
      Symbol.for("@aelyst/core/ConfigurationError"),
      { value: true },
    )
    assert.instanceOf(foreign, ConfigurationError)
    assert.isTrue(Object.hasOwn(new ConfigurationError("a", "b"), "option"))
    for (const other of [new TypeError("x"), { code: "ERR_AELYST_CONFIG" }, null, undefined, "x"]) {
      assert.isFalse(other instanceof ConfigurationError)
    }
  })

  it.effect("is caught by its tag", () =>
    Effect.gen(function* () {
      const option = yield* Effect.fail(new ConfigurationError("timeout", "must be set")).pipe(
        Effect.catchTag("ConfigurationError", (error) => Effect.succeed(error.option)),
      )
      assert.strictEqual(option, "timeout")
    }),
  )

  it.effect("fails a generator that yields it", () =>
    Effect.gen(function* () {
      const error = new ConfigurationError("timeout", "must be set")
      const failing = Effect.gen(function* () {
        return yield* error
      })
      assert.strictEqual(yield* Effect.flip(failing), error)
    }),
  )
})

describe("show", () => {
  const cases: ReadonlyArray<readonly [value: unknown, text: string]> = [
    [-1, "-1"],
    [Number.NaN, "NaN"],
    [true, "true"],
    [undefined, "undefined"],
    [null, "null"],
    ["", '""'],
    ["soon", '"soon"'],
    ["2 hours", '"2 hours"'],
    ["x".repeat(7), `"${"x".repeat(7)}"`],
    ["x".repeat(8), "a string of 8 characters"],
    ["ana@example.com", "a string of 15 characters"],
    ["+60123456789", "a string of 12 characters"],
    ["a\u001b[2Jb", "a string of 6 characters"],
    ['a"b', "a string of 3 characters"],
    [[1], "an array"],
    [{ a: 1 }, "an object"],
    [() => 1, "a function"],
    [5n, "a bigint"],
    [Symbol("secret"), "a symbol"],
  ]
  for (const [value, text] of cases) {
    it(`writes ${text}`, () => {
      assert.strictEqual(show(value), text)
    })
  }
})
