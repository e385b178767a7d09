import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import * as CustomFieldSchema from "../src/contact/CustomFieldSchema.ts"
import { convert } from "../src/contact/CustomFieldValue.ts"
import { issueRules } from "../src/contact/Issue.ts"
import { customFields, everyType, field } from "./contacts.ts"
import { dateText, emailText, givenText, oneOf, runs, text, timeText, urlText } from "./inputs.ts"
import { messageOf, throughJson } from "./schemas.ts"

const Fields = CustomFieldSchema.make(everyType)
const decode = Schema.decodeUnknownSync(Fields)
const encode = Schema.encodeSync(Fields)

const optional = <A>(value: Arbitrary.Arbitrary<A>) =>
  oneOf<A | undefined>(value, Arbitrary.Constant(undefined))

/** Typed fields of the catalogue, some of them left out; numbers have at most 15 digits. */
const typed = Arbitrary.map(
  Arbitrary.all({
    "Company Website": optional(urlText),
    Age: optional(
      Arbitrary.map(
        Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: -1e9, maximum: 1e9 }))),
        (thousandths) => thousandths / 1000 + 0,
      ),
    ),
    Tier: optional(Arbitrary.schema(Schema.Literals(["Gold", "Silver"]))),
    Vip: optional(Arbitrary.schema(Schema.Boolean)),
    Newsletter: optional(Arbitrary.schema(Schema.Boolean)),
    Birthday: optional(dateText),
    "Call at": optional(timeText),
    "Second email": optional(emailText),
    Note: optional(Arbitrary.map(givenText, (note) => `${note}x`)),
  }),
  (all): typeof Fields.Type =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
)

describe("CustomFieldSchema.make", () => {
  it("decodes the texts of a form to the types of the catalogue, and encodes them back", () => {
    const form = {
      Age: "3",
      Tier: "Gold",
      Vip: "on",
      Newsletter: "false",
      Birthday: "2024-02-29",
      Note: " as given ",
    }
    const fields = decode(form)
    expectTypeOf(fields.Age).toEqualTypeOf<number | undefined>()
    expectTypeOf(fields.Tier).toEqualTypeOf<"Gold" | "Silver" | undefined>()
    expectTypeOf(fields.Vip).toEqualTypeOf<boolean | undefined>()
    assert.deepStrictEqual<object>(fields, { ...form, Age: 3, Vip: true, Newsletter: false })
    assert.deepStrictEqual(encode(fields), form)
  })

  it("reads a checkbox as browsers and files write it", () => {
    for (const [written, isChecked] of [
      ["on", true],
      ["true", true],
      ["false", false],
    ] as const) {
      assert.deepStrictEqual(decode({ Vip: written }), { Vip: isChecked })
    }
  })

  it("leaves out what was not filled in, and what the catalogue does not have", () => {
    assert.deepStrictEqual(decode({ Age: "", Note: null, Csrf: "1", Vip: "on" }), { Vip: true })
    const strict = Schema.decodeUnknownResult(Fields, { onExcessProperty: "error" })
    assert.isTrue(Result.isFailure(strict({ Csrf: "1" })))
  })

  it("reads a FormData and the parameters of a URL", () => {
    const form = new FormData()
    form.set("Age", "3")
    assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.fromFormData(Fields))(form), { Age: 3 })
    const params = new URLSearchParams("Age=3&Vip=on")
    const decoded = Schema.decodeUnknownSync(Schema.fromURLSearchParams(Fields))(params)
    assert.deepStrictEqual(decoded, { Age: 3, Vip: true })
  })

  it.prop(
    "returns the same fields after a form was written and read",
    [typed],
    ([fields]) => {
      assert.deepStrictEqual(throughJson(Fields, fields), fields)
      // and a client accepts them
      customFields(fields, { customFields: everyType })
    },
    runs,
  )

  it.prop(
    "decodes a text if and only if convert takes it",
    [oneOf<string>(text, urlText, dateText, timeText, emailText)],
    ([written]) => {
      for (const { name, type } of everyType.fields) {
        if (written === "" || (type === "checkbox" && written === "on")) continue
        const decoded = Schema.decodeUnknownResult(Fields)({ [name]: written })
        const converted = convert(field(name), written)
        assert.strictEqual(Result.isSuccess(decoded), Result.isSuccess(converted))
      }
    },
    runs,
  )

  it("does not write a number that no text holds", () => {
    for (const Age of [0.1 + 0.2, 1e21, Number.MAX_SAFE_INTEGER]) {
      assert.throws(() => encode({ Age }), /42 or -1.5|send it as text/)
    }
  })

  it("says the rule of each field and never the value, also if the input is reported", () => {
    const message = messageOf(Fields, {
      Age: "canary",
      Tier: "canary",
      Vip: "canary",
      Birthday: { canary: "canary" },
      "Second email": "canary",
    })
    assert.notInclude(message, "canary")
    for (const code of [
      "NUMBER_INVALID",
      "LIST_INVALID",
      "CHECKBOX_INVALID",
      "STRING_EXPECTED",
      "EMAIL_INVALID",
    ] as const) {
      assert.include(message, issueRules[code])
    }
    assert.notInclude(messageOf(Fields, "canary"), "canary")
  })

  it("is described in JSON Schema by the catalogue", () => {
    const { CustomFields } = Schema.toJsonSchemaDocument(Fields).definitions
    assert.deepInclude(CustomFields?.["properties"], {
      Birthday: {
        anyOf: [{ type: "string" }, { type: "null" }],
        description: "As in the passport: yyyy-mm-dd",
        examples: ["2026-01-31"],
      },
    })
  })
})
