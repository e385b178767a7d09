import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { read } from "../src/check/Country.ts"

const codes = "AD AE GB MY TW US XK ZW".split(" ")

const suggestionOf = (text: string) => {
  const country = read(text)
  return Result.isFailure(country) ? country.failure.suggestion : undefined
}

describe("countries", () => {
  it("are read as codes in any case", () => {
    for (const code of codes) {
      assert.strictEqual(Result.getOrThrow(read(code)), code)
      assert.strictEqual(Result.getOrThrow(read(code.toLowerCase())), code)
    }
  })

  it("are 250, without the regions that Intl knows in addition", () => {
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    const found = letters.flatMap((a) => letters.map((b) => read(a + b))).filter(Result.isSuccess)
    // and UK, which people write
    assert.strictEqual(found.length, 251)
    for (const code of ["EU", "SU", "ZZ", "UN"]) assert(Result.isFailure(read(code)), code)
  })

  it("are read by their names in many languages", () => {
    for (const [name, code] of [
      ["Malaysia", "MY"],
      ["Deutschland", "DE"],
      ["ALEMANIA", "DE"],
      ["Allemagne", "DE"],
      ["Niemcy", "DE"],
      ["Jerman", "DE"],
      ["德国", "DE"],
      ["Cote d'Ivoire", "CI"],
      ["Ivory Coast", "CI"],
      ["Great Britain", "GB"],
      ["U.K.", "GB"],
      ["United States of America", "US"],
      ["Korea, Republic of", "KR"],
      ["Viet Nam", "VN"],
      ["Singapura", "SG"],
      ["Türkei", "TR"],
      ["Turkey", "TR"],
    ] as const) {
      assert.strictEqual(Result.getOrThrow(read(name)), code, name)
    }
  })

  it("are suggested for names that are nearly theirs, and never taken", () => {
    assert.strictEqual(suggestionOf("Malayisa"), "did you mean Malaysia (MY)?")
    assert.strictEqual(suggestionOf("Atlantis"), "write two letters, such as MY")
  })

  it("are not calling codes (R32)", () => {
    for (const code of ["60", "+60"]) assert.include(suggestionOf(code) ?? "", "dialingCode")
  })
})
