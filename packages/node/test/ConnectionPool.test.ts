import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Pool from "../src/transport/ConnectionPool.ts"
import { setUp } from "./exchange.ts"

const { created, creating } = RawServer

/** Connects to nothing, and reports the sockets that are requested and closed. */
const makeConnect = () => {
  const seen = { requested: 0, destroyed: 0 }
  let report: (() => void) | undefined
  const requested = new Promise<void>((resolve) => {
    report = resolve
  })
  const connect = () => {
    seen.requested += 1
    report?.()
    return { destroy: () => void (seen.destroyed += 1) }
  }
  return { seen, requested, connect }
}

const ignore = () => undefined

const request = { method: "POST", path: "/" } as const

describe("ConnectionPool", () => {
  it.live("keeps a connection for the next request", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating)
      for (let n = 0; n < 5; n++) assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(server.peers.length, 1)
      assert.strictEqual(server.requests.length, 5)
    }),
  )

  it.live("sends one request at a time over a connection", () =>
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

  it.live("closes a connection that was idle for the limit, and does not use it again", () =>
    Effect.gen(function* () {
      const { server, send } = yield* setUp(creating, { idleMs: 50 })
      yield* send()
      const first = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => first.closed)
      yield* send()
      assert.strictEqual(server.peers.length, 2)
    }),
  )

  it.live(
    "does not use a connection whose idle limit passed while the event loop was blocked",
    () =>
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

  it.live("never credits bytes that arrived on an idle connection to the next request", () =>
    Effect.gen(function* () {
      const stray = 'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"stray":true}'
      const { server, send } = yield* setUp(creating)
      yield* send()
      const first = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => first.send(stray))
      yield* Effect.promise(() => first.closed)
      const { text } = yield* send()
      assert.deepStrictEqual(JSON.parse(text ?? ""), created)
      assert.strictEqual(server.peers.length, 2)
    }),
  )

  it("closes connecting sockets when it is closed", async () => {
    const { seen, requested, connect } = makeConnect()
    const pool = new Pool.ConnectionPool("http://127.0.0.1:1", connect, 1_000)
    pool.take().dispatch(request, {
      onRequestStart: ignore,
      onResponseStart: ignore,
      onResponseData: ignore,
      onResponseEnd: ignore,
      onResponseError: ignore,
    })
    await requested
    assert.deepStrictEqual(seen, { requested: 1, destroyed: 0 })
    assert.isFalse(pool.isClosed)
    pool.close()
    assert.isTrue(pool.isClosed)
    assert.deepStrictEqual(seen, { requested: 1, destroyed: 1 })
  })

  it("closes a connection that is released without a socket, and lends a new one", () => {
    const pool = new Pool.ConnectionPool("http://127.0.0.1:1", makeConnect().connect, 1_000)
    const first = pool.take()
    first.release()
    const second = pool.take()
    assert.notStrictEqual(second, first)
    assert.isFalse(second.isReused)
    pool.close()
  })
})

describe("fromDispatcher", () => {
  it("dispatches to the caller's dispatcher with the origin, and never counts it as reused", () => {
    const dispatched: Array<object> = []
    const connections = Pool.fromDispatcher(
      { dispatch: (options) => dispatched.push(options) > 0 },
      "https://api.test",
    )
    const connection = connections.take(true)
    connection.dispatch(request, {})
    connection.release()
    connection.destroy()
    assert.deepStrictEqual(dispatched, [{ ...request, origin: "https://api.test" }])
    assert.isFalse(connection.isReused)
    assert.isFalse(connection.hasTrailingData)
    assert.strictEqual(connections.take(), connection)
  })
})
