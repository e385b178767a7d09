/** Network faults of odd answers: N16, N17 and N20, over real sockets; the ledger is the judge. */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"

import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Certificates from "../src/network/Certificates.ts"
import * as Children from "../src/network/Child.ts"
import * as Creating from "../src/network/Creating.ts"
import type { Batches, Size } from "../src/network/memory-run.ts"
import type { Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created, creating } = RawServer
const { ca, valid } = await Certificates.make()
const json = JSON.stringify(created)
const ok = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`
const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]
const mega = 2 ** 20

const serve = (script: Script, tls?: Parameters<typeof RawServer.start>[1]) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script, tls)),
    (server) => Effect.promise(() => server.close()),
  )

/** Runs creates in a process of its own; gives what each came to, and how large the process was after each batch. */
const sizesOf = Effect.fnUntraced(function* (input: Batches) {
  const module = new URL("../src/network/memory-run.ts", import.meta.url)
  const child = yield* Children.start<Size>(module, { input, flags: ["--expose-gc"] })
  return yield* Effect.forEach(input.batches, () => child.next)
}, Effect.scoped)

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
}
/** The head of these is an answer; what follows is none. */
const headed: Record<string, string> = {
  "a chunk size that is none": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  "bytes after it": `${ok}more`,
  "another answer after it": `${ok}${ok}`,
}
const names = { ...garbage, ...headed }

describe.concurrent("N16, an answer that breaks the protocol", () => {
  for (const delivery of policies) {
    for (const [name, bytes] of Object.entries(names)) {
      const does = delivery === "at-most-once" ? "is not sent again" : "settled by asking again"
      it.live(`is in doubt, and ${does}: ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          const server = yield* serve(async (peer) => {
            await peer.request()
            await (peer.index === 0 ? peer.send(bytes) : peer.answer(200, created))
          })
          const client = yield* Creating.make(`${server.origin}/v1`, {
            delivery,
            timeoutMs: 10_000,
          })
          const came = yield* client.create(ana)
          // told by what is wrong with it, long before the deadline
          assert.isBelow(came.elapsedMs, 8_000)
          if (delivery === "natural-key") {
            assert.strictEqual(came.to, "created")
            assert.strictEqual(server.requests.length, 2)
            return
          }
          assert.strictEqual(came.outcome, "unknown")
          assert.strictEqual(
            came.to,
            name in garbage ? "OutcomeUnknownError" : "UnexpectedResponseError",
          )
          assert.strictEqual(server.requests.length, 1)
        }),
      )
    }
  }

  const early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100)

  it.live("is read past a hundred interim answers", () =>
    Effect.gen(function* () {
      const server = yield* serve(async (peer) => {
        await peer.request()
        await peer.send(early + ok)
      })
      const client = yield* Creating.make(`${server.origin}/v1`)
      assert.strictEqual((yield* client.create(ana)).to, "created")
      assert.strictEqual(server.requests.length, 1)
    }),
  )

  it.live("is in doubt at the deadline where nothing follows a hundred interim answers", () =>
    Effect.gen(function* () {
      const server = yield* serve(async (peer) => {
        await peer.request()
        await peer.send(early)
      })
      const client = yield* Creating.make(`${server.origin}/v1`, { timeoutMs: 300 })
      assert.strictEqual((yield* client.create(ana)).to, "OutcomeUnknownError")
      assert.strictEqual(server.requests.length, 1)
    }),
  )

  it.live("leaves memory as it was, however many there are", () =>
    Effect.gen(function* () {
      const all = [...Object.values(names), early.repeat(20) + ok]
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const [, n = ""] = /id:odd-(\d+)$/.exec(path) ?? []
          await (n === "" ? peer.answer(200, created) : peer.send(all[Number(n)] ?? ""))
        }
      })
      // an answer that is whole comes between, so that the circuit stays closed
      const rounds = 15
      const batch = Array.from({ length: rounds }, () =>
        all.flatMap((_, n) => [`id:odd-${n}`, "id:even"]),
      ).flat()
      const sizes = yield* sizesOf({
        baseUrl: `${server.origin}/v1`,
        batches: Array.from({ length: 8 }, () => batch),
      })
      for (const { came } of sizes) {
        const counts = new Map<string, number>()
        for (const to of came) counts.set(to, (counts.get(to) ?? 0) + 1)
        assert.deepStrictEqual(Object.fromEntries(counts), {
          OutcomeUnknownError: rounds * Object.keys(garbage).length,
          UnexpectedResponseError: rounds * Object.keys(headed).length,
          created: rounds * (all.length + 1),
        })
      }
      // what is compiled and cached on the way comes in the first batches
      const [, , third] = sizes
      const last = sizes.at(-1)
      assert.isBelow((last?.live ?? Number.NaN) - (third?.live ?? Number.NaN), 0.5 * mega)
    }),
  )
})

const head = (status: number, more: string) => `HTTP/1.1 ${status} Scripted\r\n${more}\r\n`

/** Is written until it has ended, or somebody ends it. */
interface Kind {
  readonly more: string
  readonly bytes: Buffer
  readonly times: number
}

const packed = (encoding: string, bytes: Buffer): Kind => ({
  more: `content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n`,
  bytes,
  times: 1,
})

describe.concurrent("N17, a body without end", () => {
  const meaning: ReadonlyArray<readonly [number, string]> = [
    [200, "UnexpectedResponseError"],
    [400, "BadRequestError"],
    [401, "AuthenticationError"],
    [403, "UnexpectedResponseError"],
    [429, "RateLimitError"],
    [500, "InternalServerError"],
  ]
  const piece = Buffer.alloc(65_536, "x")
  const chunk = Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")])
  const times = 3_200
  const length = `content-length: ${times * piece.length}\r\n`
  const zeros = Buffer.alloc(50_000_000)
  const gzipped = gzipSync(zeros)
  const twenty = Array.from({ length: 20 })
  const kinds: Record<string, Kind> = {
    "200 MB in chunks": { more: "transfer-encoding: chunked\r\n", bytes: chunk, times },
    "200 MB of a length that is told": { more: length, bytes: piece, times },
    "200 MB until the connection ends": { more: "connection: close\r\n", bytes: piece, times },
    "200 MB that claim to be gzip": {
      more: `content-encoding: gzip\r\n${length}`,
      bytes: piece,
      times,
    },
    "50 MB in 50 kB of gzip": packed("gzip", gzipped),
    "50 MB in 50 kB of deflate": packed("deflate", deflateSync(zeros)),
    "50 MB in 70 bytes of brotli": packed("br", brotliCompressSync(zeros)),
    "gzip in gzip": packed("gzip, gzip", gzipSync(gzipped)),
    "twenty encodings": packed(
      twenty.map(() => "gzip").join(", "),
      twenty.reduce<Buffer>((bytes) => gzipSync(bytes), Buffer.from(json)),
    ),
  }

  it.live("is not read on, takes less than 20 MiB, and leaves the meaning to the status", () =>
    Effect.gen(function* () {
      const written: Array<number> = []
      const all = Object.values(kinds)
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const [, kind = "", status = ""] = /id:end-(\d+)-(\d+)$/.exec(path) ?? []
          const endless = all[Number(kind)]
          if (status === "" || endless === undefined) {
            await peer.answer(200, created)
            continue
          }
          void peer.closed.then(() => written.push(peer.socket.bytesWritten))
          // so that the next does not wait
          await peer.send(head(Number(status), `retry-after: 0\r\n${endless.more}`))
          for (let n = 0; n < endless.times && !peer.socket.destroyed; n++) {
            await peer.send(endless.bytes)
          }
        }
      })
      const warm = Array.from({ length: 30 }, () => "id:whole")
      const [first, ...sizes] = yield* sizesOf({
        baseUrl: `${server.origin}/v1`,
        batches: [warm, ...all.map((_, n) => meaning.map(([status]) => `id:end-${n}-${status}`))],
      })
      let before = first?.rss ?? 0
      for (const [n, name] of Object.keys(kinds).entries()) {
        const { came, rss, peak } = sizes[n] ?? { came: [], rss: 0, peak: Number.NaN }
        assert.deepStrictEqual(
          came,
          meaning.map(([, to]) => to),
          name,
        )
        assert.isBelow(peak - before, 20 * mega, name)
        before = rss
      }
      // nor do they add up
      assert.isBelow(before - (first?.rss ?? 0), 20 * mega)
      assert.strictEqual(server.requests.length, warm.length + all.length * meaning.length)
      // what the sockets of both sides hold, not what we keep
      assert.isBelow(Math.max(...written), 20_000_000)
      assert.isAtLeast(written.length, 4 * meaning.length)
    }),
  )

  it.live("is read where it is as long as the cap, and not where it is one byte longer", () =>
    Effect.gen(function* () {
      const cap = 65_536
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const size = path.endsWith("longer") ? cap + 1 : cap
          const body = gzipSync(json.padEnd(size))
          await peer.send(head(200, `content-encoding: gzip\r\ncontent-length: ${body.length}\r\n`))
          await peer.send(body)
        }
      })
      const client = yield* Creating.make(`${server.origin}/v1`)
      assert.strictEqual((yield* client.create("id:cap")).to, "created")
      assert.strictEqual((yield* client.create("id:longer")).to, "UnexpectedResponseError")
      assert.strictEqual(server.requests.length, 2)
    }),
  )
})

describe.concurrent("N20, a redirect", () => {
  for (const delivery of policies) {
    for (const status of [301, 302, 303, 307, 308]) {
      it.live(
        `by ${status} is refused wherever it leads, and the other server sees nothing (${delivery})`,
        () =>
          Effect.gen(function* () {
            const other = yield* serve(creating)
            let location = ""
            const redirecting: Script = async (peer) => {
              for (;;) {
                await peer.request()
                await peer.answer(status, "", { location })
              }
            }
            const plain = yield* serve(redirecting)
            const secure = yield* serve(redirecting, valid)
            const targets = {
              "another port": `${other.origin}/v1/contact/x`,
              "another host": `http://localhost:${other.port}/v1/contact/x`,
              "another port, without a scheme": `//127.0.0.1:${other.port}/v1/contact/x`,
              "the same origin": "/v1/contact/x",
              "itself, for ever": `${plain.origin}/v1/contact/${encodeURIComponent(ana)}`,
              "itself, as an empty reference": "",
            }
            const posts = delivery === "at-most-once" ? 1 : 2
            const refuse = Effect.fnUntraced(function* (server: RawServer.RawServer, to: string) {
              location = to
              const before = server.requests.length
              // a client of its own each time: a row of failures would open the circuit
              const client = yield* Creating.make(`${server.origin}/v1`, { ca, delivery })
              const { error, outcome } = yield* client.create(ana)
              assert.strictEqual(outcome, "unknown")
              const last = error?._tag === "OutcomeUnknownError" ? error.last : error
              assert(last?._tag === "UnexpectedResponseError")
              assert.strictEqual(last.reason, "redirect")
              assert.notProperty(last.headers, "location")
              assert.strictEqual(server.requests.length - before, posts, to)
            }, Effect.scoped)
            for (const target of Object.values(targets)) yield* refuse(plain, target)
            // from https down to http
            yield* refuse(secure, `${other.origin}/v1/contact/x`)
            yield* refuse(secure, `http://localhost:${secure.port}/v1/contact/x`)
            for (const server of [plain, secure]) {
              assert.isTrue(server.requests.every(({ method }) => method === "POST"))
            }
            assert.strictEqual(other.peers.length, 0)
          }),
      )
    }
  }
})
