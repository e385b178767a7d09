import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as IdentifierArgument from "../src/IdentifierArgument.ts"

const read = (input: string, country?: string) =>
  Effect.runPromise(IdentifierArgument.read(input, country))

describe("read", () => {
  it("takes a valid identifier as it is, a contact ID of digits included", async () => {
    for (const input of ["email:ana@example.com", "phone:+60123456789", "id:5", "12345"]) {
      const { text, parsed } = await read(input, "MY")
      assert.deepStrictEqual([text, String(parsed)], [input, input])
    }
  })

  it("adds the prefix to a bare address or number, and says so", async () => {
    for (const [input, prefix] of [
      ["ana@example.com", "email:"],
      ["+60123456789", "phone:"],
    ] as const) {
      const { text, parsed, note } = await read(input)
      assert.strictEqual(text, prefix + input)
      assert.strictEqual(parsed, prefix + input)
      assert.strictEqual(note, `identifier read as ${prefix}…; add the prefix to be explicit`)
    }
  })

  it("converts a national number only with a country", async () => {
    for (const input of ["0123456789", "phone:012-345 6789"]) {
      const { text, note } = await read(input, "MY")
      assert.strictEqual(text, "phone:+60123456789")
      assert.strictEqual(note, "phone number read as one of MY")
      assert.deepStrictEqual(await read(input), { text: input, parsed: undefined })
    }
  })

  it("leaves text that it cannot read for core to reject", async () => {
    for (const input of ["", "email:", "EMAIL:a@b.co", "phone:abc", "phone:0999999999999"]) {
      assert.deepStrictEqual(await read(input, "MY"), { text: input, parsed: undefined })
    }
  })

  it("R3 reads numbers with + as people write them, and adds no zero", async () => {
    for (const input of [
      "phone:+44 (0)20 7946 0958",
      "+44 (0)20 7946 0958",
      "phone:tel:+44-20-7946-0958",
    ]) {
      const { text, note } = await read(input)
      assert.strictEqual(text, "phone:+442079460958")
      assert.strictEqual(note, "phone number sent in E.164")
    }
    for (const input of ["phone:+4402079460958", "phone:+44 020 7946 0958", "+44 020 7946 0958"]) {
      const { parsed, text } = await read(input)
      assert.strictEqual(parsed, undefined)
      assert.match(text, /^phone:/)
    }
    const rome = await read("phone:+390612345678")
    assert.deepStrictEqual([rome.text, rome.note], ["phone:+390612345678", undefined])
  })
})
