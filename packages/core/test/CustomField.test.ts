import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as CustomField from "../src/contact/CustomField.ts"
import * as Issue from "../src/contact/Issue.ts"
import {
  anything,
  dateText,
  emailText,
  finite,
  givenText,
  runs,
  timeText,
  urlText,
} from "./inputs.ts"

const catalogue = CustomField.define({
  "Company Website": "url",
  Age: "number",
  Tier: { type: "list", options: ["Gold", "Silver"] },
  Vip: { type: "checkbox", wire: "boolean" },
  Newsletter: "checkbox",
  Birthday: { type: "date", help: "As in the passport" },
  "Call at": "time",
  "Second email": "email",
  Note: "text",
})

const field = (name: string): CustomField.Field => {
  const found = catalogue.get(name)
  assert(found !== undefined)
  return found
}

const ownProto: unknown = JSON.parse('{"__proto__":"text"}')

const made = (definition: unknown): ReadonlyArray<Issue.Issue> => {
  const result = CustomField.make(definition)
  assert(Result.isFailure(result), "expected the catalogue to be refused")
  return result.failure
}

describe("CustomField.checkValue", () => {
  it.each<[CustomField.FieldType, unknown]>([
    ["text", ""],
    ["text", "any\nlines"],
    ["number", 0],
    ["number", -1.5],
    ["email", "user@domain.com"],
    ["url", "www.website.com"],
    ["list", "anything, where the options are not known"],
    ["date", "2024-02-29"],
    ["time", "13:00"],
    ["checkbox", "true"],
    ["checkbox", "false"],
    ["checkbox", true],
    ["checkbox", false],
  ])("W4 %s: takes %j", (type, value) => {
    assert.isUndefined(CustomField.checkValue(type, value))
  })

  it.each<[CustomField.FieldType, unknown, Issue.IssueCode]>([
    ["text", 1, "TEXT_INVALID"],
    ["text", null, "TEXT_INVALID"],
    ["text", ["a"], "TEXT_INVALID"],
    ["text", "a\0b", "STRING_MALFORMED"],
    ["text", "\ud800", "STRING_MALFORMED"],
    ["text", "a".repeat(4097), "STRING_TOO_LONG"],
    ["text", "é".repeat(2049), "STRING_TOO_LONG"],
    ["number", "42", "NUMBER_INVALID"],
    ["number", Number.NaN, "NUMBER_INVALID"],
    ["number", Number.POSITIVE_INFINITY, "NUMBER_INVALID"],
    ["number", 1n, "NUMBER_INVALID"],
    ["number", true, "NUMBER_INVALID"],
    ["email", "user", "EMAIL_INVALID"],
    ["url", "ftp://website.com", "URL_INVALID"],
    ["date", "2026-02-30", "DATE_INVALID"],
    ["date", 20260131, "DATE_INVALID"],
    ["time", "24:00", "TIME_INVALID"],
    ["checkbox", "yes", "CHECKBOX_INVALID"],
    ["checkbox", "TRUE", "CHECKBOX_INVALID"],
    ["checkbox", 1, "CHECKBOX_INVALID"],
    ["list", 1, "LIST_INVALID"],
  ])("W4 %s: refuses case %# with its code", (type, value, code) => {
    const issue = CustomField.checkValue(type, value, ["custom_fields", 0, "value"])
    assert.strictEqual(issue?.code, code)
    assert.strictEqual(issue?.rule, Issue.issueRules[code])
    assert.deepStrictEqual(issue?.path, ["custom_fields", 0, "value"])
  })

  it("W4 list: takes the options alone, and names them", () => {
    const list = { type: "list", options: ["Gold", "Silver"] } as const
    assert.isUndefined(CustomField.checkValue(list, "Gold"))
    const issue = CustomField.checkValue(list, "gold")
    assert.strictEqual(issue?.code, "LIST_INVALID")
    assert.strictEqual(issue?.suggestion, "one of: Gold, Silver")
  })

  it("names the first few options of a long list alone", () => {
    const options = Array.from({ length: 1000 }, (_, i) => `option ${i}`)
    const suggestion = CustomField.checkValue({ type: "list", options }, "x")?.suggestion ?? ""
    assert.isBelow(suggestion.length, 200)
    assert.isTrue(suggestion.endsWith(", …"))
  })
})

describe("CustomField.convert", () => {
  it.each<[string, unknown, CustomField.WireValue]>([
    ["Age", 42, 42],
    ["Age", "42", 42],
    ["Age", "-1.5", -1.5],
    ["Age", "007", 7],
    ["Age", "0.1", 0.1],
    ["Age", "999999999999999", 999_999_999_999_999],
    ["Newsletter", true, "true"],
    ["Newsletter", false, "false"],
    ["Newsletter", "true", "true"],
    ["Vip", true, true],
    ["Vip", "false", false],
    ["Tier", "Gold", "Gold"],
    ["Company Website", "website.com", "website.com"],
    ["Birthday", "2024-02-29", "2024-02-29"],
    ["Call at", "13:00", "13:00"],
    ["Second email", "user@domain.com", "user@domain.com"],
    ["Note", " as given ", " as given "],
  ])("D9 %s: turns %j into the wire's value", (name, value, wire) => {
    assert.deepStrictEqual(CustomField.convert(field(name), value), Result.succeed(wire))
  })

  it("turns -0, which JSON does not have, into 0", () => {
    for (const value of [-0, "-0"]) {
      const converted = CustomField.convert(field("Age"), value)
      assert(Result.isSuccess(converted) && Object.is(converted.success, 0))
    }
  })

  it.each<[string, unknown, Issue.IssueCode]>([
    ["Age", "1,000", "NUMBER_INVALID"],
    ["Age", "1e3", "NUMBER_INVALID"],
    ["Age", "0x10", "NUMBER_INVALID"],
    ["Age", " 42", "NUMBER_INVALID"],
    ["Age", "", "NUMBER_INVALID"],
    ["Age", ".", "NUMBER_INVALID"],
    ["Age", "-", "NUMBER_INVALID"],
    ["Age", "5.", "NUMBER_INVALID"],
    ["Age", ".5", "NUMBER_INVALID"],
    ["Age", "1.2.3", "NUMBER_INVALID"],
    ["Age", "1234567890123456", "NUMBER_INVALID"],
    ["Age", "1".repeat(100_000), "NUMBER_INVALID"],
    ["Age", Number.NaN, "NUMBER_INVALID"],
    ["Age", true, "NUMBER_INVALID"],
    ["Newsletter", "yes", "CHECKBOX_INVALID"],
    ["Newsletter", 1, "CHECKBOX_INVALID"],
    ["Tier", "Bronze", "LIST_INVALID"],
    ["Birthday", new Date(0), "DATE_INVALID"],
    ["Note", 5, "TEXT_INVALID"],
    ["Note", { toString: () => "x" }, "TEXT_INVALID"],
  ])("%s: refuses case %# with its code", (name, value, code) => {
    const converted = CustomField.convert(field(name), value, ["customFields", name])
    assert(Result.isFailure(converted))
    assert.strictEqual(converted.failure.code, code)
    assert.deepStrictEqual(converted.failure.path, ["customFields", name])
  })

  it.prop(
    "makes of any value an issue or a value that fits the wire",
    [anything],
    ([value]) => {
      for (const each of catalogue.fields) {
        const converted = CustomField.convert(each, value)
        if (Result.isSuccess(converted)) {
          assert.isUndefined(CustomField.checkValue(each, converted.success))
          assert.deepStrictEqual(CustomField.convert(each, converted.success), converted)
        }
      }
    },
    runs,
  )

  it.prop(
    "takes what the documented formats allow",
    [givenText, finite, emailText, urlText, dateText, timeText],
    ([note, age, email, url, date, time]) => {
      for (const [name, value] of [
        ["Note", note],
        ["Age", age],
        ["Second email", email],
        ["Company Website", url],
        ["Birthday", date],
        ["Call at", time],
      ] as const) {
        assert(Result.isSuccess(CustomField.convert(field(name), value)))
      }
    },
    runs,
  )
})

describe("CustomField.convertUntyped", () => {
  it.each([
    ["a", "a"],
    ["", ""],
    [5, 5],
    [true, "true"],
    [false, "false"],
  ])("D9 turns %j into the wire's value", (value, wire) => {
    assert.deepStrictEqual(CustomField.convertUntyped(value), Result.succeed(wire))
  })

  it.each([
    [Number.NaN],
    [Number.NEGATIVE_INFINITY],
    [1n],
    [Symbol("a")],
    [{}],
    [[]],
    [() => 0],
    [new Date(0)],
    [null],
    [undefined],
  ])("refuses case %#", (value) => {
    const converted = CustomField.convertUntyped(value)
    assert(Result.isFailure(converted))
    assert.strictEqual(converted.failure.code, "CUSTOM_FIELD_VALUE")
  })
})

describe("CustomField.define", () => {
  it("describes its fields in the order of their declaration", () => {
    assert.deepStrictEqual(
      catalogue.fields.map(({ name, type, wire }) => [name, type, wire]),
      [
        ["Company Website", "url", "string"],
        ["Age", "number", "number"],
        ["Tier", "list", "string"],
        ["Vip", "checkbox", "boolean"],
        ["Newsletter", "checkbox", "string"],
        ["Birthday", "date", "string"],
        ["Call at", "time", "string"],
        ["Second email", "email", "string"],
        ["Note", "text", "string"],
      ],
    )
    assert.deepStrictEqual(field("Tier").options, ["Gold", "Silver"])
    assert.strictEqual(field("Birthday").help, "As in the passport")
  })

  it("gives examples that convert", () => {
    for (const each of catalogue.fields) {
      assert(Result.isSuccess(CustomField.convert(each, each.example)), each.type)
    }
  })

  it("finds fields by their exact names alone", () => {
    for (const name of ["age", "AGE", "toString", "__proto__", "constructor", ""]) {
      assert.isUndefined(catalogue.get(name))
    }
  })

  it("throws a configuration error that names the field", () => {
    const error = ((): unknown => {
      try {
        // @ts-expect-error there is no such type
        CustomField.define({ Age: "nubmer" })
        return undefined
      } catch (thrown) {
        return thrown
      }
    })()
    assert(error instanceof TypeError && "code" in error)
    assert.strictEqual(error.code, "ERR_AELYST_CONFIG")
    assert.include(error.message, "Age")
    assert.include(error.message, "write number")
  })
})

describe("CustomField.make", () => {
  it.each([
    ["no object", 5, "give an object of names and types"],
    ["an array", [], "give an object of names and types"],
    [
      "an unknown type",
      { A: "foo" },
      "type is one of: text, number, email, url, list, date, time, checkbox",
    ],
    ["a misspelt type", { A: { type: "chekbox" } }, "write checkbox"],
    [
      "a type of Object.prototype",
      { A: "toString" },
      "type is one of: text, number, email, url, list, date, time, checkbox",
    ],
    [
      "null for a type",
      { A: null },
      "type is one of: text, number, email, url, list, date, time, checkbox",
    ],
    ["a list without options", { A: "list" }, "options is an array of different strings"],
    [
      "a list of no options",
      { A: { type: "list", options: [] } },
      "give the list at least one option",
    ],
    [
      "a list with an option twice",
      { A: { type: "list", options: ["a", "a"] } },
      "options is an array of different strings",
    ],
    [
      "options that are not strings",
      { A: { type: "list", options: [1] } },
      "options is an array of different strings",
    ],
    [
      "options of a text",
      { A: { type: "text", options: ["a"] } },
      "a text field takes: type, help",
    ],
    ["another wire", { A: { type: "checkbox", wire: "number" } }, "wire is string or boolean"],
    ["help that is no string", { A: { type: "text", help: 5 } }, "help is a string"],
    ["a blank name", { " ": "text" }, "give the field a name"],
    ["a reserved name", { constructor: "text" }, "choose another name"],
    ["an own __proto__", ownProto, "choose another name"],
  ])("refuses %s", (_, definition, suggestion) => {
    const [issue] = made(definition)
    assert.strictEqual(issue?.code, "CATALOGUE_INVALID")
    assert.strictEqual(issue?.suggestion, suggestion)
  })

  it("reports all that is wrong, each at its name", () => {
    assert.deepStrictEqual(
      made({ A: "foo", B: "text", C: "list" }).map((issue) => issue.path),
      [["A"], ["C"]],
    )
  })

  it("refuses more than 200 fields", () => {
    const names = Array.from({ length: 201 }, (_, i) => [`field ${i}`, "text"] as const)
    assert.strictEqual(made(Object.fromEntries(names))[0]?.code, "CUSTOM_FIELDS_TOO_MANY")
  })

  it("makes of data what define makes of code", () => {
    const result = CustomField.make(JSON.parse(JSON.stringify(catalogue.definition)))
    assert(Result.isSuccess(result))
    assert.deepStrictEqual(result.success.fields, catalogue.fields)
  })
})

describe("types", () => {
  it("give the names and types of the catalogue", () => {
    expectTypeOf<CustomField.InputOf<typeof catalogue>>().toEqualTypeOf<{
      readonly "Company Website"?: string | null | undefined
      readonly Age?: number | null | undefined
      readonly Tier?: "Gold" | "Silver" | null | undefined
      readonly Vip?: boolean | null | undefined
      readonly Newsletter?: boolean | null | undefined
      readonly Birthday?: string | null | undefined
      readonly "Call at"?: string | null | undefined
      readonly "Second email"?: string | null | undefined
      readonly Note?: string | null | undefined
    }>()
  })

  it("let a defined catalogue stand where any catalogue does", () => {
    expectTypeOf(catalogue).toExtend<CustomField.Catalogue>()
  })

  it("refuse what a catalogue cannot hold", () => {
    // @ts-expect-error a list needs its options
    expectTypeOf(CustomField.define).toBeCallableWith({ A: "list" })
    // @ts-expect-error there is no such wire
    expectTypeOf(CustomField.define).toBeCallableWith({ A: { type: "checkbox", wire: "number" } })
    expectTypeOf(CustomField.define).toBeCallableWith({ A: { type: "list", options: ["a"] } })
  })
})
