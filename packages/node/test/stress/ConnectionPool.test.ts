/** Tests races on kept connections: the server resets them, or sends unsolicited bytes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import type { Script } from "../../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../../apps/conformance/src/network/RawServer.ts"
import * as Transport from "../../src/transport/Transport.ts"
import { exchange } from "../exchange.ts"

const { created, creating } = RawServer

const setUp = Effect.fnUntraced(function* (script: Script) {
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (running) => Effect.promise(() => running.close()),
  )
  const http = yield* Transport.make({ baseUrl: server.origin })
  return { server, send: () => exchange(http, server.origin) }
})

describe("ConnectionPool", () => {
  it.live("never credits bytes that arrived on an idle connection to the next request", () =>
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

  it.live(
    "sends a request again if its idle connection was reset before any byte was written",
    () =>
      Effect.gen(function* () {
        const { server, send } = yield* setUp(async (peer) => {
          await peer.request()
          await peer.respond(200, created)
          peer.reset()
        })
        for (let n = 0; n < 50; n++) assert.strictEqual((yield* send()).status, 200)
        assert.strictEqual(server.requests.length, 50)
      }),
  )
})
