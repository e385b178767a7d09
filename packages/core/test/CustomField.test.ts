import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as CustomField from "../src/contact/CustomField.ts"
import type * as Issue from "../src/contact/Issue.ts"
import { everyType, field } from "./contacts.ts"

const ownProto: unknown = JSON.parse('{"__proto__":"text"}')

const made = (definition: unknown): ReadonlyArray<Issue.Issue> => {
  const result = CustomField.make(definition)
  assert(Result.isFailure(result), "expected the catalogue to be invalid")
  return result.failure
}

describe("CustomField.define", () => {
  it("describes its fields in the order of their declaration", () => {
    assert.deepStrictEqual(
      everyType.fields.map(({ name, type, wire }) => [name, type, wire]),
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
    for (const each of everyType.fields) {
      assert(Result.isSuccess(CustomField.convert(each, each.example)), each.type)
    }
  })

  it("finds fields by their exact names alone", () => {
    for (const name of ["age", "AGE", "toString", "__proto__", "constructor", ""]) {
      assert.isUndefined(everyType.get(name))
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
      "type must be one of: text, number, email, url, list, date, time, checkbox",
    ],
    ["a misspelt type", { A: { type: "chekbox" } }, "write checkbox"],
    [
      "a type of Object.prototype",
      { A: "toString" },
      "type must be one of: text, number, email, url, list, date, time, checkbox",
    ],
    [
      "null for a type",
      { A: null },
      "type must be one of: text, number, email, url, list, date, time, checkbox",
    ],
    ["a list without options", { A: "list" }, "options must be an array of different strings"],
    [
      "a list of no options",
      { A: { type: "list", options: [] } },
      "give the list at least one option",
    ],
    [
      "a list with an option twice",
      { A: { type: "list", options: ["a", "a"] } },
      "options must be an array of different strings",
    ],
    [
      "options that are not strings",
      { A: { type: "list", options: [1] } },
      "options must be an array of different strings",
    ],
    [
      "options of a text",
      { A: { type: "text", options: ["a"] } },
      "a text field takes: type, help",
    ],
    ["another wire", { A: { type: "checkbox", wire: "number" } }, "wire must be string or boolean"],
    ["help that is no string", { A: { type: "text", help: 5 } }, "help must be a string"],
    ["a blank name", { " ": "text" }, "give the field a name"],
    ["a reserved name", { constructor: "text" }, "choose another name"],
    ["an own __proto__", ownProto, "choose another name"],
  ])("rejects %s", (_, definition, suggestion) => {
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

  it("rejects more than 200 fields", () => {
    const names = Array.from({ length: 201 }, (_, i) => [`field ${i}`, "text"] as const)
    assert.strictEqual(made(Object.fromEntries(names))[0]?.code, "CUSTOM_FIELDS_TOO_MANY")
  })

  it("makes of data what define makes of code", () => {
    const result = CustomField.make(JSON.parse(JSON.stringify(everyType.definition)))
    assert(Result.isSuccess(result))
    assert.deepStrictEqual(result.success.fields, everyType.fields)
  })
})

describe("types", () => {
  it("give the names and types of the catalogue", () => {
    expectTypeOf<CustomField.InputOf<typeof everyType>>().toEqualTypeOf<{
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

  it("accept a defined catalogue as any catalogue", () => {
    expectTypeOf(everyType).toExtend<CustomField.Catalogue>()
  })

  it("reject what a catalogue cannot hold", () => {
    // @ts-expect-error a list needs its options
    expectTypeOf(CustomField.define).toBeCallableWith({ A: "list" })
    // @ts-expect-error there is no such wire
    expectTypeOf(CustomField.define).toBeCallableWith({ A: { type: "checkbox", wire: "number" } })
    expectTypeOf(CustomField.define).toBeCallableWith({ A: { type: "list", options: ["a"] } })
  })
})
