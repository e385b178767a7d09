import { gzipSync } from "node:zlib"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClientRequest, HttpClientResponse } from "effect/http"

import { isSmall, maxBodyBytes, readCapped } from "../src/call/ResponseBody.ts"

const json = '{"code":"200","message":"Contact added successfully!"}'
const request = HttpClientRequest.post("https://api.test")

/** Reads a body that arrives in chunks of so many bytes. */
const read = (bytes: Uint8Array, chunkBytes: number = bytes.length) => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        controller.enqueue(bytes.slice(at, at + chunkBytes))
      }
      controller.close()
    },
  })
  return readCapped(HttpClientResponse.fromWeb(request, new Response(body)))
}

describe("isSmall", () => {
  for (const [headers, expected] of [
    [{ "content-length": "65536" }, true],
    [{ "content-length": "65537" }, false],
    [{ "content-length": "-1" }, false],
    [{ "content-length": "5", "content-encoding": "identity" }, true],
    [{ "content-length": "5", "content-encoding": "gzip" }, false],
    [{}, false],
  ] as const) {
    it(`is ${expected} for ${JSON.stringify(headers)}`, () => {
      assert.strictEqual(isSmall(headers), expected)
    })
  }
})

describe("readCapped", () => {
  it.effect("reads a body that was compressed unasked, whatever its chunks", () =>
    Effect.gen(function* () {
      const zipped = gzipSync(json)
      for (const chunkBytes of [1, 7, zipped.length]) {
        assert.strictEqual(yield* read(zipped, chunkBytes), json)
      }
    }),
  )

  it.effect("fails for a body above the limit, before and after it is decompressed", () =>
    Effect.gen(function* () {
      const large = new Uint8Array(maxBodyBytes + 1).fill(0x20)
      assert.strictEqual((yield* read(large.slice(1))).length, maxBodyBytes)
      assert.strictEqual((yield* read(gzipSync(large.slice(1)))).length, maxBodyBytes)
      yield* Effect.flip(read(large))
      yield* Effect.flip(read(gzipSync(large)))
      yield* Effect.flip(read(gzipSync(new Uint8Array(1_000 * maxBodyBytes))))
    }),
  )

  it.effect(
    "fails for compressed bytes that are cut off or broken, and removes one layer only",
    () =>
      Effect.gen(function* () {
        const zipped = gzipSync(json)
        yield* Effect.flip(read(zipped.subarray(0, 20)))
        yield* Effect.flip(read(Buffer.concat([zipped.subarray(0, 10), Buffer.alloc(40, 0xff)])))
        assert.notStrictEqual(yield* read(gzipSync(zipped)), json)
      }),
  )
})
