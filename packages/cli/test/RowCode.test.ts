import { assert, describe, it } from "@effect/vitest"

import { allCodes } from "../src/ErrorCode.ts"
import { rowFixes, rowRules } from "../src/RowCode.ts"
import { inside } from "./inside.ts"

describe("rowFixes", () => {
  it("has an advice for each rule of rows, and only for codes that exist", () => {
    for (const code of Object.keys(rowRules)) assert.isDefined(rowFixes[code], code)
    for (const code of Object.keys(rowFixes)) assert.isTrue(allCodes.has(code), code)
  })
})

describe("aelyst errors", () => {
  it("explains the codes of rows of a file", async () => {
    for (const code of ["DATE_AMBIGUOUS", "COUNTRY_UNKNOWN", "PHONE_NO_COUNTRY"]) {
      const { code: exit, stdout } = await inside(["errors", code])
      assert.strictEqual(exit, 0)
      assert.include(stdout, rowFixes[code] ?? "nothing")
    }
  })
})
