import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"

import { maxBodyBytes } from "@aelyst/core/transport"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

import type { Script } from "../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import { phase, requestTo, setUp } from "./exchange.ts"

const { created } = RawServer

/** Responds to every request with the same bytes. */
const always =
  (bytes: string | Uint8Array): Script =>
  async (peer) => {
    for (;;) {
      await peer.request()
      await peer.send(bytes)
    }
  }

const head = (length: number, more = "") =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n${more}\r\n`

describe("TransportResponse", () => {
  const json = JSON.stringify(created)
  const encoded = (bytes: Uint8Array, encoding: string) =>
    Buffer.concat([Buffer.from(head(bytes.length, `content-encoding: ${encoding}\r\n`)), bytes])

  const readable: Record<string, string | Uint8Array> = {
    "a length": head(json.length) + json,
    chunks: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
    "1xx responses before it": `HTTP/1.1 103 Early\r\n\r\n`.repeat(100) + head(json.length) + json,
    "100 Continue before it (V13)":
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Go\r\nx: y\r\n\r\n" + head(json.length) + json,
    gzip: encoded(gzipSync(json), "gzip"),
    "x-gzip": encoded(gzipSync(json), "X-Gzip"),
    deflate: encoded(deflateSync(json), "deflate"),
    "deflate without the zlib header (V17)": encoded(deflateRawSync(json), "deflate"),
    br: encoded(brotliCompressSync(json), "br"),
    identity: encoded(Buffer.from(json), "identity"),
  }
  for (const [name, bytes] of Object.entries(readable)) {
    it.live(`reads a body with ${name}`, () =>
      Effect.gen(function* () {
        const { http, server, send } = yield* setUp(always(bytes))
        const { text } = yield* send()
        assert.deepStrictEqual(JSON.parse(text ?? ""), created)
        const response = yield* http.execute(requestTo(server.origin))
        const streamed = yield* Stream.runCollect(Stream.decodeText(response.stream))
        assert.strictEqual(streamed.join(""), json)
        assert.deepStrictEqual(yield* response.json, created)
      }),
    )
  }

  const bomb = "0".repeat(maxBodyBytes + 1)
  const long = "0".repeat(maxBodyBytes * 2)
  const unreadable: Record<string, string | Uint8Array> = {
    "is longer than the cap": head(long.length) + long,
    "only promises to be longer than the cap": head(long.length),
    "is longer than the cap in chunks": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`,
    "is longer than the cap once gzip is undone": encoded(gzipSync(bomb), "gzip"),
    "is longer than the cap once br is undone": encoded(brotliCompressSync(bomb), "br"),
    "is encoded twice": encoded(gzipSync(gzipSync(json)), "gzip, gzip"),
    "is encoded in an unknown way": encoded(Buffer.from(json), "zstd"),
    "claims to be gzip but is not": encoded(Buffer.from(json), "gzip"),
    "is cut gzip": encoded(gzipSync(json).subarray(0, 20), "gzip"),
    "has bytes after it": `${head(json.length)}${json}more`,
    "has another response after it": `${head(json.length)}${json}${head(json.length)}${json}`,
  }
  for (const [name, bytes] of Object.entries(unreadable)) {
    it.live(`fails with the status known if the body ${name}`, () =>
      Effect.gen(function* () {
        const { http, server, send } = yield* setUp(always(bytes))
        const outcome = yield* send()
        assert.strictEqual(outcome.status, 200)
        assert.isDefined(outcome.code)
        assert.isUndefined(outcome.text)
        const response = yield* http.execute(requestTo(server.origin))
        assert.isTrue((yield* Effect.exit(Stream.runDrain(response.stream)))._tag === "Failure")
      }),
    )
  }

  const cut: Record<string, string> = {
    "its length": `${head(json.length)}{"code":`,
    "its chunks": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"code"`,
  }
  for (const [name, bytes] of Object.entries(cut)) {
    for (const how of ["end", "reset"] as const) {
      it.live(`fails if the connection is closed by ${how} before ${name} is reached`, () =>
        Effect.gen(function* () {
          const { send } = yield* setUp(async (peer) => {
            await peer.request()
            await peer.send(bytes)
            peer[how]()
          })
          const outcome = yield* send()
          assert.isUndefined(outcome.text)
          assert.isDefined(outcome.code)
          assert.strictEqual(phase(outcome), "dispatched")
        }),
      )
    }
  }

  it.live("offers the body in every form, and its cookies", () =>
    Effect.gen(function* () {
      const text = "a=1&b=2"
      const more = "content-type: application/x-www-form-urlencoded\r\nset-cookie: one=1\r\n"
      const { http, server } = yield* setUp(always(head(text.length, more) + text))
      const response = yield* http.execute(requestTo(server.origin))
      assert.deepStrictEqual((yield* response.urlParamsBody).params, [
        ["a", "1"],
        ["b", "2"],
      ])
      assert.strictEqual(Buffer.from(yield* response.arrayBuffer).toString(), text)
      assert.strictEqual((yield* response.formData).get("b"), "2")
      assert.strictEqual(response.cookies.cookies["one"]?.value, "1")
      assert.strictEqual((yield* Effect.flip(response.json)).reason._tag, "DecodeError")
    }),
  )

  it.live("shows only its status when it is inspected or serialised", () =>
    Effect.gen(function* () {
      const text = JSON.stringify({ message: "canary" })
      const { http, server } = yield* setUp(always(head(text.length) + text))
      const response = yield* http.execute(requestTo(server.origin))
      assert.deepStrictEqual(JSON.parse(JSON.stringify(response)), {
        _id: "HttpClientResponse",
        status: 200,
      })
      assert.notInclude(String(response), "canary")
    }),
  )
})
