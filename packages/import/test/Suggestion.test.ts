import { assert, describe, it } from "@effect/vitest"

import { mapped } from "./tables.ts"

const flagsOf = (...columns: readonly string[]) =>
  mapped(["First name", "Email", ...columns]).suggestions.map(({ flag }) => flag)

describe("suggestions", () => {
  it("name the field that a header nearly is", () => {
    assert.deepStrictEqual(flagsOf("Lats Name"), ["--map 'lastName=Lats Name'"])
  })

  it("name the field that only a person can tell", () => {
    assert.deepStrictEqual(flagsOf("CC", "Contact number"), [
      "--map countryCode=CC",
      "--map 'phone=Contact number'",
    ])
  })

  it("name a custom field of a probable type otherwise", () => {
    assert.deepStrictEqual(flagsOf("Company Website", "Birthday", "City", "a:b"), [
      "--custom 'Company Website:url'",
      "--custom Birthday:date",
      "--custom City=City",
      String.raw`--custom 'a\:b=a:b'`,
    ])
  })

  it("never propose a field that is mapped already", () => {
    assert.deepStrictEqual(flagsOf("Emaill"), ["--custom Emaill=Emaill"])
  })

  it("map as they say when they are pasted", () => {
    const columns = ["First name", "Email", "CC", "Born: date", "Company Website"]
    for (const { flag, column } of mapped(columns).suggestions) {
      const [, option = "", text = ""] = /^--(\w+) '?(.*?)'?$/.exec(flag) ?? []
      const { mapping } = mapped(columns, { [option]: [text] })
      assert.notInclude(mapping.unmapped, columns.indexOf(column), flag)
    }
  })
})
