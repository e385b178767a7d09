import { assert, describe, it } from "@effect/vitest"

import { accepted, catalogue, customFields, issuesOf, shown } from "./contacts.ts"

describe("readCustomFields without a catalogue", () => {
  it("W4 D9: send strings and numbers as they are and booleans as text", () => {
    assert.deepStrictEqual(
      customFields({ Text: "a", Empty: "", Number: 1.5, Yes: true, No: false }),
      [
        { name: "Text", value: "a" },
        { name: "Empty", value: "" },
        { name: "Number", value: 1.5 },
        { name: "Yes", value: "true" },
        { name: "No", value: "false" },
      ],
    )
  })

  it("W4: are taken in the documented array form under both names", () => {
    const pairs = [{ name: "A", value: "a" }, { name: "B" }, { name: "C", value: null }]
    const wire = [{ name: "A", value: "a" }, { name: "B" }, { name: "C" }]
    assert.deepStrictEqual(customFields(pairs), wire)
    assert.deepStrictEqual(
      accepted({ firstName: "Ana", custom_fields: pairs }).payload.custom_fields,
      wire,
    )
  })

  it("D12: leave out a name whose value is null or undefined", () => {
    assert.deepStrictEqual(customFields({ A: null, B: undefined, C: "c" }), [
      { name: "C", value: "c" },
    ])
  })

  it.each([[{}], [[]], [{ A: null }]])("are left out if there are none, case %#", (input) => {
    assert.strictEqual(
      accepted({ firstName: "Ana", customFields: input }, { fill: false }).body,
      '{"firstName":"Ana"}',
    )
  })

  it.each<[string, object, ReadonlyArray<string>]>([
    ["a string", { customFields: "x" }, ["customFields CUSTOM_FIELDS_TYPE"]],
    [
      "both forms",
      { customFields: { A: "a" }, custom_fields: [] },
      ["custom_fields CUSTOM_FIELDS_TWICE"],
    ],
    [
      "201 names",
      { customFields: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, ""])) },
      ["customFields CUSTOM_FIELDS_TOO_MANY"],
    ],
    [
      "201 pairs",
      { customFields: Array.from({ length: 201 }, (_, i) => ({ name: `f${i}` })) },
      ["customFields CUSTOM_FIELDS_TOO_MANY"],
    ],
    [
      "a value that is an object",
      { customFields: { A: {} } },
      ["customFields.A CUSTOM_FIELD_VALUE"],
    ],
    [
      "a value that is an array",
      { customFields: { A: ["a"] } },
      ["customFields.A CUSTOM_FIELD_VALUE"],
    ],
    [
      "a value that is not finite",
      { customFields: { A: Number.POSITIVE_INFINITY } },
      ["customFields.A CUSTOM_FIELD_VALUE"],
    ],
    [
      "a value of 4,097 bytes",
      { customFields: { A: "a".repeat(4097) } },
      ["customFields.A STRING_TOO_LONG"],
    ],
    [
      "half a surrogate pair",
      { customFields: { A: "\udc00" } },
      ["customFields.A STRING_MALFORMED"],
    ],
    ["a blank name", { customFields: { " ": "a" } }, ["customFields.0 CUSTOM_FIELD_NAME"]],
    [
      "a pair without name",
      { customFields: [{ value: "a" }] },
      ["customFields.0.name CUSTOM_FIELD_NAME"],
    ],
    [
      "a name that is a number",
      { custom_fields: [{ name: 5 }] },
      ["custom_fields.0.name CUSTOM_FIELD_NAME"],
    ],
    ["a pair that is a string", { custom_fields: ["A"] }, ["custom_fields.0 CUSTOM_FIELD_TYPE"]],
    [
      "a hole in the array",
      { custom_fields: Array(2) },
      ["custom_fields.0 CUSTOM_FIELD_TYPE", "custom_fields.1 CUSTOM_FIELD_TYPE"],
    ],
    [
      "a pair with another key",
      { custom_fields: [{ name: "A", vlaue: "a" }] },
      ["custom_fields.0.vlaue UNKNOWN_FIELD"],
    ],
    [
      "a name twice",
      { custom_fields: [{ name: "A", value: "a" }, { name: "A" }] },
      ["custom_fields.1.name CUSTOM_FIELD_TWICE"],
    ],
    [
      "a name of 4,097 bytes",
      { custom_fields: [{ name: "a".repeat(4097) }] },
      ["custom_fields.0.name STRING_TOO_LONG"],
    ],
    [
      "a name of JavaScript",
      { custom_fields: [{ name: "constructor" }] },
      ["custom_fields.0.name CUSTOM_FIELD_RESERVED"],
    ],
  ])("reject %s", (_, input, expected) => {
    assert.deepStrictEqual(shown(issuesOf({ firstName: "Ana", ...input })), expected)
  })
})

describe("readCustomFields with a catalogue", () => {
  const options = { customFields: catalogue }

  it("D9: are converted by their types", () => {
    assert.deepStrictEqual(
      customFields(
        { "Company Website": "website.com", Age: "42", Tier: "Gold", Vip: true, Newsletter: true },
        options,
      ),
      [
        { name: "Company Website", value: "website.com" },
        { name: "Age", value: 42 },
        { name: "Tier", value: "Gold" },
        { name: "Vip", value: true },
        { name: "Newsletter", value: "true" },
      ],
    )
  })

  it("are checked in the array form too", () => {
    const pairs = [
      { name: "Age", value: "old" },
      { name: "age", value: 5 },
    ]
    assert.deepStrictEqual(shown(issuesOf({ firstName: "Ana", custom_fields: pairs }, options)), [
      "custom_fields.0.value NUMBER_INVALID",
      "custom_fields.1.name CUSTOM_FIELD_UNKNOWN",
    ])
  })

  it("reject names that are not in it, with the name that was meant", () => {
    const issues = issuesOf(
      { firstName: "Ana", customFields: { "company website": "a.b", Colour: "red" } },
      options,
    )
    assert.deepStrictEqual(shown(issues), [
      "customFields.company website CUSTOM_FIELD_UNKNOWN",
      "customFields.Colour CUSTOM_FIELD_UNKNOWN",
    ])
    assert.deepStrictEqual(
      issues.map((issue) => issue.suggestion),
      ["write Company Website", undefined],
    )
  })

  it("reject values that do not fit, at their names", () => {
    assert.deepStrictEqual(
      shown(
        issuesOf(
          {
            firstName: "Ana",
            customFields: { Age: "1,000", Tier: "gold", Vip: "yes", "Company Website": "x" },
          },
          options,
        ),
      ),
      [
        "customFields.Age NUMBER_INVALID",
        "customFields.Tier LIST_INVALID",
        "customFields.Vip CHECKBOX_INVALID",
        "customFields.Company Website URL_INVALID",
      ],
    )
  })
})
