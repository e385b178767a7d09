/**
 * Faults of the rate limit: S1, S2 and S8. Waits are long, so most tests run in memory and in virtual time. Forms of a
 * header that a transport could change are sent over real sockets.
 */
import type { Delivery } from "@aelyst/core"
import type { LimiterKind } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import * as Creating from "../src/network/Creating.ts"
import * as RawServer from "../src/network/RawServer.ts"
import * as Virtual from "../src/server/Virtual.ts"

const { inMemory, advance, advanceUntil, rowsOf } = Virtual

const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

interface Form {
  readonly name: string
  /** The header; `null` omits it. */
  readonly value: string | null
  /** The minimum and the maximum wait, in milliseconds; undefined if the call fails at once. */
  readonly wait?: readonly [number, number]
}

const epoch = (ms: number) => new Date(ms).toUTCString()

const forms: ReadonlyArray<Form> = [
  { name: "0", value: "0", wait: [100, 120] },
  { name: "1", value: "1", wait: [1_000, 1_110] },
  { name: "1.5", value: "1.5", wait: [1_500, 1_660] },
  { name: "-1", value: "-1", wait: [1_000, 1_110] },
  { name: "a date 7 s ahead", value: epoch(7_000), wait: [7_000, 7_260] },
  { name: "a date in the past", value: "Sun, 06 Nov 1949 08:49:37 GMT", wait: [100, 120] },
  { name: "a date in the past, as asctime", value: "Sun Nov  6 08:49:37 1949", wait: [100, 120] },
  { name: "an hour", value: "3600" },
  { name: "100000000000", value: "100000000000", wait: [1_000, 1_110] },
  { name: "2s", value: "2s", wait: [2_000, 2_210] },
  { name: "3 in quotes", value: '"3"', wait: [3_000, 3_260] },
  { name: "nothing", value: "", wait: [1_000, 1_110] },
  { name: "2 and 3", value: "2, 3", wait: [3_000, 3_260] },
  { name: "2 and junk", value: "2, soon", wait: [1_000, 1_110] },
  { name: "junk", value: "soon", wait: [1_000, 1_110] },
  { name: "1e3", value: "1e3", wait: [1_000, 1_110] },
  { name: "Infinity", value: "Infinity", wait: [1_000, 1_110] },
  { name: "no header", value: null, wait: [1_000, 1_110] },
]

describe("S1, a 429 and its Retry-After", () => {
  for (const delivery of policies) {
    for (const { name, value, wait } of forms) {
      const does = wait === undefined ? "fails at once" : `waits ${wait[0]} ms, plus its jitter,`
      it.effect(`S1: ${does} for ${name} (${delivery})`, () =>
        inMemory({}, { delivery }, ({ create, sandbox }) =>
          Effect.gen(function* () {
            sandbox.fail({ status: 429, retryAfter: value, times: 1 })
            const fiber = yield* Effect.forkChild(create(ana))
            yield* advanceUntil(() => fiber.pollUnsafe() !== undefined, 20_000)
            const came = yield* Fiber.join(fiber)
            const [entry] = sandbox.ledger()
            const [first, second] = sandbox.requests()
            if (wait === undefined) {
              assert.strictEqual(came.to, "RateLimitError")
              assert.isAtMost(came.tookMs, 10)
              assert.deepInclude(entry, { posts: 1, created: 0 })
              return
            }
            assert.strictEqual(came.to, "created")
            assert.deepInclude(entry, { posts: 2, created: 1 })
            const waited = (second?.at ?? Number.NaN) - (first?.at ?? Number.NaN)
            assert.isAtLeast(waited, wait[0])
            assert.isAtMost(waited, wait[1])
          }),
        ),
      )
    }

    it.effect(
      `S1: sends at most once a second if no response has a Retry-After (${delivery})`,
      () =>
        inMemory({ rateLimitHeaders: "none" }, { delivery, retries: 100 }, ({ create, sandbox }) =>
          Effect.gen(function* () {
            sandbox.fail({ status: 429, retryAfter: null, rateLimitHeaders: false })
            const fibers = yield* Effect.forEach(rowsOf(20), ({ identifier }) =>
              Effect.forkChild(create(identifier)),
            )
            yield* advance(55_000, 50)
            const times = sandbox.requests().map(({ at }) => at)
            assert.isAtLeast(times.length, 4)
            for (const gap of Virtual.gapsOf(times)) assert.isAtLeast(gap, 1_000)
            yield* Fiber.interruptAll(fibers)
          }),
        ),
    )

    it.effect(`S1: does not delay other calls if one must wait for an hour (${delivery})`, () =>
      inMemory({}, {}, ({ run, sandbox }) =>
        Effect.gen(function* () {
          sandbox.fail({
            status: 429,
            retryAfter: 3_600,
            match: { identifier: "id:5" },
          })
          const running = yield* run(rowsOf(20), { delivery, concurrency: 4 })
          yield* advanceUntil(running.ended, 20_000)
          const summary = yield* running.summary
          assert.deepInclude(summary, { created: 19, not_sent: 1, stopped: "completed" })
          assert.isBelow(summary.elapsedMs, 5_000)
          for (const { key, posts, created } of sandbox.ledger()) {
            assert.deepStrictEqual(
              { posts, created },
              { posts: 1, created: key === "id:5" ? 0 : 1 },
            )
          }
        }),
      ),
    )
  }

  const wires: ReadonlyArray<readonly [string, string, asked: number, least: number]> = [
    ["0", "Retry-After: 0\r\n", 0, 100],
    ["0.25", "Retry-After: 0.25\r\n", 250, 250],
    ["two headers, 0 and 0.3", "Retry-After: 0\r\nRetry-After: 0.3\r\n", 300, 300],
    [
      "a date 2 s after the answer's own, years away from the clock here",
      "Date: Fri, 06 Nov 2015 08:49:37 GMT\r\nRetry-After: Fri, 06 Nov 2015 08:49:39 GMT\r\n",
      2_000,
      2_000,
    ],
    [
      "an epoch time half a second after the answer's own date",
      "Date: Fri, 06 Nov 2015 08:49:37 GMT\r\nRetry-After: 1446799777.5\r\n",
      500,
      500,
    ],
    [
      "a date before the answer's own",
      "Date: Fri, 06 Nov 2015 08:49:37 GMT\r\nRetry-After: Friday, 06-Nov-15 08:49:30 GMT\r\n",
      0,
      100,
    ],
  ]
  for (const [name, headers, asked, least] of wires) {
    it.live(`S1: waits ${least} ms for ${name}, over a socket`, () =>
      Effect.gen(function* () {
        const times: Array<number> = []
        const refusal = `HTTP/1.1 429 No\r\n${headers}content-length: 0\r\n\r\n`
        const server = yield* Effect.acquireRelease(
          Effect.promise(() =>
            RawServer.start(async (peer) => {
              for (;;) {
                const { path } = await peer.request()
                if (path.endsWith("id:once")) await peer.send(refusal)
                else if (times.push(performance.now()) > 1)
                  await peer.respond(200, RawServer.created)
                else await peer.send(refusal)
              }
            }),
          ),
          (running) => Effect.promise(() => running.close()),
        )
        // the wait that it reads, to the millisecond
        const once = yield* Creating.make(`${server.origin}/v1`, { retries: 0 })
        const { error } = yield* once.create("id:once")
        assert(error?._tag === "RateLimitError")
        assert.strictEqual(error.retryAfterMs, asked)
        // and the wait itself
        const client = yield* Creating.make(`${server.origin}/v1`, { clock: "real" })
        const came = yield* client.create(ana)
        assert.strictEqual(came.to, "created")
        const [waited = Number.NaN] = Virtual.gapsOf(times)
        assert.strictEqual(times.length, 2)
        // timers have a resolution of 1 ms
        assert.isAtLeast(waited, least - 1)
      }),
    )
  }
})

describe("S2, a storm of 429s in a run", () => {
  for (const delivery of policies) {
    it.effect(
      `S2: loses no row to 30 % of 429s and a minute of 429s, and sends once per Retry-After (${delivery})`,
      () =>
        inMemory({ limit: 50, latencyMs: 30 }, {}, ({ run, sandbox }) =>
          Effect.gen(function* () {
            const total = 120
            const some = sandbox.fail({ status: 429, retryAfter: 1, probability: 0.3, seed: 7 })
            const running = yield* run(rowsOf(total), { delivery, concurrency: 32 })
            yield* advanceUntil(() => running.results.length >= 40, 120_000)
            assert.isBelow(running.results.length, total)
            sandbox.clearFaults(some.id)
            const all = sandbox.fail({ status: 429, retryAfter: 5 })
            const stormFrom = sandbox.now()
            yield* advance(60_000, 20)
            const stormTo = sandbox.now()
            sandbox.clearFaults(all.id)
            yield* advanceUntil(running.ended, 60_000)

            const summary = yield* running.summary
            assert.deepInclude(summary, { created: total, total, stopped: "completed" })
            const requests = sandbox.requests()
            const refusals = Virtual.answered(requests, 429)
            assert.isAbove(refusals, 20)
            assert.strictEqual(summary.rateLimited, refusals)
            // every resend followed an honoured 429, so the tenth allowed for other clients was not used
            assert.strictEqual(requests.length, total + refusals)
            for (const { posts, created, statuses } of sandbox.ledger()) {
              assert.strictEqual(created, 1)
              assert.strictEqual(posts - (statuses[429] ?? 0), 1)
            }
            const storm = requests.filter(({ at }) => at >= stormFrom && at < stormTo)
            const firstAnswer = Math.min(...storm.map(({ at, ms = 0 }) => at + ms))
            const after = storm.filter(({ at }) => at > firstAnswer).map(({ at }) => at)
            assert.isAtLeast(after.length, 10)
            for (const gap of Virtual.gapsOf([firstAnswer - 30, ...after])) {
              assert.isAtLeast(gap, 5_000)
            }
          }),
        ),
    )
  }
})

describe("S8, a limit that changes during a run", () => {
  const kinds: ReadonlyArray<LimiterKind> = [
    "fixed-window-aligned",
    "fixed-window-first-request",
    "sliding-log",
    "token-bucket",
    "gcra",
  ]
  for (const limiter of kinds) {
    it.effect(`S8: follows 10, 2 and 50 per second within two windows (${limiter})`, () =>
      inMemory({ limiter, latencyMs: 30 }, {}, ({ run, sandbox }) =>
        Effect.gen(function* () {
          const running = yield* run(rowsOf(1_000), { concurrency: 32 })
          const changes: Array<readonly [limit: number, at: number]> = [[10, sandbox.now()]]
          yield* advance(6_000)
          for (const limit of [2, 50]) {
            sandbox.configure({ limit })
            changes.push([limit, sandbox.now()])
            yield* advance(8_000)
          }
          const end = sandbox.now()
          yield* running.stop
          const summary = yield* running.summary
          assert.strictEqual(summary.created + summary.unknown + summary.not_sent, summary.total)
          for (const [n, [limit, from]] of changes.entries()) {
            const to = changes[n + 1]?.[1] ?? end
            const sent = sandbox.requests().filter(({ at }) => at >= from && at < to)
            assert.isAtMost(Virtual.answered(sent, 429), 5, `429s at ${limit}`)
            const later = sent.filter(({ at }) => at >= from + 2_000)
            const seconds = (to - from - 2_000) / 1_000
            assert.strictEqual(Virtual.answered(later, 429), 0, `later 429s at ${limit}`)
            assert.isAtMost(later.length, limit * (seconds + 1), `requests at ${limit}`)
            assert.isAtLeast(later.length, 0.85 * limit * seconds, `requests at ${limit}`)
          }
          for (const { created } of sandbox.ledger()) assert.isAtMost(created, 1)
        }),
      ),
    )
  }
})
