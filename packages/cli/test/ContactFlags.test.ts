import { assert, describe, it } from "@effect/vitest"

import { contactFlags } from "../src/ContactFlags.ts"
import { body } from "./body.ts"
import { inside } from "./inside.ts"

describe("contactFlags", () => {
  it("have a flag for each field of a contact", async () => {
    const values = {
      firstName: "Ana",
      lastName: "Lee",
      phone: "+60123456789",
      email: "ana@example.com",
      language: "ms",
      profilePic: "https://example.com/ana.png",
      countryCode: "MY",
    }
    const args = Object.entries(values).flatMap(([name, value]) => [
      `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value,
    ])
    assert.deepStrictEqual(await body(["id:1", ...args]), values)
    assert.sameMembers(Object.keys(contactFlags), [
      ...Object.keys(values),
      "field",
      "data",
      "noFill",
    ])
  })

  it("are all in the help of create", async () => {
    const { stdout } = await inside(["create", "--help"])
    for (const name of Object.keys(contactFlags)) {
      const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      assert.match(stdout, new RegExp(`^ +--${flag}\\b`, "m"))
    }
  })
})
