import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import * as Xlsx from "../../../apps/conformance/src/files/Xlsx.ts"
import { read } from "../src/index.ts"
import { readAll } from "./reading.ts"

const workbook = (sheets: readonly Xlsx.SheetInput[], options?: Xlsx.Options) =>
  Effect.promise(() => Xlsx.workbook(sheets, options))

const people = {
  name: "People",
  rows: [["Name", "Email"], ["Ana", "a@example.com"], [], ["Bo", "b@example.com"]],
}

describe("Xlsx.open", () => {
  it.effect("reads a workbook from a stream, too", () =>
    Effect.gen(function* () {
      const bytes = yield* workbook([people])
      const pieces = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, at) =>
        bytes.subarray(at * 100, at * 100 + 100),
      )
      const { rows } = yield* read(Stream.fromIterable(pieces))
      const expected = (yield* readAll(bytes)).rows
      assert.lengthOf(expected, 2)
      // the workbook is held, so that its rows can be read again
      assert.deepStrictEqual(yield* Stream.runCollect(rows), expected)
      assert.deepStrictEqual(yield* Stream.runCollect(rows), expected)
    }),
  )

  it.effect("says which sheets there are", () =>
    Effect.gen(function* () {
      const bytes = yield* workbook([people, { ...people, name: "Old" }])
      const { head } = yield* readAll(bytes)
      assert.deepStrictEqual(head.notes, [
        'Only the sheet "People" is read; the workbook has 1 more. Pass --sheet to read another.',
      ])
      const error = yield* Effect.flip(readAll(bytes, { sheet: "New" }))
      assert.strictEqual(error.message, 'the workbook has no sheet "New"')
      assert.strictEqual(
        error.hint,
        'Pass one of its sheets as --sheet: "People", "Old", or its number from 1.',
      )
    }),
  )

  it.effect("refuses a workbook without a sheet of cells", () =>
    Effect.gen(function* () {
      const bytes = yield* workbook([people], {
        edit: (part, xml) => (part === "xl/workbook.xml" ? xml.replace(/<sheet .*\/>/, "") : xml),
      })
      assert.deepInclude(yield* Effect.flip(readAll(bytes)), {
        code: "SHEET_MISSING",
        message: "the workbook has no sheet",
      })
    }),
  )

  it.effect("finds the header below empty rows", () =>
    Effect.gen(function* () {
      const empty = Array.from({ length: 30 }, () => [""])
      const bytes = yield* workbook([{ name: "A", rows: [...empty, ["Name"], ["Ana"]] }])
      const { head, rows } = yield* readAll(bytes)
      assert.strictEqual(head.headerLine, 31)
      assert.deepStrictEqual(
        rows.map(({ line, cells }) => [line, ...cells]),
        [[32, "Ana"]],
      )
    }),
  )
})
