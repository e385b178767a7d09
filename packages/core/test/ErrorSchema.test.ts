import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"

import type { ErrorTag } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import * as ErrorSchema from "../src/errors/ErrorSchema.ts"
import { errorTags } from "../src/errors/ErrorTable.ts"
import { examples } from "./errors.ts"

const decode = Schema.decodeUnknownSync(ErrorSchema.AelystError)
const classes = Errors.errorClasses
const schemas: Readonly<Record<ErrorTag, Schema.Codec<unknown, unknown>>> = ErrorSchema

describe("the JSON form", () => {
  for (const [error] of examples) {
    it(`of ${error._tag} decodes back to an instance of its class`, () => {
      const json: unknown = JSON.parse(JSON.stringify(error))
      assert.include(json, { _tag: error._tag, name: error._tag, message: error.message })
      assert.include(json, { outcome: error.outcome, isRetryable: error.isRetryable })
      const back = decode(json)
      assert.isTrue(back instanceof classes[error._tag])
      assert.deepStrictEqual(JSON.parse(JSON.stringify(back)), json)
      assert.strictEqual(back.outcome, error.outcome)
      assert.strictEqual(back.message, error.message)
      assert.deepStrictEqual(back.attempts, error.attempts)
      if (back._tag === "OutcomeUnknownError" && back.last !== undefined) {
        assert.instanceOf(back.last, Errors.RateLimitError)
      }
      // and what the schema encodes is the same form
      const encoded = Schema.encodeUnknownSync(ErrorSchema.AelystError)(error)
      assert.isTrue(decode(JSON.parse(JSON.stringify(encoded))) instanceof classes[error._tag])
    })
  }

  it("is rejected if it is not one of the nine", () => {
    for (const json of [null, {}, { _tag: "Other" }, { _tag: "RateLimitError" }]) {
      assert.throws(() => decode(json))
    }
  })
})

describe("the schema of a class", () => {
  it.each(examples)("takes its own errors only: $_tag", (error) => {
    const json: unknown = JSON.parse(JSON.stringify(error))
    const takers = errorTags.filter((tag) =>
      Result.isSuccess(Schema.decodeUnknownResult(schemas[tag])(json)),
    )
    assert.deepStrictEqual(takers, [error._tag])
    assert.deepStrictEqual(Schema.toJsonSchemaDocument(schemas[error._tag]).schema, {
      $ref: `#/$defs/${error._tag}`,
    })
  })
})
