import { assert, describe, it } from "@effect/vitest"

import { clean } from "../src/read/Cell.ts"
import { isPlain } from "../src/read/PlainCell.ts"

describe("a plain cell", () => {
  it("is one that cleaning leaves alone", () => {
    for (const cell of ["Ana", "+60123456789", "O'Neil, 5", "a\n5", "7"]) {
      assert.isTrue(isPlain(cell))
      assert.deepStrictEqual(clean(cell), { text: cell, fixes: [] })
    }
  })

  it("has nothing around it that cleaning takes off", () => {
    for (const cell of [" Ana", "Ana\t", '="+60"', "'+60", "Ana\u200b", "\ufeffAna", ""]) {
      assert.isFalse(isPlain(cell))
    }
  })
})
