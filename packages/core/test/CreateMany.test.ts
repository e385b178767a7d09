import { assert, describe, it } from "@effect/vitest"
import type { Duration } from "effect"
import { Cause, Clock, Effect, Exit, Fiber, Random, Redacted, Stream } from "effect"
import { HttpClient, HttpClientError } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import { TransportProbe } from "../src/call/TransportProbe.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import type { Row, RowResult, RunOptions, RunSummary } from "../src/CreateMany.ts"
import { createMany, rowOutcomes } from "../src/CreateMany.ts"
import type { Delivery } from "../src/call/RetryPolicy.ts"
import type { Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"

const token = Redacted.make("token-for-tests")
const answer: Fault = { kind: "answer" }

const rowOf = (i: number): Row => ({ identifier: `id:${i}`, contact: { firstName: "Ana" } })
const rowsOf = (count: number): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, i) => rowOf(i))

/** A source that hands out one row at a time, and tells how many it has. */
const counted = (count: number) => {
  let pulled = 0
  const rows = Stream.fromPull(
    Effect.succeed(
      Effect.suspend(() => {
        if (pulled >= count) return Cause.done()
        pulled += 1
        return Effect.succeed([rowOf(pulled - 1)] as const)
      }),
    ),
  )
  return {
    rows,
    get pulled(): number {
      return pulled
    },
  }
}

type Server = ReturnType<typeof Ledger.make>

const withClient = <A, E>(
  server: Server,
  use: Effect.Effect<A, E, AelystClient.AelystClient>,
  options: ClientOptions = {},
) =>
  Effect.flatMap(
    Effect.provideService(
      Effect.orDie(AelystClient.make({ token, ...options })),
      HttpClient.HttpClient,
      server.client,
    ),
    (client) => Effect.provideService(use, AelystClient.AelystClient, client),
  )

interface Played {
  readonly results: ReadonlyArray<RowResult>
  readonly summary: RunSummary
  readonly tookMs: number
  readonly ended: boolean
}

/** Plays a whole run in virtual time. */
const play = (
  server: Server,
  rows: Stream.Stream<Row>,
  options: RunOptions = {},
  {
    client = {},
    lasting = "30 minutes",
  }: { client?: ClientOptions; lasting?: Duration.Input } = {},
) =>
  withClient(
    server,
    Effect.gen(function* () {
      const run = yield* createMany(rows, options)
      const results: Array<RowResult> = []
      const started = yield* Clock.currentTimeMillis
      let tookMs = Number.NaN
      const fiber = yield* Stream.runForEach(run.results, (result) =>
        Effect.sync(() => results.push(result)),
      ).pipe(
        Effect.andThen(
          Effect.map(Clock.currentTimeMillis, (now) => {
            tookMs = now - started
          }),
        ),
        Effect.forkChild,
      )
      yield* Ledger.pass(lasting)
      const ended = fiber.pollUnsafe() !== undefined
      yield* Fiber.interrupt(fiber)
      return { results, summary: yield* run.summary, tookMs, ended } satisfies Played
    }),
    client,
  )

/** Counts the states of rows, those that occur. */
const tally = ({ results }: Pick<Played, "results">): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { outcome: state } of results) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

const sumOf = (summary: RunSummary) => rowOutcomes.reduce((sum, state) => sum + summary[state], 0)

/** Gives the nth row the nth fault at its first request; everything else is answered. */
const firstly =
  (faults: Readonly<Record<number, Fault>>) =>
  (nth: number, key: string): Fault =>
    nth === 0 ? (faults[Number(key.slice(3))] ?? answer) : answer

const status = (code: number, commits = false): Fault => ({ kind: "status", status: code, commits })

const slowFirst = () => Ledger.make(firstly({ 0: { kind: "refuse", retryAfter: "5" } }))
const lost = () => Ledger.make(firstly({ 0: { kind: "reset", commits: true } }))

describe("createMany", () => {
  it.effect("ends every row in exactly one state, which the counts repeat", () =>
    Effect.gen(function* () {
      const server = Ledger.make(
        firstly({
          1: status(400),
          2: status(409),
          3: status(500, true),
          4: { kind: "reset", commits: true },
          5: status(404),
          6: { kind: "garbage", text: "<html>", commits: false },
          7: { kind: "refuse", retryAfter: "3600" },
          8: { kind: "refuse", retryAfter: "1" },
          9: { kind: "unreachable" },
        }),
      )
      const rows = Stream.concat(
        Stream.fromIterable(rowsOf(10)),
        Stream.make({ identifier: "email:ana@", contact: { firstName: "" } }),
      )
      const played = yield* play(server, rows, { ordered: true })
      assert.deepStrictEqual(
        played.results.map(({ index, outcome: state }) => `${index} ${state}`),
        [
          "0 created",
          "1 rejected",
          "2 existed",
          "3 unknown",
          "4 unknown",
          "5 rejected",
          "6 unknown",
          "7 not_sent",
          "8 created",
          "9 created",
          "10 invalid",
        ],
      )
      const { summary } = played
      assert.deepInclude(summary, { created: 3, existed: 1, rejected: 2, unknown: 3 })
      assert.deepInclude(summary, { invalid: 1, not_sent: 1, total: 11, rateLimited: 2 })
      assert.strictEqual(summary.stopped, "completed")
      assert.strictEqual(sumOf(summary), 11)
    }),
  )

  it.effect("gives results as they come, or in the order of the source", () =>
    Effect.gen(function* () {
      const rows = Stream.fromIterable(rowsOf(4))
      const asTheyCome = yield* play(slowFirst(), rows)
      const inOrder = yield* play(slowFirst(), rows, { ordered: true })
      assert.deepStrictEqual(
        inOrder.results.map(({ index }) => index),
        [0, 1, 2, 3],
      )
      assert.deepStrictEqual(asTheyCome.results.map(({ index }) => index).toSorted(), [0, 1, 2, 3])
    }),
  )

  it.effect("does nothing before its results are consumed, and counts time from then", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      const source = counted(3)
      const summary = yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(source.rows, { deadline: "1 second" })
          yield* Ledger.pass("1 hour")
          assert.strictEqual(source.pulled, 0)
          assert.deepInclude(yield* run.summary, { total: 0, elapsedMs: 0 })
          yield* Stream.runDrain(run.results)
          return yield* run.summary
        }),
      )
      assert.deepInclude(summary, { created: 3, stopped: "completed", elapsedMs: 0 })
    }),
  )

  for (const ordered of [false, true]) {
    it.effect(`pulls no further ahead than it sends, ordered ${ordered}`, () =>
      Effect.gen(function* () {
        const server = Ledger.make(() => answer)
        const source = counted(10_000)
        yield* withClient(
          server,
          Effect.gen(function* () {
            const { results } = yield* createMany(source.rows, { concurrency: 8, ordered })
            let taken = 0
            let most = 0
            const fiber = yield* results.pipe(
              Stream.take(60),
              Stream.runForEach(() =>
                Effect.sync(() => {
                  taken += 1
                  most = Math.max(most, source.pulled - taken)
                }),
              ),
              Effect.forkChild,
            )
            yield* Ledger.pass("1 minute")
            yield* Fiber.join(fiber)
            assert.strictEqual(taken, 60)
            assert.isAtMost(most, 8 + 3)
            assert.isAtMost(source.pulled, 60 + 8 + 3)
          }),
        )
      }),
    )
  }

  it.effect("pulls nothing more while nobody takes results", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      const source = counted(10_000)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const { results } = yield* createMany(source.rows, { concurrency: 4 })
          const fiber = yield* Stream.runForEach(results, () => Effect.never).pipe(Effect.forkChild)
          yield* Ledger.pass("1 hour")
          assert.isAtMost(source.pulled, 4 + 3)
          yield* Fiber.interrupt(fiber)
        }),
      )
    }),
  )

  it.effect(
    "never has one key in flight twice, and serves repeats in the order of the source",
    () =>
      Effect.gen(function* () {
        const server = Ledger.make(() => answer, { latencyMs: 100, existing: "reject" })
        const rows = Stream.fromIterable([rowOf(1), rowOf(1), rowOf(1), rowOf(2)])
        const played = yield* play(server, rows, { ordered: true })
        assert.deepStrictEqual(
          played.results.map(({ outcome: state }) => state),
          ["created", "existed", "existed", "created"],
        )
        const same = server.ledger.filter(({ key }) => key === "id:1").map(({ atMs }) => atMs)
        for (const [i, atMs] of same.slice(1).entries())
          assert.isAtLeast(atMs - (same[i] ?? 0), 100)
      }),
  )

  it.effect("delivers as the run says, not as the client does", () =>
    Effect.gen(function* () {
      const rows = Stream.make(rowOf(0))
      const once = yield* play(
        lost(),
        rows,
        { delivery: "at-most-once" },
        { client: { delivery: "natural-key" } },
      )
      assert.deepStrictEqual(tally(once), { unknown: 1 })
      const natural = yield* play(lost(), rows, { delivery: "natural-key" })
      assert.deepStrictEqual(tally(natural), { exists_after_doubt: 1 })
      assert.deepInclude(natural.summary, { exists_after_doubt: 1, created: 0, total: 1 })
    }),
  )

  it.effect("resends a row in doubt as often as retries says, whatever 429s it met before", () =>
    Effect.gen(function* () {
      const refusals: ReadonlyArray<Fault> = Array.from({ length: 6 }, () => ({
        kind: "refuse",
        retryAfter: "1",
      }))
      const reset: Fault = { kind: "reset", commits: false }
      const script = [...refusals, reset, reset, answer]
      const server = Ledger.make((nth) => script[nth] ?? answer)
      const played = yield* play(server, Stream.make(rowOf(0)), {
        delivery: "natural-key",
        retries: 2,
      })
      assert.deepStrictEqual(tally(played), { created: 1 })
      assert.strictEqual(server.ledger.length, 9)
    }),
  )

  it.effect("tells how the run stands while it goes on", () =>
    Effect.gen(function* () {
      // 10 a second, as documented
      const server = Ledger.make(() => answer, { latencyMs: 400 })
      const progress: Array<RunSummary> = []
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(30)), {
            concurrency: 4,
            onProgress: (summary) => {
              progress.push(summary)
              throw new Error("a progress bar that breaks")
            },
          })
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.pass("1500 millis")
          const halfway = yield* run.summary
          assert.isUndefined(halfway.stopped)
          assert.isAbove(halfway.created, 0)
          assert.isBelow(halfway.created, 30)
          assert.strictEqual(halfway.elapsedMs, 1_500)
          yield* Ledger.pass("1 minute")
          yield* Fiber.join(fiber)
          const after = yield* run.summary
          assert.deepInclude(after, { created: 30, total: 30, stopped: "completed" })
          yield* Ledger.pass("1 minute")
          assert.strictEqual((yield* run.summary).elapsedMs, after.elapsedMs)
        }),
      )
      assert.deepStrictEqual(
        progress.map(({ total }) => total),
        Array.from({ length: 30 }, (_, i) => i + 1),
      )
    }),
  )

  it.effect("fails as the source fails, after the rows that it gave", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const rows = Stream.concat(Stream.fromIterable(rowsOf(3)), Stream.fail("the file broke"))
          const run = yield* createMany(rows)
          const exit = yield* Effect.exit(Stream.runDrain(run.results))
          assert.deepStrictEqual(exit, Exit.fail("the file broke"))
          assert.deepInclude(yield* run.summary, { created: 3, total: 3, stopped: "aborted" })
        }),
      )
    }),
  )

  it.effect("dies of an option that makes no sense, by its name", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      for (const options of [
        { concurrency: 0 },
        { retries: -1 },
        { deadline: "soon" },
        { maxErrors: 0 },
      ]) {
        const exit = yield* Effect.exit(
          // safe: what a caller without types may pass
          withClient(server, createMany(Stream.empty, options as RunOptions)),
        )
        assert(Exit.isFailure(exit))
        const [option = ""] = Object.keys(options)
        assert.match(
          String(Cause.squash(exit.cause)),
          new RegExp(`ConfigurationError: \`${option}\` `),
        )
      }
    }),
  )
})

describe("a run that stops", () => {
  it.effect("at a 401 sends nothing more, reports the rest, and pulls no further", () =>
    Effect.gen(function* () {
      const server = Ledger.make((_, key) => (Number(key.slice(3)) < 20 ? answer : status(401)), {
        latencyMs: 20,
      })
      const source = counted(10_000)
      const played = yield* play(server, source.rows, { concurrency: 8 })
      assert.isTrue(played.ended)
      assert.strictEqual(played.summary.stopped, "unauthorized")
      assert.isAtMost(source.pulled, 20 + 8 + 3)
      assert.strictEqual(played.results.length, source.pulled)
      assert.deepStrictEqual(Object.keys(tally(played)).toSorted(), ["created", "not_sent"])
      assert.isAtMost(server.ledger.filter(({ fault }) => fault.kind === "status").length, 8)
      assert.strictEqual(sumOf(played.summary), source.pulled)
    }),
  )

  it.effect("at a 401 does not wait for a source that gives no more rows", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => status(401))
      const rows = Stream.concat(Stream.make(rowOf(1)), Stream.never)
      const played = yield* play(server, rows)
      assert.isTrue(played.ended)
      assert.deepInclude(played.summary, { stopped: "unauthorized", not_sent: 1, total: 1 })
    }),
  )

  it.effect("at a 401 also where the row was in doubt before, and stays in doubt", () =>
    Effect.gen(function* () {
      const script: ReadonlyArray<Fault> = [{ kind: "reset", commits: true }, status(401)]
      const server = Ledger.make((nth) => script[nth] ?? answer)
      const played = yield* play(server, Stream.concat(Stream.make(rowOf(1)), Stream.never), {
        delivery: "natural-key",
      })
      assert.deepInclude(played.summary, { stopped: "unauthorized", unknown: 1, total: 1 })
    }),
  )

  it.effect("after maxErrors rows that ended invalid, rejected or unknown", () =>
    Effect.gen(function* () {
      const server = Ledger.make((_, key) =>
        Number(key.slice(3)) % 2 === 0 ? answer : status(400),
      )
      const source = counted(1_000)
      const played = yield* play(server, source.rows, { concurrency: 4, maxErrors: 5 })
      assert.strictEqual(played.summary.stopped, "errors")
      assert.isAtLeast(played.summary.rejected, 5)
      assert.isAtMost(played.summary.rejected, 5 + 4)
      assert.isAtMost(source.pulled, 10 + 4 + 4)
      assert.strictEqual(sumOf(played.summary), played.results.length)
    }),
  )

  it.effect("at its deadline, in every kind of wait", () =>
    Effect.gen(function* () {
      const always: ReadonlyArray<Fault> = [
        answer,
        { kind: "refuse", retryAfter: "7" },
        { kind: "refuse" },
        { kind: "unreachable" },
        { kind: "blackhole" },
        { kind: "hang", commits: false },
        { kind: "stall", commits: false },
        status(500),
      ]
      for (const fault of always) {
        const server = Ledger.make(() => fault, { latencyMs: 200 })
        const source = counted(100_000)
        const played = yield* play(server, source.rows, {
          deadline: "20 seconds",
          delivery: "natural-key",
          timeout: "4 seconds",
        })
        const what = JSON.stringify(fault)
        assert.isTrue(played.ended, what)
        assert.strictEqual(played.summary.stopped, "deadline", what)
        assert.isAtMost(played.tookMs, 20_002, what)
        assert.strictEqual(played.results.length, sumOf(played.summary), what)
        assert.strictEqual(server.inFlight, 0, what)
      }
    }),
  )

  it.effect("at its deadline although the source gives no more rows", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      const rows = Stream.concat(Stream.make(rowOf(1)), Stream.never)
      const played = yield* play(server, rows, { deadline: "1 minute" })
      assert.isTrue(played.ended)
      assert.deepInclude(played.summary, { stopped: "deadline", created: 1, total: 1 })
      assert.strictEqual(played.tookMs, 60_000)
    }),
  )

  it.effect("uses the time up to its deadline, though some rows provably do not fit", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer, { latencyMs: 200 })
      const source = counted(10_000)
      const played = yield* play(server, source.rows, { deadline: "10 seconds" })
      // nothing is known of the limit but the prior of 10 a second, which is doubled while nobody refuses
      assert.isAtLeast(played.summary.created, 90)
      assert.strictEqual(played.summary.stopped, "deadline")
    }),
  )

  it.effect("pauses while the circuit is open, fails no row, and goes on by itself", () =>
    Effect.gen(function* () {
      let up = false
      const server = Ledger.make(() => (up ? answer : { kind: "unreachable" }))
      const played = yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(50)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          const { rateLimit } = yield* AelystClient.AelystClient
          for (let step = 0; step < 100; step++) {
            yield* Ledger.pass("100 millis")
            // whoever pauses holds no permit: each request here ends in the moment in which it is made
            assert.strictEqual((yield* rateLimit).inFlight, 0)
          }
          yield* Ledger.pass("10 minutes")
          assert.deepInclude(yield* run.summary, { total: 0 })
          const during = server.ledger.length
          // the first 32 may have left before the circuit opened; then one probe an opening, up to a minute apart
          assert.isAtMost(during, 32 + 20)
          up = true
          yield* Ledger.pass("5 minutes")
          yield* Fiber.join(fiber)
          return yield* run.summary
        }),
      )
      assert.deepInclude(played, { created: 50, total: 50, stopped: "completed" })
    }),
  )

  it.effect("asks for no more than the limit when the circuit closes again", () =>
    Effect.gen(function* () {
      let up = false
      const server = Ledger.make(() => (up ? answer : { kind: "unreachable" }))
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(64)), { concurrency: 64 })
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.pass("5 minutes")
          up = true
          yield* Ledger.pass("5 minutes")
          yield* Fiber.join(fiber)
        }),
        { rateLimit: { perSecond: 10 } },
      )
      const sent = server.ledger.filter(({ arrived }) => arrived).map(({ atMs }) => atMs)
      assert.strictEqual(sent.length, 64)
      for (const [i, atMs] of sent.entries()) {
        const eleventh = sent[i + 10]
        if (eleventh !== undefined) assert.isAtLeast(eleventh - atMs, 999)
      }
    }),
  )

  it.effect("gives up after fifteen minutes without any answer", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => ({ kind: "unreachable" }))
      const source = counted(10_000)
      const played = yield* play(server, source.rows)
      assert.isTrue(played.ended)
      assert.strictEqual(played.summary.stopped, "unavailable")
      assert.approximately(played.tookMs, 900_000, 20_000)
      assert.deepStrictEqual(Object.keys(tally(played)), ["not_sent"])
      assert.strictEqual(played.results.length, source.pulled)
    }),
  )

  it.effect("gives up after giveUpAfter, and not while answers come", () =>
    Effect.gen(function* () {
      const silent = yield* play(
        Ledger.make(() => ({ kind: "unreachable" })),
        counted(100).rows,
        { giveUpAfter: "2 minutes" },
      )
      assert.strictEqual(silent.summary.stopped, "unavailable")
      assert.approximately(silent.tookMs, 120_000, 2_000)
      const failing = yield* play(
        Ledger.make(() => status(500)),
        counted(20).rows,
        { giveUpAfter: "2 minutes" },
      )
      assert.deepInclude(failing.summary, { stopped: "completed", unknown: 20 })
    }),
  )

  it.effect("at a certificate error, at once", () =>
    Effect.gen(function* () {
      const source = counted(1_000)
      const http = HttpClient.make((request, _url, _signal, fiber) => {
        fiber.getRef(TransportProbe).watch()
        return Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({
              request,
              cause: Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }),
            }),
          }),
        )
      })
      const played = yield* play({ ...Ledger.make(() => answer), client: http }, source.rows)
      assert.isTrue(played.ended)
      assert.strictEqual(played.summary.stopped, "unavailable")
      assert.strictEqual(played.tookMs, 0)
      assert.isAtMost(source.pulled, 32 + 3)
      assert.deepStrictEqual(Object.keys(tally(played)), ["not_sent"])
    }),
  )

  it.effect("gives rows that were waiting their attempts, and the reason", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => ({ kind: "refuse", retryAfter: "60" }))
      const played = yield* play(server, Stream.make(rowOf(0)), { deadline: "90 seconds" })
      const [result] = played.results
      assert(result !== undefined && "error" in result)
      assert.strictEqual(result.outcome, "not_sent")
      assert.isAbove(result.error.attempts.length, 0)
    }),
  )
})

describe("a run that is interrupted", () => {
  it.effect("counts what was under way as what it was, and says aborted", () =>
    Effect.gen(function* () {
      const server = Ledger.make(
        firstly({
          // 0 and 1 hang after they left, 2 cannot connect, 3 was refused and waits
          0: { kind: "hang", commits: true },
          1: { kind: "hang", commits: false },
          2: { kind: "blackhole" },
          3: { kind: "refuse", retryAfter: "60" },
        }),
      )
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(4)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.pass("4 seconds")
          yield* Fiber.interrupt(fiber)
          const summary = yield* run.summary
          assert.deepInclude(summary, { unknown: 2, not_sent: 2, total: 4, stopped: "aborted" })
          assert.strictEqual(server.inFlight, 0)
        }),
      )
    }),
  )

  it.effect("counts a contact that settles as created", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.make(rowOf(0)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.pass("1 second")
          yield* Fiber.interrupt(fiber)
          assert.deepInclude(yield* run.summary, { created: 1, total: 1, stopped: "aborted" })
        }),
        { settle: "10 seconds" },
      )
    }),
  )

  it.effect("by a consumer that takes no more is aborted, not completed", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => answer)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(counted(100).rows, { concurrency: 4 })
          const fiber = yield* run.results.pipe(Stream.take(5), Stream.runDrain, Effect.forkChild)
          yield* Ledger.pass("1 minute")
          yield* Fiber.join(fiber)
          const summary = yield* run.summary
          assert.strictEqual(summary.stopped, "aborted")
          assert.isAtLeast(summary.total, 5)
        }),
      )
    }),
  )
})

describe("F12", () => {
  it.effect(
    "accounts for every row that was pulled, over any script and any end",
    () =>
      Effect.gen(function* () {
        const seeds = Array.from({ length: 1_000 }, (_, i) => i + 1)
        const fibers = yield* Effect.forEach(seeds, (seed) =>
          Effect.gen(function* () {
            const random = Ledger.randomOf(seed)
            const scripts = new Map<string, ReadonlyArray<Fault>>()
            const server = Ledger.make(
              (nth, key) => {
                const script = scripts.get(key) ?? Ledger.script(random)
                scripts.set(key, script)
                return script[nth] ?? answer
              },
              {
                latencyMs: 20 + Math.floor(random() * 200),
                existing: Ledger.pick(random, ["reject", "merge", "duplicate"]),
              },
            )
            const source = counted(1 + Math.floor(random() * 9))
            const maxErrors = random() < 0.3 ? 1 + Math.floor(random() * 5) : undefined
            const deadline = random() < 0.3 ? Math.floor(1 + random() * 60_000) : undefined
            const delivery = Ledger.pick<Delivery>(random, ["at-most-once", "natural-key"])
            const abortAfter = random() < 0.3 ? Math.floor(random() * 30_000) : undefined
            const run = yield* withClient(
              server,
              createMany(source.rows, {
                concurrency: 1 + Math.floor(random() * 4),
                ordered: random() < 0.5,
                delivery,
                maxErrors,
                deadline,
                timeout: "3 seconds",
              }),
            )
            const results: Array<RowResult> = []
            const draining = Stream.runForEach(run.results, (result) =>
              Effect.sync(() => results.push(result)),
            )
            yield* abortAfter === undefined
              ? draining
              : Effect.ignore(Effect.timeout(draining, abortAfter))
            const aborted = abortAfter !== undefined
            return { seed, server, source, delivery, results, aborted, summary: yield* run.summary }
          }).pipe(Random.withSeed(seed), Effect.forkChild),
        )
        yield* Ledger.pass("2 hours")
        const stops = new Set<string>()
        for (const fiber of fibers) {
          const { seed, server, source, delivery, results, aborted, summary } =
            yield* Fiber.join(fiber)
          const what = `seed ${seed}: ${JSON.stringify(summary)}`
          stops.add(summary.stopped ?? "none")
          assert.strictEqual(summary.total, sumOf(summary), what)
          assert.strictEqual(summary.total, source.pulled, what)
          assert.strictEqual(new Set(results.map(({ index }) => index)).size, results.length, what)
          const counts = tally({ results })
          for (const state of rowOutcomes) {
            const seen = counts[state] ?? 0
            // a row that an abort has caught is counted and has no result
            if (aborted) assert.isAtLeast(summary[state], seen, what)
            else assert.strictEqual(summary[state], seen, what)
          }
          assert.strictEqual(server.inFlight, 0, what)
          for (const { index, outcome: state } of results) {
            const created = server.ledger.filter(
              (entry) => entry.key === `id:${index}` && entry.created,
            ).length
            if (state === "created" || state === "exists_after_doubt")
              assert.isAtLeast(created, 1, what)
            if (state === "invalid" || state === "rejected" || state === "not_sent") {
              assert.strictEqual(created, 0, `${what} row ${index}`)
            }
            if (delivery === "at-most-once") assert.isAtMost(created, 1, what)
          }
        }
        assert.includeMembers(
          [...stops],
          ["completed", "aborted", "deadline", "errors", "unauthorized"],
        )
      }),
    60_000,
  )
})
