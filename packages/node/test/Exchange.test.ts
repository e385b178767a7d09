import { makeTransportProbe } from "@aelyst/core/transport"
import { assert, describe, it } from "@effect/vitest"
import type { Result } from "effect"
import { Effect, Fiber } from "effect"

import type { Script } from "../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Pool from "../src/transport/ConnectionPool.ts"
import { Exchange } from "../src/transport/Exchange.ts"
import * as Transport from "../src/transport/Transport.ts"
import { exchange, phase, requestTo, serve, setUp } from "./exchange.ts"
import { iterate } from "./idle.ts"

const { created, creating } = RawServer

describe("Exchange", () => {
  it.live(
    "reports a request as watched before it connects, and as dispatched when bytes may leave",
    () =>
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

  it.live("fails a request that would be dispatched after notAfter, on a new connection", () =>
    Effect.gen(function* () {
      const clock = { now: 0 }
      const probe = makeTransportProbe(clock)
      probe.notAfter = 5
      const server = yield* serve(creating)
      const origin = server.origin.replace("127.0.0.1", "somewhere.test")
      const http = yield* Transport.make({
        baseUrl: origin,
        lookup: (_name, _options, done) => {
          // the process was paused while it connected
          clock.now = 10
          done(null, [{ address: "127.0.0.1", family: 4 }])
        },
      })
      const outcome = yield* exchange(http, origin, probe)
      assert.strictEqual(outcome.code, "TOO_LATE")
      assert.strictEqual(phase(outcome), "unsent")
      assert.isEmpty(server.requests)
    }),
  )

  it.live("fails a request that would be dispatched after notAfter, on a kept connection", () =>
    Effect.gen(function* () {
      const { send, server } = yield* setUp(creating)
      assert.strictEqual((yield* send()).status, 200)
      const probe = makeTransportProbe({ now: 10 })
      probe.notAfter = 5
      const outcome = yield* send(probe)
      assert.strictEqual(outcome.code, "TOO_LATE")
      assert.strictEqual(phase(outcome), "unsent")
      assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(server.requests.length, 2)
    }),
  )

  const failures: Record<string, Script> = {
    "a reset": async (peer) => {
      await peer.request()
      peer.reset()
    },
    "a close": async (peer) => {
      await peer.request()
      peer.end()
    },
    "a response that is not HTTP": async (peer) => {
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
  for (const [name, script] of Object.entries(failures)) {
    it.live(`reports a request as dispatched after ${name}`, () =>
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

  it.live("closes a connecting socket when it is interrupted", () =>
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

  it.live("closes a connection that waits for a response when it is interrupted", () =>
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

  it.live("closes a connection in the middle of a body when it is interrupted", () =>
    Effect.gen(function* () {
      const { server, http } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{")
      })
      const response = yield* http.execute(requestTo(server.origin))
      assert.strictEqual(response.status, 200)
      const fiber = yield* Effect.forkChild(response.text, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const peer = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => peer.closed)
    }),
  )

  it.live("leaves a fresh connection to the next request when it is interrupted", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        if (peer.index > 0) await peer.respond(200, created)
      })
      const fiber = yield* Effect.forkChild(send())
      yield* Effect.promise(() => server.connected(1))
      yield* Fiber.interrupt(fiber)
      const { status } = yield* send()
      assert.strictEqual(status, 200)
      assert.strictEqual(server.peers.length, 2)
    }),
  )

  it.live("sends a request over a new connection after the idle one was reset", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(async (peer) => {
        await peer.request()
        await peer.respond(200, created)
        peer.reset()
      })
      for (let n = 0; n < 50; n++) {
        assert.strictEqual((yield* send()).status, 200)
        const peer = yield* Effect.promise(() => server.connected(n + 1))
        yield* Effect.promise(() => peer.closed)
        // the reset has left, and is read within a few iterations of the event loop
        yield* Effect.promise(() => iterate(20))
      }
      assert.strictEqual(server.requests.length, 50)
    }),
  )

  it("aborts a caller's dispatcher once it is connected, if the exchange has ended by then", () => {
    let handler: object | undefined
    const dispatch = (_: object, given: object) => {
      handler = given
      return true
    }
    const probe = makeTransportProbe()
    const heads: Array<Result.Result<unknown, unknown>> = []
    const options = { method: "POST", path: "/", origin: "https://api.test" } as const
    const one = new Exchange(
      Pool.fromDispatcher({ dispatch }, "https://api.test"),
      options,
      probe,
      (head) => heads.push(head),
    )
    one.start()
    one.abort()
    assert.instanceOf(handler, Exchange)
    const reasons: Array<Error> = []
    const controller = { abort: (reason: Error) => reasons.push(reason) }
    // safe: only `abort` is called
    handler.onRequestStart(controller as never)
    assert.deepStrictEqual(
      reasons.map(({ message }) => message),
      ["ABORTED"],
    )
    assert.isFalse(probe.dispatched)
  })
})
