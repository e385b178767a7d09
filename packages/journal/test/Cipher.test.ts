import { assert, describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

import { Cipher, UnreadablePayload, keyOf } from "../src/Cipher.ts"

const first = Buffer.alloc(32, 1)
const second = Buffer.alloc(32, 2)
const value = { identifier: "email:canary@example.com", contact: { firstName: "Canary" } }

describe("Cipher", () => {
  it.prop(
    "returns every value as it was, with a key and without",
    [Schema.Json, Schema.String, Schema.Boolean],
    ([json, id, isEncrypted]) => {
      const cipher = new Cipher(isEncrypted ? [first] : [])
      const text = JSON.stringify(json)
      assert.strictEqual(JSON.stringify(cipher.open(id, cipher.seal(id, json))), text)
    },
  )

  it("leaves nothing readable when a key is given", () => {
    const bytes = new Cipher([first]).seal("c_1", value)
    expect(bytes.includes("anary")).toBe(false)
    expect(new Cipher([]).seal("c_1", value).includes("anary")).toBe(true)
  })

  it("decrypts with every key of the list, and encrypts with the first", () => {
    const old = new Cipher([first]).seal("c_1", value)
    const rotated = new Cipher([second, first])
    expect(rotated.open("c_1", old)).toEqual(value)
    expect(new Cipher([second]).open("c_1", rotated.seal("c_1", value))).toEqual(value)
    const [keyId] = new Cipher([first]).keyIds
    expect(keyId).toMatch(/^[0-9a-f]{8}$/)
    for (const keys of [[second], []]) {
      const read = () => new Cipher(keys).open("c_1", old)
      expect(read).toThrow(UnreadablePayload)
      expect(read).toThrow(expect.objectContaining({ keyId }))
      expect(read).toThrow(`it is encrypted with the key ${keyId}, which is not given`)
    }
  })

  it("refuses a payload of another row, and every changed or cut one, without its text", () => {
    const cipher = new Cipher([first])
    const bytes = cipher.seal("c_1", value)
    expect(() => cipher.open("c_2", bytes)).toThrow(UnreadablePayload)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed[at] ?? 0) ^ 0x10, at)
      expect(() => cipher.open("c_1", changed)).toThrow(UnreadablePayload)
      expect(() => cipher.open("c_1", bytes.subarray(0, at))).toThrow(UnreadablePayload)
    }
    const broken = new Cipher([]).seal("c_1", value).subarray(0, 30)
    expect(() => cipher.open("c_1", broken)).toThrow(/^it is not stored as JSON$/)
  })

  it("takes keys of 32 bytes, as bytes or base64, and nothing else", () => {
    expect(keyOf(first)).toEqual(first)
    expect(keyOf(first.toString("base64"))).toEqual(first)
    for (const given of [undefined, "", "short", Buffer.alloc(31), 32]) {
      expect(keyOf(given)).toBeUndefined()
    }
  })
})
