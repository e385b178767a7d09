/**
 * Races on reused connections: N14, against a server in a separate process, and N15. The server's ledger shows which
 * requests arrived.
 */
import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Creating from "../../src/network/Creating.ts"
import * as Gap from "../../src/network/Gap.ts"
import * as ReuseClients from "../../src/network/ReuseClients.ts"
import type { Script } from "../../src/network/RawServer.ts"
import * as RawServer from "../../src/network/RawServer.ts"
import * as Figures from "../../src/results/Figures.ts"

const { created } = RawServer

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

describe("N14, a server that closes idle connections", () => {
  for (const how of ["end", "reset"] as const) {
    const by = how === "end" ? "a FIN" : "a RST"
    for (const loop of ["free", "blocked"] as const) {
      it.live(
        `creates nothing twice in 2,000 creates that race ${by} within 1.5 ms, the event loop ${loop}`,
        () =>
          Effect.gen(function* () {
            const idleMs = 7
            // the first response of a connection has no limit, so the create that follows at once reuses it
            const server = yield* ReuseClients.closing({
              idleMs,
              unlimited: 1,
              how,
              existing: "duplicate",
            })
            const clients = yield* ReuseClients.clientsOf(20, server.baseUrl)
            yield* ReuseClients.plays[loop](
              clients,
              // some a little earlier, so that a slow machine also reuses connections
              Array.from({ length: 105 }, (_, n) => idleMs - (n % 3)),
              2,
            )
            yield* ReuseClients.playClosed(clients, server.report)
            const report = yield* server.report
            const counts = ReuseClients.judge(clients, report, "at-most-once")
            Figures.report({ counts: { "creates that race a close within 1.5 ms": counts.all } })
            assert.isAtLeast(counts.all, 2_000)
            assert.isAbove(report.reused, 0)
            assert.isAbove(report.connections, clients.length)
          }),
      )
    }

    it.live(`ends with one contact each under natural-key, by ${by} within 1.5 ms`, () =>
      Effect.gen(function* () {
        const idleMs = 7
        const server = yield* ReuseClients.closing({ idleMs, how, existing: "reject" })
        const clients = yield* ReuseClients.clientsOf(20, server.baseUrl, {
          delivery: "natural-key",
        })
        yield* ReuseClients.playFree(
          clients,
          Array.from({ length: 25 }, () => idleMs),
        )
        const counts = ReuseClients.judge(clients, yield* server.report, "natural-key")
        assert.isAtLeast(counts.all, 500)
        assert.strictEqual(counts.unknown, 0)
      }),
    )
  }

  for (const loop of ["free", "blocked"] as const) {
    it.live(
      `leaves none of 1,000 creates in doubt if the server's idle limit is longer than the default, the event loop ${loop}`,
      () =>
        Effect.gen(function* () {
          const ours = 1_000
          const theirs = 4_000
          const server = yield* ReuseClients.closing({
            idleMs: theirs,
            how: "both",
            existing: "duplicate",
          })
          const count = 125
          const clients = yield* ReuseClients.clientsOf(count, server.baseUrl)
          // the second create of each two follows at once, so it reuses the connection
          yield* ReuseClients.plays[loop](clients, [ours / 2, ours, theirs], 2)
          const report = yield* server.report
          const counts = ReuseClients.judge(clients, report, "at-most-once")
          assert.deepStrictEqual(counts, { all: 8 * count, created: 8 * count, unknown: 0 })
          // connections were reused, but never up to the server's limit
          assert.isAbove(report.reused, 0)
          assert.isAtLeast(report.connections, 2 * count)
        }),
    )
  }
})

describe("N15, an unsolicited response", () => {
  for (const [name, [stray, creates]] of Object.entries(ReuseClients.strays)) {
    it.live(`is never matched to one of the next ${creates} creates: ${name}`, () =>
      Effect.gen(function* () {
        // the second request of a connection gets no response, so a "created" would come from the stray one
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.respond(200, created)
        })
        const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]
        for (const delivery of policies) {
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery, clock: "real" })
          for (let n = 0; n < creates / policies.length; n++) {
            assert.strictEqual((yield* client.create(`id:${delivery}-${n}`)).to, "created")
            const idle = server.peers.at(-1)
            if (idle !== undefined) yield* Effect.promise(() => idle.send(stray))
            // every second time it is sent while the process does not read
            if (n % 2 === 0) yield* Gap.block(performance.now() + 1)
          }
        }
        assert.strictEqual(server.requests.length, creates)
        assert.isTrue(server.requests.every(({ connection }, n) => connection === n))
      }),
    )
  }
})
