import { assert, describe, it } from "@effect/vitest"

import { clean, firstValue } from "../src/check/CellText.ts"
import { makeCounts } from "./counts.ts"

const cleaned = (cell: string, isName = false) => {
  const { counts, list } = makeCounts()
  return [clean(cell, isName, counts), ...list]
}

describe("the text of a cell", () => {
  it("has nothing around it that spreadsheets and copying add (R34)", () => {
    assert.deepStrictEqual(cleaned("plain"), ["plain"])
    assert.deepStrictEqual(cleaned('="+60123456789"'), ["+60123456789", "formula"])
    assert.deepStrictEqual(cleaned("'+60123456789"), ["+60123456789", "apostrophe"])
    assert.deepStrictEqual(cleaned("\t60123456789"), ["60123456789", "space"])
    assert.deepStrictEqual(cleaned(" a "), ["a", "space", "space"])
    assert.deepStrictEqual(cleaned("\u202a+60123456789\u202c"), ["+60123456789", "invisible"])
    assert.deepStrictEqual(cleaned("  "), ["", "space"])
    assert.deepStrictEqual(cleaned("\u200b"), ["", "invisible"])
  })

  it("keeps what belongs to a name (D13)", () => {
    assert.deepStrictEqual(cleaned("'t Hart", true), ["'t Hart"])
    assert.deepStrictEqual(cleaned("Muhammad ", true), ["Muhammad "])
    assert.deepStrictEqual(cleaned(" Ana", true), ["Ana", "space"])
  })
})

describe("several values in one cell (R26)", () => {
  it("are read as the first, and counted", () => {
    const { counts, list } = makeCounts()
    assert.strictEqual(firstValue("+60 1 ::: +60 2", counts), "+60 1")
    assert.strictEqual(firstValue("a:::b", counts), "a:::b")
    assert.deepStrictEqual(list, ["other_values"])
  })
})
