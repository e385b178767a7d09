import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import * as Csv from "../src/read/Csv.ts"
import { cutAt, positions, printed, runs } from "./printedTables.ts"

const parse = (pieces: readonly string[], delimiter = ",") =>
  Stream.fromIterable(pieces).pipe(Stream.rechunk(1), Csv.parse(delimiter), Stream.runCollect)

const cellsOf = (records: readonly Csv.RawRecord[]) => records.map(({ cells }) => cells)

describe("Csv.parse", () => {
  it.effect.prop(
    "reads what was printed, wherever the text is cut (F13)",
    [printed, positions],
    ([{ rows, delimiter, text }, at]) =>
      Effect.gen(function* () {
        const whole = yield* parse([text], delimiter)
        assert.deepStrictEqual(cellsOf(whole), rows)
        assert.deepStrictEqual(yield* parse(cutAt(text, at), delimiter), whole)
      }),
    runs,
  )

  it.effect.prop(
    "knows the line on which each record starts",
    [printed],
    ([{ delimiter, text }]) =>
      Effect.gen(function* () {
        for (const { line, cells } of yield* parse([text], delimiter)) {
          const [first = ""] = cells
          const before = text.split(/\r\n|\r|\n/).slice(0, line - 1)
          const start = before.reduce((length, one) => {
            const end = length + one.length
            return end + (text.startsWith("\r\n", end) ? 2 : 1)
          }, 0)
          const rest = text.slice(start).replace(/^"/, "").replaceAll('""', '"')
          assert.isTrue(rest.startsWith(first), `line ${line}`)
        }
      }),
    runs,
  )

  it.effect("reads formulas that are not quoted, wherever the text is cut (R34)", () =>
    Effect.gen(function* () {
      const text = '="a",="b""c",="",=\n"x=",="d"\r="e"'
      const expected = [['="a"', '="b""c"', '=""', "="], ["x=", '="d"'], ['="e"']]
      for (let at = 0; at <= text.length; at++)
        assert.deepStrictEqual(cellsOf(yield* parse(cutAt(text, [at]))), expected, `cut at ${at}`)
    }),
  )

  it.effect("names the row and column of a quotation mark that is not closed", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(parse(['a,b\nc,d\n"e\nf",g,"h\n']))
      assert.deepInclude(error, { code: "QUOTE_UNCLOSED", line: 3, column: 3 })
      assert.match(error.message, /^column 3 of the row that starts on line 3 /)
    }),
  )
})

const start = (text: string, isComplete: boolean, most = 9) =>
  Effect.map(Csv.parseStart(text, isComplete, ",", most), cellsOf)

describe("Csv.parseStart", () => {
  it.effect("leaves out a record that may be cut off", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* start("a,b\nc", false), [["a", "b"]])
      assert.deepStrictEqual(yield* start("a,b\nc", true), [["a", "b"], ["c"]])
      assert.deepStrictEqual(yield* start('a,b\n"c\nd', false), [["a", "b"]])
      assert.deepStrictEqual(yield* start("a\rb\rc\r", true, 2), [["a"], ["b"]])
    }),
  )

  it.effect("fails for a first record that has no end", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(start("a,b".repeat(10), false))
      assert.deepInclude(error, { code: "RECORD_TOO_LONG", line: 1 })
    }),
  )
})
