import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import type { FieldType, WireValue } from "../src/contact/CustomFieldValue.ts"
import { checkValue, convert, convertUntyped } from "../src/contact/CustomFieldValue.ts"
import * as Issue from "../src/contact/Issue.ts"
import { everyType, field } from "./contacts.ts"
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

describe("checkValue", () => {
  it.each<[FieldType, unknown]>([
    ["text", ""],
    ["text", "any\nlines"],
    ["number", 0],
    ["number", -1.5],
    ["email", "user@domain.com"],
    ["url", "www.website.com"],
    ["list", "anything, if the options are not known"],
    ["date", "2024-02-29"],
    ["time", "13:00"],
    ["checkbox", "true"],
    ["checkbox", "false"],
    ["checkbox", true],
    ["checkbox", false],
  ])("W4 %s: takes %j", (type, value) => {
    assert.isUndefined(checkValue(type, value))
  })

  it.each<[FieldType, unknown, Issue.IssueCode]>([
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
  ])("W4 %s: rejects case %# with its code", (type, value, code) => {
    const issue = checkValue(type, value, ["custom_fields", 0, "value"])
    assert.strictEqual(issue?.code, code)
    assert.strictEqual(issue?.rule, Issue.issueRules[code])
    assert.deepStrictEqual(issue?.path, ["custom_fields", 0, "value"])
  })

  it("W4 list: takes only the options, and names them", () => {
    const list = { type: "list", options: ["Gold", "Silver"] } as const
    assert.isUndefined(checkValue(list, "Gold"))
    const issue = checkValue(list, "gold")
    assert.strictEqual(issue?.code, "LIST_INVALID")
    assert.strictEqual(issue?.suggestion, "one of: Gold, Silver")
  })

  it("names only the first few options of a long list", () => {
    const options = Array.from({ length: 1000 }, (_, i) => `option ${i}`)
    const suggestion = checkValue({ type: "list", options }, "x")?.suggestion ?? ""
    assert.isBelow(suggestion.length, 200)
    assert.isTrue(suggestion.endsWith(", …"))
  })
})

describe("convert", () => {
  it.each<[string, unknown, WireValue]>([
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
    assert.deepStrictEqual(convert(field(name), value), Result.succeed(wire))
  })

  it("turns -0, which JSON does not have, into 0", () => {
    for (const value of [-0, "-0"]) {
      const converted = convert(field("Age"), value)
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
  ])("%s: rejects case %# with its code", (name, value, code) => {
    const converted = convert(field(name), value, ["customFields", name])
    assert(Result.isFailure(converted))
    assert.strictEqual(converted.failure.code, code)
    assert.deepStrictEqual(converted.failure.path, ["customFields", name])
  })

  it.prop(
    "makes of any value an issue or a value that fits the wire",
    [anything],
    ([value]) => {
      for (const each of everyType.fields) {
        const converted = convert(each, value)
        if (Result.isSuccess(converted)) {
          assert.isUndefined(checkValue(each, converted.success))
          assert.deepStrictEqual(convert(each, converted.success), converted)
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
        assert(Result.isSuccess(convert(field(name), value)))
      }
    },
    runs,
  )
})

describe("convertUntyped", () => {
  it.each([
    ["a", "a"],
    ["", ""],
    [5, 5],
    [true, "true"],
    [false, "false"],
  ])("D9 turns %j into the wire's value", (value, wire) => {
    assert.deepStrictEqual(convertUntyped(value), Result.succeed(wire))
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
  ])("rejects case %#", (value) => {
    const converted = convertUntyped(value)
    assert(Result.isFailure(converted))
    assert.strictEqual(converted.failure.code, "CUSTOM_FIELD_VALUE")
  })
})

describe("an integer that a double does not hold exactly (R17, D16)", () => {
  it.each([2 ** 53, -(2 ** 53), Number("12345678901234567890"), 1e300])(
    "is refused: %d",
    (value) => {
      for (const result of [convertUntyped(value), convert(field("Age"), value)]) {
        assert(Result.isFailure(result))
        assert.match(result.failure.suggestion ?? "", /^send it as text/)
      }
      assert.match(checkValue("number", value)?.suggestion ?? "", /^send it as text/)
    },
  )

  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1, 1.5e-300])(
    "is not %d",
    (value) => {
      assert.strictEqual(Result.getOrThrow(convertUntyped(value)), value)
      assert.strictEqual(Result.getOrThrow(convert(field("Age"), value)), value)
    },
  )
})
