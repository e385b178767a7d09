import { spawn } from "node:child_process"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"

import { type TransportProbe, makeTransportProbe, maxBodyBytes } from "@aelyst/core/transport"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"

import type { Script } from "../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Transport from "../src/transport/Transport.ts"
import { contact, exchange, phase, requestTo, token } from "./exchange.ts"

const { created, creating } = RawServer

/** What a URL parser leaves alone, encodes, takes away or splits at. */
const pieces = [
  ..."/.:@%?#\\ +~a\t'{é",
  "..",
  "//",
  "%2e",
  "%2E%2e",
  "%41",
  "contact",
  "email:ana@example.com",
]

/** Starts a scripted server that ends with the test. */
const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

/** Answers every request with the same bytes. */
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

const setUp = Effect.fnUntraced(function* (
  script: Script,
  options: Omit<Transport.TransportOptions, "baseUrl"> = {},
) {
  const server = yield* serve(script)
  const http = yield* Transport.make({ baseUrl: server.origin, ...options })
  return { server, http, send: (probe?: TransportProbe) => exchange(http, server.origin, probe) }
})

/** What the transport asks a dispatcher for; there is no answer. */
const askedOf = (url: string) =>
  Effect.gen(function* () {
    const paths: Array<string> = []
    const dispatch = (options: object, handler: object) => {
      paths.push(String(Reflect.get(options, "path")))
      const fail: unknown = Reflect.get(handler, "onResponseError")
      if (typeof fail === "function") fail.call(handler, undefined, new Error("not this time"))
      return true
    }
    const http = Transport.fromDispatcher({ dispatch }, "https://api.test/v1")
    yield* Effect.ignore(http.post(url))
    return paths
  })

describe("a request", () => {
  it.effect.prop(
    "asks for the path that a URL parser reads",
    [Schema.Array(Schema.Literals(pieces)).check(Schema.isMaxLength(8))],
    ([parts]) =>
      Effect.gen(function* () {
        const url = `https://api.test/${parts.join("")}`
        const { pathname, search } = new URL(url)
        assert.deepStrictEqual(yield* askedOf(url), [pathname + search])
      }),
    { arbitrary: { runs: 1000 } },
  )

  it.effect.each([
    "https://api.test@evil.test/v1",
    "https://api.test.evil.test/v1",
    "https://api.test:8443/v1",
    "http://api.test/v1",
    "https://api.tes",
    "//evil.test/v1",
  ])("goes to its origin only: %s", (url) =>
    Effect.map(askedOf(url), (paths) => assert.isEmpty(paths)),
  )

  it.live("carries path, token and body, and says who sent it", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      const { status, text, headers } = yield* send()
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(text ?? ""), created)
      assert.strictEqual(headers?.["content-type"], "application/json")
      const [received] = server.requests
      assert.strictEqual(received?.method, "POST")
      assert.strictEqual(received?.path, "/v1/contact/email:ana@example.com")
      assert.strictEqual(received?.body, contact)
      assert.strictEqual(received?.headers["authorization"], `Bearer ${token}`)
      assert.strictEqual(received?.headers["accept"], "application/json")
      assert.strictEqual(received?.headers["accept-encoding"], "identity")
      assert.match(received?.headers["user-agent"] ?? "", /^aelyst-node\/\d+\.\d+\.\d+/)
    }),
  )

  it.live("keeps the headers that the transport writes, whatever the caller sets", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(creating)
      yield* http.execute(
        requestTo(server.origin, {
          host: "evil.test",
          "accept-encoding": "gzip",
          "user-agent": "other",
          "transfer-encoding": "chunked",
          connection: "close",
          "proxy-authorization": "Basic eDp5",
        }),
      )
      const headers = server.requests[0]?.headers ?? {}
      assert.strictEqual(headers["host"], `127.0.0.1:${server.port}`)
      assert.strictEqual(headers["accept-encoding"], "identity")
      assert.match(headers["user-agent"] ?? "", /^aelyst-node/)
      assert.strictEqual(headers["connection"], "keep-alive")
      assert.isUndefined(headers["transfer-encoding"])
      assert.isUndefined(headers["proxy-authorization"])
    }),
  )

  it.live("never leaves for another origin", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(creating)
      const other = yield* serve(creating)
      for (const origin of [other.origin, `http://localhost:${server.port}`, "https://127.0.0.1"]) {
        const outcome = yield* exchange(http, origin)
        assert.strictEqual(outcome.code, "ORIGIN_REFUSED")
        assert.strictEqual(phase(outcome), "unsent")
      }
      assert.strictEqual(server.peers.length + other.peers.length, 0)
    }),
  )

  it.live("does not follow a redirect", () =>
    Effect.gen(function* () {
      const other = yield* serve(creating)
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.answer(307, "", { location: `${other.origin}/v1/contact/x` })
      })
      const { status } = yield* send()
      assert.strictEqual(status, 307)
      assert.strictEqual(server.requests.length, 1)
      assert.strictEqual(other.peers.length, 0)
    }),
  )
})

describe("the probe", () => {
  it.live("is watched before the connection and dispatched when bytes may leave", () =>
    Effect.gen(function* () {
      const probe = makeTransportProbe()
      let atLookup = { watched: false, dispatched: true }
      const server = yield* serve(creating)
      const origin = server.origin.replace("127.0.0.1", "somewhere.test")
      const http = yield* Transport.make({
        baseUrl: origin,
        lookup: (_name, _options, done) => {
          atLookup = { watched: probe.watched, dispatched: probe.dispatched }
          done(null, [{ address: "127.0.0.1", family: 4 }])
        },
      })
      const outcome = yield* exchange(http, origin, probe)
      assert.deepStrictEqual(atLookup, { watched: true, dispatched: false })
      assert.strictEqual(outcome.status, 200)
      assert.strictEqual(phase(outcome), "dispatched")
    }),
  )

  it.live("says unsent where nothing listens", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      yield* Effect.promise(() => server.close())
      const outcome = yield* send()
      assert.strictEqual(outcome.code, "ECONNREFUSED")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("says unsent where the name is not found", () =>
    Effect.gen(function* () {
      const origin = "http://nowhere.invalid"
      const failure = Object.assign(new Error("not found"), { code: "ENOTFOUND" })
      const lookup: Transport.TransportOptions["lookup"] = (_name, _options, done) =>
        done(failure, [])
      const http = yield* Transport.make({ baseUrl: origin, lookup })
      const outcome = yield* exchange(http, origin)
      assert.strictEqual(outcome.code, "ENOTFOUND")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  const afterwards: Record<string, Script> = {
    "a reset": async (peer) => {
      await peer.request()
      peer.reset()
    },
    "a close": async (peer) => {
      await peer.request()
      peer.end()
    },
    "an answer that is no HTTP": async (peer) => {
      await peer.request()
      await peer.send("hello\r\n\r\n")
    },
    "half a head": async (peer) => {
      await peer.request()
      await peer.send("HTTP/1.1 200 OK\r\nconte")
      peer.end()
    },
    "a head of 70 kB": async (peer) => {
      await peer.request()
      await peer.send(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`)
    },
  }
  for (const [name, script] of Object.entries(afterwards)) {
    it.live(`says dispatched after ${name}`, () =>
      Effect.gen(function* () {
        const { server, send } = yield* setUp(script)
        const outcome = yield* send()
        assert.isDefined(outcome.code)
        assert.isUndefined(outcome.status)
        assert.strictEqual(phase(outcome), "dispatched")
        assert.strictEqual(server.requests.length, 1)
      }),
    )
  }
})

describe("an interruption", () => {
  it.live("closes a connection that is being opened", () =>
    Effect.gen(function* () {
      // a TLS handshake that the server never answers
      const server = yield* serve(() => undefined)
      const origin = server.origin.replace("http:", "https:")
      const http = yield* Transport.make({ baseUrl: origin })
      const probe = makeTransportProbe()
      const fiber = yield* Effect.forkChild(exchange(http, origin, probe))
      const peer = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => peer.arrived(1))
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => peer.closed)
      assert.isTrue(probe.unsent)
    }),
  )

  it.live("closes a connection that waits for an answer", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(() => undefined)
      const probe = makeTransportProbe()
      const fiber = yield* Effect.forkChild(send(probe))
      const peer = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => peer.request())
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => peer.closed)
      assert.isTrue(probe.dispatched)
    }),
  )

  it.live("closes a connection in the middle of a body", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{")
      })
      const reply = yield* http.execute(requestTo(server.origin))
      assert.strictEqual(reply.status, 200)
      const fiber = yield* Effect.forkChild(reply.text, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const peer = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => peer.closed)
    }),
  )

  it.live("leaves the next request a fresh connection", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        if (peer.index > 0) await peer.answer(200, created)
      })
      const fiber = yield* Effect.forkChild(send())
      yield* Effect.promise(() => server.connected(1))
      yield* Fiber.interrupt(fiber)
      const { status } = yield* send()
      assert.strictEqual(status, 200)
      assert.strictEqual(server.peers.length, 2)
    }),
  )
})

describe("a connection", () => {
  it.live("carries the next request", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      for (let n = 0; n < 5; n++) assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(server.peers.length, 1)
      assert.strictEqual(server.requests.length, 5)
    }),
  )

  it.live("carries one request at a time", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      const all = yield* Effect.all(
        Array.from({ length: 20 }, () => send()),
        { concurrency: "unbounded" },
      )
      assert.isTrue(all.every(({ status }) => status === 200))
      assert.strictEqual(server.peers.length, 20)
      assert.isTrue(
        server.peers.every((peer) => peer.bytes().toString().split("POST ").length === 2),
      )
    }),
  )

  it.live("is closed once it was idle for the limit, and not used again", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating, { idleMs: 50 })
      yield* send()
      const first = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => first.closed)
      yield* send()
      assert.strictEqual(server.peers.length, 2)
    }),
  )

  it.live("is not used after it was idle behind a blocked event loop", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating, { idleMs: 30 })
      yield* send()
      const until = performance.now() + 60
      while (performance.now() < until) Math.sqrt(until)
      assert.strictEqual((yield* send()).status, 200)
      assert.deepStrictEqual(
        server.requests.map(({ connection }) => connection),
        [0, 1],
      )
    }),
  )

  it.live("never credits bytes that came while it was idle to the next request", () =>
    Effect.gen(function* () {
      const stray = 'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"stray":true}'
      const { server, send } = yield* setUp(creating)
      yield* send()
      const first = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => first.send(stray))
      const { text } = yield* send()
      assert.deepStrictEqual(JSON.parse(text ?? ""), created)
      assert.strictEqual(server.peers.length, 2)
    }),
  )

  it.live("that was reset while it was idle costs no attempt", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.answer(200, created)
        peer.reset()
      })
      for (let n = 0; n < 50; n++) assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(server.requests.length, 50)
    }),
  )

  it.live("does not hold the process, idle or aborted while it was being opened", () =>
    Effect.gen(function* () {
      const { server } = yield* setUp(creating)
      const stalling = yield* serve(() => undefined)
      const child = spawn(
        process.execPath,
        [new URL("exits.ts", import.meta.url).pathname, server.origin, stalling.origin],
        { stdio: "inherit" },
      )
      const code = yield* Effect.callback<number | null>((resume) => {
        child.once("close", (exit) => resume(Effect.succeed(exit)))
      })
      assert.strictEqual(code, 0)
    }),
  )
})

describe("a body", () => {
  const json = JSON.stringify(created)
  const encoded = (bytes: Uint8Array, encoding: string) =>
    Buffer.concat([Buffer.from(head(bytes.length, `content-encoding: ${encoding}\r\n`)), bytes])

  const readable: Record<string, string | Uint8Array> = {
    "a length": head(json.length) + json,
    chunks: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
    "1xx answers before it": `HTTP/1.1 103 Early\r\n\r\n`.repeat(100) + head(json.length) + json,
    gzip: encoded(gzipSync(json), "gzip"),
    "x-gzip": encoded(gzipSync(json), "X-Gzip"),
    deflate: encoded(deflateSync(json), "deflate"),
    br: encoded(brotliCompressSync(json), "br"),
    identity: encoded(Buffer.from(json), "identity"),
  }
  for (const [name, bytes] of Object.entries(readable)) {
    it.live(`is read with ${name}`, () =>
      Effect.gen(function* () {
        const { http, server, send } = yield* setUp(always(bytes))
        const { text } = yield* send()
        assert.deepStrictEqual(JSON.parse(text ?? ""), created)
        const reply = yield* http.execute(requestTo(server.origin))
        const streamed = yield* Stream.runCollect(Stream.decodeText(reply.stream))
        assert.strictEqual(streamed.join(""), json)
        assert.deepStrictEqual(yield* reply.json, created)
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
    "says gzip and is none": encoded(Buffer.from(json), "gzip"),
    "is cut gzip": encoded(gzipSync(json).subarray(0, 20), "gzip"),
    "has bytes after it": `${head(json.length)}${json}more`,
    "has another answer after it": `${head(json.length)}${json}${head(json.length)}${json}`,
  }
  for (const [name, bytes] of Object.entries(unreadable)) {
    it.live(`fails, with its status known, where it ${name}`, () =>
      Effect.gen(function* () {
        const { http, server, send } = yield* setUp(always(bytes))
        const outcome = yield* send()
        assert.strictEqual(outcome.status, 200)
        assert.isDefined(outcome.code)
        assert.isUndefined(outcome.text)
        const reply = yield* http.execute(requestTo(server.origin))
        assert.isTrue((yield* Effect.exit(Stream.runDrain(reply.stream)))._tag === "Failure")
      }),
    )
  }

  const cut: Record<string, string> = {
    "its length": `${head(json.length)}{"code":`,
    "its chunks": `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"code"`,
  }
  for (const [name, bytes] of Object.entries(cut)) {
    for (const how of ["end", "reset"] as const) {
      it.live(`fails where the connection is closed by ${how} before ${name} is reached`, () =>
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
})

describe("the end of its scope", () => {
  it.live("closes idle and busy connections and refuses new requests", () =>
    Effect.gen(function* () {
      const server = yield* serve(async (peer) => {
        await peer.request()
        if (peer.index === 0) await peer.answer(200, created)
      })
      const { http, fiber } = yield* Effect.scoped(
        Effect.gen(function* () {
          const made = yield* Transport.make({ baseUrl: server.origin })
          const both = yield* Effect.forkDetach(
            Effect.all([exchange(made, server.origin), exchange(made, server.origin)], {
              concurrency: 2,
            }),
          )
          const second = yield* Effect.promise(() => server.connected(2))
          yield* Effect.promise(() => second.arrived(1))
          return { http: made, fiber: both }
        }),
      )
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        outcomes.map(({ status, probe }) => [status, probe.dispatched]).toSorted(),
        [
          [200, true],
          [undefined, true],
        ].toSorted(),
      )
      yield* Effect.promise(() => Promise.all(server.peers.map(({ closed }) => closed)))
      const late = yield* exchange(http, server.origin)
      assert.strictEqual(late.code, "TRANSPORT_CLOSED")
      assert.strictEqual(phase(late), "unsent")
    }),
  )
})

describe("too many open files", () => {
  it.live("is told before anything was sent", () =>
    Effect.gen(function* () {
      // the system's own answer, given by the socket as it is asked to connect
      const origin = "http://somewhere.test"
      const full = Object.assign(new Error("connect EMFILE"), { code: "EMFILE" })
      const http = yield* Transport.make({
        baseUrl: origin,
        lookup: (_name, _options, done) => done(full, []),
      })
      const outcome = yield* exchange(http, origin)
      assert.strictEqual(outcome.code, "EMFILE")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )
})
