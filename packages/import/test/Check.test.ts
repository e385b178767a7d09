import { assert, describe, it } from "@effect/vitest"
import { CustomField, validate } from "@aelyst/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import type { CheckOptions } from "../src/check/Check.ts"
import { InvalidRowsError, check } from "../src/check/Check.ts"
import type { MapOptions } from "../src/map/ColumnMapping.ts"
import { mapped, rowsOf } from "./tables.ts"

const columns = [
  "Identifier",
  "First name",
  "Last name",
  "Email",
  "Phone",
  "Code",
  "Country",
  "Language",
  "Avatar",
  "Age",
  "Born",
  "At",
  "Vip",
  "Site",
  "Second",
  "Tier",
  "Note",
]
const custom = [
  "Age:number",
  "Born:date",
  "At:time",
  "Vip:checkbox",
  "Site:url",
  "Second:email",
  "Tier:list",
  "Note",
]
const { mapping } = mapped(columns, { custom, map: ["dialingCode=Code"] })

// values as files have them, so that many rows are nearly right
const words = [
  "",
  "",
  "",
  "Ana",
  "Ana Lee ",
  "ana@example.com",
  "a@b ::: c@d",
  "b@",
  "id:5",
  "phone:012-345 6789",
  "+60123456789",
  "0123456789",
  "60123456789.0",
  "6.01E+10",
  "+44 (0)20 7946 0958",
  "60",
  "Malaysia",
  "my",
  "XX",
  "iw",
  "english",
  "https://a.bc/d",
  "a.bc",
  "42",
  "1,5",
  "2024-02-29",
  "03/04/2024",
  "0/0/00",
  "13:00",
  "1:00 PM",
  "true",
  "x",
  "Grand Total",
  "\u0000",
  "\ud800",
  "'",
  '="="',
  "=1+1",
  "\u202eabc",
  "x".repeat(5000),
  "😀 ",
  "__proto__",
] as const

const cell = Arbitrary.schema(Schema.Literals(words))
const anyText = Arbitrary.schema(Schema.String)
const row = Arbitrary.flatMap(cell, () =>
  Arbitrary.array(
    Arbitrary.flatMap(cell, (word) =>
      Arbitrary.map(anyText, (text) => (word === "" && text.length % 3 === 1 ? text : word)),
    ),
    { minLength: columns.length - 2, maxLength: columns.length + 1 },
  ),
)

// what identifiers, addresses and numbers are made of, and what is not allowed in them
const parts = [
  "email:",
  "Phone: ",
  "id:",
  "mailto:",
  "@",
  "a@b.co",
  "+6012345678",
  "0123456789",
  "+683 4002",
  "9",
  "-",
  " ",
  "\t",
  "\u0000",
  "\u00ad",
  "\u200b",
  "\u202e",
  "\ufeff",
  "\ud800",
  "\udc00",
  "\u0958".repeat(60),
  "é",
  "e\u0301",
  "x".repeat(100),
  "y".repeat(4_090),
  "https://",
  "en",
  "MY",
  "ext. 5",
  "' ",
] as const
const crowded = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(parts)), { maxLength: 5 }),
  (some) => some.join(""),
)

/** Every kind of mapping that a file can have, with and without custom fields and identifiers. */
const tables = [
  [["First name", "Email", "Phone"], {}],
  [["First name", "Email", "Phone", "Country"], { set: ["lastName=\ud800"] }],
  [["Name", "Identifier", "Email", "Language"], { splitName: true, set: ["firstName=\u200b"] }],
  [["First name", "Phone", "Email", "Avatar", "Last name"], { identifyBy: ["phone", "email"] }],
  [["First name", "Identifier", "Email", "Note"], { custom: ["Note"] }],
] as const satisfies readonly (readonly [readonly string[], MapOptions])[]

const catalogue = CustomField.define({
  Age: "number",
  Born: "date",
  At: "time",
  Vip: { type: "checkbox", wire: "boolean" },
  Site: "url",
  Second: "email",
  Tier: { type: "list", options: ["42", "Ana"] },
  Note: "text",
})

const run = (cells: readonly (readonly string[])[], options: CheckOptions) =>
  Effect.gen(function* () {
    const checked = yield* check(Stream.fromIterable(rowsOf(cells)), mapping, options)
    return { rows: yield* Stream.runCollect(checked.rows), summary: yield* checked.summary }
  })

/** Returns the message of the option that a check refuses. */
const invalidOption = (set: readonly string[], options: CheckOptions = {}) => {
  const table = mapped(["First name", "Email"], { set })
  const program = Effect.flip(check(Stream.empty, table.mapping, options))
  return Effect.runPromise(Effect.map(program, ({ option, message }) => `${option}: ${message}`))
}

describe("check", () => {
  it.effect.prop(
    "lets no row be ready that core refuses, gives every other row a reason with its line, and adds up",
    [Arbitrary.array(row, { maxLength: 6 })],
    Effect.fnUntraced(function* ([cells]) {
      for (const options of [
        {},
        { defaultCountry: "MY", dateFormat: "dmy", onInvalid: "drop-field" },
        { customFields: catalogue, onInvalid: "drop-field", onDuplicate: "last" },
        { customFields: catalogue, digitsHavePlus: true, onDuplicate: "reject" },
      ] as const) {
        const { rows, summary } = yield* run(cells, options)
        assert.strictEqual(rows.length, cells.length)
        for (const [at, each] of rows.entries()) {
          assert.strictEqual(each.row.number, at + 1)
          if (each.state === "ready") {
            const customFields = "customFields" in options ? options.customFields : undefined
            assert(Result.isSuccess(validate(each.identifier, each.contact, { customFields })))
          } else if (each.state !== "foreign") {
            assert.isNotEmpty(each.problems)
            for (const problem of each.problems) {
              assert.strictEqual(problem.line, at + 2)
              assert.isNotEmpty(problem.reason)
              const { value } = problem
              const said = `${problem.reason} ${problem.suggestion ?? ""}`
              if (value !== undefined && value.length > 12) assert.notInclude(said, value)
            }
          }
        }
        const { ready, invalid, duplicate, foreign } = summary
        assert.strictEqual(summary.rows, ready + invalid + duplicate)
        assert.strictEqual(summary.rows + foreign, cells.length)
      }
    }),
    { arbitrary: { runs: 300 } },
  )

  it.effect.prop(
    "lets no row be ready that core refuses, whatever its cells are made of",
    [
      Arbitrary.schema(Schema.Literals([0, 1, 2, 3, 4])),
      Arbitrary.array(Arbitrary.array(crowded, { minLength: 3, maxLength: 5 }), { maxLength: 4 }),
    ],
    Effect.fnUntraced(function* ([which, cells]) {
      const [names, options] = tables[which]
      const { mapping: own } = mapped(names, options)
      const rows = Stream.fromIterable(
        rowsOf(cells.map((rest) => ["Ana", ...rest].slice(0, names.length))),
      )
      for (const onInvalid of ["reject", "drop-field", "abort"] as const) {
        const checked = yield* check(rows, own, { onInvalid, defaultCountry: "MY" })
        const judged = Stream.runForEach(checked.rows, (each) =>
          Effect.sync(() => {
            if (each.state !== "ready") return
            const valid = validate(each.identifier, each.contact)
            assert(Result.isSuccess(valid), "core refuses a row that is ready")
            assert.strictEqual(valid.success.identifier, each.identifier)
          }),
        )
        yield* Effect.ignore(judged)
      }
    }),
    { arbitrary: { runs: 500 } },
  )

  it("fails at the end, after every row, if invalid rows abort", async () => {
    const seen: string[] = []
    const program = Effect.gen(function* () {
      const { mapping: two } = mapped(["First name", "Email"])
      const rows = Stream.fromIterable(
        rowsOf([
          ["Ana", "b@"],
          ["Bo", "bo@example.com"],
          ["", "c@d.ef"],
        ]),
      )
      const checked = yield* check(rows, two, { onInvalid: "abort" })
      return yield* Effect.flip(
        Stream.runForEach(checked.rows, ({ state }) => Effect.sync(() => seen.push(state))),
      )
    })
    const error = await Effect.runPromise(program)
    assert.deepStrictEqual(seen, ["invalid", "ready", "invalid"])
    assert(error instanceof InvalidRowsError)
    assert.strictEqual(error.invalid, 2)
    assert.include(error.message, "2 rows are not valid, so nothing is sent")
  })

  it("does not fail if no row is invalid", async () => {
    const { rows } = await Effect.runPromise(run([["id:5", "Ana"]], { onInvalid: "abort" }))
    assert.lengthOf(rows, 1)
  })

  it("starts its counts again when its rows are run again", async () => {
    const program = Effect.gen(function* () {
      const checked = yield* check(Stream.fromIterable(rowsOf([["id:5", "Ana"]])), mapping)
      yield* Stream.runDrain(checked.rows)
      yield* Stream.runDrain(checked.rows)
      return yield* checked.summary
    })
    const { ready, duplicate } = await Effect.runPromise(program)
    assert.deepStrictEqual([ready, duplicate], [1, 0])
  })

  it("can begin at a row, and then finds what is wrong from there on", async () => {
    const cells = [["id:5"], ["id:6", "Ana"], ["id:7"], ["id:6", "Bo"], ["id:8", "Cy"]]
    const program = Effect.gen(function* () {
      const checked = yield* check(Stream.fromIterable(rowsOf(cells)), mapping)
      const rows = yield* Stream.runCollect(checked.rowsFrom(2))
      return { rows, summary: yield* checked.summary }
    })
    const { rows, summary } = await Effect.runPromise(program)
    assert.deepStrictEqual(
      rows.map((each) => `${each.row.number} ${each.state}`),
      ["2 ready", "3 invalid", "4 duplicate", "5 ready"],
    )
    assert.deepInclude(summary, { rows: 4, ready: 2, invalid: 1, duplicate: 1 })
  })

  it("passes on the failure of its source", async () => {
    const program = Effect.gen(function* () {
      const checked = yield* check(Stream.fail("torn"), mapping, { onDuplicate: "last" })
      return yield* Effect.flip(Stream.runDrain(checked.rows))
    })
    assert.strictEqual(await Effect.runPromise(program), "torn")
  })

  it("refuses a country without numbering plan, and constants that are not valid", async () => {
    assert.include(await invalidOption([], { defaultCountry: "XX" }), "defaultCountry")
    assert.include(await invalidOption(["countryCode=Malayisa"]), "did you mean Malaysia (MY)?")
    assert.include(await invalidOption(["language=xq"]), "language")
    assert.include(await invalidOption(["dialingCode=999"]), "calling code")
  })
})
