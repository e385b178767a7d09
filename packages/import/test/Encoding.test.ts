import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { utf16be, utf16le, utf8, windows1252 } from "./fixtures/Fixture.ts"
import { readAll } from "./reading.ts"

const encodingOf = (bytes: Uint8Array, encoding?: string) =>
  Effect.map(readAll(bytes, { encoding }), ({ head }) => head.encoding)

/** More than one piece of ASCII. */
const long = "First Name\n" + "Ana\n".repeat(40_000)

describe("Encoding.find", () => {
  it.effect("reads a file to its end before it decides", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* encodingOf(utf8(long)), "utf-8")
      assert.strictEqual(yield* encodingOf(utf8(`${long}é`)), "utf-8")
      assert.strictEqual(yield* encodingOf(windows1252(`${long}é`)), "windows-1252")
      const mixed = Buffer.concat([windows1252(`${long}é\n`), utf8("é")])
      assert.deepInclude(yield* Effect.flip(encodingOf(mixed)), {
        code: "ENCODING_INVALID",
        line: 40_002,
      })
    }),
  )

  it.effect("says so if it guessed", () =>
    Effect.gen(function* () {
      const { head } = yield* readAll(windows1252("Name\nJosé\n"))
      assert.deepStrictEqual(head.samples, ["José"])
      assert.deepStrictEqual(head.notes, [
        "The file is not UTF-8 and is read as windows-1252. Check how the names read, or pass --encoding.",
      ])
    }),
  )

  it.effect("reads UTF-16 without a mark in other scripts, too", () =>
    Effect.gen(function* () {
      const text = "姓名,电话\r\n王伟,+8613812345678\r\n李娜,+8613812345679\r\n"
      assert.strictEqual(yield* encodingOf(utf16le(text)), "utf-16le")
      assert.strictEqual(yield* encodingOf(utf16be(text)), "utf-16be")
    }),
  )

  it.effect("decides by the start of a stream, and fails at a later line that does not fit", () =>
    Effect.gen(function* () {
      const stream = Stream.make(utf8(long), windows1252("Zoë\n"))
      assert.deepInclude(yield* Effect.flip(readAll(stream)), {
        code: "ENCODING_INVALID",
        line: 40_002,
      })
      const { head } = yield* readAll(Stream.make(windows1252("Name\nZoë\n")))
      assert.strictEqual(head.encoding, "windows-1252")
    }),
  )

  it.effect("takes the encoding that was asked for, but not against a byte order mark", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* encodingOf(windows1252("Name\nJosé\n"), "latin1"), "windows-1252")
      assert.strictEqual(yield* encodingOf(utf8("\uFEFFName\nJosé\n"), "windows-1252"), "utf-8")
      const error = yield* Effect.flip(encodingOf(utf8("Name\n"), "klingon"))
      assert.deepInclude(error, { code: "OPTION_INVALID", message: 'unknown encoding "klingon"' })
    }),
  )
})
