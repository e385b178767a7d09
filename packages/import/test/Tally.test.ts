import { assert, describe, it } from "@effect/vitest"

import { AelystClient } from "@aelyst/core"
import type { Pacer } from "@aelyst/core"
import { attemptRecord, layerTest } from "@aelyst/core/testing"
import { Duration, Effect } from "effect"

import { Tally } from "../src/send/Tally.ts"

const counts = {
  total: 110,
  created: 5,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 6,
  duplicate: 4,
  rejected: 1,
  unknown: 2,
  not_sent: 92,
  foreign: 1,
  earlier: 0,
  inDoubt: 2,
}
const fresh = { wasInDoubt: false, isInDoubt: false }

const idle: Pacer.PacerSnapshot = {
  limit: 10,
  reported: false,
  remaining: 10,
  trusted: false,
  waiting: 0,
  inFlight: 0,
}

const sum = (summary: ReturnType<Tally["summary"]>) =>
  summary.created +
  summary.existed +
  summary.exists_after_doubt +
  summary.invalid +
  summary.duplicate +
  summary.rejected +
  summary.unknown +
  summary.not_sent

describe("Tally", () => {
  it("begins with the counts of the journal", () => {
    const summary = new Tally(counts, 94).summary(0)
    assert.strictEqual(sum(summary), summary.rows)
    assert.deepInclude(summary, { rows: 110, earlier: 6, not_sent: 92, unknown: 2, inDoubt: 2 })
  })

  it("adds up whatever ends in whatever way", () => {
    const tally = new Tally(counts, 94)
    tally.begin(0)
    tally.count("created", fresh, 10)
    tally.count("exists_after_doubt", { wasInDoubt: true, isInDoubt: false }, 20)
    tally.count("unknown", { wasInDoubt: true, isInDoubt: true }, 30)
    tally.count("unknown", { wasInDoubt: false, isInDoubt: true }, 40)
    tally.count("not_sent", fresh, 50)
    tally.count("invalid", fresh, 60)
    const summary = tally.summary(70)
    assert.strictEqual(sum(summary), 110)
    const expected = { created: 6, exists_after_doubt: 1, unknown: 2, inDoubt: 2, invalid: 7 }
    assert.deepInclude(summary, { ...expected, not_sent: 89, elapsedMs: 70 })
  })

  it("tells no rate before five seconds have passed, then that of the rows that ended", () => {
    const tally = new Tally(counts, 94)
    tally.begin(1_000)
    for (let at = 1_100; at <= 5_000; at += 100) tally.count("created", fresh, at)
    assert.notProperty(tally.progress(5_000, idle), "etaMs")
    for (let at = 5_100; at <= 6_000; at += 100) tally.count("created", fresh, at)
    const { etaMs, perSecond } = tally.progress(6_000, idle)
    assert.strictEqual(perSecond, 10)
    assert.strictEqual(etaMs, 4_400)
  })

  it("forgets the rate of more than a minute ago", () => {
    const tally = new Tally({ ...counts, not_sent: 10_000 }, 10_000)
    tally.begin(0)
    for (let at = 10; at <= 10_000; at += 10) tally.count("created", fresh, at)
    for (let at = 11_000; at <= 90_000; at += 1_000) tally.count("created", fresh, at)
    assert.closeTo(tally.progress(90_000, idle).perSecond ?? 0, 1, 0.05)
  })

  it("counts a wait into the rate", () => {
    const tally = new Tally(counts, 94)
    tally.begin(0)
    for (let at = 100; at <= 5_000; at += 100) tally.count("created", fresh, at)
    assert.strictEqual(tally.progress(10_000, idle).perSecond, 5)
  })

  it("says that it waits for the rate limit, and how long", () => {
    const tally = new Tally(counts, 94)
    const waiting = { ...idle, opensIn: Duration.seconds(7) }
    assert.deepStrictEqual(tally.progress(0, waiting).waiting, { reason: "rate_limit", ms: 7_000 })
  })

  it("says that it waits for the circuit until a response comes", () => {
    const tally = new Tally(counts, 94)
    const hooks = tally.hooks({}, () => 1_000)
    hooks.onWait?.({ reason: "circuit", ms: 4_000, resend: 0 })
    const { waiting } = tally.progress(2_000, { ...idle, waiting: 8 })
    assert.deepStrictEqual(waiting, { reason: "circuit", ms: 3_000 })
    hooks.onAttempt?.(attemptRecord({ status: 200 }))
    assert.notProperty(tally.progress(2_000, idle), "waiting")
  })

  it("says that it waits for rows in doubt only if nothing else goes out", () => {
    const tally = new Tally(counts, 94)
    tally.hooks({}, () => 0).onWait?.({ reason: "doubt", ms: 5_000, resend: 1 })
    assert.notProperty(tally.progress(1_000, { ...idle, inFlight: 1 }), "waiting")
    assert.deepStrictEqual(tally.progress(1_000, idle).waiting, { reason: "doubt", ms: 4_000 })
    assert.notProperty(tally.progress(5_000, idle), "waiting")
  })

  it("counts requests, and not attempts of which no byte left", () => {
    const tally = new Tally(counts, 94)
    const { onAttempt } = tally.hooks({}, () => 0)
    onAttempt?.(attemptRecord({ status: 429 }))
    onAttempt?.(attemptRecord({ cause: "ECONNRESET" }))
    onAttempt?.(attemptRecord({ phase: "connect", cause: "ECONNREFUSED" }))
    assert.deepInclude(tally.summary(0), { requests: 2, rateLimited: 1 })
  })

  it("calls the caller's hooks, too", () => {
    const seen: string[] = []
    const hooks = new Tally(counts, 94).hooks(
      { onAttempt: () => void seen.push("attempt"), onWait: () => void seen.push("wait") },
      () => 0,
    )
    hooks.onAttempt?.(attemptRecord({}))
    hooks.onWait?.({ reason: "queue", resend: 0 })
    assert.deepStrictEqual(seen, ["attempt", "wait"])
  })

  it.effect("shows the limit once the API has said it", () =>
    Effect.gen(function* () {
      const snapshot = yield* AelystClient.use((client) => client.rateLimit)
      const tally = new Tally(counts, 94)
      assert.notProperty(tally.progress(0, snapshot), "limit")
      const known = { ...snapshot, observedAgo: Duration.zero, remaining: 3 }
      assert.deepInclude(tally.progress(0, known), { limit: 10, remaining: 3 })
    }).pipe(Effect.provide(layerTest())),
  )
})
