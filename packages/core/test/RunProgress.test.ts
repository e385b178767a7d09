import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { expectTypeOf } from "vitest"

import { RunProgress, outcomeOf, rowOutcomes } from "../src/call/RunProgress.ts"
import {
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  InternalServerError,
  InvalidContactError,
  OutcomeUnknownError,
  RateLimitError,
  UnavailableError,
  UnexpectedResponseError,
} from "../src/errors/AelystError.ts"
import type { RowOutcomesByError } from "../src/types.ts"
import { randomOf } from "./ledger.ts"

const attempts: [] = []
const unexpected = (outcome: "rejected" | "unknown") =>
  new UnexpectedResponseError({
    attempts,
    status: 404,
    outcome,
    reason: "status",
    headers: {},
    excerpt: "",
  })
const unauthorized = new AuthenticationError({ attempts })

describe("outcomeOf", () => {
  const table = [
    [new InvalidContactError({ attempts, issues: [] }), "invalid"],
    [new BadRequestError({ attempts, status: 400, exists: false }), "rejected"],
    [new BadRequestError({ attempts, status: 409, exists: true }), "existed"],
    [new RateLimitError({ attempts }), "not_sent"],
    [unauthorized, "not_sent"],
    [new UnavailableError({ attempts, reason: "queue" }), "not_sent"],
    [new ConnectionError({ attempts, kind: "dns", code: "ENOTFOUND" }), "not_sent"],
    [new InternalServerError({ attempts, status: 500 }), "unknown"],
    [new OutcomeUnknownError({ attempts, code: "TIMEOUT" }), "unknown"],
    [unexpected("rejected"), "rejected"],
    [unexpected("unknown"), "unknown"],
  ] as const
  for (const [error, outcome] of table) {
    it(`counts a row that ended with ${error._tag} (${error.outcome}) as ${outcome}`, () => {
      assert.strictEqual(outcomeOf(error), outcome)
    })
  }

  it("gives each class of errors the outcomes that its type names, and no others", () => {
    type Case = (typeof table)[number]
    type Cases = {
      readonly [Tag in Case[0]["_tag"]]: Extract<
        Case,
        readonly [{ readonly _tag: Tag }, unknown]
      >[1]
    }
    expectTypeOf<Cases>().toEqualTypeOf<{
      readonly [Tag in keyof RowOutcomesByError]: RowOutcomesByError[Tag]
    }>()
  })
})

describe("RunProgress", () => {
  it("has a total that is the sum of all outcomes, in any order of rows", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = randomOf(seed)
      const progress = new RunProgress(Number.POSITIVE_INFINITY)
      const rows = Math.floor(random() * 50)
      for (let i = 0; i < rows; i++) {
        const outcome = rowOutcomes[Math.floor(random() * rowOutcomes.length)] ?? "created"
        progress.count(progress.pull(i), outcome)
      }
      const summary = progress.summary(0)
      assert.strictEqual(summary.total, rows)
      assert.strictEqual(
        rowOutcomes.reduce((sum, outcome) => sum + summary[outcome], 0),
        rows,
      )
    }
  })

  it("halts at maxErrors, which counts invalid, rejected and unknown rows only", () => {
    const progress = new RunProgress(2)
    for (const outcome of ["existed", "not_sent", "created", "invalid"] as const) {
      progress.count(progress.pull(outcome), outcome)
    }
    assert.isUndefined(progress.stopped)
    progress.count(progress.pull("last"), "unknown")
    assert.strictEqual(progress.stopped, "errors")
    assert.strictEqual(progress.halted, "closed")
  })

  it("halts at a rejected token, also after doubt, and keeps the first reason", () => {
    for (const error of [
      unauthorized,
      new OutcomeUnknownError({ attempts, code: "TIMEOUT", last: unauthorized }),
    ]) {
      const progress = new RunProgress(9)
      progress.observe(error)
      progress.end(5)
      assert.strictEqual(progress.summary(9).stopped, "unauthorized")
    }
  })

  it("stops pulling at the deadline of one row, and still sends the rows before it", () => {
    const progress = new RunProgress(9)
    const error = new UnavailableError({ attempts, reason: "deadline" })
    progress.observe(error)
    assert.strictEqual(progress.stopped, "deadline")
    assert.isUndefined(progress.halted)
  })

  it.effect("counts the rows that wait for the retry budget, and reports when a wait begins", () =>
    Effect.gen(function* () {
      const progress = new RunProgress(9)
      const waiting = () => progress.summary(0).resendsWaiting
      const reported: Array<number> = []
      const report = Effect.sync(() => void reported.push(waiting()))
      const forever = yield* Effect.forkChild(progress.holdResend(Effect.never, report))
      yield* TestClock.adjust(0)
      assert.strictEqual(
        yield* progress.holdResend(
          Effect.sync(() => waiting()),
          report,
        ),
        2,
      )
      assert.deepStrictEqual(reported, [1, 2])
      assert.strictEqual(waiting(), 1)
      yield* Fiber.interrupt(forever)
      assert.strictEqual(waiting(), 0)
    }),
  )

  it("counts 429s by attempt, and time from its beginning to its end", () => {
    const progress = new RunProgress(9)
    assert.strictEqual(progress.summary(7).elapsedMs, 0)
    progress.begin(10)
    const attempt = {
      number: 1,
      phase: "answered",
      startedAt: 0,
      durationMs: 0,
      waitedMs: 0,
    } as const
    const end = {
      outcome: "created",
      attempts: [{ ...attempt, rateLimited: true }, attempt],
    } as const
    progress.observe(end)
    assert.strictEqual(progress.summary(40).elapsedMs, 30)
    progress.end(60)
    const { elapsedMs, rateLimited, stopped } = progress.summary(100)
    assert.deepStrictEqual([elapsedMs, rateLimited, stopped], [50, 1, "aborted"])
  })

  it.effect("ends with the rows without a result, each counted once", () =>
    Effect.gen(function* () {
      const progress = new RunProgress<string>(1)
      progress.begin(0)
      const [reported, ended, sent, waiting] = ["a", "b", "c", "d"].map((row) => progress.pull(row))
      assert(reported && ended && sent && waiting)
      progress.count(reported, "created")
      progress.report(reported)
      progress.count(ended, "created")
      sent.outcome = "unknown"
      progress.end(8)
      progress.end(9)
      const { summary, unreported } = yield* Deferred.await(progress.ended)
      // an interrupted row does not count towards maxErrors
      assert.deepInclude(summary, { created: 2, unknown: 1, not_sent: 1, total: 4 })
      assert.deepInclude(summary, { stopped: "aborted", elapsedMs: 8 })
      assert.deepStrictEqual(
        unreported.map(({ index, row, outcome }) => ({ index, row, outcome })),
        [
          { index: 1, row: "b", outcome: "created" },
          { index: 2, row: "c", outcome: "unknown" },
          { index: 3, row: "d", outcome: "not_sent" },
        ],
      )
      assert.strictEqual(JSON.stringify(unreported[1]), '{"index":2,"outcome":"unknown"}')
      assert.deepStrictEqual(progress.summary(20), summary)
    }),
  )

  it.effect("ends at once if it is stopped before its beginning", () =>
    Effect.gen(function* () {
      const progress = new RunProgress(1)
      progress.stop(5)
      progress.begin(7)
      const { summary } = yield* Deferred.await(progress.ended)
      assert.deepInclude(summary, { stopped: "stopped", total: 0, elapsedMs: 0 })
      assert.deepStrictEqual(progress.summary(9), summary)
    }),
  )
})
