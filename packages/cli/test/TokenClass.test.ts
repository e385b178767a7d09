import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"

import { tokenClass } from "../src/import/TokenClass.ts"

const of = (token: string) => tokenClass(Redacted.make(token))

describe("tokenClass", () => {
  it("is the same for one token, another for another, and has 16 bits", () => {
    assert.strictEqual(of("sandbox_ok"), of("sandbox_ok"))
    assert.notStrictEqual(of("sandbox_ok"), of("sandbox_401"))
    assert.match(of("sandbox_ok"), /^[0-9a-f]{4}$/)
  })
})
