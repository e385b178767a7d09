import { assert, describe, it } from "@effect/vitest"

import { InvalidContactError, contactId, customFields, email, phone } from "../src/index.ts"

/** Returns the error that a function throws. */
const thrownBy = (make: () => unknown): unknown => {
  try {
    make()
  } catch (error) {
    return error
  }
  return assert.fail("it did not throw")
}

describe("email, phone and contactId", () => {
  it("create identifiers with their prefix", () => {
    assert.strictEqual(email("ana@example.com"), "email:ana@example.com")
    assert.strictEqual(phone("+60123456789"), "phone:+60123456789")
    assert.strictEqual(contactId("5"), "id:5")
  })

  it.each([
    ["email", () => email("secret")],
    ["phone", () => phone("0123secret")],
    ["contactId", () => contactId("secret\ud800")],
  ] as const)("%s throws for an invalid value and does not show it", (_, make) => {
    const error = thrownBy(make)
    assert.instanceOf(error, InvalidContactError)
    assert.isAbove(error.issues.length, 0)
    assert.notInclude(String(error), "secret")
  })
})

describe("customFields.define", () => {
  it("creates a catalogue in the order of the declaration", () => {
    const { fields } = customFields.define({
      Age: "number",
      Tier: { type: "list", options: ["Gold", "Silver"] },
    })
    assert.deepStrictEqual(
      fields.map(({ name, type, options }) => ({ name, type, options })),
      [
        { name: "Age", type: "number", options: undefined },
        { name: "Tier", type: "list", options: ["Gold", "Silver"] },
      ],
    )
  })

  it("throws for an unknown type", () => {
    // @ts-expect-error a type that does not exist
    const error = thrownBy(() => customFields.define({ Age: "integer" }))
    assert.instanceOf(error, TypeError)
    assert.strictEqual(Reflect.get(error, "code"), "ERR_AELYST_CONFIG")
  })
})
