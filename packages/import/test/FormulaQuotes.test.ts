import { assert, describe, it } from "@effect/vitest"

import * as FormulaQuotes from "../src/read/FormulaQuotes.ts"

const quote = (text: string, delimiter = ",") => {
  const stage = FormulaQuotes.make(delimiter)
  const out: string[] = []
  for (const char of text) stage.push(char, out)
  stage.end?.(out)
  return out.join("")
}

describe("FormulaQuotes.make", () => {
  it("quotes a formula that is not quoted", () => {
    assert.strictEqual(quote('="1",a,="2"\n="3"'), '"=""1""",a,"=""2"""\n"=""3"""')
    assert.strictEqual(quote('a;="1;2"', ";"), 'a;"=""1;2"""')
  })

  it("changes nothing else", () => {
    for (const text of [
      '"=""1"""',
      'a="1"',
      '"a,=""1"""',
      "=,==",
      '"a=""b"",="',
      "=",
      '"x","="',
      "",
    ])
      assert.strictEqual(quote(text), text)
  })
})
