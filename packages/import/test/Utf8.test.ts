import { assert, describe, it } from "@effect/vitest"

import * as Random from "../../../apps/conformance/src/pacing/Random.ts"
import { Utf8Scan } from "../src/read/Utf8.ts"

/** Finds the first byte that does not belong to a character, as slowly as the definition says. */
const invalidAt = (bytes: Uint8Array): number | undefined => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((size) => {
      try {
        return at + size <= bytes.length && decoder.decode(bytes.subarray(at, at + size)).length > 0
      } catch {
        return false
      }
    })
    if (length === undefined) return at
    at += length
  }
  return undefined
}

const scan = (bytes: Uint8Array, size: number) => {
  const utf8 = new Utf8Scan()
  for (let at = 0; at < bytes.length; at += size) utf8.push(bytes.subarray(at, at + size))
  utf8.end()
  return utf8
}

/** Bytes around the limits of the forms of UTF-8. */
const telling = [
  0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0,
  0xf4, 0xf5, 0xff,
]

const has = (...parts: ReadonlyArray<string | number>) =>
  scan(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))),
    ),
    3,
  ).hasMultibyte

describe("Utf8Scan", () => {
  it("finds the first byte that is not UTF-8, however the bytes arrive", () => {
    const random = Random.source(7)
    for (let run = 0; run < 3000; run++) {
      const bytes = Uint8Array.from(
        { length: Math.floor(random() * 12) },
        () => telling[Math.floor(random() * telling.length)] ?? 0,
      )
      const size = 1 + Math.floor(random() * 5)
      assert.strictEqual(
        scan(bytes, size).invalidAt,
        invalidAt(bytes),
        `${Buffer.from(bytes).toString("hex")} by ${size}`,
      )
    }
  })

  it("knows whether there are characters of several bytes", () => {
    assert.deepStrictEqual(
      [has("abc"), has("José"), has("Jos", 0xe9, ","), has("Jos", 0xe9, ",é"), has("é", 0xe9)],
      [false, true, false, true, true],
    )
  })
})
