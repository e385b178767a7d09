import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Random, Redacted, Scope, Stream } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { expectTypeOf } from "vitest"

import * as AelystClient from "../src/AelystClient.ts"
import { TransportProbe } from "../src/call/TransportProbe.ts"
import type { CreateResult } from "../src/call/Call.ts"
import type { RunOptions } from "../src/call/ClientOptions.ts"
import type { RowResult } from "../src/CreateMany.ts"
import { createMany, rowOutcomes } from "../src/CreateMany.ts"
import type * as Errors from "../src/errors/AelystError.ts"
import type { Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"
import { counted, created, play, rowOf, rowsOf, sumOf, tally, withClient } from "./runs.ts"
import type { Delivery, Row, RowOutcome, RunSummary } from "../src/types.ts"

/** Applies the nth fault to the first request of the nth row; every other request creates its contact. */
const firstly =
  (faults: Readonly<Record<number, Fault>>) =>
  (nth: number, key: string): Fault =>
    nth === 0 ? (faults[Number(key.slice(3))] ?? created) : created

const status = (code: number, commits = false): Fault => ({ kind: "status", status: code, commits })

const slowFirst = () => Ledger.make(firstly({ 0: { kind: "rateLimit", retryAfter: "5" } }))
const lost = () => Ledger.make(firstly({ 0: { kind: "reset", commits: true } }))

describe("createMany", () => {
  it.effect("ends every row with one outcome, which the summary counts", () =>
    Effect.gen(function* () {
      const server = Ledger.make(
        firstly({
          1: status(400),
          2: status(409),
          3: status(500, true),
          4: { kind: "reset", commits: true },
          5: status(404),
          6: { kind: "garbage", text: "<html>", commits: false },
          7: { kind: "rateLimit", retryAfter: "3600" },
          8: { kind: "rateLimit", retryAfter: "1" },
          9: { kind: "unreachable" },
        }),
      )
      const rows = Stream.concat(
        Stream.fromIterable(rowsOf(10)),
        Stream.make({ identifier: "email:ana@", contact: { firstName: "" } }),
      )
      const played = yield* play(server, rows, { ordered: true })
      assert.deepStrictEqual(
        played.results.map(({ index, outcome }) => `${index} ${outcome}`),
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

  it.effect("emits results as they arrive, or in the order of the source", () =>
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

  it.effect("does nothing until its results are consumed, and counts time from then", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const source = counted(3)
      const summary = yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(source.rows, { deadline: "1 second" })
          yield* Ledger.advance("1 hour")
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
    it.effect(`pulls few rows ahead of its requests, ordered ${ordered}`, () =>
      Effect.gen(function* () {
        const server = Ledger.make(() => created)
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
            yield* Ledger.advance("1 minute")
            yield* Fiber.join(fiber)
            assert.strictEqual(taken, 60)
            assert.isAtMost(most, 8 + 3)
            assert.isAtMost(source.pulled, 60 + 8 + 3)
          }),
        )
      }),
    )
  }

  it.effect("stops pulling rows while its results are not consumed", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const source = counted(10_000)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const { results } = yield* createMany(source.rows, { concurrency: 4 })
          const fiber = yield* Stream.runForEach(results, () => Effect.never).pipe(Effect.forkChild)
          yield* Ledger.advance("1 hour")
          assert.isAtMost(source.pulled, 4 + 3)
          yield* Fiber.interrupt(fiber)
        }),
      )
    }),
  )

  it.effect("sends requests for one key one after another, in the order of the source", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created, { latencyMs: 100, existing: "reject" })
      const rows = Stream.fromIterable([rowOf(1), rowOf(1), rowOf(1), rowOf(2)])
      const played = yield* play(server, rows, { ordered: true })
      assert.deepStrictEqual(
        played.results.map(({ outcome }) => outcome),
        ["created", "existed", "existed", "created"],
      )
      const same = server.ledger.filter(({ key }) => key === "id:1").map(({ atMs }) => atMs)
      for (const [i, atMs] of same.slice(1).entries()) assert.isAtLeast(atMs - (same[i] ?? 0), 100)
    }),
  )

  it.effect("follows the delivery of the run, not that of the client", () =>
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

  it.effect(
    "resends a row in doubt as often as retries allows, however many 429s came before",
    () =>
      Effect.gen(function* () {
        const rateLimits: ReadonlyArray<Fault> = Array.from({ length: 6 }, () => ({
          kind: "rateLimit",
          retryAfter: "1",
        }))
        const reset: Fault = { kind: "reset", commits: false }
        const script = [...rateLimits, reset, reset, created]
        const server = Ledger.make((nth) => script[nth] ?? created)
        const played = yield* play(server, Stream.make(rowOf(0)), {
          delivery: "natural-key",
          retries: 2,
        })
        assert.deepStrictEqual(tally(played), { created: 1 })
        assert.strictEqual(server.ledger.length, 9)
      }),
  )

  it.effect("reports progress during the run", () =>
    Effect.gen(function* () {
      // 10 a second, as documented
      const server = Ledger.make(() => created, { latencyMs: 400 })
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
          yield* Ledger.advance("1500 millis")
          const halfway = yield* run.summary
          assert.isUndefined(halfway.stopped)
          assert.isAbove(halfway.created, 0)
          assert.isBelow(halfway.created, 30)
          assert.strictEqual(halfway.elapsedMs, 1_500)
          yield* Ledger.advance("1 minute")
          yield* Fiber.join(fiber)
          const after = yield* run.summary
          assert.deepInclude(after, { created: 30, total: 30, stopped: "completed" })
          yield* Ledger.advance("1 minute")
          assert.strictEqual((yield* run.summary).elapsedMs, after.elapsedMs)
        }),
      )
      assert.deepStrictEqual(
        progress.map(({ total }) => total),
        Array.from({ length: 30 }, (_, i) => i + 1),
      )
    }),
  )

  it.effect("fails with the error of the source after the rows that it emitted", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
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

  it.effect("dies with a ConfigurationError that names an invalid option", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
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

const issuesOf = (r: RowResult<Row & { readonly rowNumber: number }>) => {
  expectTypeOf(r.row.rowNumber).toEqualTypeOf<number>()
  if (r.outcome === "created") expectTypeOf(r.value).toEqualTypeOf<CreateResult>()
  if ("error" in r) expectTypeOf(r.error).toEqualTypeOf<Errors.AelystError>()
  return r.outcome === "invalid" ? r.error.issues : []
}

describe("the row of a result", () => {
  it.effect("is the object that the source emitted, with its type", () =>
    Effect.gen(function* () {
      const server = Ledger.make(firstly({ 1: status(400) }))
      const rows = [0, 1, 2].map((rowNumber) => ({ ...rowOf(rowNumber), rowNumber }))
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rows), { ordered: true })
          const results = yield* Stream.runCollect(run.results)
          assert.deepStrictEqual(
            results.map(({ row, outcome }) => `${row.rowNumber} ${outcome}`),
            ["0 created", "1 rejected", "2 created"],
          )
          for (const { index, row } of results) assert.strictEqual(row, rows[index])
          assert.notMatch(JSON.stringify(results), /Ana/)
        }),
      )
    }),
  )

  it("has an outcome that narrows its error", () => {
    type ErrorOf<Outcome extends RowOutcome> = Extract<
      RowResult,
      { readonly outcome: Outcome; readonly error: unknown }
    >["error"]
    expectTypeOf<ErrorOf<"invalid">>().toEqualTypeOf<Errors.InvalidContactError>()
    expectTypeOf<ErrorOf<"existed">>().toEqualTypeOf<Errors.BadRequestError>()
    expectTypeOf<ErrorOf<"rejected">>().toEqualTypeOf<
      Errors.BadRequestError | Errors.UnexpectedResponseError
    >()
    expectTypeOf<ErrorOf<"unknown">>().toEqualTypeOf<
      Errors.InternalServerError | Errors.OutcomeUnknownError | Errors.UnexpectedResponseError
    >()
    expectTypeOf<ErrorOf<"not_sent">>().toEqualTypeOf<
      | Errors.UnavailableError
      | Errors.ConnectionError
      | Errors.RateLimitError
      | Errors.AuthenticationError
    >()
    expectTypeOf(issuesOf).returns.toEqualTypeOf<Errors.InvalidContactError["issues"]>()
  })
})

/** Starts a run and stops it after a time; returns how many requests there were until then. */
const stopAfter = (
  server: ReturnType<typeof Ledger.make>,
  rows: Stream.Stream<Row>,
  waitMs: number,
  options: RunOptions = {},
) =>
  withClient(
    server,
    Effect.gen(function* () {
      const run = yield* createMany(rows, options)
      const fiber = yield* Effect.forkChild(Stream.runCollect(run.results))
      yield* Ledger.advance(waitMs)
      assert.isUndefined(fiber.pollUnsafe())
      yield* run.stop
      const requests = server.ledger.length
      yield* Ledger.advance("1 second")
      const results = yield* Fiber.join(fiber)
      const { summary, unreported } = yield* run.settled
      assert.deepStrictEqual(summary, yield* run.summary)
      assert.isEmpty(unreported)
      assert.strictEqual(server.ledger.length, requests)
      assert.strictEqual(summary.stopped, "stopped")
      assert.strictEqual(summary.total, results.length)
      return { results, requests, summary }
    }),
  )

describe("stop", () => {
  it.effect("lets requests in flight end, sends no more and pulls no more", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created, { latencyMs: 100 })
      const source = counted(1_000)
      const { requests, summary } = yield* stopAfter(server, source.rows, 150, { concurrency: 8 })
      assert.deepInclude(summary, { created: requests, total: source.pulled })
      assert.strictEqual(summary.not_sent, source.pulled - requests)
      assert.isAbove(summary.not_sent, 0)
      assert.isAtMost(source.pulled, requests + 8)
    }),
  )

  it.effect("ends every kind of wait at once", () =>
    Effect.gen(function* () {
      const waits: ReadonlyArray<readonly [Fault, RowOutcome]> = [
        [{ kind: "rateLimit", retryAfter: "60" }, "not_sent"],
        [{ kind: "unreachable" }, "not_sent"],
        [status(503), "unknown"],
      ]
      for (const [fault, outcome] of waits) {
        const server = Ledger.make(() => fault)
        // the second row waits for the key of the first
        const rows = Stream.make(rowOf(0), rowOf(0))
        const { results } = yield* stopAfter(server, rows, 900, { delivery: "natural-key" })
        assert.deepStrictEqual(
          results.map((result) => result.outcome).toSorted(),
          [outcome, "not_sent"].toSorted(),
          fault.kind,
        )
      }
    }),
  )

  it.effect("does not wait for a source that emits no more rows", () =>
    Effect.gen(function* () {
      const rows = Stream.concat(Stream.make(rowOf(1)), Stream.never)
      const { summary } = yield* stopAfter(
        Ledger.make(() => created),
        rows,
        10,
      )
      assert.deepInclude(summary, { created: 1, total: 1 })
    }),
  )

  it.effect("sends nothing even if a row has its permit already", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      let stop: Effect.Effect<void> = Effect.void
      // the token is read after the permit
      const client = yield* AelystClient.make({
        token: Effect.suspend(() => Effect.as(stop, Redacted.make("token-for-tests"))),
      }).pipe(Effect.provideService(HttpClient.HttpClient, server.client))
      yield* Effect.gen(function* () {
        const run = yield* createMany(Stream.make(rowOf(0)))
        stop = run.stop
        yield* Stream.runDrain(run.results)
        assert.deepInclude(yield* run.summary, { not_sent: 1, total: 1, stopped: "stopped" })
      }).pipe(Effect.provideService(AelystClient.AelystClient, client))
      assert.isEmpty(server.ledger)
    }),
  )

  it.effect("pulls nothing if it comes before the start, and ends the run", () =>
    Effect.gen(function* () {
      const source = counted(10)
      yield* withClient(
        Ledger.make(() => created),
        Effect.gen(function* () {
          const run = yield* createMany(source.rows)
          yield* run.stop
          yield* run.stop
          const { summary } = yield* run.settled
          assert.deepInclude(summary, { stopped: "stopped", total: 0, elapsedMs: 0 })
          yield* Ledger.advance("1 second")
          assert.isEmpty(yield* Stream.runCollect(run.results))
          assert.deepStrictEqual(yield* run.summary, summary)
        }),
      )
      assert.strictEqual(source.pulled, 0)
    }),
  )

  it.effect("changes nothing once the run has ended, or stopped for another reason", () =>
    Effect.gen(function* () {
      for (const [fault, reason] of [
        [created, "completed"],
        [status(401), "unauthorized"],
      ] as const) {
        yield* withClient(
          Ledger.make(() => fault),
          Effect.gen(function* () {
            const run = yield* createMany(Stream.make(rowOf(0)))
            yield* Stream.runForEach(run.results, () =>
              fault === created ? Effect.void : run.stop,
            )
            yield* run.stop
            assert.strictEqual((yield* run.settled).summary.stopped, reason)
          }),
        )
      }
    }),
  )
})

describe("a source that emits chunks", () => {
  const ends: ReadonlyArray<readonly [RunSummary["stopped"], Fault, RunOptions]> = [
    ["unauthorized", status(401), {}],
    ["errors", status(400), { maxErrors: 1 }],
    ["deadline", created, { deadline: "2 seconds" }],
    ["stopped", created, {}],
  ]
  for (const [stopped, fault, options] of ends) {
    for (const size of [1, 10, 10_000]) {
      it.effect(`drops the rows that were not pulled: ${stopped}, chunks of ${size}`, () =>
        Effect.gen(function* () {
          const server = Ledger.make((_, key) => (Number(key.slice(3)) < 5 ? created : fault), {
            latencyMs: 200,
          })
          const rows = rowsOf(20_000)
          yield* withClient(
            server,
            Effect.gen(function* () {
              const run = yield* createMany(Stream.rechunk(Stream.fromIterable(rows), size), {
                concurrency: 8,
                ...options,
              })
              const fiber = yield* Effect.forkChild(Stream.runCollect(run.results))
              yield* Ledger.advance("1 second")
              if (stopped === "stopped") yield* run.stop
              yield* Ledger.advance("1 minute")
              const results = yield* Fiber.join(fiber)
              const summary = yield* run.summary
              assert.strictEqual(summary.stopped, stopped)
              assert.strictEqual(summary.total, sumOf(summary))
              assert.strictEqual(summary.total, results.length)
              // those sent, and at most those in progress
              assert.isAtMost(summary.total, server.ledger.length + 8)
              assert.isAtMost(summary.not_sent, 2 * 8)
              assert.deepStrictEqual(
                results.map(({ index }) => index).toSorted((a, b) => a - b),
                Array.from(results, (_, index) => index),
              )
            }),
          )
        }),
      )
    }
  }
})

describe("settled", () => {
  it.effect("completes when the run does, without unreported rows", () =>
    Effect.gen(function* () {
      yield* withClient(
        Ledger.make(() => created, { latencyMs: 100 }),
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(3)))
          const settled = yield* Effect.forkChild(run.settled)
          yield* Ledger.advance("1 second")
          assert.isUndefined(settled.pollUnsafe())
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.advance("1 second")
          yield* Fiber.join(fiber)
          const { summary, unreported } = yield* Fiber.join(settled)
          assert.deepInclude(summary, { created: 3, total: 3, stopped: "completed" })
          assert.isEmpty(unreported)
        }),
      )
    }),
  )

  it.effect("completes when the source fails, after the rows that it emitted", () =>
    Effect.gen(function* () {
      yield* withClient(
        Ledger.make(() => created),
        Effect.gen(function* () {
          const run = yield* createMany(Stream.concat(Stream.make(rowOf(0)), Stream.fail("broken")))
          yield* Effect.exit(Stream.runDrain(run.results))
          const { summary, unreported } = yield* run.settled
          assert.deepInclude(summary, { created: 1, total: 1, stopped: "aborted" })
          assert.isEmpty(unreported)
        }),
      )
    }),
  )

  for (const concurrency of [1, 2, 4]) {
    it.effect(
      `returns the rows that an interruption left without a result, ${concurrency} at a time`,
      () =>
        Effect.gen(function* () {
          const server = Ledger.make(
            firstly({
              0: { kind: "hang", commits: true },
              1: { kind: "stall", commits: true },
              2: { kind: "blackhole" },
              // the last, since it closes the gate
              3: { kind: "rateLimit", retryAfter: "60" },
            }),
          )
          yield* withClient(
            server,
            Effect.gen(function* () {
              const run = yield* createMany(Stream.fromIterable(rowsOf(100)), { concurrency })
              const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
              yield* Ledger.advance("4 seconds")
              yield* Fiber.interrupt(fiber)
              const { summary, unreported } = yield* run.settled
              assert.deepStrictEqual(
                unreported.map(({ index, row, outcome }) => ({ index, row, outcome })),
                (["unknown", "unknown", "not_sent", "not_sent"] as const)
                  .slice(0, concurrency)
                  .map((outcome, index) => ({ index, row: rowOf(index), outcome })),
              )
              assert.deepInclude(summary, { total: concurrency, stopped: "aborted" })
            }),
          )
        }),
    )
  }

  it.effect("returns a row whose result was ready, but never consumed", () =>
    Effect.gen(function* () {
      for (const [fault, expected] of [
        [created, "created"],
        [status(500), "unknown"],
      ] as const) {
        const server = Ledger.make((_, key) => (key === "id:0" ? created : fault))
        yield* withClient(
          server,
          Effect.gen(function* () {
            const run = yield* createMany(Stream.fromIterable(rowsOf(2)), { concurrency: 2 })
            const fiber = yield* Stream.runForEach(run.results, () => Effect.never).pipe(
              Effect.forkChild,
            )
            yield* Ledger.advance("1 second")
            yield* Fiber.interrupt(fiber)
            const { unreported } = yield* run.settled
            assert.deepStrictEqual(
              unreported.map(({ index, row, outcome }) => ({ index, row, outcome })),
              [{ index: 1, row: rowOf(1), outcome: expected }],
            )
          }),
        )
      }
    }),
  )
})

describe("a test double of the client", () => {
  type Service = AelystClient.AelystClient["Service"]
  const layerOf = (create: () => Effect.Effect<CreateResult>) =>
    // safe: createMany uses no other member
    Layer.succeed(AelystClient.AelystClient, { create } as unknown as Service)
  const result: CreateResult = {
    // safe: an identifier in canonical form
    identifier: "id:5" as CreateResult["identifier"],
    outcome: "created",
    result: "created",
    message: "",
    attempts: [],
    rateLimit: {},
  }

  it.effect("needs create only", () =>
    Effect.gen(function* () {
      const run = yield* createMany(Stream.fromIterable(rowsOf(3)))
      yield* Stream.runDrain(run.results)
      assert.deepInclude((yield* run.settled).summary, { created: 3, stopped: "completed" })
    }).pipe(Effect.provide(layerOf(() => Effect.succeed(result)))),
  )

  it.effect("leaves an interrupted row in doubt, since it reported nothing", () =>
    Effect.gen(function* () {
      const run = yield* createMany(Stream.fromIterable(rowsOf(3)), { maxErrors: 1 })
      const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
      yield* Ledger.advance("1 second")
      yield* Fiber.interrupt(fiber)
      const { summary, unreported } = yield* run.settled
      assert.deepInclude(summary, { unknown: 3, total: 3, stopped: "aborted" })
      assert.deepStrictEqual(
        unreported.map(({ outcome }) => outcome),
        ["unknown", "unknown", "unknown"],
      )
    }).pipe(Effect.provide(layerOf(() => Effect.never))),
  )

  it.effect("ends the run with its defect, and every row is counted", () =>
    Effect.gen(function* () {
      const run = yield* createMany(Stream.fromIterable(rowsOf(3)))
      const exit = yield* Effect.exit(Stream.runDrain(run.results))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      const { summary } = yield* run.settled
      assert.strictEqual(summary.total, sumOf(summary))
      assert.isAtLeast(summary.unknown, 1)
    }).pipe(Effect.provide(layerOf(() => Effect.die("a bug")))),
  )
})

describe("a run that stops", () => {
  it.effect("stops at a 401, reports the rest and pulls no more rows", () =>
    Effect.gen(function* () {
      const server = Ledger.make((_, key) => (Number(key.slice(3)) < 20 ? created : status(401)), {
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

  it.effect("stops at a 401 without waiting for a source that emits no more rows", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => status(401))
      const rows = Stream.concat(Stream.make(rowOf(1)), Stream.never)
      const played = yield* play(server, rows)
      assert.isTrue(played.ended)
      assert.deepInclude(played.summary, { stopped: "unauthorized", not_sent: 1, total: 1 })
    }),
  )

  it.effect("stops at a 401 of a row in doubt, which stays unknown", () =>
    Effect.gen(function* () {
      const script: ReadonlyArray<Fault> = [{ kind: "reset", commits: true }, status(401)]
      const server = Ledger.make((nth) => script[nth] ?? created)
      const played = yield* play(server, Stream.concat(Stream.make(rowOf(1)), Stream.never), {
        delivery: "natural-key",
      })
      assert.deepInclude(played.summary, { stopped: "unauthorized", unknown: 1, total: 1 })
    }),
  )

  it.effect("stops after maxErrors rows that ended invalid, rejected or unknown", () =>
    Effect.gen(function* () {
      const server = Ledger.make((_, key) =>
        Number(key.slice(3)) % 2 === 0 ? created : status(400),
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

  it.effect("stops at its deadline in every kind of wait", () =>
    Effect.gen(function* () {
      const always: ReadonlyArray<Fault> = [
        created,
        { kind: "rateLimit", retryAfter: "7" },
        { kind: "rateLimit" },
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

  it.effect("stops at its deadline although the source emits no more rows", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const rows = Stream.concat(Stream.make(rowOf(1)), Stream.never)
      const played = yield* play(server, rows, { deadline: "1 minute" })
      assert.isTrue(played.ended)
      assert.deepInclude(played.summary, { stopped: "deadline", created: 1, total: 1 })
      assert.strictEqual(played.tookMs, 60_000)
    }),
  )

  it.effect("uses the time up to its deadline although some rows do not fit", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created, { latencyMs: 200 })
      const source = counted(10_000)
      const played = yield* play(server, source.rows, { deadline: "10 seconds" })
      // the limit starts from the prior of 10 a second and doubles while there is no 429
      assert.isAtLeast(played.summary.created, 90)
      assert.strictEqual(played.summary.stopped, "deadline")
    }),
  )

  it.effect("pauses while the circuit is open, fails no row and continues when it closes", () =>
    Effect.gen(function* () {
      let up = false
      const server = Ledger.make(() => (up ? created : { kind: "unreachable" }))
      const played = yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(50)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          const { rateLimit } = yield* AelystClient.AelystClient
          for (let step = 0; step < 100; step++) {
            yield* Ledger.advance("100 millis")
            // a row that pauses holds no permit, and each request here ends as soon as it begins
            assert.strictEqual((yield* rateLimit).inFlight, 0)
          }
          yield* Ledger.advance("10 minutes")
          assert.deepInclude(yield* run.summary, { total: 0 })
          const during = server.ledger.length
          // the first 32 may have left before the circuit opened; then one trial per opening, up to a minute apart
          assert.isAtMost(during, 32 + 20)
          up = true
          yield* Ledger.advance("5 minutes")
          yield* Fiber.join(fiber)
          return yield* run.summary
        }),
      )
      assert.deepInclude(played, { created: 50, total: 50, stopped: "completed" })
    }),
  )

  it.effect("stays within the limit when the circuit closes again", () =>
    Effect.gen(function* () {
      let up = false
      const server = Ledger.make(() => (up ? created : { kind: "unreachable" }))
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(64)), { concurrency: 64 })
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.advance("5 minutes")
          up = true
          yield* Ledger.advance("5 minutes")
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

  it.effect("pauses for the Retry-After of a 503 (R15)", () =>
    Effect.gen(function* () {
      const unavailable: Fault = { kind: "status", status: 503, commits: false, retryAfter: "30" }
      for (const delivery of ["at-most-once", "natural-key"] as const) {
        const server = Ledger.make((nth, key) =>
          nth === 0 && key === "id:0" ? unavailable : created,
        )
        const played = yield* play(server, Stream.fromIterable(rowsOf(5)), { delivery })
        const isResent = delivery === "natural-key"
        assert.deepInclude(played.summary, { unknown: isResent ? 0 : 1, total: 5 })
        const [first, ...others] = server.ledger
        assert.strictEqual(others.length, isResent ? 5 : 4)
        for (const { atMs } of others) assert.isAtLeast(atMs - (first?.atMs ?? 0), 30_000)
      }
    }),
  )

  it.effect("continues with fresh rows while resends wait for the retry budget (T11)", () =>
    Effect.gen(function* () {
      // three rows in ten lose their first response
      const server = Ledger.make(
        (nth, key) =>
          nth === 0 && Number(key.slice(3)) % 10 < 3 ? { kind: "reset", commits: true } : created,
        { latencyMs: 50 },
      )
      const waits: Array<number> = []
      const played = yield* play(
        server,
        counted(400).rows,
        {
          delivery: "natural-key",
          onProgress: ({ resendsWaiting }) => waits.push(resendsWaiting),
        },
        { client: { rateLimit: { perSecond: 10 } } },
      )
      assert.deepInclude(tally(played), { created: 280, exists_after_doubt: 120 })
      assert.strictEqual(played.summary.resendsWaiting, 0)
      const sends = server.ledger.map(({ atMs }) => atMs)
      // no pause is longer than the doubt delay
      for (const [i, at] of sends.entries()) {
        assert.isAtMost(at - (sends[i - 1] ?? at), 5_100)
      }
      // once rows waited for the budget, at least one request goes each second
      const spentAt = sends[server.ledger.findLastIndex(({ created: isNew }) => isNew)] ?? 0
      for (const [i, at] of sends.entries()) {
        if (at > spentAt) assert.isAtMost(at - (sends[i - 1] ?? at), 1_100)
      }
      assert.isAbove(Math.max(...waits), 0)
    }),
  )

  it.effect("sends at most a tenth more requests than rows, and 20, in a full outage (F8)", () =>
    Effect.gen(function* () {
      for (const fault of [status(500), { kind: "unreachable" } as const]) {
        const server = Ledger.make(() => fault)
        yield* play(
          server,
          counted(10_000).rows,
          { delivery: "natural-key" },
          { lasting: "15 minutes" },
        )
        const rows = new Set(server.ledger.map(({ key }) => key)).size
        assert.isAtMost(server.ledger.length, 1.1 * rows + 20)
      }
    }),
  )

  it.effect("gives up after fifteen minutes without any response", () =>
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

  it.effect("gives up after giveUpAfter, but not while responses arrive", () =>
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

  it.effect("stops at once at a certificate error", () =>
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
      const played = yield* play({ ...Ledger.make(() => created), client: http }, source.rows)
      assert.isTrue(played.ended)
      assert.strictEqual(played.summary.stopped, "unavailable")
      assert.strictEqual(played.tookMs, 0)
      assert.isAtMost(source.pulled, 32 + 3)
      assert.deepStrictEqual(Object.keys(tally(played)), ["not_sent"])
    }),
  )

  it.effect("reports the attempts and the reason of a row that was waiting", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => ({ kind: "rateLimit", retryAfter: "60" }))
      const played = yield* play(server, Stream.make(rowOf(0)), { deadline: "90 seconds" })
      const [result] = played.results
      assert(result !== undefined && "error" in result)
      assert.strictEqual(result.outcome, "not_sent")
      assert.isAbove(result.error.attempts.length, 0)
    }),
  )
})

describe("a run whose client closes", () => {
  it.effect("ends its rows, pulls no more, and reports aborted", () =>
    Effect.gen(function* () {
      const server = Ledger.make(
        firstly({
          0: { kind: "hang", commits: true },
          1: { kind: "blackhole" },
          2: { kind: "rateLimit", retryAfter: "60" },
        }),
      )
      const scope = yield* Scope.make()
      const source = counted(100)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(source.rows, { concurrency: 3 })
          const fiber = yield* Effect.forkChild(Stream.runCollect(run.results))
          yield* Ledger.advance("2 seconds")
          const sent = server.ledger.length
          yield* Scope.close(scope, Exit.void)
          const results = yield* Fiber.join(fiber)
          const { unknown, total, stopped } = yield* run.summary
          assert.deepStrictEqual({ unknown, stopped }, { unknown: 1, stopped: "aborted" })
          assert.deepStrictEqual([results.length, total], [source.pulled, source.pulled])
          assert.isAtMost(source.pulled, 6)
          assert.strictEqual(server.ledger.length, sent)
        }),
      ).pipe(Scope.provide(scope))
    }),
  )
})

describe("a run that is interrupted", () => {
  it.effect("counts rows in progress as unknown or not_sent, and reports aborted", () =>
    Effect.gen(function* () {
      const server = Ledger.make(
        firstly({
          // 0 and 1 hang after they left, 2 cannot connect, 3 was rate limited and waits
          0: { kind: "hang", commits: true },
          1: { kind: "hang", commits: false },
          2: { kind: "blackhole" },
          3: { kind: "rateLimit", retryAfter: "60" },
        }),
      )
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.fromIterable(rowsOf(4)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.advance("4 seconds")
          yield* Fiber.interrupt(fiber)
          const summary = yield* run.summary
          assert.deepInclude(summary, { unknown: 2, not_sent: 2, total: 4, stopped: "aborted" })
          assert.strictEqual(server.inFlight, 0)
        }),
      )
    }),
  )

  it.effect("counts a contact as created while it settles", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(Stream.make(rowOf(0)))
          const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
          yield* Ledger.advance("1 second")
          yield* Fiber.interrupt(fiber)
          assert.deepInclude(yield* run.summary, { created: 1, total: 1, stopped: "aborted" })
        }),
        { settle: "10 seconds" },
      )
    }),
  )

  it.effect("reports aborted, not completed, when its consumer stops early", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      yield* withClient(
        server,
        Effect.gen(function* () {
          const run = yield* createMany(counted(100).rows, { concurrency: 4 })
          const fiber = yield* run.results.pipe(Stream.take(5), Stream.runDrain, Effect.forkChild)
          yield* Ledger.advance("1 minute")
          yield* Fiber.join(fiber)
          const summary = yield* run.summary
          assert.strictEqual(summary.stopped, "aborted")
          assert.isAtLeast(summary.total, 5)
        }),
      )
    }),
  )
})

describe("createMany's accounting (F12)", () => {
  it.effect(
    "accounts for every row it pulled, under any script and any end",
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
                return script[nth] ?? created
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
        yield* Ledger.advance("2 hours")
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
          for (const outcome of rowOutcomes) {
            const seen = counts[outcome] ?? 0
            // a row in progress at the abort is counted without a result
            if (aborted) assert.isAtLeast(summary[outcome], seen, what)
            else assert.strictEqual(summary[outcome], seen, what)
          }
          assert.strictEqual(server.inFlight, 0, what)
          for (const { index, outcome } of results) {
            const contacts = server.ledger.filter(
              (entry) => entry.key === `id:${index}` && entry.created,
            ).length
            if (outcome === "created" || outcome === "exists_after_doubt")
              assert.isAtLeast(contacts, 1, what)
            if (outcome === "invalid" || outcome === "rejected" || outcome === "not_sent") {
              assert.strictEqual(contacts, 0, `${what} row ${index}`)
            }
            if (delivery === "at-most-once") assert.isAtMost(contacts, 1, what)
          }
        }
        assert.includeMembers(
          [...stops],
          ["completed", "aborted", "deadline", "errors", "unauthorized"],
        )
      }),
    300_000,
  )
})

const everyOtherInDoubt = (count: number): ReadonlyArray<Row> =>
  rowsOf(count).map((row, i) => ({ ...row, doubt: i % 2 === 1 }))

describe("a row that begins in doubt", () => {
  it.effect("waits doubtDelay and reads exists as after doubt, other rows do not", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => status(409))
      const { results } = yield* play(server, Stream.fromIterable(everyOtherInDoubt(4)), {
        ordered: true,
      })
      assert.deepStrictEqual(
        results.map(({ outcome }) => outcome),
        ["existed", "exists_after_doubt", "existed", "exists_after_doubt"],
      )
      for (const { atMs, key } of server.ledger) {
        assert.strictEqual(atMs >= 5_000, Number(key.slice(3)) % 2 === 1)
      }
    }),
  )

  it.effect("is unknown, not not_sent, when the run ends before it is sent", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => status(401), { latencyMs: 1 })
      const { results, summary } = yield* play(server, Stream.fromIterable(everyOtherInDoubt(4)))
      assert.strictEqual(summary.stopped, "unauthorized")
      for (const { index, outcome } of results) {
        assert.strictEqual(outcome, index % 2 === 1 ? "unknown" : "not_sent")
      }
      assert.isAbove(summary.unknown, 0)
    }),
  )

  it.effect("is unreported as unknown when the run is interrupted while it waits", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => ({ kind: "hang", commits: false }))
      const run = yield* withClient(server, createMany(Stream.fromIterable(everyOtherInDoubt(2))))
      const fiber = yield* Effect.forkChild(Stream.runDrain(run.results))
      yield* Ledger.advance("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        (yield* run.settled).unreported.map(({ outcome }) => outcome),
        ["unknown", "unknown"],
      )
      assert.strictEqual(server.ledger.length, 1)
    }),
  )
})
