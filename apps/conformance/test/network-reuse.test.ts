/**
 * Network faults of kept connections: N14, against a server in a process of its own, and N15. The ledger of the server
 * is the judge.
 */
import type { Delivery } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope } from "effect"

import type { Child } from "../src/network/Child.ts"
import * as Children from "../src/network/Child.ts"
import type { Closing, Report } from "../src/network/closing-server.ts"
import type { Came, Creating as Client, Settings } from "../src/network/Creating.ts"
import * as Creating from "../src/network/Creating.ts"
import * as Gap from "../src/network/Gap.ts"
import type { Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"
import * as Random from "../src/pacing/Random.ts"

const { created } = RawServer

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

const closing = (options: Closing) =>
  Effect.gen(function* () {
    const module = new URL("../src/network/closing-server.ts", import.meta.url)
    const server: Child<unknown> = yield* Children.start(module, { input: options })
    const port = yield* server.next
    return {
      baseUrl: `http://127.0.0.1:${String(port)}/v1`,
      // safe: it answers every question with its report
      report: Effect.map(server.ask("report"), (report) => report as Report),
    }
  })

/** A client that comes back to the server after given pauses. */
interface Lane {
  readonly create: Effect.Effect<Came>
  /** What its creates came to, by identifier; those that the open circuit kept back are not among them. */
  readonly came: Map<string, Came>
}

const laneOf = (name: string, baseUrl: string, settings: Settings) =>
  Effect.gen(function* () {
    const came = new Map<string, Came>()
    const renew = Creating.make(baseUrl, settings)
    let client: Client = yield* renew
    let count = 0
    const lane: Lane = {
      came,
      create: Effect.gen(function* () {
        const identifier = `id:${name}-${count++}`
        const one = yield* client.create(identifier)
        if (one.to !== "UnavailableError") came.set(identifier, one)
        // a row of lost answers opened the circuit, and the next would not be sent
        else client = yield* renew
        return one
      }).pipe(Effect.provideService(Scope.Scope, yield* Effect.scope)),
    }
    return lane
  })

const lanesOf = (count: number, baseUrl: string, settings: Settings = {}) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => laneOf(String(n), baseUrl, settings),
  )

const random = Random.source(14)
/** Gives a pause around the given one, within 1.5 ms. */
const around = (ms: number) => ms + 3 * random() - 1.5

const all = <A>(lanes: ReadonlyArray<Lane>, each: (lane: Lane) => Effect.Effect<A>) =>
  Effect.forEach(lanes, each, { concurrency: "unbounded" })

/** Each lane pauses for itself, and the event loop is free. */
const playFree = (lanes: ReadonlyArray<Lane>, pauses: ReadonlyArray<number>) =>
  all(lanes, (lane) =>
    Effect.gen(function* () {
      yield* lane.create
      for (const pause of pauses) {
        yield* Gap.until(performance.now() + around(pause))
        yield* lane.create
      }
    }),
  )

/** All lanes pause together, while the event loop is blocked, and then send at once. */
const playBlocked = (lanes: ReadonlyArray<Lane>, pauses: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    yield* all(lanes, (lane) => lane.create)
    for (const pause of pauses) {
      yield* Gap.block(performance.now() + around(pause))
      yield* all(lanes, (lane) => lane.create)
    }
  })

const plays = { free: playFree, blocked: playBlocked } as const

/** Holds what the clients were told to what the server knows; gives how many were created, and how many are in doubt. */
const judge = (lanes: ReadonlyArray<Lane>, { keys }: Report, delivery: Delivery) => {
  const counts = { all: 0, created: 0, unknown: 0 }
  for (const { came } of lanes) {
    for (const [identifier, { to, outcome, attempts }] of came) {
      const { posts, made } = keys[identifier] ?? { posts: 0, made: 0 }
      const said = `${identifier}: ${to}, ${posts} posts, ${made} created`
      counts.all += 1
      assert.isAtMost(made, 1, said)
      assert.isAtMost(posts, delivery === "at-most-once" ? 1 : 2, said)
      assert.isAtMost(posts, attempts.length, said)
      if (outcome === "created") {
        counts.created += 1
        assert.strictEqual(made, 1, said)
      } else {
        counts.unknown += 1
        assert.deepStrictEqual([to, outcome], ["OutcomeUnknownError", "unknown"], said)
      }
    }
  }
  return counts
}

describe("N14, a server that closes kept connections", () => {
  for (const how of ["end", "reset"] as const) {
    const by = how === "end" ? "a FIN" : "a RST"
    for (const loop of ["free", "blocked"] as const) {
      it.live(
        `makes no second create in 2,000 that race ${by} within 1.5 ms, the event loop ${loop}`,
        () =>
          Effect.gen(function* () {
            const idleMs = 7
            const server = yield* closing({ idleMs, how, existing: "duplicate" })
            const lanes = yield* lanesOf(20, server.baseUrl)
            yield* plays[loop](
              lanes,
              Array.from({ length: 105 }, () => idleMs),
            )
            const report = yield* server.report
            const counts = judge(lanes, report, "at-most-once")
            assert.isAtLeast(counts.all, 2_000)
            // it was a race: neither side won it always
            assert.isAbove(report.reused, 0)
            assert.isAbove(report.connections, lanes.length)
          }),
      )
    }

    it.live(`makes no second create where ${by} follows each answer`, () =>
      Effect.gen(function* () {
        const server = yield* closing({ idleMs: 0, how, existing: "duplicate" })
        const lanes = yield* lanesOf(4, server.baseUrl)
        yield* playFree(
          lanes,
          Array.from({ length: 125 }, () => 0),
        )
        const report = yield* server.report
        const counts = judge(lanes, report, "at-most-once")
        assert.isAtLeast(counts.all, 400)
      }),
    )

    it.live(`ends with one contact each under natural-key, by ${by} within 1.5 ms`, () =>
      Effect.gen(function* () {
        const idleMs = 7
        const server = yield* closing({ idleMs, how, existing: "reject" })
        const lanes = yield* lanesOf(20, server.baseUrl, { delivery: "natural-key" })
        yield* playFree(
          lanes,
          Array.from({ length: 25 }, () => idleMs),
        )
        const counts = judge(lanes, yield* server.report, "natural-key")
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
          const server = yield* closing({ idleMs: theirs, how: "both", existing: "duplicate" })
          const count = 334
          const lanes = yield* lanesOf(count, server.baseUrl)
          yield* plays[loop](lanes, [ours / 2, ours, theirs])
          const report = yield* server.report
          const counts = judge(lanes, report, "at-most-once")
          assert.deepStrictEqual(counts, { all: 4 * count, created: 4 * count, unknown: 0 })
          // connections were kept, and never up to the server's limit
          assert.isAbove(report.reused, 0)
          assert.isAtLeast(report.connections, 2 * count)
        }),
    )
  }
})

describe("N15, an answer that nobody asked for", () => {
  const json = JSON.stringify(created)
  const ok = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`
  const strays: Record<string, readonly [bytes: string, creates: number]> = {
    "a 200": [ok, 1_000],
    "a 408": [
      "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
      1_000,
    ],
    "a 100": ["HTTP/1.1 100 Continue\r\n\r\n", 200],
    "half a head": ["HTTP/1.1 200 OK\r\ncontent-", 200],
    "bytes that are no HTTP": ["hello", 200],
  }
  for (const [name, [stray, creates]] of Object.entries(strays)) {
    it.live(`is never taken for the answer to one of the next ${creates} creates: ${name}`, () =>
      Effect.gen(function* () {
        // the second request of a connection would not be answered: whoever says "created" got it from the stray
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.answer(200, created)
        })
        const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]
        for (const delivery of policies) {
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery, timeoutMs: 500 })
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
