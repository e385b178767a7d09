import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import * as Identifier from "../src/contact/Identifier.ts"
import * as IdentifierSchema from "../src/contact/IdentifierSchema.ts"
import * as Issue from "../src/contact/Issue.ts"
import { anything, emailText, identifierText, oneOf, phoneText, runs, text } from "./inputs.ts"
import { messageOf, throughJson } from "./schemas.ts"

const { FromString, FromEmail, FromPhone, FromId } = IdentifierSchema

const bare = [
  [FromEmail, Identifier.email],
  [FromPhone, Identifier.phone],
  [FromId, Identifier.contactId],
] as const

describe("IdentifierSchema", () => {
  it("decodes what people write to a checked identifier, and encodes it back", () => {
    for (const [schema, written, identifier] of [
      [FromString, "email:ana@example.com", "email:ana@example.com"],
      [FromString, "5", "5"],
      [FromEmail, "ana@example.com", "email:ana@example.com"],
      [FromPhone, "+60123456789", "phone:+60123456789"],
      [FromId, "5", "id:5"],
    ] as const) {
      const decoded = Schema.decodeUnknownSync(schema)(written)
      expectTypeOf(decoded).toEqualTypeOf<Identifier.Identifier>()
      assert.strictEqual<string>(decoded, identifier)
      assert.strictEqual(Schema.encodeSync(schema)(decoded), written)
    }
  })

  it("encodes only an identifier of its kind", () => {
    const phone = Result.getOrThrow(Identifier.parse("phone:+60123456789"))
    const opaque = Result.getOrThrow(Identifier.parse("5"))
    assert.throws(() => Schema.encodeSync(FromEmail)(phone), /begin with email:/)
    assert.throws(() => Schema.encodeSync(FromId)(opaque), /begin with id:/)
  })

  it.prop(
    "FromString decodes exactly what Identifier.parse accepts, with its rules",
    [oneOf<unknown>(identifierText, text, anything)],
    ([input]) => {
      const parsed = Identifier.parse(input)
      const decoded = Schema.decodeUnknownResult(FromString)(input)
      assert.strictEqual(Result.isSuccess(decoded), Result.isSuccess(parsed))
      if (Result.isSuccess(parsed)) {
        assert.strictEqual(Result.getOrThrow(decoded), parsed.success)
        assert.strictEqual(throughJson(FromString, parsed.success), parsed.success)
      } else if (typeof input === "string") {
        assert.strictEqual(
          messageOf(FromString, input),
          parsed.failure.map((issue) => Issue.format({ ...issue, path: [] })).join(),
        )
      }
    },
    runs,
  )

  it.prop(
    "the others decode exactly what the constructors accept, and come back from JSON",
    [oneOf<string>(emailText, phoneText, identifierText, text)],
    ([input]) => {
      for (const [schema, make] of bare) {
        const made = make(input)
        const decoded = Schema.decodeUnknownResult(schema)(input)
        assert.strictEqual(Result.isSuccess(decoded), Result.isSuccess(made))
        if (Result.isFailure(made)) continue
        assert.strictEqual(Result.getOrThrow(decoded), made.success)
        assert.strictEqual(throughJson(schema, made.success), made.success)
      }
    },
    runs,
  )

  it("says the rule and never the value, also if the input is reported", () => {
    for (const [schema, value, code] of [
      [FromString, "canary@example.com", "PREFIX_MISSING"],
      [FromString, "phone:0canary", "PHONE_INVALID"],
      [FromString, { canary: "canary" }, "IDENTIFIER_TYPE"],
      [FromEmail, "canary", "EMAIL_INVALID"],
      [FromEmail, "email:canary@example.com", "PREFIX_DOUBLE"],
      [FromPhone, "0canary", "PHONE_INVALID"],
      [FromId, " canary", "IDENTIFIER_SPACES"],
    ] as const) {
      const message = messageOf(schema, value)
      assert.include(message, Issue.issueRules[code])
      assert.notInclude(message, "canary")
    }
  })

  it("is named in JSON Schema", () => {
    assert.deepStrictEqual(Schema.toJsonSchemaDocument(FromString).schema, {
      $ref: "#/$defs/Identifier",
    })
  })
})
