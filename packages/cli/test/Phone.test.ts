import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { isNational, toE164 } from "../src/Phone.ts"

describe("isNational", () => {
  it("takes numbers that are not in E.164, and no other text", () => {
    for (const text of ["0123456789", "012-345 6789", "(012) 345.6789", "+60 12 345 6789"]) {
      assert.isTrue(isNational(text), text)
    }
    for (const text of ["+60123456789", "abc", "123", "", "1".repeat(33)]) {
      assert.isFalse(isNational(text), text)
    }
  })
})

describe("toE164", () => {
  it("converts a valid number of the country", async () => {
    assert.strictEqual(await Effect.runPromise(toE164("012-345 6789", "MY")), "+60123456789")
    assert.strictEqual(await Effect.runPromise(toE164("020 7183 8750", "GB")), "+442071838750")
  })

  it("returns an invalid number as it is", async () => {
    assert.strictEqual(await Effect.runPromise(toE164("0999999999999", "MY")), "0999999999999")
  })

  it("fails for a country without a numbering plan", async () => {
    const { exit, message } = await Effect.runPromise(Effect.flip(toE164("0123456789", "XX")))
    assert.deepStrictEqual(
      [exit, message],
      ["usage", 'unknown country code "XX" for --default-country'],
    )
  })
})
