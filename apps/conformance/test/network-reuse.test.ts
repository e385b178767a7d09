/** Network faults of kept connections and odd answers: N14 to N20, over real sockets; the ledger is the judge. */
import { gzipSync } from "node:zlib"

import { AelystClient, createMany } from "@aelyst/core"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as FaultProxy from "../src/network/FaultProxy.ts"
import type { Peer, RawServer as Running, Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created, creating } = RawServer
const json = JSON.stringify(created)
const ok = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`
const nth = (n: number) => `email:n${n}@example.com`

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

/** How often each identifier was sent. */
const postsOf = (server: Running): ReadonlyMap<string, number> => {
  const posts = new Map<string, number>()
  for (const { path } of server.requests) {
    const key = path.slice(path.lastIndexOf("/") + 1)
    posts.set(key, (posts.get(key) ?? 0) + 1)
  }
  return posts
}

/** Answers, and closes a connection that was then idle for so long. */
const closingAfter =
  (idleMs: number): Script =>
  async (peer) => {
    await peer.request()
    for (;;) {
      await peer.answer(200, created)
      const idle = setTimeout(() => peer.end(), idleMs)
      await peer.request()
      clearTimeout(idle)
    }
  }

describe("N14, a server that closes kept connections", () => {
  const closings: Record<string, (peer: Peer) => void> = {
    "a close right after the answer": (peer) => peer.end(),
    "a reset right after the answer": (peer) => peer.reset(),
    "a close one turn later": (peer) => void setImmediate(() => peer.end()),
    "a reset one turn later": (peer) => void setImmediate(() => peer.reset()),
    "a close about when the next request comes": (peer) => void setTimeout(() => peer.end(), 1),
  }
  for (const [name, close] of Object.entries(closings)) {
    it.live(`never makes two creates of one, by ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.answer(200, created)
          close(peer)
        })
        const client = yield* Creating.make(`${server.origin}/v1`)
        let unknown = 0
        for (let n = 0; n < 100; n++) {
          const came = yield* client.create(nth(n))
          if (came.to === "UnavailableError") break
          const posts = postsOf(server).get(nth(n)) ?? 0
          if (came.outcome === "created") assert.strictEqual(posts, 1)
          else {
            unknown += 1
            assert.strictEqual(came.outcome, "unknown")
            assert.isAtMost(posts, 1)
          }
        }
        assert.isTrue([...postsOf(server).values()].every((posts) => posts === 1))
        assert.isAtMost(unknown, 100)
      }),
    )
  }

  it.live("leaves nothing in doubt where our idle limit is below the server's", () =>
    Effect.gen(function* () {
      const server = yield* serve(closingAfter(1_000))
      const client = yield* Creating.make(`${server.origin}/v1`, { idleMs: 40 })
      for (let n = 0; n < 60; n++) {
        assert.strictEqual((yield* client.create(nth(n))).to, "created")
        // every third time the connection is left until we close it
        const last = server.peers.at(-1)
        if (n % 3 === 0 && last !== undefined) yield* Effect.promise(() => last.closed)
      }
      assert.strictEqual(server.requests.length, 60)
    }),
  )

  it.live("leaves nothing in doubt where the event loop was blocked past both limits", () =>
    Effect.gen(function* () {
      const server = yield* serve(closingAfter(40))
      const client = yield* Creating.make(`${server.origin}/v1`, { idleMs: 20 })
      for (let n = 0; n < 20; n++) {
        assert.strictEqual((yield* client.create(nth(n))).to, "created")
        const until = performance.now() + 50
        while (performance.now() < until) Math.sqrt(n)
      }
      assert.strictEqual(server.requests.length, 20)
    }),
  )
})

describe("N15, an answer that nobody asked for", () => {
  const strays: Record<string, string> = {
    "a 200": ok,
    "a 408": "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    "a 100": "HTTP/1.1 100 Continue\r\n\r\n",
    "half a head": "HTTP/1.1 200 OK\r\ncontent-",
    "bytes that are no HTTP": "hello",
  }
  for (const [name, stray] of Object.entries(strays)) {
    it.live(`is never taken for the answer to the next create: ${name}`, () =>
      Effect.gen(function* () {
        // the second request of a connection would not be answered: whoever says "created" got it from the stray
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.answer(200, created)
        })
        const client = yield* Creating.make(`${server.origin}/v1`, { timeoutMs: 500 })
        for (let n = 0; n < 100; n++) {
          assert.strictEqual((yield* client.create(nth(n))).to, "created")
          const idle = server.peers.at(-1)
          if (idle !== undefined) yield* Effect.promise(() => idle.send(stray))
        }
        assert.strictEqual(server.requests.length, 100)
        assert.isTrue(server.requests.every(({ connection }, n) => connection === n))
      }),
    )
  }
})

describe("N16, an answer that breaks the protocol", () => {
  const garbage: Record<string, string> = {
    "no HTTP": "hello world\r\n\r\n",
    "HTTP/0.9": '{"code":"200"}',
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    "a head of 70 kB": `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`,
    "two lengths": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ncontent-length: 5\r\n\r\n${json}`,
    "a length and chunks": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ntransfer-encoding: chunked\r\n\r\n${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
    "an upgrade": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "100 Continue": "HTTP/1.1 100 Continue\r\n\r\n",
    "a line break in a header": "HTTP/1.1 200 OK\r\nx\n: y\r\n\r\n",
    "a chunk size that is none": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  }
  const after: Record<string, string> = {
    "bytes after it": `${ok}more`,
    "another answer after it": `${ok}${ok}`,
  }
  for (const [name, bytes] of Object.entries({ ...garbage, ...after })) {
    it.live(`is in doubt, and not sent again: ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.send(bytes)
        })
        const client = yield* Creating.make(`${server.origin}/v1`, { timeoutMs: 10_000 })
        const came = yield* client.create(nth(0))
        assert.strictEqual(came.outcome, "unknown")
        assert.include(["OutcomeUnknownError", "UnexpectedResponseError"], came.to)
        assert.isBelow(came.elapsedMs, 8_000)
        assert.strictEqual(server.requests.length, 1)
      }),
    )
  }

  it.live("is read past a hundred interim answers", () =>
    Effect.gen(function* () {
      const server = yield* serve(async (peer) => {
        await peer.request()
        await peer.send("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100) + ok)
      })
      const client = yield* Creating.make(`${server.origin}/v1`)
      assert.strictEqual((yield* client.create(nth(0))).to, "created")
    }),
  )
})

const chunkedHead = (status: number, more = "") =>
  `HTTP/1.1 ${status} Scripted\r\ntransfer-encoding: chunked\r\n${more}\r\n`

const encoded = (bytes: Uint8Array, encoding: string) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ])

describe("N17, a body without end", () => {
  const piece = "x".repeat(65_536)
  const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`
  const endless =
    (status: number, more = ""): Script =>
    async (peer) => {
      await peer.request()
      await peer.send(chunkedHead(status, more))
      // 200 MB, unless somebody stops it
      for (let n = 0; n < 3_200 && !peer.socket.destroyed; n++) await peer.send(chunk)
    }
  const meaning: ReadonlyArray<readonly [number, string]> = [
    [200, "UnexpectedResponseError"],
    [400, "BadRequestError"],
    [429, "RateLimitError"],
    [500, "InternalServerError"],
  ]
  for (const [status, name] of meaning) {
    it.live(`leaves the meaning of ${status} to the status, and is not read on`, () =>
      Effect.gen(function* () {
        const server = yield* serve(endless(status))
        const client = yield* Creating.make(`${server.origin}/v1`, { retries: 0 })
        assert.strictEqual((yield* client.create(nth(0))).to, name)
        const peer = yield* Effect.promise(() => server.connected(1))
        yield* Effect.promise(() => peer.closed)
        // what the sockets of both sides hold, not what we keep
        assert.isBelow(peer.socket.bytesWritten, 20_000_000)
      }),
    )
  }

  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const twentyTimes = Array.from({ length: 20 }).reduce<Buffer>(
    (bytes) => gzipSync(bytes),
    Buffer.from(json),
  )
  const bodies: Record<string, Uint8Array> = {
    "50 MB in 50 kB of gzip": encoded(bomb, "gzip"),
    "twenty encodings": encoded(twentyTimes, Array.from({ length: 20 }, () => "gzip").join(", ")),
  }
  for (const [name, bytes] of Object.entries(bodies)) {
    it.live(`is not unpacked beyond the cap: ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.send(bytes)
        })
        const client = yield* Creating.make(`${server.origin}/v1`)
        const before = process.memoryUsage.rss()
        const came = yield* client.create(nth(0))
        assert.strictEqual(came.to, "UnexpectedResponseError")
        assert.strictEqual(came.outcome, "unknown")
        assert.isBelow(process.memoryUsage.rss() - before, 20 * 2 ** 20)
        assert.strictEqual(server.requests.length, 1)
      }),
    )
  }
})

describe("N18, a line that carries byte by byte", () => {
  for (const direction of ["up", "down"] as const) {
    it.live(`creates each contact once (${direction})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(creating)
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() =>
            FaultProxy.start(server.port, () => ({ direction, at: 0, action: "trickle" })),
          ),
          (running) => Effect.promise(() => running.close()),
        )
        const client = yield* Creating.make(`${proxy.origin}/v1`)
        for (let n = 0; n < 5; n++) {
          assert.strictEqual((yield* client.create(nth(n))).to, "created")
        }
        assert.strictEqual(server.requests.length, 5)
      }),
    )
  }

  it.live("is in doubt where the answer is corrupted", () =>
    Effect.gen(function* () {
      const server = yield* serve(creating)
      const whole = yield* Creating.make(`${server.origin}/v1`)
      yield* whole.create("email:length@example.com")
      const length = server.peers[0]?.socket.bytesWritten ?? 0
      assert.isAbove(length, 100)
      for (let at = 0; at < length; at += 10) {
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() =>
            FaultProxy.start(server.port, () => ({ direction: "down", at, action: "corrupt" })),
          ),
          (running) => Effect.promise(() => running.close()),
        )
        const client = yield* Creating.make(`${proxy.origin}/v1`, {
          timeoutMs: 300,
          deadlineMs: 500,
        })
        const came = yield* client.create(nth(at))
        assert.strictEqual(came.outcome, "unknown", `at ${at}`)
        assert.strictEqual(postsOf(server).get(nth(at)), 1)
      }
    }),
  )
})

describe("N19, a server that is started anew in the middle of a run", () => {
  it.live("loses no row and doubles none", () =>
    Effect.gen(function* () {
      const first = yield* Effect.promise(() => Sandbox.start({ limit: 1_000, latencyMs: 5 }))
      const port = Number(new URL(first.origin).port)
      const client = yield* Creating.make(first.baseUrl)
      let second: Sandbox | undefined
      yield* Effect.addFinalizer(() => Effect.promise(async () => second?.close()))
      const rows = Array.from({ length: 60 }, (_, n) => ({
        identifier: nth(n),
        contact: { firstName: "Ana" },
      }))
      const run = yield* createMany(Stream.fromIterable(rows), { concurrency: 8 }).pipe(
        Effect.provideService(AelystClient, client.service),
      )
      let count = 0
      const results = yield* run.results.pipe(
        Stream.tap(() =>
          Effect.promise(async () => {
            count += 1
            if (count !== 20) return
            await first.close()
            second = await Sandbox.start({ limit: 1_000, port })
          }),
        ),
        Stream.runCollect,
      )
      const summary = yield* run.summary
      assert.strictEqual(results.length, 60)
      assert.strictEqual(summary.total, 60)
      assert.strictEqual(summary.not_sent, 0)
      const ledgers = [...first.ledger(), ...(second?.ledger() ?? [])]
      for (const { index, state } of results) {
        const made = ledgers.filter(({ key }) => key === nth(index))
        const contacts = made.reduce((sum, entry) => sum + entry.created, 0)
        assert.include(["created", "unknown"], state)
        if (state === "created") assert.strictEqual(contacts, 1, nth(index))
        else assert.isAtMost(contacts, 1, nth(index))
      }
      assert.isAtLeast(summary.created, 50)
    }),
  )
})

describe("N20, a redirect", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it.live(`by ${status} is refused wherever it leads, and the other server sees nothing`, () =>
      Effect.gen(function* () {
        const other = yield* serve(creating)
        let location = ""
        const server = yield* serve(async (peer) => {
          for (;;) {
            await peer.request()
            await peer.answer(status, "", { location })
          }
        })
        const client = yield* Creating.make(`${server.origin}/v1`)
        const targets = [
          `${other.origin}/v1/contact/x`,
          `http://localhost:${other.port}/v1/contact/x`,
          `//127.0.0.1:${other.port}/v1/contact/x`,
          "/v1/contact/x",
        ]
        for (const [n, target] of targets.entries()) {
          location = target
          const came = yield* client.create(nth(n))
          assert.strictEqual(came.to, "UnexpectedResponseError")
          assert.strictEqual(came.outcome, "unknown")
          const error = came.error?._tag === "UnexpectedResponseError" ? came.error : undefined
          assert.strictEqual(error?.reason, "redirect")
          assert.notProperty(error?.headers, "location")
        }
        assert.strictEqual(server.requests.length, targets.length)
        assert.strictEqual(other.peers.length, 0)
      }),
    )
  }
})
