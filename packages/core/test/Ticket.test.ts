import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { TestClock } from "effect/testing"

import type * as Pacer from "../src/pacing/Pacer.ts"
import { PacerUnavailable } from "../src/pacing/Ticket.ts"
import { makePacer, ok } from "./paced.ts"

/** A pacer whose server has named a limit, with this many left. */
const pacerWith = (remaining: number) =>
  Effect.gen(function* () {
    const pacer = yield* makePacer()
    yield* Effect.scoped(
      Effect.gen(function* () {
        const permit = yield* (yield* pacer.enter).acquire()
        yield* permit.observe(ok(remaining))
      }),
    )
    return pacer
  })

const acquired = (pacer: Pacer.Pacer["Service"]) =>
  Effect.gen(function* () {
    const ticket = Result.getOrThrow(pacer.openUnsafe())
    const permit = yield* ticket.tryAcquire
    return permit === undefined ? assert.fail("no permit") : { ticket, permit }
  })

const remaining = (pacer: Pacer.Pacer["Service"]) =>
  Effect.map(pacer.snapshot, (snapshot) => snapshot.remaining)

describe("Ticket", () => {
  it.effect("gives no permit at once when none can go", () =>
    Effect.gen(function* () {
      const pacer = yield* pacerWith(1)
      yield* acquired(pacer)
      const other = Result.getOrThrow(pacer.openUnsafe())
      assert.strictEqual(yield* other.tryAcquire, undefined)
    }),
  )

  it.effect("says with each permit the shortest round trip seen", () =>
    Effect.gen(function* () {
      const pacer = yield* makePacer()
      const first = yield* acquired(pacer)
      assert.strictEqual(first.permit.minRoundTripMs, 50)
      yield* TestClock.adjust(80)
      yield* first.permit.observe(ok(9))
      const second = yield* acquired(pacer)
      assert.strictEqual(second.permit.minRoundTripMs, 80)
    }),
  )

  it.effect("gives an unused permit back when it closes, and spends one that was sent", () =>
    Effect.gen(function* () {
      const pacer = yield* pacerWith(5)
      const unused = yield* acquired(pacer)
      assert.strictEqual(yield* remaining(pacer), 4)
      yield* unused.ticket.close(false) ?? assert.fail("nothing was left to do")
      assert.strictEqual(yield* remaining(pacer), 5)
      const sent = yield* acquired(pacer)
      yield* sent.ticket.close(true) ?? assert.fail("nothing was left to do")
      assert.strictEqual(yield* remaining(pacer), 4)
    }),
  )

  it.effect("has nothing left to do at its close once its permit has ended", () =>
    Effect.gen(function* () {
      const pacer = yield* pacerWith(5)
      const { permit, ticket } = yield* acquired(pacer)
      yield* permit.observe(ok(4))
      assert.strictEqual(ticket.close(true), undefined)
    }),
  )

  it.effect("counts the first end of a permit only", () =>
    Effect.gen(function* () {
      const pacer = yield* pacerWith(5)
      const { permit } = yield* acquired(pacer)
      yield* permit.giveBack
      yield* permit.abandon
      yield* permit.observe({ rateLimited: true, retryAfterMs: 60_000 })
      assert.strictEqual(yield* remaining(pacer), 5)
    }),
  )

  it("names its failure and the wait", () => {
    const error = new PacerUnavailable({ reason: "deadline", retryAfterMs: 20 })
    assert.deepInclude(error, { reason: "deadline", retryAfterMs: 20 })
    assert.instanceOf(error, Error)
  })
})
