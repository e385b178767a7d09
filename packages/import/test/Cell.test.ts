import { assert, describe, it } from "@effect/vitest"

import { Cell } from "../src/index.ts"

describe("Cell.clean", () => {
  it("takes off what spreadsheets put around a value (R34)", () => {
    const cells: ReadonlyArray<
      readonly [cell: string, text: string, ...fixes: readonly Cell.CellFix[]]
    > = [
      ['="+60123456789"', "+60123456789", "formula"],
      ['="a ""b"""', 'a "b"', "formula"],
      ["'+60123456789", "+60123456789", "apostrophe"],
      ["'0123", "0123", "apostrophe"],
      ["'ana@example.com", "ana@example.com", "apostrophe"],
      ["  \tAna", "Ana", "space"],
      ["\u00A0Ana", "Ana", "space"],
      ["\u202A+60123456789\u202C", "+60123456789", "invisible"],
      ['\u200B \'="+6012"', "+6012", "space", "invisible", "formula", "apostrophe"],
    ]
    for (const [cell, text, ...fixes] of cells) {
      const result = Cell.clean(cell)
      assert.strictEqual(result.text, text)
      assert.sameMembers([...result.fixes], [...fixes])
    }
  })

  it("leaves values as they are otherwise", () => {
    for (const cell of [
      "",
      "Ana ",
      "'t Hooft",
      "O'Neil",
      "=1+1",
      '=""',
      "a\u200Db",
      "+60 12",
      "Zoë",
      "(03) 1",
      "-",
    ])
      assert.deepStrictEqual(Cell.clean(cell), {
        text: cell === '=""' ? "" : cell,
        fixes: cell === '=""' ? ["formula"] : [],
      })
  })
})
