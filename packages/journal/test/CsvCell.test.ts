import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import { csvCell } from "../src/CsvCell.ts"

/** Returns the text of a cell as a reader of CSV sees it. */
const unquoted = (cell: string): string =>
  cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell

/** Undoes the apostrophe: it was put there if the text is a formula without it. */
const original = (cell: string): string => {
  const text = unquoted(cell)
  return text.startsWith("'") && csvCell(text.slice(1)) === cell ? text.slice(1) : text
}

describe("CsvCell", () => {
  for (const text of [
    "=1+1",
    "+60123",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    " =cmd|' /C calc'!A0",
    '"=1',
    "'=1",
    "＝1+1",
    "＋1",
  ])
    it(`keeps ${JSON.stringify(text)} from being a formula`, () => {
      assert.strictEqual(unquoted(csvCell(text)), `'${text}`)
    })

  it.prop(
    "F14: no cell begins as a formula, and each can be read back",
    [
      Schema.String,
      Schema.Literals(["", "=", "+", "-", "@", "'", '"', " ", "\t", "＝", "a,b", ";"]),
    ],
    ([text, prefix]) => {
      const cell = csvCell(prefix + text)
      assert.notMatch(cell, /^"?[=+\-@\t\r\n\0＝＋－＠]/u)
      assert.strictEqual(original(cell), prefix + text)
    },
    { arbitrary: { runs: 1_000 } },
  )
})
