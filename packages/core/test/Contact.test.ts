import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Contact from "../src/contact/Contact.ts"
import type * as CustomField from "../src/contact/CustomField.ts"
import type { Identifier } from "../src/contact/Identifier.ts"
import * as Issue from "../src/contact/Issue.ts"
import { accepted, catalogue, documented, issuesOf, shown } from "./contacts.ts"
import { anything, contact, identifierText, runs } from "./inputs.ts"

const stringObject: unknown = Object("Ana")

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
    assert.strictEqual(accepted({ firstName: "Ana" }, { fill: false }).body, '{"firstName":"Ana"}')
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
      assert.strictEqual(accepted(input, { fill: false }).body, '{"firstName":"Ana"}')
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
  ])("rejects %s", (_, input, expected) => {
    assert.deepStrictEqual(shown(issuesOf(input)), expected)
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
  ])("rejects what is not an object, case %#", (input) => {
    assert.deepStrictEqual(shown(issuesOf(input)), [" CONTACT_TYPE"])
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
  ])("suggests how to fix case %#", (input, suggestion) => {
    assert.strictEqual(issuesOf({ ...input, firstName: "Ana" })[0]?.suggestion, suggestion)
  })

  it("lists 100 issues, then one that says there are more", () => {
    const many = Array.from({ length: 150 }, () => ({ name: "", value: Number.NaN }))
    const issues = issuesOf({ firstName: "Ana", customFields: many })
    assert.strictEqual(issues.length, 101)
    assert.strictEqual(issues.at(-1)?.code, "ISSUES_TOO_MANY")
  })

  it.prop(
    "F1: makes a body that decodes to the contact",
    [identifierText, contact],
    ([identifier, input]) => {
      const result = Contact.validate(identifier, input, { fill: false })
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
    "F3: makes the same payload of a payload",
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
    "F16: takes or rejects any value, and changes neither it nor Object.prototype",
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
    const [issue] = issuesOf(input)
    // a key that is a number comes first in every object
    assert.deepStrictEqual(issue?.path, [key === "1" ? 0 : 1])
    assert.notInclude(JSON.stringify(issue), key === "1" ? '"1"' : key)
  })

  it("names a key that looks like a field", () => {
    for (const key of ["company", "first-nam", "lead_source", "utm_source", "line2"]) {
      assert.strictEqual(issuesOf({ firstName: "Ana", [key]: "x" })[0]?.path[0], key)
    }
  })
})

describe("hostile input", () => {
  it("reads own properties alone", () => {
    const inherited: unknown = Object.create({ firstName: "Ana" })
    assert.deepStrictEqual(shown(issuesOf(inherited)), ["firstName FIRST_NAME_MISSING"])
  })

  it("takes an object without prototype", () => {
    const input = { __proto__: null, firstName: "Ana" }
    assert.isNull(Object.getPrototypeOf(input))
    assert.strictEqual(accepted(input, { fill: false }).body, '{"firstName":"Ana"}')
  })

  it.each(["__proto__", "constructor", "prototype"])(
    "F16: rejects %s as a field, a custom field and a pair's key",
    (key) => {
      const inputs: ReadonlyArray<unknown> = [
        JSON.parse(`{"firstName":"Ana","${key}":{"polluted":true,"firstName":"x"}}`),
        JSON.parse(`{"firstName":"Ana","customFields":{"${key}":"x"}}`),
        JSON.parse(`{"firstName":"Ana","custom_fields":[{"name":"A","${key}":{"polluted":true}}]}`),
        JSON.parse(`{"firstName":"Ana","custom_fields":[{"name":"${key}","value":"x"}]}`),
      ]
      for (const input of inputs) {
        const issues = issuesOf(input)
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
      const issues = issuesOf(input)
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
        shown(issuesOf(value)).map((line) => line.split(" ")[1]),
        ["CONTACT_UNREADABLE"],
      )
      for (const input of [
        { firstName: "Ana", customFields: value },
        { firstName: "Ana", customFields: [value] },
      ]) {
        assert.include(
          issuesOf(input).map((issue) => issue.code),
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
    issuesOf(input)
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
    assert.deepStrictEqual(shown(issuesOf(input)), [" TOO_MANY_FIELDS"])
    assert.deepStrictEqual(shown(issuesOf(Object.fromEntries(names.map((name) => [name, 0])))), [
      " TOO_MANY_FIELDS",
    ])
    assert.deepStrictEqual(shown(issuesOf({ firstName: "Ana", customFields: input })), [
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
    assert.deepStrictEqual(shown(issuesOf({ firstName: "Ana", custom_fields: pairs })), [
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
    issuesOf({ firstName: "Ana", custom_fields: Array.from({ length: 200 }, () => pair) })
    assert.strictEqual(reads, Issue.MAX_ISSUES + 1)
  })

  it("does not follow a depth of 100,000", () => {
    let deep: unknown = "x"
    for (let i = 0; i < 100_000; i++)
      deep = i % 2 === 0 ? [deep] : { name: deep, value: deep, customFields: deep, firstName: deep }
    assert.isAbove(issuesOf(deep).length, 0)
    assert.deepStrictEqual(shown(issuesOf({ firstName: deep, customFields: { A: deep } })), [
      "firstName STRING_EXPECTED",
      "customFields.A CUSTOM_FIELD_VALUE",
    ])
    assert.deepStrictEqual(shown(issuesOf({ firstName: "Ana", custom_fields: [deep] })), [
      "custom_fields.0.customFields UNKNOWN_FIELD",
      "custom_fields.0.firstName UNKNOWN_FIELD",
      "custom_fields.0.name CUSTOM_FIELD_NAME",
    ])
  })

  it("does not follow an object that holds itself", () => {
    const input: Record<string, unknown> = { firstName: "Ana" }
    input["customFields"] = input
    assert.deepStrictEqual(shown(issuesOf(input)), ["customFields.customFields CUSTOM_FIELD_VALUE"])
  })

  it("decides on strings of ten million characters by their length", () => {
    for (const piece of ["a", "@", "a@", " ", "\0", "\ud800", "😀", "http://a.", "-"]) {
      const hostile = piece.repeat(10_000_000 / piece.length)
      const fields = Object.keys(documented).map((name) => [name, hostile] as const)
      const issues = issuesOf({
        ...Object.fromEntries(fields),
        [hostile]: hostile,
        customFields: { [hostile]: hostile },
      })
      assert.isAbove(issues.length, 0)
      assert.isBelow(JSON.stringify(issues).length, 10_000)
      issuesOf({ firstName: "Ana", [hostile]: hostile })
      issuesOf(
        { firstName: "Ana", customFields: [{ name: hostile, value: hostile }] },
        { customFields: catalogue },
      )
    }
  })

  it("rejects a body of more than 102,400 bytes before it is made, and after", () => {
    assert.isBelow(accepted(withFields(24, "a".repeat(4096))).body.length, 102_400)
    assert.deepStrictEqual(shown(issuesOf(withFields(26, "a".repeat(4096)))), [" BODY_TOO_LARGE"])
    // few characters, many bytes
    assert.deepStrictEqual(shown(issuesOf(withFields(30, "é".repeat(2048)))), [" BODY_TOO_LARGE"])
    // escapes: one character, six bytes of JSON
    assert.deepStrictEqual(shown(issuesOf(withFields(10, "\u0001".repeat(4096)))), [
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
      issuesOf(unknownName, { customFields: catalogue })[0]?.code,
      "CUSTOM_FIELD_UNKNOWN",
    )
  })

  it("reject a misspelt field", () => {
    // @ts-expect-error the field is called firstName
    const misspelt: Contact.ContactInput = { first_name: "Ana" }
    assert.strictEqual(issuesOf(misspelt)[0]?.suggestion, "write firstName")
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
