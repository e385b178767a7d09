/**
 * Races on kept connections: N14, against a server in a process of its own, and N15. The ledger of the server is the
 * judge.
 */
import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Creating from "../../src/network/Creating.ts"
import * as Gap from "../../src/network/Gap.ts"
import * as Lanes from "../../src/network/Lanes.ts"
import type { Script } from "../../src/network/RawServer.ts"
import * as RawServer from "../../src/network/RawServer.ts"

const { created } = RawServer

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

describe("N14, a server that closes kept connections", () => {
  for (const how of ["end", "reset"] as const) {
    const by = how === "end" ? "a FIN" : "a RST"
    for (const loop of ["free", "blocked"] as const) {
      it.live(
        `makes no second create in 2,000 that race ${by} within 1.5 ms, the event loop ${loop}`,
        () =>
          Effect.gen(function* () {
            const idleMs = 7
            const server = yield* Lanes.closing({ idleMs, how, existing: "duplicate" })
            const lanes = yield* Lanes.lanesOf(20, server.baseUrl)
            yield* Lanes.plays[loop](
              lanes,
              Array.from({ length: 105 }, () => idleMs),
            )
            const report = yield* server.report
            const counts = Lanes.judge(lanes, report, "at-most-once")
            assert.isAtLeast(counts.all, 2_000)
            // it was a race: neither side won it always
            assert.isAbove(report.reused, 0)
            assert.isAbove(report.connections, lanes.length)
          }),
      )
    }

    it.live(`ends with one contact each under natural-key, by ${by} within 1.5 ms`, () =>
      Effect.gen(function* () {
        const idleMs = 7
        const server = yield* Lanes.closing({ idleMs, how, existing: "reject" })
        const lanes = yield* Lanes.lanesOf(20, server.baseUrl, { delivery: "natural-key" })
        yield* Lanes.playFree(
          lanes,
          Array.from({ length: 25 }, () => idleMs),
        )
        const counts = Lanes.judge(lanes, yield* server.report, "natural-key")
        assert.isAtLeast(counts.all, 500)
        assert.strictEqual(counts.unknown, 0)
      }),
    )
  }

  for (const loop of ["free", "blocked"] as const) {
    it.live(
      `leaves none of 1,000 creates in doubt with the default idle limit where the server's is longer, the event loop ${loop}`,
      () =>
        Effect.gen(function* () {
          const ours = 1_000
          const theirs = 2_000
          const server = yield* Lanes.closing({
            idleMs: theirs,
            how: "both",
            existing: "duplicate",
          })
          const count = 334
          const lanes = yield* Lanes.lanesOf(count, server.baseUrl)
          yield* Lanes.plays[loop](lanes, [ours / 2, ours, theirs])
          const report = yield* server.report
          const counts = Lanes.judge(lanes, report, "at-most-once")
          assert.deepStrictEqual(counts, { all: 4 * count, created: 4 * count, unknown: 0 })
          // connections were kept, and never up to the server's limit
          assert.isAbove(report.reused, 0)
          assert.isAtLeast(report.connections, 2 * count)
        }),
    )
  }
})

describe("N15, an answer that nobody asked for", () => {
  for (const [name, [stray, creates]] of Object.entries(Lanes.strays)) {
    it.live(`is never taken for the answer to one of the next ${creates} creates: ${name}`, () =>
      Effect.gen(function* () {
        // the second request of a connection would not be answered: whoever says "created" got it from the stray
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.answer(200, created)
        })
        const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]
        for (const delivery of policies) {
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery, clock: "real" })
          for (let n = 0; n < creates / policies.length; n++) {
            assert.strictEqual((yield* client.create(`id:${delivery}-${n}`)).to, "created")
            const idle = server.peers.at(-1)
            if (idle !== undefined) yield* Effect.promise(() => idle.send(stray))
            // every other time it is sent to a process that does not listen
            if (n % 2 === 0) yield* Gap.block(performance.now() + 1)
          }
        }
        assert.strictEqual(server.requests.length, creates)
        assert.isTrue(server.requests.every(({ connection }, n) => connection === n))
      }),
    )
  }
})
