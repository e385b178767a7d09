import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import * as Issue from "../src/contact/Issue.ts"
import { MAX_BODY, Reading, shownKey } from "../src/contact/Reading.ts"
import * as Rule from "../src/contact/TextRules.ts"

describe("shownKey", () => {
  it.each([["company"], ["first-nam"], ["lead_source"], ["line2"], ["Zip1234"], ["a".repeat(40)]])(
    "shows %s, which looks like a name",
    (key) => {
      assert.strictEqual(shownKey(key, 7), key)
    },
  )

  it.each([["Ana Lopez"], ["_a"], ["1"], ["Zip12345"], ["né"], ["a".repeat(41)], ["constructor"]])(
    "shows the position in place of %s",
    (key) => {
      assert.strictEqual(shownKey(key, 7), 7)
    },
  )

  it("shows spaces only if it is asked to", () => {
    assert.strictEqual(shownKey("Company Website", 7, true), "Company Website")
    assert.strictEqual(shownKey(" Company", 7, true), 7)
  })
})

describe("Reading", () => {
  it("counts every text, and keeps the issues in order", () => {
    const reading = new Reading(undefined)
    assert.strictEqual(reading.text(Rule.fields.lastName, "abc", ["lastName"]), "abc")
    assert.isUndefined(reading.text(Rule.fields.email, "ana", ["email"]))
    assert.isUndefined(reading.report("CONTACT_TYPE", []))
    assert.isUndefined(reading.take(Result.fail(Issue.make("DATE_INVALID", ["d"]))))
    assert.strictEqual(reading.take(Result.succeed(5)), 5)
    assert.strictEqual(reading.size, 6)
    assert.deepStrictEqual(
      reading.issues.map(({ code }) => code),
      ["EMAIL_INVALID", "CONTACT_TYPE", "DATE_INVALID"],
    )
    assert.isFalse(reading.isFull)
  })

  it("is full after more text than a body can have, or more issues than are listed", () => {
    const long = new Reading(undefined)
    long.size = MAX_BODY + 1
    assert.isTrue(long.isFull)
    const invalid = new Reading(undefined)
    for (let i = 0; i <= Issue.MAX_ISSUES; i++) invalid.report("UNKNOWN_FIELD", [i])
    assert.isTrue(invalid.isFull)
  })
})
