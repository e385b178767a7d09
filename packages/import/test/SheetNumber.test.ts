import { assert, describe, it } from "@effect/vitest"

import { formatOf, textOf } from "../src/read/SheetNumber.ts"

describe("formatOf", () => {
  it("reads what a format code shows", () => {
    const codes: ReadonlyArray<readonly [string, ReturnType<typeof formatOf>]> = [
      ["General", "number"],
      ["0.00E+00", "number"],
      ['#,##0 "days"', "number"],
      ["dd/mm/yyyy", "date"],
      ["d\\-mmm\\-yy", "date"],
      ['[$-407]d". "mmmm yyyy;@', "date"],
      ["mmm", "date"],
      ["h:mm", "time"],
      ["h:mm AM/PM", "time"],
      ["[h]:mm:ss", "time"],
      ["mm:ss.0", "time"],
      ["yyyy-mm-dd hh:mm:ss", "datetime"],
      ["[Red]0", "number"],
      ["0000000000", { zeros: 10 }],
    ]
    for (const [code, format] of codes) assert.deepStrictEqual(formatOf(164, code), format, code)
  })

  it("knows the formats that have no code", () => {
    assert.deepStrictEqual(
      [0, 1, 14, 18, 22, 45, 49, 57].map((id) => formatOf(id, undefined)),
      ["number", "number", "date", "time", "datetime", "time", "number", "date"],
    )
  })
})

describe("textOf", () => {
  it("writes numbers as digits", () => {
    const numbers = {
      "6.0123456789E10": "60123456789",
      "0.1": "0.1",
      "0.30000000000000004": "0.3",
      "1E+20": "1E+20",
      x: "x",
    }
    for (const [raw, text] of Object.entries(numbers))
      assert.strictEqual(textOf(raw, "number", false), text)
    assert.strictEqual(textOf("123", { zeros: 5 }, false), "00123")
  })

  it("writes dates around the leap day that Excel made up", () => {
    const days = {
      "1": "1900-01-01",
      "59": "1900-02-28",
      "60": "60",
      "61": "1900-03-01",
      "45355": "2024-03-04",
    }
    for (const [raw, text] of Object.entries(days))
      assert.strictEqual(textOf(raw, "date", false), text)
    assert.strictEqual(textOf("43893", "date", true), "2024-03-04")
  })

  it("keeps numbers that are no days", () => {
    for (const raw of ["-1", "2958466", "1e300", ""])
      assert.strictEqual(textOf(raw, "date", false), raw)
  })

  it("writes times to the second", () => {
    assert.strictEqual(textOf("0.75", "time", false), "18:00")
    assert.strictEqual(textOf("0.999999", "time", false), "00:00")
    assert.strictEqual(textOf("45355.5", "datetime", false), "2024-03-04T12:00")
    assert.strictEqual(textOf("45355.50001", "datetime", false), "2024-03-04T12:00:01")
  })
})
