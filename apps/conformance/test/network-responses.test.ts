/** Network faults of odd responses: N16, N17 and N20, over real sockets; the ledger shows which requests arrived. */
import { gzipSync } from "node:zlib"

import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import * as Certificates from "../src/network/Certificates.ts"
import * as Creating from "../src/network/Creating.ts"
import * as OddResponses from "../src/network/OddResponses.ts"
import type { Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created, creating } = RawServer
const { ca, valid } = await Certificates.make()
const { early, garbage, headOf, headed, json, ok } = OddResponses
const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

const serve = (script: Script, tls?: Parameters<typeof RawServer.start>[1]) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script, tls)),
    (server) => Effect.promise(() => server.close()),
  )

describe.concurrent("N16, a response that breaks the protocol", () => {
  for (const delivery of policies) {
    for (const [name, bytes] of Object.entries({ ...garbage, ...headed })) {
      const does = delivery === "at-most-once" ? "is not sent again" : "settled by asking again"
      it.live(`is in doubt, and ${does}: ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          const server = yield* serve(async (peer) => {
            await peer.request()
            await (peer.index === 0 ? peer.send(bytes) : peer.respond(200, created))
          })
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          // ends by its fault, not by a deadline
          const came = yield* client.create(ana)
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

  it.live("is read after a hundred interim responses", () =>
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

  it.live("is in doubt at the deadline if nothing follows a hundred interim responses", () =>
    Effect.gen(function* () {
      let send: (() => void) | undefined
      const sent = new Promise<void>((resolve) => {
        send = resolve
      })
      const server = yield* serve(async (peer) => {
        await peer.request()
        await peer.send(early)
        send?.()
      })
      const client = yield* Creating.make(`${server.origin}/v1`, { timeoutMs: 300 })
      const fiber = yield* Effect.forkChild(client.create(ana), { startImmediately: true })
      yield* Effect.promise(() => sent)
      yield* client.advance(299)
      assert.strictEqual(fiber.pollUnsafe(), undefined)
      yield* client.advance(1)
      assert.strictEqual((yield* Fiber.join(fiber)).to, "OutcomeUnknownError")
      assert.strictEqual(server.requests.length, 1)
    }),
  )
})

describe.concurrent("N17, a body without end", () => {
  for (const [name, endless] of Object.entries(OddResponses.endless)) {
    it.live(`is not read to its end, and does not change the meaning of the status: ${name}`, () =>
      Effect.gen(function* () {
        const written: Array<Promise<number>> = []
        let status = 0
        const server = yield* serve(async (peer) => {
          await peer.request()
          written.push(peer.closed.then(() => peer.socket.bytesWritten))
          await OddResponses.respond(peer, status, endless)
        })
        for (const [one, to] of OddResponses.meaning) {
          status = one
          const came = yield* Creating.make(`${server.origin}/v1`, { retries: 0 }).pipe(
            Effect.flatMap((client) => client.create(ana)),
            Effect.scoped,
          )
          assert.strictEqual(came.to, to, `status ${status}`)
        }
        assert.strictEqual(server.requests.length, OddResponses.meaning.length)
        // the buffers of both sockets, not memory that we hold
        assert.isBelow(Math.max(...(yield* Effect.promise(() => Promise.all(written)))), 20_000_000)
      }),
    )
  }

  it.live("is read up to the cap, and not if it is one byte longer", () =>
    Effect.gen(function* () {
      const cap = 65_536
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const size = path.endsWith("longer") ? cap + 1 : cap
          const body = gzipSync(json.padEnd(size))
          await peer.send(
            headOf(200, `content-encoding: gzip\r\ncontent-length: ${body.length}\r\n`),
          )
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
        `by ${status} is refused for any target, and the other server gets no request (${delivery})`,
        () =>
          Effect.gen(function* () {
            const other = yield* serve(creating)
            let location = ""
            const redirecting: Script = async (peer) => {
              for (;;) {
                await peer.request()
                await peer.respond(status, "", { location })
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
              // a new client each time, because several failures in a row would open the circuit
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
            // from https to http
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
