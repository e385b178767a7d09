import { assert, describe, it } from "@effect/vitest"

import { missingFields } from "../src/map/MissingFields.ts"
import { mapped } from "./tables.ts"

const { mapping } = mapped(["First name", "Email"])

describe("missing fields of a mapping", () => {
  it("are not reported if there are first names and an identifier", () => {
    assert.deepStrictEqual(missingFields(mapping, []), [])
    const constant = { ...mapping, fields: { email: [1] }, constants: { firstName: "Friend" } }
    assert.deepStrictEqual(missingFields(constant, []), [])
    const full = { ...mapping, fields: { email: [1], fullName: [0] } }
    assert.deepStrictEqual(missingFields(full, []), [])
  })

  it("are named with the suggestion that would help", () => {
    const empty = { ...mapping, fields: {}, identifyBy: [] }
    const nearest = [
      { column: "City", flag: "--custom City=City" },
      { column: "Frist", flag: "--map firstName=Frist" },
      { column: "E Mial", flag: "--map 'email=E Mial'" },
    ]
    assert.deepStrictEqual(
      missingFields(empty, nearest).map(({ reason, fix }) => [reason, fix]),
      [
        ["first_name_missing", "--map firstName=Frist"],
        ["identifier_missing", "--map 'email=E Mial'"],
      ],
    )
  })
})
