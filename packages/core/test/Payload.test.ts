import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Contact from "../src/contact/Contact.ts"
import { Payload } from "../src/contact/Payload.ts"
import * as Rule from "../src/contact/TextRules.ts"
import { anything, contact, oneOf, pairs, runs } from "./inputs.ts"

const decode = Schema.decodeUnknownResult(Payload, { errors: "all", onExcessProperty: "error" })
const decodeBody = Schema.decodeUnknownResult(Schema.fromJsonString(Payload))

const documented = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

/** Puts one value in place of one field of a contact on the wire. */
const spoilt = Arbitrary.map(
  Arbitrary.all([
    contact,
    Arbitrary.schema(
      Schema.Literals([...Object.keys(Rule.fields), "customFields", "custom_fields"]),
    ),
    oneOf<unknown>(anything, pairs),
  ]),
  ([input, name, value]) => {
    const valid = Contact.validate("id:1", input)
    return Result.isSuccess(valid) ? { ...valid.success.payload, [name]: value } : input
  },
)

describe("Payload", () => {
  it("W3: decodes the page's own request", () => {
    assert.deepStrictEqual(decode(documented), Result.succeed(documented))
  })

  it("W4: decodes the values of all types, and a field without value", () => {
    const custom_fields = [
      { name: "text", value: "a" },
      { name: "number", value: 1.5 },
      { name: "checkbox", value: "true" },
      { name: "checkbox as boolean", value: true },
      { name: "none" },
    ]
    assert(Result.isSuccess(decode({ firstName: "Ana", custom_fields })))
  })

  it.each([
    ["no first name", {}],
    ["a blank first name", { firstName: " " }],
    ["null", { firstName: "Ana", lastName: null }],
    ["a phone that is not E.164", { firstName: "Ana", phone: "60123456789" }],
    ["an email without @", { firstName: "Ana", email: "ana" }],
    ["a language by its name", { firstName: "Ana", language: "Malay" }],
    ["a country in lower case", { firstName: "Ana", countryCode: "my" }],
    ["a picture without scheme", { firstName: "Ana", profilePic: "a.b/c.png" }],
    ["custom fields by name", { firstName: "Ana", custom_fields: { A: "a" } }],
    ["a custom field without name", { firstName: "Ana", custom_fields: [{ value: "a" }] }],
    [
      "a custom field's value that is an object",
      { firstName: "Ana", custom_fields: [{ name: "A", value: {} }] },
    ],
    [
      "a custom field's value that is not finite",
      { firstName: "Ana", custom_fields: [{ name: "A", value: Number.NaN }] },
    ],
    ["a custom field twice", { firstName: "Ana", custom_fields: [{ name: "A" }, { name: "A" }] }],
    [
      "201 custom fields",
      {
        firstName: "Ana",
        custom_fields: Array.from({ length: 201 }, (_, i) => ({ name: `f${i}` })),
      },
    ],
    ["an unknown field, where asked", { firstName: "Ana", customFields: {} }],
  ])("rejects %s", (_, input) => {
    assert(Result.isFailure(decode(input)))
  })

  it("never repeats a value in its message", () => {
    const canary = "CanaryPerson"
    const input = {
      firstName: 5,
      lastName: `${canary}\0`,
      phone: canary,
      email: canary,
      language: canary,
      profilePic: canary,
      countryCode: canary,
      custom_fields: [{ name: " ", value: [canary] }],
    }
    const result = decode(input)
    assert(Result.isFailure(result))
    assert.notInclude(result.failure.message, canary)
    for (const name of Object.keys(input)) assert.include(result.failure.message, `"${name}"`)
  })

  it.prop(
    "F1: decodes every body that validate makes, to the same payload, and encodes it back",
    [contact],
    ([input]) => {
      const valid = Contact.validate("id:1", input)
      assert(Result.isSuccess(valid))
      const { body, payload } = valid.success
      assert.deepStrictEqual(decodeBody(body), Result.succeed(payload))
      assert.deepStrictEqual(decode(payload), Result.succeed(payload))
      assert.strictEqual(Schema.encodeSync(Schema.fromJsonString(Payload))(payload), body)
    },
    runs,
  )

  it.prop(
    "decodes what validate makes of anything",
    [oneOf<unknown>(anything, spoilt)],
    ([input]) => {
      const valid = Contact.validate("id:1", input)
      if (Result.isSuccess(valid))
        assert.deepStrictEqual(
          decodeBody(valid.success.body),
          Result.succeed(valid.success.payload),
        )
    },
    runs,
  )

  it.prop(
    "decodes nothing that validate rejects",
    [oneOf<unknown>(anything, spoilt)],
    ([input]) => {
      const decoded = decode(input)
      if (Result.isSuccess(decoded)) assert(Result.isSuccess(Contact.validate("id:1", input)))
    },
    runs,
  )

  it("is documented by an OpenAPI-ready JSON Schema", () => {
    const document = Schema.toJsonSchemaDocument(Payload)
    assert.deepStrictEqual(Object.keys(document.definitions), ["CustomField", "Contact"])
    const schema = document.definitions["Contact"]
    assert(schema !== undefined)
    assert.deepStrictEqual(schema["required"], ["firstName"])
    assert.deepStrictEqual(schema["examples"], [documented])
    const properties = schema["properties"]
    assert(typeof properties === "object" && properties !== null)
    assert.deepStrictEqual(Object.keys(properties), Object.keys(documented))
    for (const [name, example] of Object.entries(documented)) {
      const property: unknown = Reflect.get(properties, name)
      assert(typeof property === "object" && property !== null)
      assert.isString(Reflect.get(property, "description"), name)
      if (name !== "custom_fields") {
        assert.deepStrictEqual(Reflect.get(property, "examples"), [example])
      }
      const pattern: unknown = Reflect.get(property, "pattern")
      if (typeof pattern === "string") assert.match(String(example), new RegExp(pattern, "u"))
    }
  })
})
