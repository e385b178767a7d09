import { assert, describe, it } from "@effect/vitest"
import { getCountries, getCountryCallingCode } from "libphonenumber-js/max"

import { isPhoneCountry, isPlainPhone, needsPhonePlans } from "../src/contact/PhoneText.ts"

describe("isPlainPhone", () => {
  it("accepts strict E.164 unless a zero follows the country code, for every country", () => {
    for (const country of getCountries()) {
      const code = getCountryCallingCode(country)
      assert.isTrue(isPlainPhone(`+${code}23456789`), country)
      assert.isFalse(isPlainPhone(`+${code}03456789`), country)
    }
    for (const text of ["+60 123456789", "60123456789", "+6012", "", "+60123456789 "]) {
      assert.isFalse(isPlainPhone(text), text)
    }
  })
})

describe("needsPhonePlans", () => {
  it("looks at the phone of the contact and of the identifier alone", () => {
    const ana = { firstName: "Ana" }
    assert.isTrue(needsPhonePlans("phone:012", ana))
    assert.isTrue(needsPhonePlans("id:5", { ...ana, phone: "012" }))
    for (const [identifier, contact] of [
      ["phone:+60123456789", { ...ana, phone: "+60123456789" }],
      ["email:a@b.co", ana],
      ["phone:phone:012", ana],
      [undefined, undefined],
      ["id:5", { phone: 5 }],
    ]) {
      assert.isFalse(needsPhonePlans(identifier, contact))
    }
  })
})

describe("isPhoneCountry", () => {
  it("knows exactly the countries that have a numbering plan", () => {
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    const known = letters.flatMap((a) => letters.map((b) => a + b)).filter(isPhoneCountry)
    assert.deepStrictEqual(known, getCountries().toSorted())
    for (const text of ["", "my", "M", "MYS", "D ", " D"]) assert.isFalse(isPhoneCountry(text))
  })
})
