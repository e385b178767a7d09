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

  it("fails for a country without a numbering plan", async () => {
    const { message } = await Effect.runPromise(
      Effect.flip(IdentifierArgument.read("0123456789", "XX")),
    )
    assert.strictEqual(message, 'unknown country code "XX" for --default-country')
  })
})
