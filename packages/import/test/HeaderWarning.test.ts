import { assert, describe, it } from "@effect/vitest"

import { holdsDialingCodes, isOptOut, namesDialingCode } from "../src/map/HeaderWarning.ts"
import { rowsOf } from "./tables.ts"

const holds = (...values: readonly string[]) =>
  holdsDialingCodes(rowsOf(values.map((value) => [value])), 0)

describe("headers that need a person", () => {
  it("mark people that have unsubscribed (R30)", () => {
    for (const header of [
      "UNSUB_TIME",
      "EMAIL_BLACKLISTED",
      "SMS_BLACKLISTED",
      "Email Opt Out",
      "HasOptedOutOfEmail",
      "Do Not Call",
      "Unsubscribed from all email",
    ]) {
      assert(isOptOut(header), header)
    }
    for (const header of ["OPTIN_TIME", "Email", "Notes"]) assert(!isOptOut(header), header)
  })

  it("name calling codes", () => {
    assert(namesDialingCode("Dialling Code") && namesDialingCode("phone_country_code"))
    assert(!namesDialingCode("Country Code"))
  })

  it("hold calling codes in every row that has a value", () => {
    assert(holds("60", "+60", "0060", "", "1", "+ 91", "'44", "(65)"))
    assert(!holds("60", "MY"))
    assert(!holds("", ""))
    assert(!holds("12345"))
  })
})
