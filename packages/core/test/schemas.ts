/** Shared by the tests of schemas: round trips through JSON, and messages of failures with and without the input. */
import { assert } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Returns a value after it was encoded, written as JSON, read and decoded. */
export const throughJson = <A, E>(schema: Schema.Codec<A, E>, value: A): A => {
  const json = Schema.fromJsonString(Schema.toCodecJson(schema))
  return Schema.decodeUnknownSync(json)(Schema.encodeSync(json)(value))
}

/** Returns the message of a failure; the same must come if the parser is told to report its input. */
export const messageOf = (schema: Schema.Codec<unknown, unknown>, value: unknown): string => {
  const [message, reported] = [false, true].map((reportInput) => {
    const result = Schema.decodeUnknownResult(schema, { errors: "all", reportInput })(value)
    assert(Result.isFailure(result), "expected a failure")
    return result.failure.message
  })
  assert.strictEqual(reported, message)
  return message ?? ""
}
