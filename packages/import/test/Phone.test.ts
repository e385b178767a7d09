import { assert, describe, it } from "@effect/vitest"
import * as Plans from "libphonenumber-js/max"
import * as Result from "effect/Result"

import { make } from "../src/check/Phone.ts"
import { makeCounts } from "./counts.ts"

const reader = make(Plans, false)
const confirmed = make(Plans, true)

const phone = (text: string, country?: string, phones = reader) => {
  const { counts, list } = makeCounts()
  const read = phones.read(text, country, counts)
  return Result.isSuccess(read)
    ? [read.success, ...list]
    : [read.failure.code, read.failure.reason, ...list]
}

describe("phone numbers", () => {
  it("are read in the country first (R32)", () => {
    assert.deepStrictEqual(phone("85261234567", "ID"), ["+6285261234567", "phone"])
    assert.deepStrictEqual(phone("51987654321", "BR"), ["+5551987654321", "phone"])
    assert.deepStrictEqual(phone("33611111111", "FR"), ["+33611111111", "phone"])
    assert.deepStrictEqual(phone("012-345 6789", "MY"), ["+60123456789", "phone"])
  })

  it("are refused without a country, also if they are valid with a + (R31, R32)", () => {
    assert.strictEqual(phone("33611111111")[0], "PHONE_NO_COUNTRY")
    assert(reader.isValidWithPlus("33611111111"))
    assert(!reader.isValidWithPlus("0123456789"))
    assert(!reader.isValidWithPlus("+33611111111"))
    assert(!reader.isValidWithPlus("12345678"))
  })

  it("are read with a + if a person says that all of the column are", () => {
    assert.deepStrictEqual(phone("33611111111", undefined, confirmed), ["+33611111111", "plus"])
    assert.deepStrictEqual(phone("33 6 11 11 11 11", "MY", confirmed), ["+33611111111", "plus"])
    assert.deepStrictEqual(phone("85261234567", "ID", confirmed), ["+6285261234567", "phone"])
    assert.strictEqual(phone("11111111111", undefined, confirmed)[0], "PHONE_NO_COUNTRY")
  })

  it("keep their digits if they begin with +", () => {
    assert.deepStrictEqual(phone("+60123456789", "ID"), ["+60123456789"])
    assert.deepStrictEqual(phone("+44 (0)20 7946 0958"), ["+442079460958", "phone"])
    assert.deepStrictEqual(phone("+39 06 6982 1234"), ["+390669821234", "phone"])
  })

  it("say what spreadsheets did to them", () => {
    assert.deepStrictEqual(phone("60123456789.0", "MY"), ["+60123456789", "phone"])
    assert.deepStrictEqual(phone("6.01E+10", "MY"), [
      "PHONE_SCIENTIFIC",
      "a spreadsheet has rounded this number",
    ])
  })

  it("lose an extension, which is counted", () => {
    assert.deepStrictEqual(phone("+60 12-345 6789 ext. 12"), ["+60123456789", "extension", "phone"])
  })

  it("say what is wrong with their length", () => {
    assert.deepStrictEqual(phone("12-34", "MY"), ["PHONE_INVALID", "too short for MY"])
    assert.deepStrictEqual(phone("+60 12"), ["PHONE_INVALID", "too short"])
    assert.deepStrictEqual(phone("call me", "MY"), ["PHONE_INVALID", "not a phone number"])
  })
})

describe("calling codes", () => {
  it("stand for the country whose numbers are written as at home", () => {
    for (const [code, country] of [
      ["60", "MY"],
      ["+60", "MY"],
      ["0060", "MY"],
      ["(1)", "US"],
      ["44", "GB"],
      ["7", "RU"],
      ["39", "IT"],
    ] as const) {
      assert.strictEqual(reader.countryOf(code), country, code)
    }
    for (const code of ["", "0", "999", "MY"]) assert.isUndefined(reader.countryOf(code), code)
  })

  it("of several countries are all known", () => {
    const codes = Plans.getCountries().map((country) => Plans.getCountryCallingCode(country))
    const shared = codes.filter((code, at) => codes.indexOf(code) < at)
    assert.deepStrictEqual(
      [...new Set(shared)].toSorted(),
      ["1", "212", "262", "290", "358", "39", "44", "47", "590", "599", "61", "7"].toSorted(),
    )
  })
})
