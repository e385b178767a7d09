import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import * as Decode from "../src/read/Decode.ts"
import { utf16le, utf8, windows1252 } from "./fixtures/Fixture.ts"

const decode = (label: string, ...pieces: ReadonlyArray<Uint8Array>) =>
  Stream.fromIterable(pieces).pipe(
    Stream.rechunk(1),
    Decode.decode(label),
    Stream.runCollect,
    Effect.map((texts) => texts.join("")),
  )

/** The pieces of bytes that are cut at a position. */
const cut = (bytes: Uint8Array, at: number) => [bytes.subarray(0, at), bytes.subarray(at)] as const

describe("Decode.decode", () => {
  it.effect("decodes the same wherever the bytes are cut (F13)", () =>
    Effect.gen(function* () {
      const text = "\uFEFF\uFEFFä\r\n名😀\uFEFF,\u001Ax\n\u001A\u001A"
      for (const [label, bytes] of [
        ["utf-8", utf8(text)],
        ["utf-16le", utf16le(text)],
      ] as const)
        for (let at = 0; at <= bytes.length; at++)
          assert.strictEqual(yield* decode(label, ...cut(bytes, at)), "ä\r\n名😀\uFEFF,\u001Ax\n")
    }),
  )

  it.effect(
    "names the line and byte of the first byte that is not UTF-8, wherever the bytes are cut (R37)",
    () =>
      Effect.gen(function* () {
        const bytes = Buffer.concat([utf8("a\r\nü\rb\nc"), windows1252("é,"), utf8("d\n")])
        for (let at = 0; at <= bytes.length; at++) {
          const error = yield* Effect.flip(decode("utf-8", ...cut(bytes, at)))
          assert.deepInclude(error, { code: "ENCODING_INVALID", line: 4, byte: 9 })
        }
      }),
  )

  it.effect("names the line of bytes that another encoding does not know", () =>
    Effect.gen(function* () {
      const bytes = Buffer.concat([utf8("a\nb"), Buffer.of(0x83, 0x20), utf8("\n")])
      const error = yield* Effect.flip(decode("shift_jis", bytes))
      assert.deepInclude(error, { code: "ENCODING_INVALID", line: 2 })
    }),
  )

  it.effect("refuses NUL with its line", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(decode("utf-8", utf8("a\n"), utf8("b\n\0")))
      assert.deepInclude(error, { code: "NUL_CHARACTER", line: 3 })
    }),
  )

  it.effect("keeps a run of end-of-file marks that is too long for padding", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* decode("utf-8", utf8("\u001A".repeat(2000)))).length, 2000)
    }),
  )
})
