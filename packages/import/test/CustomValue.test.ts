import { assert, describe, it } from "@effect/vitest"
import { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import { read } from "../src/check/CustomValue.ts"
import { customTypes } from "../src/map/CustomOption.ts"
import type { CustomType } from "../src/types.ts"
import { makeCounts } from "./counts.ts"

const value = (type: CustomType, text: string, hasLabels = false) => {
  const result = read(type, text, { dateFormat: undefined, hasLabels }, makeCounts().counts)
  return Result.isSuccess(result) ? result.success : result.failure.code
}

describe("values of custom fields", () => {
  it("are read by their types", () => {
    for (const [type, text, expected] of [
      ["number", "42", 42],
      ["number", "-1.50", -1.5],
      ["number", "+7", 7],
      ["number", "1,5", "NUMBER_INVALID"],
      ["number", "1,234", "NUMBER_INVALID"],
      ["number", "1.234,5", "NUMBER_INVALID"],
      ["number", "1 234", "NUMBER_INVALID"],
      ["number", "12345678901234567890", "NUMBER_INVALID"],
      ["number", "1e5", "NUMBER_INVALID"],
      ["checkbox", "TRUE", true],
      ["checkbox", "x", true],
      ["checkbox", "Yes", true],
      ["checkbox", "1", true],
      ["checkbox", "no", false],
      ["checkbox", "0", false],
      ["checkbox", "maybe", "CHECKBOX_INVALID"],
      ["checkbox", "constructor", "CHECKBOX_INVALID"],
      ["date", "2024/4/3", "2024-04-03"],
      ["date", "3/4/2024", "DATE_AMBIGUOUS"],
      ["date", "0/0/00", undefined],
      ["time", "1:30 PM", "13:30"],
      ["url", "www.website.com", "www.website.com"],
      ["url", "not a url", "URL_INVALID"],
      ["url", "ftp://a.b", "URL_INVALID"],
      ["email", "a@b.c", "a@b.c"],
      ["email", "a@b.c ::: d@e.f", "a@b.c"],
      ["email", "a b@c", "EMAIL_INVALID"],
      ["list", "Gold", "Gold"],
      ["text", "=1+1", "=1+1"],
    ] as const) {
      assert.deepStrictEqual(value(type, text), expected, `${type} ${text}`)
    }
  })

  it("have no marks of Google's labels", () => {
    assert.strictEqual(value("text", "* myContacts ::: Friends", true), "myContacts, Friends")
    assert.strictEqual(value("list", "* myContacts ::: Friends", true), "myContacts")
    assert.strictEqual(value("text", "* a list"), "* a list")
  })

  it("are ones that core takes", () => {
    for (const type of customTypes) {
      const made = CustomField.make({ A: type === "list" ? { type, options: ["x"] } : type })
      const field = Result.getOrThrow(made).get("A")
      for (const text of ["x", "1", "2024-01-02", "12:30", "a.bc", "a@b.c", "true"]) {
        const result = read(
          type,
          text,
          { dateFormat: undefined, hasLabels: false },
          makeCounts().counts,
        )
        if (field === undefined || Result.isFailure(result) || type === "list") continue
        assert(Result.isSuccess(CustomField.convert(field, result.success)), `${type} ${text}`)
      }
    }
  })
})
