import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { ContactInput } from "../src/contact/Contact.ts"
import { validate } from "../src/contact/Contact.ts"
import { ContactSchema } from "../src/contact/ContactSchema.ts"
import { issueRules } from "../src/contact/Issue.ts"
import { accepted, documented, issuesOf } from "./contacts.ts"
import { anything, contact, runs } from "./inputs.ts"
import { messageOf, throughJson } from "./schemas.ts"

const decode = Schema.decodeUnknownSync(ContactSchema)
const attempt = Schema.decodeUnknownResult(ContactSchema)

/** Returns a value as JSON gives it. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("ContactSchema", () => {
  it("decodes to an input of create", () => {
    expectTypeOf<typeof ContactSchema.Type>().toExtend<ContactInput>()
    assert.deepStrictEqual<object>(decode(documented), documented)
  })

  it("leaves out the fields of a form that were not filled in, and other members", () => {
    const form = { firstName: "Ana", lastName: "", phone: "", email: null, csrf: "1", website: "" }
    assert.deepStrictEqual(decode(form), { firstName: "Ana" })
  })

  it("takes custom fields by name, as an array, and as none", () => {
    for (const customFields of [{ Age: 3 }, [{ name: "Age", value: 3 }], null]) {
      assert.deepStrictEqual<object>(decode({ firstName: "Ana", customFields }), {
        firstName: "Ana",
        customFields,
      })
    }
  })

  it.prop(
    "decodes every contact that validate accepts, to the same request, and returns it through JSON",
    [contact],
    ([input]) => {
      const decoded = decode(asJson(input))
      assert.deepStrictEqual(throughJson(ContactSchema, decoded), decoded)
      // the one difference: an empty last name is left out
      const { lastName, ...rest } = accepted(input).payload
      const filledIn = lastName === undefined || lastName === "" ? {} : { lastName }
      assert.deepStrictEqual<object>(accepted(decoded).payload, { ...rest, ...filledIn })
    },
    runs,
  )

  it.prop(
    "decodes nothing that validate rejects",
    [anything],
    ([input]) => {
      const decoded = attempt(input)
      if (Result.isSuccess(decoded)) accepted(decoded.success)
      const firstName = typeof input === "object" && input !== null && "firstName" in input
      if (!firstName) assert.isTrue(Result.isFailure(decoded))
    },
    runs,
  )

  it("says all rules at their paths and never a value or a name, also if the input is reported", () => {
    const input = {
      firstName: " ",
      phone: "0-canary",
      email: "canary",
      customFields: { "canary@example.com": {} },
    }
    const message = messageOf(ContactSchema, input)
    assert.notInclude(message, "canary")
    for (const { path, rule } of issuesOf(input)) {
      assert.include(message, rule)
      assert.include(message, path.map((key) => `[${JSON.stringify(key)}]`).join(""))
    }
    for (const [value, rule] of [
      ["canary", issueRules.CONTACT_TYPE],
      [{}, issueRules.FIRST_NAME_MISSING],
      [{ firstName: ["canary"] }, issueRules.STRING_EXPECTED],
      [{ firstName: "Ana", email: ["canary"] }, issueRules.STRING_EXPECTED],
      [{ firstName: "Ana", customFields: "canary" }, issueRules.CUSTOM_FIELDS_TYPE],
    ] as const) {
      assert.include(messageOf(ContactSchema, value), rule)
      assert.notInclude(messageOf(ContactSchema, value), "canary")
    }
  })

  it("has the limits of validate", () => {
    const customFields = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, ""]))
    const input = { firstName: "Ana", customFields }
    assert.isTrue(Result.isFailure(validate("id:5", input)))
    assert.include(messageOf(ContactSchema, input), issueRules.CUSTOM_FIELDS_TOO_MANY)
  })

  it("is named and described in JSON Schema", () => {
    const { definitions, schema } = Schema.toJsonSchemaDocument(ContactSchema)
    assert.deepStrictEqual(schema, { $ref: "#/$defs/ContactInput" })
    assert.deepInclude(definitions["ContactInput"], { type: "object", required: ["firstName"] })
  })
})
