import { describe, expect, it } from "vitest"
import { compare } from "../src/Compare.ts"
import type { Row } from "../src/Rows.ts"

const ana: Row = {
  identifier: "email:ana@example.com",
  firstName: "Ana ",
  lastName: null,
  countryCode: "my",
  custom_fields: [
    { name: "Newsletter", value: true },
    { name: "Seats", value: 2 },
    { name: "Notes" },
  ],
}
const stored = {
  id: "c_1",
  state: "ready",
  identifier: "email:ana@example.com",
  firstName: "Ana ",
  countryCode: "MY",
  custom_fields: [
    { name: "Newsletter", value: "true" },
    { name: "Seats", value: 2 },
    { name: "Notes" },
  ],
}
const bo: Row = { identifier: "id:bo", firstName: "Bo" }
const storedBo = { identifier: "id:bo", firstName: "Bo" }

describe("compare", () => {
  it("finds nothing when all arrived, in any order", () => {
    expect(compare([ana, bo], [storedBo, stored])).toStrictEqual([])
  })

  it("finds a contact that did not arrive", () => {
    expect(compare([ana, bo], [stored])).toStrictEqual([{ row: 2, field: "contact", kind: "lost" }])
  })

  it("finds a contact that arrived twice", () => {
    expect(compare([ana, bo], [stored, storedBo, storedBo])).toStrictEqual([
      { row: 2, field: "contact", kind: "twice" },
    ])
  })

  it("finds a contact that was not sent", () => {
    expect(compare([ana], [stored, storedBo])).toStrictEqual([{ field: "contact", kind: "added" }])
  })

  it("finds a name that lost its trailing space (D13)", () => {
    expect(compare([ana], [{ ...stored, firstName: "Ana" }])).toStrictEqual([
      { row: 1, field: "firstName", kind: "altered" },
    ])
  })

  it("finds a field that was lost, and one that was added", () => {
    const { countryCode: _, ...rest } = stored
    expect(compare([ana], [{ ...rest, lastName: "null" }])).toStrictEqual([
      { row: 1, field: "countryCode", kind: "lost" },
      { row: 1, field: "lastName", kind: "added" },
    ])
  })

  it("finds a number that arrived as text, and a checkbox that did not (W4, D9)", () => {
    const custom_fields = [
      { name: "Newsletter", value: true },
      { name: "Seats", value: "2" },
      { name: "Notes" },
    ]
    expect(compare([ana], [{ ...stored, custom_fields }])).toStrictEqual([
      { row: 1, field: "custom_fields.Newsletter", kind: "altered" },
      { row: 1, field: "custom_fields.Seats", kind: "altered" },
    ])
  })

  it("finds custom fields that were lost altogether", () => {
    const { custom_fields: _, ...rest } = stored
    expect(compare([ana], [rest]).map((difference) => difference.kind)).toStrictEqual([
      "lost",
      "lost",
      "lost",
    ])
  })
})
