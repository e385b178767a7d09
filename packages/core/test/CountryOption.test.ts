import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { checkCountry } from "../src/call/CountryOption.ts"

describe("checkCountry", () => {
  it("returns a country in upper case, and undefined for none", () => {
    assert.strictEqual(Result.getOrThrow(checkCountry("my")), "MY")
    assert.strictEqual(Result.getOrThrow(checkCountry(undefined)), undefined)
  })

  it("fails for a text that is not a country, and shows what was given if it is short", () => {
    const rule = "`defaultCountry` must be the two letters of a country, such as MY: "
    for (const [given, shown] of [
      ["XX", '"XX"'],
      ["", '""'],
      [60, "60"],
      [null, "null"],
      ["sandbox_ok_canary", "a string of 17 characters"],
    ]) {
      const checked = checkCountry(given)
      assert.isTrue(Result.isFailure(checked))
      if (Result.isFailure(checked)) {
        assert.strictEqual(checked.failure.message, `${rule}unknown country code ${shown}`)
        assert.strictEqual(checked.failure.option, "defaultCountry")
      }
    }
  })
})
