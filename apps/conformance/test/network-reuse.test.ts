/**
 * Network faults of kept connections: N14, against a server in a process of its own, and N15. The ledger of the server
 * is the judge.
 */
import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as Lanes from "../src/network/Lanes.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { created } = RawServer
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

describe("N14, a server that closes kept connections", () => {
  for (const how of ["end", "reset"] as const) {
    const by = how === "end" ? "a FIN" : "a RST"
    it.live(`makes no second create where ${by} follows each answer`, () =>
      Effect.gen(function* () {
        const server = yield* Lanes.closing({ idleMs: 0, how, existing: "duplicate" })
        const lanes = yield* Lanes.lanesOf(4, server.baseUrl)
        yield* Lanes.playFree(
          lanes,
          Array.from({ length: 125 }, () => 0),
        )
        const report = yield* server.report
        const counts = Lanes.judge(lanes, report, "at-most-once")
        assert.isAtLeast(counts.all, 400)
      }),
    )
  }
})

describe("N15, an answer that nobody asked for", () => {
  for (const [name, [stray]] of Object.entries(Lanes.strays)) {
    for (const delivery of policies) {
      it.live(`ends its connection, and the next create takes another: ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          const creates = 10
          const server = yield* Effect.acquireRelease(
            Effect.promise(() =>
              // the second request of a connection would not be answered
              RawServer.start(async (peer) => {
                await peer.request()
                await peer.answer(200, created)
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
