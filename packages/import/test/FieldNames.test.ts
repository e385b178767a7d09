import { assert, describe, it } from "@effect/vitest"

import { fieldNames, isFieldName, unknownField } from "../src/map/FieldNames.ts"

describe("fields", () => {
  it("are known by their exact names", () => {
    for (const name of fieldNames) assert(isFieldName(name))
    assert(!isFieldName("firstname") && !isFieldName("toString"))
  })

  it("are suggested for names that are nearly theirs", () => {
    assert.strictEqual(unknownField("frist_name", "--map").fix, "did you mean firstName?")
    assert.include(unknownField("company", "--map").fix ?? "", "dialingCode")
  })
})
