import { assert, describe, it } from "@effect/vitest"
import { createHmac } from "node:crypto"
import { crc32 } from "node:zlib"

import { RowHash, checksum, isEqual, sha256 } from "../src/RowChecksum.ts"

const salt = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex")

describe("RowHash", () => {
  const hash = new RowHash(salt)

  it("is the HMAC-SHA-256 of the kind and the text, shortened", () => {
    const whole = createHmac("sha256", salt).update("key\nemail:ana@example.com").digest()
    assert.isTrue(isEqual(hash.key("email:ana@example.com"), whole.subarray(0, 16)))
    assert.strictEqual(hash.content("{}").length, 8)
  })

  it("is the same again, also after thousands of others", () => {
    const before = Array.from({ length: 3_000 }, (_, id) => hash.keyHex(`id:${id}`))
    assert.deepStrictEqual(
      before.map((_, id) => hash.keyHex(`id:${id}`)),
      before,
    )
    assert.strictEqual(new Set(before).size, 3_000)
  })

  it("differs by text, by kind and by salt", () => {
    const other = new RowHash(Buffer.alloc(16, 7))
    assert.isFalse(isEqual(hash.key("a"), hash.key("b")))
    assert.isFalse(isEqual(hash.key("a").subarray(0, 8), hash.content("a")))
    assert.isFalse(isEqual(hash.key("a"), other.key("a")))
    assert.isFalse(isEqual("a", hash.key("a")))
  })

  it("writes hashes as Postgres takes them: a UUID without dashes, and a bigint", () => {
    assert.strictEqual(hash.keyHex("id:5"), Buffer.from(hash.key("id:5")).toString("hex"))
    assert.match(hash.keyHex("id:5"), /^[0-9a-f]{32}$/)
    const number = Buffer.alloc(8)
    number.writeBigInt64BE(BigInt(hash.contentNumber("Ana")))
    assert.deepStrictEqual([...number], [...hash.content("Ana")])
  })
})

describe("checksum", () => {
  it("is the CRC-32 of a text", () => {
    assert.strictEqual(checksum("1|2|3"), crc32("1|2|3"))
  })

  it("differs for each change of one bit", () => {
    const text = "17|0A1B|FF|18|2|0|1|200||"
    for (let bit = 0; bit < text.length * 8; bit += 1) {
      const bytes = Buffer.from(text, "latin1")
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.notStrictEqual(crc32(bytes), checksum(text))
    }
  })
})

describe("sha256", () => {
  it("is hex", () => {
    assert.strictEqual(
      sha256("abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )
  })
})
