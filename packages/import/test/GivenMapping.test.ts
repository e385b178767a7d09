import { assert, describe, it } from "@effect/vitest"

import { read } from "../src/map/GivenMapping.ts"

const columns = ["A", "B", "C", "x=y"]

describe("given mappings", () => {
  it("hold fields, custom fields, constants and ignored columns", () => {
    const given = read(columns, {
      map: ["phone=B|A", "email=x=y"],
      custom: ["City=C"],
      set: ["firstName=Friend = all"],
      ignore: ["A"],
    })
    assert.deepStrictEqual(given, {
      fields: { phone: [1, 0], email: [3] },
      custom: [{ name: "City", type: "text", column: 2 }],
      constants: { firstName: "Friend = all" },
      ignored: new Set([0]),
      issues: [],
    })
  })

  it("take the last of two options for one field", () => {
    assert.deepStrictEqual(read(columns, { map: ["phone=A", "phone=B"] }).fields, { phone: [1] })
    assert.deepStrictEqual(read(columns, { set: ["language=ms", "language=de"] }).constants, {
      language: "de",
    })
  })

  it("give no contact of all rows the same identifier", () => {
    const { issues } = read(columns, { set: ["identifier=id:5", "phone=+60123456789"] })
    assert.deepStrictEqual(
      issues.map(({ reason }) => reason),
      ["constant", "constant"],
    )
  })
})
