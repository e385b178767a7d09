import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import type { ReadErrorCode } from "../src/index.ts"
import { utf8 } from "./fixtures/Fixture.ts"
import { readAll } from "./reading.ts"
import { cutBytesAt, positions, runs } from "./printedTables.ts"

const json = Arbitrary.array(
  Arbitrary.schema(Schema.Record(Schema.String, Schema.Json).annotate({ identifier: "Row" })),
  { maxLength: 4 },
)

const read = (text: string, at: readonly number[], fileName: string) =>
  readAll(Stream.fromIterable(cutBytesAt(utf8(text), at)).pipe(Stream.rechunk(1)), { fileName })

const isFilled = (record: object): boolean =>
  Object.values(record).some((value) =>
    typeof value === "string" ? value.trim() !== "" : value !== null,
  )

describe("Json.read", () => {
  it.effect.prop(
    "reads arrays and NDJSON as JSON.parse does, wherever the text is cut",
    [json, positions],
    ([records, at]) =>
      Effect.gen(function* () {
        const filled = records.filter(isFilled)
        if (filled.length === 0) return
        const array = JSON.stringify(filled, undefined, at.length % 3)
        const lines = filled.map((record) => JSON.stringify(record)).join("\n")
        const whole = yield* read(array, at, "a.json")
        assert.deepStrictEqual(
          whole.rows.map(({ record }) => record),
          JSON.parse(array),
        )
        const ndjson = yield* read(lines, at, "a.ndjson")
        assert.deepStrictEqual(
          ndjson.rows.map(({ record }) => record),
          JSON.parse(array),
        )
        assert.deepStrictEqual(ndjson.head.columns, whole.head.columns)
      }),
    runs,
  )

  it.effect("names the line of the first record that is not valid", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [text: string, code: ReadErrorCode, line: number]> = [
        ['[\n{"a":1},\n]', "JSON_SYNTAX", 3],
        ['[\r\n,{"a":1}]', "JSON_SYNTAX", 2],
        ['[{"a":1}]\n\nx', "JSON_SYNTAX", 3],
        ['[{"a":1}}\n]', "JSON_SYNTAX", 1],
        ['[\n{"a":1}', "JSON_SYNTAX", 2],
        ['[\n{"a":1},\n{"b":x}]', "JSON_SYNTAX", 3],
        ['[{"a":1},\n5]', "JSON_SHAPE", 2],
        [`[{"a":1},\n{"b":"${"x".repeat(1024 * 1024)}"}]`, "RECORD_TOO_LONG", 2],
        ['\n"a"', "JSON_SHAPE", 2],
        [`[{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}]`, "JSON_SHAPE", 1],
      ]
      for (const [text, code, line] of cases) {
        const error = yield* Effect.flip(readAll(utf8(text), { format: "json" }))
        assert.deepInclude(error, { code, line }, text.slice(0, 30))
      }
    }),
  )

  it.effect("takes the columns of all records of a file", () =>
    Effect.gen(function* () {
      const text = '{"a":1}\n'.repeat(20_000) + '{"b":2}\n'
      const file = yield* readAll(utf8(text))
      assert.deepStrictEqual(file.head.columns, ["a", "b"])
      assert.deepStrictEqual(file.rows.at(-1)?.cells, ["", "2"])
      // of a stream those of its start: a later key is a value beyond the last column
      const stream = yield* readAll(Stream.make(utf8(text)))
      assert.deepStrictEqual(stream.head.columns, ["a"])
      assert.deepStrictEqual(stream.rows.at(-1)?.cells, ["", "2"])
    }),
  )

  it.effect("leaves the prototype alone (F16)", () =>
    Effect.gen(function* () {
      const { head, rows } = yield* readAll(utf8('{"__proto__":{"x":1},"constructor":"c"}\n'))
      assert.deepStrictEqual(head.columns, ["__proto__", "constructor"])
      assert.deepStrictEqual(rows[0]?.cells, ['{"x":1}', "c"])
      assert.isFalse("x" in {})
    }),
  )

  it.effect("refuses more columns than a table of contacts has", () =>
    Effect.gen(function* () {
      const many = Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`c${at}`, 1]))
      const error = yield* Effect.flip(readAll(utf8(`{"a":1}\n${JSON.stringify(many)}\n`)))
      assert.deepInclude(error, { code: "TOO_MANY_COLUMNS", line: 2 })
    }),
  )
})
