import { assert, describe, it } from "@effect/vitest"

import { shortHash } from "../src/import/ShortHash.ts"

describe("shortHash", () => {
  it("is the same for one secret of a kind, and another for another", () => {
    assert.strictEqual(shortHash("a", "secret"), shortHash("a", "secret"))
    assert.notStrictEqual(shortHash("a", "secret"), shortHash("a", "other"))
    assert.notStrictEqual(shortHash("a", "secret"), shortHash("b", "secret"))
  })

  it("has too few bits to confirm a guess", () => {
    assert.match(shortHash("a", "secret"), /^[0-9a-f]{4}$/)
  })
})
