import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { delimiter, identifyBy, integer, maxErrors, oneOf } from "../src/import/FlagValues.ts"

const messageOf = <A>(result: Result.Result<A, { readonly message: string }>): string =>
  Result.isFailure(result) ? result.failure.message : "no failure"

describe("maxErrors", () => {
  it("reads rows and shares", () => {
    assert.deepStrictEqual(maxErrors("0"), Result.succeed({ rows: 0 }))
    assert.deepStrictEqual(maxErrors("50"), Result.succeed({ rows: 50 }))
    assert.deepStrictEqual(maxErrors("5%"), Result.succeed({ share: 0.05 }))
  })
  it("rejects anything else", () => {
    for (const text of ["-1", "1.5", "101%", "many", ""]) {
      assert.include(messageOf(maxErrors(text)), "--max-errors: expected a number of rows", text)
    }
  })
})

describe("delimiter", () => {
  it("reads one character, and the word tab", () => {
    assert.deepStrictEqual(delimiter(";"), Result.succeed(";"))
    assert.deepStrictEqual(delimiter("tab"), Result.succeed("\t"))
    assert.include(messageOf(delimiter("::")), 'invalid value "::" for --delimiter: expected one')
    assert.isTrue(Result.isFailure(delimiter('"')))
  })
})

describe("identifyBy", () => {
  it("reads fields in the order to try, each once", () => {
    assert.deepStrictEqual(identifyBy("phone, email"), Result.succeed(["phone", "email"]))
    assert.isTrue(Result.isFailure(identifyBy("phone,phone")))
    assert.include(messageOf(identifyBy("name")), 'invalid value "name" for --identify-by')
  })
})

describe("oneOf", () => {
  it("lists the words, and suggests the one that was meant", () => {
    const read = oneOf("--format", ["csv", "tsv", "ndjson"])
    assert.deepStrictEqual(read("tsv"), Result.succeed("tsv"))
    assert.strictEqual(
      messageOf(read("ndjsn")),
      'invalid value "ndjsn" for --format: expected csv, tsv or ndjson. Did you mean ndjson?',
    )
  })
})

describe("integer", () => {
  it("reads an integer in its range", () => {
    const read = integer("--limit", 1)
    assert.deepStrictEqual(read("10"), Result.succeed(10))
    assert.strictEqual(
      messageOf(read("0")),
      'invalid value "0" for --limit: expected an integer of at least 1',
    )
    assert.strictEqual(
      messageOf(integer("--concurrency", 1, 1_000)("2000")),
      'invalid value "2000" for --concurrency: expected an integer between 1 and 1000',
    )
  })
})
