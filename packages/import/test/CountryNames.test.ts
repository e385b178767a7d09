import { assert, describe, it } from "@effect/vitest"

import { names } from "../src/check/CountryNames.ts"
import { namesIn } from "../src/check/NameIndex.ts"

describe("the names of countries", () => {
  const codes = names.map(([, code]) => code)

  it("have a code each, which Intl knows too", () => {
    assert.lengthOf(new Set(codes), 250)
    assert.lengthOf(namesIn("en", "region", codes), 250)
  })

  it("are nearly all as in the Intl of this Node.js, whatever it calls the others", () => {
    const known = new Map(namesIn("en", "region", codes).map(([name, code]) => [code, name]))
    const same = names.filter(([name, code]) => known.get(code) === name)
    assert.isAtLeast(same.length, 230)
  })
})
