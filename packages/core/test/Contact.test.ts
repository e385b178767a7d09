import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Contact from "../src/contact/Contact.ts"
import * as CustomField from "../src/contact/CustomField.ts"
import type { Identifier } from "../src/contact/Identifier.ts"
import * as Issue from "../src/contact/Issue.ts"
import { anything, contact, identifierText, runs } from "./inputs.ts"

const id = "email:test@example.com"

// the example of the vendor's page (W3)
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

const catalogue = CustomField.define({
  "Company Website": "url",
  Age: "number",
  Tier: { type: "list", options: ["Gold", "Silver"] },
  Vip: { type: "checkbox", wire: "boolean" },
  Newsletter: "checkbox",
})

const stringObject: unknown = Object("Ana")

type Options = Parameters<typeof Contact.validate>[2]

const accepted = (input: unknown, options?: Options): Contact.Validated => {
  const result = Contact.validate(id, input, options)
  assert(Result.isSuccess(result), "expected the contact to be accepted")
  assert.deepStrictEqual(JSON.parse(result.success.body), result.success.payload)
  return result.success
}

const refused = (input: unknown, options?: Options): ReadonlyArray<Issue.Issue> => {
  const result = Contact.validate(id, input, options)
  assert(Result.isFailure(result), "expected the contact to be refused")
  assert.isAbove(result.failure.length, 0)
  return result.failure
}

/** The issues as `path code`, for comparing. */
const shown = (issues: ReadonlyArray<Issue.Issue>) =>
  issues.map((issue) => `${issue.path.join(".")} ${issue.code}`)

const customFields = (input: unknown, options?: Options) =>
  accepted({ firstName: "Ana", customFields: input }, options).payload.custom_fields

/** An object with one getter that throws. */
const throwing = (key: string, rest: object = {}) =>
  Object.defineProperty({ ...rest }, key, {
    enumerable: true,
    get: () => {
      throw new Error("CanaryError")
    },
  })

const fail = () => {
  throw new TypeError("no")
}

/** A contact with so many custom fields of one text. */
const withFields = (count: number, text: string) => ({
  firstName: "Ana",
  customFields: Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, text])),
})

describe("Contact.validate", () => {
  it("W3: takes the page's own request, and sends the same bytes", () => {
    const result = Contact.validate("example", documented)
    assert(Result.isSuccess(result))
    assert.strictEqual(result.success.identifier, "example")
    assert.deepStrictEqual(result.success.payload, documented)
    assert.strictEqual(result.success.body, JSON.stringify(documented))
  })

  it("W3: takes a first name alone", () => {
    assert.strictEqual(accepted({ firstName: "Ana" }).body, '{"firstName":"Ana"}')
  })

  it("writes the fields in the order of the documentation", () => {
    const turned = Object.fromEntries(Object.entries(documented).toReversed())
    assert.strictEqual(accepted(turned).body, JSON.stringify(documented))
  })

  it("D13: sends names as given", () => {
    for (const firstName of [
      "Muhammad ",
      " a",
      "a\nb",
      "\u202eabc",
      "José",
      "Jose\u0301",
      "👩‍👩‍👧",
      "a\tb",
    ]) {
      assert.strictEqual(accepted({ firstName, lastName: "" }).payload.firstName, firstName)
    }
  })

  it("D10: sends the country in upper case and the language as given", () => {
    const { payload } = accepted({ firstName: "Ana", countryCode: "my", language: "zh-hant-TW" })
    assert.strictEqual(payload.countryCode, "MY")
    assert.strictEqual(payload.language, "zh-hant-TW")
  })

  it("D12: leaves null and undefined out", () => {
    for (const nothing of [null, undefined]) {
      const fields = Object.keys(documented).map((name) => [name, nothing] as const)
      const input = { ...Object.fromEntries(fields), customFields: nothing, firstName: "Ana" }
      assert.strictEqual(accepted(input).body, '{"firstName":"Ana"}')
    }
  })

  it.each([
    ["no first name", {}, ["firstName FIRST_NAME_MISSING"]],
    ["D12 a first name that is null", { firstName: null }, ["firstName FIRST_NAME_MISSING"]],
    ["D13 an empty first name", { firstName: "" }, ["firstName FIRST_NAME_MISSING"]],
    ["D13 a blank first name", { firstName: " \t\u200b\u3000" }, ["firstName FIRST_NAME_MISSING"]],
    ["a first name that is a number", { firstName: 5 }, ["firstName STRING_EXPECTED"]],
    ["a String object", { firstName: stringObject }, ["firstName STRING_EXPECTED"]],
    [
      "a last name that is an array",
      { firstName: "Ana", lastName: ["x"] },
      ["lastName STRING_EXPECTED"],
    ],
    [
      "a last name of 4,097 bytes",
      { firstName: "Ana", lastName: "a".repeat(4097) },
      ["lastName STRING_TOO_LONG"],
    ],
    ["NUL in a name", { firstName: "a\0b" }, ["firstName STRING_MALFORMED"]],
    ["half a surrogate pair in a name", { firstName: "a\ud83d" }, ["firstName STRING_MALFORMED"]],
    [
      "D2 a phone with spaces",
      { firstName: "Ana", phone: "+60 12 345 6789" },
      ["phone PHONE_INVALID"],
    ],
    [
      "D2 a phone with its prefix",
      { firstName: "Ana", phone: "phone:+60123456789" },
      ["phone PHONE_INVALID"],
    ],
    ["D2 an email without @", { firstName: "Ana", email: "ana" }, ["email EMAIL_INVALID"]],
    ["D2 an empty email", { firstName: "Ana", email: "" }, ["email EMAIL_INVALID"]],
    [
      "D10 a language by its name",
      { firstName: "Ana", language: "Malay" },
      ["language LANGUAGE_INVALID"],
    ],
    [
      "D10 a country by three letters",
      { firstName: "Ana", countryCode: "MYS" },
      ["countryCode COUNTRY_CODE_INVALID"],
    ],
    [
      "D10 a country by its number",
      { firstName: "Ana", countryCode: "60" },
      ["countryCode COUNTRY_CODE_INVALID"],
    ],
    [
      "a picture without scheme",
      { firstName: "Ana", profilePic: "a.b/c.png" },
      ["profilePic PROFILE_PIC_INVALID"],
    ],
    [
      "a picture of data",
      { firstName: "Ana", profilePic: "data:image/png;base64,AA" },
      ["profilePic PROFILE_PIC_INVALID"],
    ],
    [
      "a picture's address of 2,049 bytes",
      { firstName: "Ana", profilePic: `https://a.b/${"c".repeat(2037)}` },
      ["profilePic PROFILE_PIC_TOO_LONG"],
    ],
    ["an unknown field", { firstName: "Ana", company: "x" }, ["company UNKNOWN_FIELD"]],
    [
      "an unknown field without value",
      { firstName: "Ana", company: undefined },
      ["company UNKNOWN_FIELD"],
    ],
  ])("refuses %s", (_, input, expected) => {
    assert.deepStrictEqual(shown(refused(input)), expected)
  })

  it.each([
    [undefined],
    [null],
    ["Ana"],
    [5],
    [true],
    [[]],
    [[documented]],
    [() => documented],
    [Symbol("a")],
    [1n],
  ])("refuses what is not an object, case %#", (input) => {
    assert.deepStrictEqual(shown(refused(input)), [" CONTACT_TYPE"])
  })

  it("reports all that is wrong at once, the identifier included", () => {
    const result = Contact.validate("email:email:x@y.z", {
      first_name: "Ana",
      phone: "0123456789",
      email: "a b@c.d",
      language: "ms_MY",
      countryCode: "Malaysia",
      profilePic: "cdn.example.com/a.png",
      customFields: { Age: Number.NaN, Tier: {} },
    })
    assert(Result.isFailure(result))
    assert.deepStrictEqual(shown(result.failure), [
      "identifier PREFIX_DOUBLE",
      "first_name UNKNOWN_FIELD",
      "phone PHONE_INVALID",
      "email EMAIL_INVALID",
      "language LANGUAGE_INVALID",
      "countryCode COUNTRY_CODE_INVALID",
      "profilePic PROFILE_PIC_INVALID",
      "customFields.Age CUSTOM_FIELD_VALUE",
      "customFields.Tier CUSTOM_FIELD_VALUE",
      "firstName FIRST_NAME_MISSING",
    ])
  })

  it.each([
    [{ first_name: "Ana" }, "write firstName"],
    [{ firstname: "Ana" }, "write firstName"],
    [{ custom_field: {} }, "write customFields"],
    [{ "custom-fields": {} }, "write customFields"],
    [{ custom_fields: {} }, "write customFields for an object, or give an array"],
    [{ country_code: "MY" }, "write countryCode"],
    [{ profile_pic: "x" }, "write profilePic"],
    [{ emial: "x" }, "write email"],
    [{ language: "ms_MY" }, "write - in place of _"],
    [{ profilePic: "a.b/c.png" }, "write https:// before it"],
    [{ phone: "60 12 345 6789" }, "begin with + and the country code, such as +60"],
    [{ phone: "+60 12 345 6789" }, "remove spaces and punctuation"],
    [{ email: "ana @b.c" }, "remove character 4"],
    [{ email: "email:ana@b.c" }, "leave the prefix out"],
    [{ phone: "phone:+60123456789" }, "leave the prefix out"],
    [{ lastName: "ab\0" }, "remove character 3"],
  ])("suggests how to mend case %#", (input, suggestion) => {
    assert.strictEqual(refused({ ...input, firstName: "Ana" })[0]?.suggestion, suggestion)
  })

  it("lists 100 issues, then one that says there are more", () => {
    const many = Array.from({ length: 150 }, () => ({ name: "", value: Number.NaN }))
    const issues = refused({ firstName: "Ana", customFields: many })
    assert.strictEqual(issues.length, 101)
    assert.strictEqual(issues.at(-1)?.code, "ISSUES_TOO_MANY")
  })

  it.prop(
    "F1: makes a body that decodes to the contact",
    [identifierText, contact],
    ([identifier, input]) => {
      const result = Contact.validate(identifier, input)
      assert(Result.isSuccess(result))
      const { body, payload } = result.success
      assert.deepStrictEqual(JSON.parse(body), payload)
      for (const name of [
        "firstName",
        "lastName",
        "phone",
        "email",
        "language",
        "profilePic",
      ] as const) {
        assert.strictEqual(payload[name], input[name] ?? undefined)
      }
      assert.strictEqual(payload.countryCode, input.countryCode?.toUpperCase())
    },
    runs,
  )

  it.prop(
    "F3: makes of its own payload the same payload",
    [identifierText, contact],
    ([identifier, input]) => {
      const once = Contact.validate(identifier, input)
      assert(Result.isSuccess(once))
      const { identifier: again, payload } = once.success
      assert.deepStrictEqual(Contact.validate(again, payload), once)
    },
    runs,
  )

  it.prop(
    "F16: takes or refuses any value, and changes neither it nor Object.prototype",
    [anything, anything],
    ([identifier, input]) => {
      const before = Reflect.ownKeys(Object.prototype)
      const options = Object.freeze({ customFields: catalogue })
      const copy =
        typeof input === "object" && input !== null
          ? Object.entries(Object.getOwnPropertyDescriptors(input))
          : []
      for (const result of [
        Contact.validate(identifier, input),
        Contact.validate(identifier, input, options),
      ]) {
        if (Result.isSuccess(result)) {
          assert.strictEqual(Object.getPrototypeOf(result.success.payload), Object.prototype)
          assert.deepStrictEqual(JSON.parse(result.success.body), result.success.payload)
        } else {
          for (const issue of result.failure) {
            assert.isTrue(Object.hasOwn(Issue.issueRules, issue.code))
            assert.notInclude(issue.path, "__proto__")
          }
        }
      }
      const after =
        typeof input === "object" && input !== null
          ? Object.entries(Object.getOwnPropertyDescriptors(input))
          : []
      assert.deepEqual(after, copy)
      assert.deepStrictEqual(Reflect.ownKeys(Object.prototype), before)
      assert.isUndefined(Reflect.get({}, "polluted"))
    },
    runs,
  )
})

describe("custom fields without a catalogue", () => {
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

  it.each([[{}], [[]], [{ A: null }]])("are left out where there are none, case %#", (input) => {
    assert.strictEqual(
      accepted({ firstName: "Ana", customFields: input }).body,
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
  ])("refuse %s", (_, input, expected) => {
    assert.deepStrictEqual(shown(refused({ firstName: "Ana", ...input })), expected)
  })
})

describe("custom fields with a catalogue", () => {
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
    assert.deepStrictEqual(shown(refused({ firstName: "Ana", custom_fields: pairs }, options)), [
      "custom_fields.0.value NUMBER_INVALID",
      "custom_fields.1.name CUSTOM_FIELD_UNKNOWN",
    ])
  })

  it("refuse names that are not in it, with the name that was meant", () => {
    const issues = refused(
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

  it("refuse values that do not fit, at their names", () => {
    assert.deepStrictEqual(
      shown(
        refused(
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

describe("privacy", () => {
  const canary = "CanaryPerson"

  it("never repeats a value in an issue", () => {
    const values = [
      `${canary}@x@y`,
      `+60 ${canary}`,
      `\ud800${canary}`,
      `${canary}\0`,
      canary.repeat(400),
      [canary],
    ]
    for (const value of values) {
      const fields = Object.keys(documented).map((name) => [name, value] as const)
      for (const input of [
        Object.fromEntries(fields),
        {
          firstName: "Ana",
          custom_fields: [{ name: value, value }, { name: "Age", value }, value],
        },
        {
          firstName: "Ana",
          customFields: { Age: value, Tier: value, Vip: value, "Company Website": value },
        },
      ]) {
        const result = Contact.validate(value, input, { customFields: catalogue })
        assert(Result.isFailure(result))
        assert.notInclude(JSON.stringify(result.failure), canary)
      }
    }
  })

  it.each([
    ["ana@example.com"],
    ["+60123456789"],
    ["60123456789"],
    ["key60123456789"],
    ["Ana Lopez"],
    ["a".repeat(41)],
    ["__proto__"],
    ["constructor"],
    ["prototype"],
    ["né"],
    ["a\u202eb"],
    ["a\nb"],
    ["<script>"],
    ["1"],
  ])("puts the position in place of a key that is no plain name, case %#", (key) => {
    const input: unknown = JSON.parse(`{"firstName":"Ana",${JSON.stringify(key)}:"x"}`)
    const [issue] = refused(input)
    // a key that is a number comes first in every object
    assert.deepStrictEqual(issue?.path, [key === "1" ? 0 : 1])
    assert.notInclude(JSON.stringify(issue), key === "1" ? '"1"' : key)
  })

  it("names a key that looks like a field", () => {
    for (const key of ["company", "first-nam", "lead_source", "utm_source", "line2"]) {
      assert.strictEqual(refused({ firstName: "Ana", [key]: "x" })[0]?.path[0], key)
    }
  })
})

describe("hostile input", () => {
  it("reads own properties alone", () => {
    const inherited: unknown = Object.create({ firstName: "Ana" })
    assert.deepStrictEqual(shown(refused(inherited)), ["firstName FIRST_NAME_MISSING"])
  })

  it("takes an object without prototype", () => {
    const input = { __proto__: null, firstName: "Ana" }
    assert.isNull(Object.getPrototypeOf(input))
    assert.strictEqual(accepted(input).body, '{"firstName":"Ana"}')
  })

  it.each(["__proto__", "constructor", "prototype"])(
    "F16: refuses %s as a field, a custom field and a pair's key",
    (key) => {
      const inputs: ReadonlyArray<unknown> = [
        JSON.parse(`{"firstName":"Ana","${key}":{"polluted":true,"firstName":"x"}}`),
        JSON.parse(`{"firstName":"Ana","customFields":{"${key}":"x"}}`),
        JSON.parse(`{"firstName":"Ana","custom_fields":[{"name":"A","${key}":{"polluted":true}}]}`),
        JSON.parse(`{"firstName":"Ana","custom_fields":[{"name":"${key}","value":"x"}]}`),
      ]
      for (const input of inputs) {
        const issues = refused(input)
        assert.strictEqual(issues.length, 1)
        assert.notInclude(JSON.stringify(issues[0]?.path), key)
      }
      assert.isUndefined(Reflect.get({}, "polluted"))
    },
  )

  it("turns a getter that throws into an issue at its place", () => {
    for (const [input, path] of [
      [throwing("firstName"), ["firstName"]],
      [throwing("custom_fields", { firstName: "Ana" }), ["custom_fields"]],
      [{ firstName: "Ana", customFields: throwing("Age") }, ["customFields", "Age"]],
      [
        { firstName: "Ana", customFields: [{ name: "A" }, throwing("value", { name: "B" })] },
        ["customFields", 1],
      ],
    ] as const) {
      const issues = refused(input)
      assert.deepStrictEqual(
        issues.map(({ code, path: at }) => [code, at]),
        [["CONTACT_UNREADABLE", path]],
      )
      assert.notInclude(JSON.stringify(issues), "Canary")
    }
  })

  it("turns proxies that throw, and revoked ones, into an issue", () => {
    const { proxy: revoked, revoke } = Proxy.revocable({}, {})
    revoke()
    const hostile: ReadonlyArray<unknown> = [
      revoked,
      new Proxy({}, { ownKeys: fail }),
      new Proxy({ name: "A" }, { getOwnPropertyDescriptor: fail }),
      new Proxy({ firstName: "Ana", name: "A" }, { get: fail }),
    ]
    for (const value of hostile) {
      assert.deepStrictEqual(
        shown(refused(value)).map((line) => line.split(" ")[1]),
        ["CONTACT_UNREADABLE"],
      )
      for (const input of [
        { firstName: "Ana", customFields: value },
        { firstName: "Ana", customFields: [value] },
      ]) {
        assert.include(
          refused(input).map((issue) => issue.code),
          "CONTACT_UNREADABLE",
        )
      }
    }
  })

  it("reads each known property once and unknown ones never", () => {
    const read: Array<string | symbol> = []
    const input = new Proxy(
      { ...documented, extra: "x", another: "y" },
      {
        get: (target, key): unknown => {
          read.push(key)
          return Reflect.get(target, key)
        },
      },
    )
    refused(input)
    assert.deepStrictEqual(read, Object.keys(documented))
  })

  it("reads nothing of an object with a million keys", () => {
    let reads = 0
    const names = Array.from({ length: 1_000_000 }, (_, i) => `k${i}`)
    const input = new Proxy(
      {},
      {
        ownKeys: () => names.slice(0, 5000),
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: "x" }),
        get: () => {
          reads++
          return "x"
        },
      },
    )
    assert.deepStrictEqual(shown(refused(input)), [" TOO_MANY_FIELDS"])
    assert.deepStrictEqual(shown(refused(Object.fromEntries(names.map((name) => [name, 0])))), [
      " TOO_MANY_FIELDS",
    ])
    assert.deepStrictEqual(shown(refused({ firstName: "Ana", customFields: input })), [
      "customFields CUSTOM_FIELDS_TOO_MANY",
    ])
    assert.strictEqual(reads, 0)
  })

  it("looks at no element of an array that is too long", () => {
    let reads = 0
    const pairs = new Proxy(Array<unknown>(4_294_967_295), {
      get: (target, key) => {
        if (key === "length") return target.length
        reads++
        return undefined
      },
    })
    assert.deepStrictEqual(shown(refused({ firstName: "Ana", custom_fields: pairs })), [
      "custom_fields CUSTOM_FIELDS_TOO_MANY",
    ])
    assert.strictEqual(reads, 0)
  })

  it("stops reading once there are more issues than it lists", () => {
    let reads = 0
    const pair = Object.defineProperty({ name: "" }, "value", {
      enumerable: true,
      get: () => {
        reads++
        return "x"
      },
    })
    refused({ firstName: "Ana", custom_fields: Array.from({ length: 200 }, () => pair) })
    assert.strictEqual(reads, Issue.MAX_ISSUES + 1)
  })

  it("does not follow a depth of 100,000", () => {
    let deep: unknown = "x"
    for (let i = 0; i < 100_000; i++)
      deep = i % 2 === 0 ? [deep] : { name: deep, value: deep, customFields: deep, firstName: deep }
    assert.isAbove(refused(deep).length, 0)
    assert.deepStrictEqual(shown(refused({ firstName: deep, customFields: { A: deep } })), [
      "firstName STRING_EXPECTED",
      "customFields.A CUSTOM_FIELD_VALUE",
    ])
    assert.deepStrictEqual(shown(refused({ firstName: "Ana", custom_fields: [deep] })), [
      "custom_fields.0.customFields UNKNOWN_FIELD",
      "custom_fields.0.firstName UNKNOWN_FIELD",
      "custom_fields.0.name CUSTOM_FIELD_NAME",
    ])
  })

  it("does not follow an object that holds itself", () => {
    const input: Record<string, unknown> = { firstName: "Ana" }
    input["customFields"] = input
    assert.deepStrictEqual(shown(refused(input)), ["customFields.customFields CUSTOM_FIELD_VALUE"])
  })

  it("decides on strings of ten million characters by their length", () => {
    for (const piece of ["a", "@", "a@", " ", "\0", "\ud800", "😀", "http://a.", "-"]) {
      const hostile = piece.repeat(10_000_000 / piece.length)
      const fields = Object.keys(documented).map((name) => [name, hostile] as const)
      const issues = refused({
        ...Object.fromEntries(fields),
        [hostile]: hostile,
        customFields: { [hostile]: hostile },
      })
      assert.isAbove(issues.length, 0)
      assert.isBelow(JSON.stringify(issues).length, 10_000)
      refused({ firstName: "Ana", [hostile]: hostile })
      refused(
        { firstName: "Ana", customFields: [{ name: hostile, value: hostile }] },
        { customFields: catalogue },
      )
    }
  })

  it("refuses a body of more than 102,400 bytes before it is made, and after", () => {
    assert.isBelow(accepted(withFields(24, "a".repeat(4096))).body.length, Contact.MAX_BODY)
    assert.deepStrictEqual(shown(refused(withFields(26, "a".repeat(4096)))), [" BODY_TOO_LARGE"])
    // few characters, many bytes
    assert.deepStrictEqual(shown(refused(withFields(30, "é".repeat(2048)))), [" BODY_TOO_LARGE"])
    // escapes: one character, six bytes of JSON
    assert.deepStrictEqual(shown(refused(withFields(10, "\u0001".repeat(4096)))), [
      " BODY_TOO_LARGE",
    ])
  })
})

describe("types", () => {
  it("take the page's own request", () => {
    expectTypeOf(documented).toExtend<Contact.ContactInput>()
  })

  it("take custom fields by name and as pairs", () => {
    expectTypeOf<{
      firstName: string
      customFields: { A: string; B: number; C: boolean; D: null }
    }>().toExtend<Contact.ContactInput>()
    expectTypeOf<{
      firstName: string
      customFields: Array<{ name: string; value?: string }>
    }>().toExtend<Contact.ContactInput>()
    expectTypeOf<{
      firstName: string
      customFields: { A: Date }
    }>().not.toExtend<Contact.ContactInput>()
    expectTypeOf<{ lastName: string }>().not.toExtend<Contact.ContactInput>()
    expectTypeOf<{ firstName: null }>().not.toExtend<Contact.ContactInput>()
  })

  it("hold custom fields to a catalogue", () => {
    type Typed = Contact.ContactInput<CustomField.InputOf<typeof catalogue>>
    expectTypeOf<{
      firstName: string
      customFields: { Age: number; Tier: "Gold" }
    }>().toExtend<Typed>()
    expectTypeOf<{ firstName: string; customFields: { Age: string } }>().not.toExtend<Typed>()
    expectTypeOf<{ firstName: string; customFields: { Tier: "Bronze" } }>().not.toExtend<Typed>()
    // @ts-expect-error the catalogue has no such field
    const unknownName: Typed = { firstName: "Ana", customFields: { Colour: "red" } }
    assert.strictEqual(
      refused(unknownName, { customFields: catalogue })[0]?.code,
      "CUSTOM_FIELD_UNKNOWN",
    )
  })

  it("refuse a misspelt field", () => {
    // @ts-expect-error the field is called firstName
    const misspelt: Contact.ContactInput = { first_name: "Ana" }
    assert.strictEqual(refused(misspelt)[0]?.suggestion, "write firstName")
  })

  it("give the payload, the identifier and the body", () => {
    expectTypeOf(Contact.validate).returns.toEqualTypeOf<
      Result.Result<Contact.Validated, ReadonlyArray<Issue.Issue>>
    >()
    expectTypeOf<keyof Contact.Validated>().toEqualTypeOf<
      "identifier" | "payload" | "body" | "kind" | "value" | "key" | "secrets"
    >()
    expectTypeOf<Contact.Validated["identifier"]>().toEqualTypeOf<Identifier>()
    expectTypeOf<Contact.Validated["payload"]>().toEqualTypeOf<Contact.Payload>()
    // @ts-expect-error nothing made by hand is one
    const forged: Contact.Validated = { ...accepted({ firstName: "Ana" }) }
    assert.isFalse(Contact.isValidated(forged))
  })
})

describe("isValidated", () => {
  const valid = accepted({ firstName: "Ana" })

  it("recognises what validate made, and no copy and no imitation of it", () => {
    assert.isTrue(Contact.isValidated(valid))
    const imitations: ReadonlyArray<unknown> = [
      undefined,
      null,
      "email:a@b.c",
      { ...valid },
      structuredClone(valid),
      Object.create(valid),
      Object.create(Object.getPrototypeOf(valid)),
      Object.assign(Object.create(Object.getPrototypeOf(valid)), valid),
    ]
    for (const imitation of imitations) assert.isFalse(Contact.isValidated(imitation))
  })
})

const validFor = (identifier: string) =>
  Result.getOrThrow(
    Contact.validate(identifier, {
      firstName: "Ana",
      customFields: { Seats: 3, Plan: "Gold" },
      custom_fields: null,
    }),
  )

describe("a validated contact", () => {
  it("tells the parts of its identifier", () => {
    const email = validFor("email:Ana@Example.org")
    assert.deepStrictEqual(
      [email.kind, email.value, email.key],
      ["email", "Ana@Example.org", "email:Ana@example.org"],
    )
    assert.deepStrictEqual([validFor("5").kind, validFor("5").value], ["id", "5"])
    assert.strictEqual(validFor("phone:+60123456789").kind, "phone")
  })

  it("lists everything that no message may show", () => {
    assert.deepStrictEqual(validFor("id:7").secrets, ["id:7", "7", "Ana", "3", "Gold"])
  })
})
