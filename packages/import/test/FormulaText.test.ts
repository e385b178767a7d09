import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

import { escapeFormula, unescapeFormula } from "../src/report/FormulaText.ts"

const pieces = [
  "=",
  "+",
  "-",
  "@",
  "\t",
  "\r",
  "\n",
  "\0",
  "＝",
  "＋",
  "'",
  '"',
  " ",
  "a",
  "1",
] as const
const text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { maxLength: 6 }),
  (parts) => parts.join(""),
)

describe("texts that could be formulas (F14)", () => {
  it.prop(
    "begin with no trigger, and come back as they were",
    [text],
    ([written]) => {
      const safe = escapeFormula(written)
      assert.notMatch(safe, /^[" ]*[=+\-@\t\r\n\0＝＋－＠]/)
      assert.strictEqual(unescapeFormula(safe), written)
    },
    { arbitrary: { runs: 2000 } },
  )

  it("are the vectors of spreadsheets", () => {
    for (const vector of [
      '=HYPERLINK("http://example.com","x")',
      "=cmd|' /C calc'!A0",
      "+1+1",
      "-2+3",
      "@SUM(A1)",
      "\t=1+1",
      "\r=1+1",
      ' "=1+1',
      "＝1+1",
    ]) {
      assert.strictEqual(escapeFormula(vector), `'${vector}`)
    }
    for (const plain of ["Ana", "5-6", "a@b.c", "'t Hart", ""]) {
      assert.strictEqual(escapeFormula(plain), plain)
    }
  })
})
