import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { ReadError } from "../src/index.ts"
import * as Delimiter from "../src/read/Delimiter.ts"

const found = (text: string) => Delimiter.find(text, true)

describe("Delimiter.find", () => {
  it.effect("takes the delimiter by which all rows have as many cells", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* found("a;b\n1,5;2\n"), ";")
      assert.strictEqual(yield* found("a|b,c\n1|2\n"), "|")
      assert.strictEqual(yield* found('a\tb\n"x;y;z"\tc\n'), "\t")
      assert.strictEqual(yield* found("a,b,c\n1,2,3;4\n"), ",")
    }),
  )

  it.effect("takes the one that fits most rows if none fits all", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* found("Contacts, all of them\n\na;b;c\n1;2;3\n4;5;6\n"), ";")
      assert.strictEqual(yield* found("a,b,c\n1,2,3\n4,5\nTotal (2; both)\n"), ",")
    }),
  )

  it.effect("does not count a delimiter inside of quotation marks", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* found('a,b\n"1;2","3;4"\n"5;6","7;8"\n'), ",")
    }),
  )

  it.effect("honours the line sep=", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* found("sep=^\na^b,c\n"), "^")
      assert.strictEqual(yield* found("SEP=;\r\na,b;c,d\n"), ";")
    }),
  )

  it.effect("reads a single column as such", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* found("Email\na@example.com\n"), ",")
      assert.strictEqual(yield* found('Email\n"not closed'), ",")
    }),
  )
})

describe("Delimiter.check", () => {
  it("refuses more than one character, quotation marks and line breaks", () => {
    for (const delimiter of ["", ",,", '"', "\n", "\r", "\uFEFF"])
      assert.instanceOf(Delimiter.check(delimiter), ReadError, delimiter)
    for (const delimiter of [",", "\t", "^", " "])
      assert.strictEqual(Delimiter.check(delimiter), delimiter)
  })
})
