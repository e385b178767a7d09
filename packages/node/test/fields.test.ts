import { describe, expect, expectTypeOf, it } from "vitest"

import type { FieldMatch } from "../src/index.ts"
import { identifierKind, matchField } from "../src/index.ts"

describe("matchField", () => {
  it.each([
    ["firstName", "firstName", 0],
    ["E-Mail", "email", 0],
    ["Work email", "email", 2],
    ["Handynummer", "phone", 1],
    ["name", "fullName", 0],
    ["identifier", "identifier", 0],
  ] as const)("recognises %s as %s", (name, target, rank) => {
    expect(matchField(name)).toEqual({ target, rank })
  })

  it.each(["Email consent", "website", "__proto__", "", "x".repeat(300)])(
    "does not recognise %j",
    (name) => {
      expect(matchField(name)).toBeUndefined()
    },
  )

  it("returns a FieldMatch", () => {
    expectTypeOf(matchField).returns.toEqualTypeOf<FieldMatch | undefined>()
  })
})

describe("identifierKind", () => {
  it.each([
    ["email:ana@example.com", "email"],
    ["phone:+60123456789", "phone"],
    ["id:7", "id"],
    ["example", "id"],
    ["EMAIL:ana@example.com", "id"],
    ["", "id"],
  ])("returns the kind of %j: %s", (identifier, kind) => {
    expect(identifierKind(identifier)).toBe(kind)
  })
})
