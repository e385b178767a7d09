import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import * as Errors from "../src/errors/AelystError.ts"
import { AelystErrorFromJson } from "../src/errors/ErrorSchema.ts"
import { examples } from "./errors.ts"

const decode = Schema.decodeUnknownSync(AelystErrorFromJson)
const classes = Errors.errorClasses

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
      const encoded = Schema.encodeUnknownSync(AelystErrorFromJson)(error)
      assert.isTrue(decode(JSON.parse(JSON.stringify(encoded))) instanceof classes[error._tag])
    })
  }

  it("is rejected if it is not one of the nine", () => {
    for (const json of [null, {}, { _tag: "Other" }, { _tag: "RateLimitError" }]) {
      assert.throws(() => decode(json))
    }
  })
})
