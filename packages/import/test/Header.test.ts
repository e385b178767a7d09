import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { readAll } from "./reading.ts"
import { utf8 } from "./fixtures/Fixture.ts"

const headOf = (text: string, options = {}) =>
  Effect.map(readAll(utf8(text), options), ({ head }) => head)

describe("Header.find", () => {
  it.effect("proposes a header below the first row (R28)", () =>
    Effect.gen(function* () {
      const head = yield* headOf("Contacts\n\nFirst Name,Email\nAna,a@example.com\n")
      assert.deepInclude(head, {
        headerLine: 3,
        isHeaderGuessed: true,
        columns: ["First Name", "Email"],
      })
      assert.deepStrictEqual(head.notes, [
        "The header was found on line 3; the row above it is not read. Pass --header-line 3 to confirm it, or another line.",
      ])
    }),
  )

  it.effect("takes the first row if it names a field or no other row does", () =>
    Effect.gen(function* () {
      for (const text of [
        "Email,x\nFirst Name,Last Name,Phone\n",
        "a,b\nc,d,e\n",
        "Kunde,Stadt\nName,Email\n",
        "x,y\nEmail,1,2\n",
      ])
        assert.deepInclude(yield* headOf(text), { headerLine: 1, isHeaderGuessed: false }, text)
    }),
  )

  it.effect("takes the header of a file of rejects, whatever the options of its source", () =>
    Effect.gen(function* () {
      for (const options of [{ noHeader: true }, { headerLine: 2 }]) {
        const { head, rows } = yield* readAll(
          utf8("1,2,_aelyst_line\nBo,bo@,2\nCy,cy@,3\n"),
          options,
        )
        assert.deepInclude(head, { headerLine: 1, columns: ["1", "2", "_aelyst_line"] })
        assert.lengthOf(rows, 2)
      }
    }),
  )

  it.effect("warns if the header looks like a contact", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* headOf("Ana,ana@example.com,Ana\nBo,bo@example.com,x\n")).notes,
        [
          "Line 1 is read as the header but looks like a contact. If the file has no header, pass --no-header.",
        ],
      )
    }),
  )

  it.effect("says which names are there twice", () =>
    Effect.gen(function* () {
      const head = yield* headOf("Email,Phone,Email\na@example.com,1,b@example.com\n")
      assert.deepStrictEqual(head.columns, ["Email", "Phone", "Email"])
      assert.deepStrictEqual(head.notes, ['2 columns have the name "Email".'])
    }),
  )

  it.effect(
    "keeps columns without a name that have values, and leaves out empty ones at the end",
    () =>
      Effect.gen(function* () {
        const { head, rows } = yield* readAll(utf8(",Name,,,,\n1,Ana,x\n2,Bo,,,,\n"))
        assert.deepStrictEqual(head.columns, ["", "Name", ""])
        assert.deepStrictEqual(head.notes, ["2 columns have no name."])
        assert.deepStrictEqual(
          rows.map(({ cells }) => cells),
          [
            ["1", "Ana", "x"],
            ["2", "Bo", ""],
          ],
        )
      }),
  )

  it.effect("counts the columns of a file without a header by its widest row", () =>
    Effect.gen(function* () {
      const head = yield* headOf("Ana\nBo,bo@example.com,x\n", { noHeader: true })
      assert.deepInclude(head, { columns: ["1", "2", "3"], headerLine: 0, notes: [] })
    }),
  )
})

describe("Header.rows", () => {
  it.effect("keeps values beyond the last column, so that the row can be refused", () =>
    Effect.gen(function* () {
      const { rows } = yield* readAll(utf8("a,b\n1\n1,2,\n1,2,,3,\n1,2, \n"))
      assert.deepStrictEqual(
        rows.map(({ cells }) => cells),
        [
          ["1", ""],
          ["1", "2"],
          ["1", "2", "", "3"],
          ["1", "2"],
        ],
      )
    }),
  )

  it.effect("counts rows and blank rows", () =>
    Effect.gen(function* () {
      const { rows, tally } = yield* readAll(utf8("\na,b\n\n1,2\n,\n \n3,4\n\n"))
      assert.deepStrictEqual(
        rows.map(({ number, line }) => [number, line]),
        [
          [1, 4],
          [2, 7],
        ],
      )
      assert.deepStrictEqual(tally, { rows: 2, blank: 4 })
    }),
  )
})
