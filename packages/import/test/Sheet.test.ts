import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as Xlsx from "../../../apps/conformance/src/files/Xlsx.ts"
import { readAll } from "./reading.ts"

/** Reads the XML of rows below a header of three columns. */
const readRows = (xml: string) =>
  Effect.promise(() =>
    Xlsx.workbook([{ name: "A", rows: [["A", "B", "C"]] }], {
      formats: [14],
      edit: (part, whole) =>
        part.endsWith("sheet1.xml") ? whole.replace("</sheetData>", `${xml}</sheetData>`) : whole,
    }),
  ).pipe(
    Effect.flatMap(readAll),
    Effect.map(({ rows }) => rows.map(({ line, cells }) => [line, ...cells])),
  )

describe("SheetRows", () => {
  it.effect("puts cells where their references say, and the others behind", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* readRows(
          '<row r="5"><c r="C5"><v>3</v></c></row><row><c><v>1</v></c><c r="B6"><v>2</v></c><c><v>3</v></c></row><row r="2"><c r="a7"><v>1</v></c></row>',
        ),
        [
          [5, "", "", "3"],
          [6, "1", "2", "3"],
          [7, "1", "", ""],
        ],
      )
    }),
  )

  it.effect("reads each type of cell", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* readRows(
          '<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c></row>' +
            '<row><c t="str"><f>A1&amp;"x"</f><v>a_x0041_</v></c><c t="n" s="1"><v>45355</v></c><c t="s"><v>99</v></c></row>' +
            '<row><c t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c><c s="9"><v>5</v></c><c s="1"/></row>',
        ),
        [
          [2, "TRUE", "FALSE", "#N/A"],
          [3, "aA", "2024-03-04", ""],
          [4, "a b", "5", ""],
        ],
      )
    }),
  )

  it.effect("refuses values beyond the last column that is read, and rows without end", () =>
    Effect.gen(function* () {
      const wide = yield* Effect.flip(readRows('<row><c r="ALM2"><v>1</v></c></row>'))
      assert.deepInclude(wide, { code: "TOO_MANY_COLUMNS", line: 2 })
      assert.deepStrictEqual(
        yield* readRows('<row><c r="XFD2" s="1"/><c r="A2"><v>1</v></c></row>'),
        [[2, "1", "", ""]],
      )
      const cell = `<c t="str"><v>${"noise"
        .split("")
        .map((char) => char.repeat(100_000))
        .join("")}</v></c>`
      const long = yield* Effect.flip(readRows(`<row>${cell}${cell}${cell}</row>`))
      assert.deepInclude(long, { code: "XLSX_RATIO" })
    }),
  )
})
