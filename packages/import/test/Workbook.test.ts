import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as Xlsx from "../../../apps/conformance/src/files/Xlsx.ts"
import { readAll } from "./reading.ts"

const sheets = [
  {
    name: "A",
    rows: [
      ["Name", "Born"],
      ["Ana", { value: 45_355, style: 1 }],
    ],
  },
]

const cellsOf = (edit: (part: string, xml: string) => string) =>
  Effect.promise(() => Xlsx.workbook(sheets, { formats: [14], edit })).pipe(
    Effect.flatMap(readAll),
    Effect.map(({ rows }) => rows[0]?.cells),
  )

const changed = (part: string, from: string, to: string) =>
  cellsOf((name, xml) => (name === part ? xml.replace(from, to) : xml))

describe("Workbook.open", () => {
  it.effect("follows the relations between the parts", () =>
    Effect.gen(function* () {
      const rels = "xl/_rels/workbook.xml.rels"
      assert.deepStrictEqual(
        yield* changed(rels, "worksheets/sheet1.xml", "./worksheets/../worksheets/sheet1.xml"),
        ["Ana", "2024-03-04"],
      )
      assert.deepStrictEqual(yield* changed(rels, 'Target="styles.xml"', 'Target="none.xml"'), [
        "Ana",
        "45355",
      ])
    }),
  )

  it.effect("never follows a relation out of the workbook", () =>
    Effect.gen(function* () {
      const external = changed(
        "xl/_rels/workbook.xml.rels",
        'Target="worksheets/sheet1.xml"',
        'Target="file:///etc/passwd" TargetMode="External"',
      )
      assert.deepInclude(yield* Effect.flip(external), { code: "SHEET_MISSING" })
      const above = changed(
        "xl/_rels/workbook.xml.rels",
        "worksheets/sheet1.xml",
        "../../../../etc/passwd",
      )
      assert.deepInclude(yield* Effect.flip(above), { code: "XLSX_INVALID" })
    }),
  )

  it.effect("refuses a document type in any part", () =>
    Effect.gen(function* () {
      for (const [part, element] of [
        ["_rels/.rels", "<Relationships"],
        ["xl/workbook.xml", "<workbook"],
        ["xl/sharedStrings.xml", "<sst"],
        ["xl/styles.xml", "<styleSheet"],
      ] as const) {
        const error = yield* Effect.flip(
          changed(part, element, `<!DOCTYPE x SYSTEM "http://127.0.0.1/x">${element}`),
        )
        assert.deepInclude(error, { code: "XLSX_DTD" }, part)
      }
    }),
  )
})
