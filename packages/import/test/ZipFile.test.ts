import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import * as Xlsx from "../../../apps/conformance/src/files/Xlsx.ts"
import * as ZipFile from "../src/read/ZipFile.ts"
import { utf8 } from "./fixtures/Fixture.ts"

const partsOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  between: (start: number, end: number) => Stream.make(bytes.subarray(start, end)),
})

const pack = (...entries: ReadonlyArray<readonly [path: string, content: string]>) =>
  Effect.promise(() => Xlsx.pack(entries))

const read = (bytes: Uint8Array, name: string) =>
  ZipFile.open(partsOf(bytes)).pipe(
    Effect.flatMap((zip) => Stream.runCollect(zip.read(name) ?? Stream.empty)),
    Effect.map((pieces) => Buffer.concat(pieces).toString()),
  )

/** Changes a field of four bytes in the directory entry of the first file. */
const withDirectoryField = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const copy = Buffer.from(bytes)
  copy.writeUInt32LE(value, copy.indexOf(Uint8Array.of(0x50, 0x4b, 1, 2)) + offset)
  return copy
}

describe("ZipFile.open", () => {
  it.effect("reads entries by name, in any order and case", () =>
    Effect.gen(function* () {
      const bytes = yield* pack(["a.txt", "first"], ["b/c.txt", "second".repeat(1000)], ["d", ""])
      assert.strictEqual(yield* read(bytes, "B/C.txt"), "second".repeat(1000))
      assert.strictEqual(yield* read(bytes, "a.txt"), "first")
      assert.strictEqual(yield* read(bytes, "d"), "")
      const zip = yield* ZipFile.open(partsOf(bytes))
      assert.deepStrictEqual(zip.names, ["a.txt", "b/c.txt", "d"])
      assert.isUndefined(zip.read("e"))
    }),
  )

  it.effect("reads an archive behind a comment that looks like a directory", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from(yield* pack(["a.txt", "first"]))
      bytes.writeUInt16LE(5, bytes.length - 2)
      assert.strictEqual(yield* read(Buffer.concat([bytes, utf8("hello")]), "a.txt"), "first")
    }),
  )

  it.effect("stops an entry that unpacks to more than its header says or than is allowed", () =>
    Effect.gen(function* () {
      const bomb = yield* pack(["a", "0".repeat(3_000_000)])
      assert.deepInclude(yield* Effect.flip(read(bomb, "a")), { code: "XLSX_RATIO" })
      // the directory lies about the size
      const lying = withDirectoryField(bomb, 24, 10)
      assert.deepInclude(yield* Effect.flip(read(lying, "a")), { code: "XLSX_RATIO" })
      const huge = withDirectoryField(yield* pack(["a", "x"]), 24, 300 * 1024 * 1024)
      assert.deepInclude(yield* Effect.flip(read(huge, "a")), { code: "XLSX_TOO_LARGE" })
    }),
  )

  it.effect("refuses archives that are damaged", () =>
    Effect.gen(function* () {
      const bytes = yield* pack(["a.txt", "first".repeat(100)])
      const damaged = Buffer.from(bytes)
      const inData = damaged.indexOf(Uint8Array.of(0x50, 0x4b, 1, 2)) - 3
      damaged[inData] = (damaged[inData] ?? 0) ^ 0xff
      for (const one of [
        bytes.subarray(0, -1),
        bytes.subarray(0, 20),
        new Uint8Array(0),
        damaged,
        withDirectoryField(bytes, 0, 0),
        withDirectoryField(bytes, 42, 0xffff),
      ])
        assert.deepInclude(yield* Effect.flip(read(one, "a.txt")), { code: "XLSX_INVALID" })
    }),
  )
})
