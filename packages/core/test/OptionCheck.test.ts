import { assert, describe, it } from "@effect/vitest"
import { Duration, Result } from "effect"
import * as Schema from "effect/Schema"

import { check, checkNames, makeDialect } from "../src/call/OptionCheck.ts"
import type { OptionName } from "../src/call/OptionTable.ts"
import { optionTable } from "../src/call/OptionTable.ts"
import { anything } from "./inputs.ts"
import type { OptionEntry } from "../src/types.ts"

const durations = makeDialect({ milliseconds: false })
const milliseconds = makeDialect({ milliseconds: true })

// safe: the keys of the table
const all = Object.entries(optionTable) as ReadonlyArray<[OptionName, OptionEntry]>

/** Lists the options with bounds, each with a scope that it may be set in. */
const ranged = all.flatMap(([name, entry]) => {
  const [scope] = entry.scopes
  const isRanged = entry.kind === "integer" || entry.kind === "duration"
  return isRanged && scope !== undefined ? [{ name, entry, scope }] : []
})

const number = Schema.Union([
  Schema.Number,
  Schema.Int.check(Schema.isBetween({ minimum: -2, maximum: 2_000 })),
  Schema.Literals([2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER]),
])

describe("check", () => {
  it("accepts the bounds of every option and refuses values just beyond them", () => {
    for (const { name, entry, scope } of ranged) {
      const { least, most, kind } = entry
      const option = kind === "duration" ? `${name}Ms` : name
      for (const value of [least, most]) {
        const result = check(scope, { [option]: value }, milliseconds)
        assert(Result.isSuccess(result), `${option} ${value}`)
        assert.strictEqual(result.success[name], value)
      }
      for (const value of [least - 1, most + 1]) {
        const result = check(scope, { [option]: value }, milliseconds)
        assert(Result.isFailure(result), `${option} ${value}`)
        assert.strictEqual(result.failure.option, option)
        assert.include(result.failure.message, `(got ${value})`)
      }
    }
  })

  it.prop(
    "accepts a number only if it is in range, and an integer if the option needs one",
    [Schema.Literals(ranged.map(({ name }) => name)), number],
    ([chosen, value]) => {
      const found = ranged.find(({ name }) => name === chosen)
      assert(found !== undefined)
      const { name, entry, scope } = found
      const option = entry.kind === "duration" ? `${name}Ms` : name
      const isRight =
        value >= entry.least &&
        value <= entry.most &&
        (entry.kind === "duration" || Number.isInteger(value))
      const result = check(scope, { [option]: value }, milliseconds)
      assert.strictEqual(Result.isSuccess(result), isRight)
    },
  )

  it.prop(
    "reads a duration in every form that Effect has as the same number of milliseconds",
    [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2_000_000 }))],
    ([ms]) => {
      const forms = [
        ms,
        `${ms} millis`,
        Duration.millis(ms),
        BigInt(ms) * 1_000_000n,
        [0, ms * 1e6],
      ]
      for (const timeout of forms) {
        const result = check("call", { timeout }, durations)
        assert.strictEqual(Result.getOrThrow(result).timeout, ms)
      }
    },
  )

  it.prop(
    "never throws, whatever the value is, and names the option",
    [Schema.Literals(all.map(([name]) => name)), anything],
    ([name, value]) => {
      const { scopes }: OptionEntry = optionTable[name]
      for (const scope of scopes) {
        const result = check(scope, { [name]: value }, durations)
        if (Result.isFailure(result)) assert.strictEqual(result.failure.option, name)
      }
    },
  )
})

const known = new Set(["timeoutMs", "retries"])

const messageOf = (options: unknown) => {
  const result = checkNames("hooks", options, known)
  return Result.isFailure(result) ? result.failure.message : undefined
}

describe("checkNames", () => {
  it("accepts known names", () => {
    assert.isTrue(Result.isSuccess(checkNames("hooks", { retries: 1 }, known)))
  })

  it("suggests the nearest name, else lists them", () => {
    assert.strictEqual(
      messageOf({ timeout: 1 }),
      "`timeout` is not an option; did you mean `timeoutMs`?",
    )
    assert.strictEqual(messageOf({ x: 1 }), "`x` is not an option; options: timeoutMs, retries")
    assert.strictEqual(messageOf(7), "`hooks` must be an object (got 7)")
  })

  it("does not show a text, which may be a name in the wrong place", () => {
    assert.strictEqual(messageOf("Ana"), "`hooks` must be an object, not a text")
  })

  it("does not repeat a name that may be a value", () => {
    const result = checkNames("options", { "token secret": 1 }, known)
    assert(Result.isFailure(result))
    assert.strictEqual(result.failure.option, "options")
    assert.notInclude(result.failure.message, "secret")
  })
})
