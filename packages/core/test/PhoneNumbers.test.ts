import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { ConfigurationError } from "../src/index.ts"
import * as PhoneReading from "../src/contact/PhoneReading.ts"
import { parsePhone, validateWithPhones } from "../src/call/PhoneNumbers.ts"

const read = (text: string, defaultCountry?: string) =>
  Result.match(parsePhone(text, { defaultCountry }), {
    onSuccess: (number) => number,
    onFailure: ({ code, suggestion }) => [code, suggestion],
  })

const zero = "leave out the 0 after the country code"
const bracketed = "leave out the (0) after the country code"

describe("parsePhone", () => {
  it.each([
    ["+44 (0)20 7946 0958", "+442079460958"],
    ["+49 (0) 209 1234567", "+492091234567"],
    ["(+44) 20 7946 0958", "+442079460958"],
    ["+39 06 12345678", "+390612345678"],
    ["+39 (0)6 12345678", "+390612345678"],
    ["+390612345678", "+390612345678"],
    ["+225 01 01 23 45 67", "+2250101234567"],
    ["+60-12-345 6789", "+60123456789"],
    ["+60.12.345.6789", "+60123456789"],
    ["tel:+44-20-7946-0958;ext=12", "+442079460958"],
    ["+44 20 7946 0958 ext. 12", "+442079460958"],
    ["＋６０　１２‑345 6789", "+60123456789"],
    ["\u202a+60\u00a012\u200b345 6789\u202c", "+60123456789"],
    ["+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"],
    ["+60123456789.0", "+60123456789"],
    // strict, and unknown to the plan: it travels as it is
    ["+60999", "PHONE_INVALID"],
    ["+15550100000", "+15550100000"],
  ])("R3 reads %s without a country", (text, wanted) => {
    const result = read(text)
    assert.strictEqual(Array.isArray(result) ? result[0] : result, wanted)
  })

  it.each([
    ["+44 0161 496 0000", zero],
    ["+4402079460958", zero],
    ["+44 (0)161 496", bracketed],
    ["+44 0161 496", zero],
    ["+1 (0) 415 555 2671", bracketed],
    ["+0123456789", "write the country code after +, without a leading 0"],
    ["+60 12-345 6789 / 8", "give one number"],
    ["+60123456789, +60123456788", "give one number"],
    ["phone:+60123456789", "leave the prefix out"],
    ["+60123456789\n+60123456788", undefined],
    // a trunk prefix other than 0: leaving it out could give another number
    ["+7 8 495 123 45 67", undefined],
    ["+36 06 1 234 5678", undefined],
    ["+999 1234567", undefined],
    ["not a number", undefined],
    ["", undefined],
    [`+60${"1".repeat(1_000)}`, undefined],
  ])("R3 refuses %j, and says what to do", (text, suggestion) => {
    assert.deepStrictEqual(read(text), ["PHONE_INVALID", suggestion])
  })

  it.each([
    ["012-345 6789", "MY", "+60123456789"],
    ["012-345 6789", "my", "+60123456789"],
    ["60123456789", "MY", "+60123456789"],
    ["60123456789.0", "MY", "+60123456789"],
    ["0060 12 345 6789", "GB", "+60123456789"],
    ["011 44 20 7946 0958", "US", "+442079460958"],
    ["(415) 555-2671", "US", "+14155552671"],
    ["030/1234567", "DE", "+49301234567"],
    ["06 12345678", "IT", "+390612345678"],
    ["8 029 491-19-11", "BY", "+375294911911"],
    ["020 7946 0958 x12", "GB", "+442079460958"],
    ["+44 (0)20 7946 0958", "MY", "+442079460958"],
  ])("U11 reads %s in %s", (text, country, wanted) => {
    assert.strictEqual(read(text, country), wanted)
  })

  it("R32 reads digits without + in the default country first", () => {
    assert.strictEqual(read("85261234567", "ID"), "+6285261234567")
    assert.strictEqual(read("51987654321", "BR"), "+5551987654321")
    const suggestion = "check it as a number of MY, or begin with + and the country code"
    assert.deepStrictEqual(read("442079460958", "MY"), ["PHONE_INVALID", suggestion])
  })

  it("R31 R32 refuses digits without + if there is no country", () => {
    const suggestion = "begin with + and the country code, such as +60"
    for (const text of ["60123456789", "33611111111", "012-345 6789", "60123456789.0"]) {
      assert.deepStrictEqual(read(text), ["PHONE_NO_COUNTRY", suggestion])
    }
    assert.deepStrictEqual(read("0060123456789"), [
      "PHONE_NO_COUNTRY",
      "write + in place of the leading 00",
    ])
  })

  it("refuses scientific notation, which has lost digits", () => {
    for (const text of ["6.01E+10", "6,01E+10", "6.01234567e10", "+6.01E+10"]) {
      assert.deepStrictEqual(read(text, "MY"), ["PHONE_SCIENTIFIC", "re-export the column as text"])
    }
  })

  it("never repeats the number in an issue", () => {
    for (const text of ["+44 0161 496 0000", "99999", "6.01E+10", "+60 12-345 6789 / 8"]) {
      const number = parsePhone(text, { defaultCountry: "MY" })
      assert.isTrue(Result.isFailure(number))
      assert.notInclude(JSON.stringify(number), text)
    }
  })

  it("throws for a country without a numbering plan", () => {
    for (const defaultCountry of ["XX", "ZZ", "Malaysia", "", "M Y"]) {
      assert.throws(
        () => parsePhone("1", { defaultCountry }),
        ConfigurationError,
        /unknown country/,
      )
    }
  })
})

describe("validateWithPhones", () => {
  const options = { defaultCountry: "MY" }

  it("reads the phone number of the contact and of the identifier", () => {
    const contact = { firstName: "Siti", phone: "+44 (0)20 7946 0958" }
    const valid = Result.getOrThrow(validateWithPhones("phone:012-345 6789", contact, options))
    assert.strictEqual(valid.identifier, "phone:+60123456789")
    assert.strictEqual(valid.payload.phone, "+442079460958")
    assert.strictEqual(contact.phone, "+44 (0)20 7946 0958")
  })

  it("reports every issue at once, each at its place", () => {
    const valid = validateWithPhones("phone:+44 020 1", { phone: "6.01E+10", x: 1 }, options)
    assert.isTrue(Result.isFailure(valid))
    if (Result.isFailure(valid)) {
      assert.deepStrictEqual(
        valid.failure.map(({ code, path }) => [path.join("."), code]),
        [
          ["identifier", "PHONE_INVALID"],
          ["phone", "PHONE_SCIENTIFIC"],
          ["x", "UNKNOWN_FIELD"],
          ["firstName", "FIRST_NAME_MISSING"],
        ],
      )
    }
  })

  it("leaves everything else to validate", () => {
    const hostile = Object.defineProperty({ firstName: "A" }, "phone", {
      enumerable: true,
      get: () => {
        throw new Error("canary")
      },
    })
    for (const [identifier, contact, code] of [
      ["phone:phone:+60123456789", { firstName: "A" }, "PREFIX_DOUBLE"],
      ["email:ana@", { firstName: "A" }, "EMAIL_INVALID"],
      [5, { firstName: "A" }, "IDENTIFIER_TYPE"],
      ["id:5", null, "CONTACT_TYPE"],
      ["id:5", ["phone"], "CONTACT_TYPE"],
      ["id:5", { firstName: "A", phone: 5 }, "STRING_EXPECTED"],
      ["id:5", hostile, "CONTACT_UNREADABLE"],
    ] as const) {
      const valid = validateWithPhones(identifier, contact, options)
      assert.strictEqual(Result.isFailure(valid) && valid.failure[0]?.code, code)
    }
  })
})

describe("PhoneReading.hasExtension", () => {
  it("finds what parsePhone leaves out", () => {
    for (const text of [
      "tel:+44-20-7946-0958;ext=12",
      "012-345 6789 x12",
      "+60 12 #3",
      " 5 ext. 1 ",
    ])
      assert.isTrue(PhoneReading.hasExtension(text), text)
    for (const text of ["012-345 6789", "", "ext", "x".repeat(200) + " x1"])
      assert.isFalse(PhoneReading.hasExtension(text), text)
  })
})
