import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, Scheduler, Stream } from "effect"

import type { RowResult } from "../src/CreateMany.ts"
import { createMany, rowOutcomes } from "../src/CreateMany.ts"
import type { Delivery, RunEnd, RunSummary } from "../src/types.ts"
import type { Entry, Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"
import { created, rowsOf, sumOf, withClient } from "./runs.ts"

/** Returns whether the response to a request says whether it created the contact. */
const isConclusive = ({ answered, fault }: Entry): boolean =>
  answered &&
  (fault.kind === "respond" ||
    fault.kind === "rateLimit" ||
    (fault.kind === "status" && fault.status >= 400 && fault.status < 500 && fault.status !== 408))

/** Returns whether a request of a row arrived, and no response says whether it created the contact. */
const isInDoubt = (requests: ReadonlyArray<Entry>): boolean =>
  requests.some((request) => request.arrived && !isConclusive(request)) &&
  !requests.some(({ answered, fault }) => answered && fault.kind === "respond")

interface Ended {
  readonly what: string
  readonly results: ReadonlyArray<RowResult>
  readonly end: RunEnd<unknown>
  readonly requestsOf: (index: number) => ReadonlyArray<Entry>
}

/** Checks that every row that was pulled has one outcome, which the summary counts. */
const checkCounts = ({ end: { summary, unreported }, results, what }: Ended): void => {
  const rows = [...results, ...unreported]
  assert.deepStrictEqual(
    rows.map(({ index }) => index).toSorted((a, b) => a - b),
    Array.from(rows, (_, index) => index),
    what,
  )
  assert.strictEqual(summary.total, rows.length, what)
  assert.strictEqual(summary.total, sumOf(summary), what)
  for (const outcome of rowOutcomes) {
    const having = rows.filter((row) => row.outcome === outcome).length
    assert.strictEqual(summary[outcome], having, what)
  }
}

/** Plays a run on random faults, in chunks of a random size, up to a random moment, and ends it there. */
const trial = (
  seed: number,
  endIt: (
    run: { readonly stop: Effect.Effect<void>; readonly fiber: Fiber.Fiber<unknown, unknown> },
    server: ReturnType<typeof Ledger.make>,
  ) => Effect.Effect<void>,
  { reports = true, yieldsOften = false }: { reports?: boolean; yieldsOften?: boolean } = {},
) =>
  Effect.gen(function* () {
    const random = Ledger.randomOf(seed)
    const scripts = new Map<string, ReadonlyArray<Fault>>()
    const server = Ledger.make(
      (nth, key) => {
        const script = scripts.get(key) ?? (random() < 0.5 ? [created] : Ledger.script(random))
        scripts.set(key, script)
        return script[nth] ?? created
      },
      { reports, latencyMs: 1 + Math.floor(random() * 400) },
    )
    const size = Ledger.pick(random, [1, 3, 10, 1_000])
    const run = yield* withClient(
      server,
      createMany(Stream.rechunk(Stream.fromIterable(rowsOf(1_000)), size), {
        concurrency: 1 + Math.floor(random() * 12),
        ordered: random() < 0.3,
        delivery: Ledger.pick<Delivery>(random, ["at-most-once", "natural-key"]),
        timeout: "3 seconds",
      }),
    )
    const results: Array<RowResult> = []
    const isSlow = random() < 0.3
    const fiber = yield* Stream.runForEach(run.results, (result) => {
      results.push(result)
      return isSlow ? Effect.sleep("300 millis") : Effect.void
    }).pipe(
      (consume) =>
        yieldsOften
          ? Effect.provideService(
              consume,
              Scheduler.MaxOpsBeforeYield,
              3 + Math.floor(random() * 60),
            )
          : consume,
      Random.withSeed(seed),
      Effect.forkChild,
    )
    yield* Ledger.advance(Math.floor(random() ** 2 * 12_000))
    for (let i = Math.floor(random() * 60); i > 0; i--) yield* Effect.yieldNow
    yield* endIt({ stop: run.stop, fiber }, server)
    // a fiber that yields at every other step needs more than one move of the clock to reach its next wait
    for (let move = 0; move < 100 && fiber.pollUnsafe() === undefined; move++) {
      yield* Ledger.advance("10 seconds")
    }
    yield* Fiber.await(fiber)
    assert.strictEqual(server.inFlight, 0)
    const ended: Ended = {
      what: `seed ${seed}`,
      results,
      end: yield* run.settled,
      requestsOf: (index) => server.ledger.filter(({ key }) => key === `id:${index}`),
    }
    checkCounts(ended)
    return ended
  })

const seeds = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

describe("a run that is stopped at any point", () => {
  for (const yieldsOften of [false, true]) {
    it.effect(
      `starts no request, and gives every row its result, yields often ${yieldsOften}`,
      () =>
        Effect.gen(function* () {
          const stops = new Map<RunSummary["stopped"], number>()
          let unsent = 0
          for (const seed of seeds(80)) {
            let requests = 0
            let after = 0
            const { end, what } = yield* trial(
              seed,
              ({ stop }, server) =>
                Effect.gen(function* () {
                  yield* stop
                  // a request that is being handed to the transport is in flight
                  for (let i = 0; i < 100; i++) yield* Effect.yieldNow
                  requests = server.ledger.length
                  yield* Ledger.advance("5 minutes")
                  after = server.ledger.length
                }),
              { yieldsOften },
            )
            assert.strictEqual(after, requests, what)
            assert.isEmpty(end.unreported, what)
            unsent += end.summary.not_sent
            stops.set(end.summary.stopped, (stops.get(end.summary.stopped) ?? 0) + 1)
          }
          assert.isAbove(stops.get("stopped") ?? 0, 20)
          assert.isAbove(unsent, 20)
        }),
    )
  }
})

const interrupted = (seed: number, options?: Parameters<typeof trial>[2]) =>
  trial(seed, ({ fiber }) => Fiber.interrupt(fiber), options)

describe("a run that is interrupted at any point", () => {
  it.effect("leaves exactly those rows in doubt whose request has no response", () =>
    Effect.gen(function* () {
      const seen = new Map<string, number>()
      for (const seed of seeds(150)) {
        const { end, requestsOf, what } = yield* interrupted(seed)
        for (const { index, outcome } of end.unreported) {
          const requests = requestsOf(index)
          const report = `${what} row ${index} ${outcome}: ${JSON.stringify(requests)}`
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
          assert.strictEqual(outcome === "unknown", isInDoubt(requests), report)
        }
      }
      for (const outcome of ["created", "unknown", "not_sent"]) {
        assert.isAbove(seen.get(outcome) ?? 0, 20, outcome)
      }
    }),
  )

  for (const options of [{ reports: false }, { yieldsOften: true }]) {
    it.effect(`leaves no such row out, with ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        let doubts = 0
        for (const seed of seeds(80)) {
          const { end, requestsOf, what } = yield* interrupted(seed, options)
          for (const { index, outcome } of end.unreported) {
            const requests = requestsOf(index)
            if (!isInDoubt(requests)) continue
            doubts += 1
            assert.strictEqual(outcome, "unknown", `${what} row ${index}`)
          }
        }
        assert.isAbove(doubts, 20)
      }),
    )
  }
})
