/**
 * Network faults of reused connections: N14, against a server in a separate process, and N15. The server's ledger shows
 * which requests arrived.
 */
import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as ReuseClients from "../src/network/ReuseClients.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created } = RawServer
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

describe("N14, a server that closes idle connections", () => {
  for (const how of ["end", "reset"] as const) {
    const by = how === "end" ? "a FIN" : "a RST"
    it.live(`creates nothing twice if ${by} follows each response`, () =>
      Effect.gen(function* () {
        const server = yield* ReuseClients.closing({ idleMs: 0, how, existing: "duplicate" })
        const clients = yield* ReuseClients.clientsOf(4, server.baseUrl)
        yield* ReuseClients.playFree(
          clients,
          Array.from({ length: 125 }, () => 0),
        )
        const report = yield* server.report
        const counts = ReuseClients.judge(clients, report, "at-most-once")
        assert.isAtLeast(counts.all, 400)
      }),
    )
  }
})

describe("N15, an unsolicited response", () => {
  for (const [name, [stray]] of Object.entries(ReuseClients.strays)) {
    for (const delivery of policies) {
      it.live(`ends its connection, and the next create uses another: ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          const creates = 10
          const server = yield* Effect.acquireRelease(
            Effect.promise(() =>
              // the second request of a connection gets no response
              RawServer.start(async (peer) => {
                await peer.request()
                await peer.respond(200, created)
              }),
            ),
            (running) => Effect.promise(() => running.close()),
          )
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          for (let n = 0; n < creates; n++) {
            assert.strictEqual((yield* client.create(`id:${n}`)).to, "created")
            const idle = yield* Effect.promise(() => server.connected(n + 1))
            yield* Effect.promise(() => idle.send(stray))
            yield* Effect.promise(() => idle.closed)
          }
          assert.deepStrictEqual(
            server.requests.map(({ connection }) => connection),
            Array.from({ length: creates }, (_, n) => n),
          )
        }),
      )
    }
  }
})
