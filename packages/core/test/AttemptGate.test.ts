import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"

import type { CreateOptions } from "../src/AelystClient.ts"
import { AelystClient } from "../src/AelystClient.ts"
import type { Gate, GatedAttempt } from "../src/call/AttemptGate.ts"
import { AttemptGate, NotAllowed, monotonicMillis } from "../src/call/AttemptGate.ts"
import type { ClientOptions, RunOptions } from "../src/call/ClientOptions.ts"
import type { Fault } from "./ledger.ts"
import * as Ledger from "./ledger.ts"
import { counted, created, play, rowsOf, withClient } from "./runs.ts"

const rateLimited: Fault = { kind: "rateLimit", retryAfter: "1" }
const lost: Fault = { kind: "reset", commits: false }

/** Plays one create through a gate, on a server with a fault for each request. */
const create = (
  faults: ReadonlyArray<Fault>,
  gate: Gate,
  options: CreateOptions = {},
  client: ClientOptions = {},
) => {
  const server = Ledger.make((nth) => faults[nth] ?? created)
  const use = Effect.gen(function* () {
    const { create: send, rateLimit } = yield* AelystClient
    const result = Effect.result(send("email:ana@EXAMPLE.com", { firstName: "Ana" }, options))
    const fiber = yield* Effect.forkChild(Effect.provideService(result, AttemptGate, gate))
    yield* Ledger.advance("3 minutes")
    const ended = yield* Fiber.join(fiber)
    return { ended, ledger: server.ledger, inFlight: (yield* rateLimit).inFlight }
  })
  return withClient(server, use, client)
}

const onlyFirst: Gate = {
  before: ({ number }) => (number > 1 ? new NotAllowed({}) : Effect.void),
}
const preventing: Gate = { before: () => new NotAllowed({ cause: "the claim is lost" }) }

describe("AttemptGate", () => {
  it.effect("is asked before every attempt, resends included, and each attempt waits for it", () =>
    Effect.gen(function* () {
      const asked: Array<GatedAttempt> = []
      const before = (attempt: GatedAttempt) => {
        asked.push(attempt)
        return Effect.sleep(300)
      }
      const { ended, ledger } = yield* create([rateLimited], { before })
      assert.isTrue(ended._tag === "Success" && ended.success.attempts.length === 2)
      const key = "email:ana@example.com"
      assert.deepStrictEqual(asked, [
        { number: 1, key },
        { number: 2, key },
      ])
      assert.strictEqual(ledger[0]?.atMs, 300)
      assert.isAtLeast(ledger[1]?.atMs ?? 0, 1_600)
    }),
  )

  it.effect("prevents the attempt: nothing is sent, and the permit is given back", () =>
    Effect.gen(function* () {
      const { ended, inFlight, ledger } = yield* create([], preventing)
      assert.isTrue(ended._tag === "Failure" && ended.failure._tag === "UnavailableError")
      if (ended._tag !== "Failure" || ended.failure._tag !== "UnavailableError") return
      assert.strictEqual(ended.failure.reason, "gate")
      assert.strictEqual(ended.failure.outcome, "not_sent")
      const { cause } = ended.failure
      assert.isTrue(Redacted.isRedacted(cause) && Redacted.value(cause) === "the claim is lost")
      assert.isEmpty(ledger)
      assert.strictEqual(inFlight, 0)
    }),
  )

  it.effect("leaves a call in doubt whose resend it prevents", () =>
    Effect.gen(function* () {
      const { ended, ledger } = yield* create([lost], onlyFirst, { delivery: "natural-key" })
      assert.isTrue(ended._tag === "Failure" && ended.failure._tag === "OutcomeUnknownError")
      if (ended._tag !== "Failure" || ended.failure._tag !== "OutcomeUnknownError") return
      assert.isTrue(
        ended.failure.last?._tag === "UnavailableError" && ended.failure.last.reason === "gate",
      )
      assert.strictEqual(ledger.length, 1)
    }),
  )

  it.effect("must answer before the deadline of its call", () =>
    Effect.gen(function* () {
      const { ended, inFlight, ledger } = yield* create(
        [],
        { before: () => Effect.never },
        { deadline: "10 seconds" },
      )
      assert.isTrue(ended._tag === "Failure" && ended.failure._tag === "UnavailableError")
      assert.isEmpty(ledger)
      assert.strictEqual(inFlight, 0)
    }),
  )

  it.effect("gives permit and key back when the call is interrupted while it waits", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const use = Effect.gen(function* () {
        const client = yield* AelystClient
        const send = client.create("id:5", { firstName: "Ana" })
        const gated = Effect.provideService(send, AttemptGate, { before: () => Effect.never })
        const fiber = yield* Effect.forkChild(gated)
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* client.rateLimit).inFlight, 1)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual((yield* client.rateLimit).inFlight, 0)
        // the same key, at once
        yield* send
        assert.strictEqual(server.ledger.length, 1)
      })
      yield* withClient(server, use)
    }),
  )

  it.effect("sends nothing after its notAfter, and is asked again before the resend", () =>
    Effect.gen(function* () {
      const numbers: Array<number> = []
      const before = ({ number }: GatedAttempt) => {
        numbers.push(number)
        const notAfter = number === 1 ? -1 : 60_000
        return Effect.map(monotonicMillis, (now) => ({ notAfter: now + notAfter }))
      }
      const { ended, inFlight, ledger } = yield* create([], { before })
      assert.isTrue(ended._tag === "Success")
      if (ended._tag !== "Success") return
      assert.deepStrictEqual(
        ended.success.attempts.map(({ cause, phase }) => [phase, cause]),
        [
          ["connect", "TOO_LATE"],
          ["answered", undefined],
        ],
      )
      assert.deepStrictEqual(numbers, [1, 2])
      assert.deepStrictEqual([ledger.length, inFlight], [1, 0])
    }),
  )

  for (const reports of [true, false]) {
    it.effect(
      `ends an attempt that is too late as not_sent, if the transport reports ${reports}`,
      () =>
        Effect.gen(function* () {
          const server = Ledger.make(() => created, { reports })
          const gate = { before: () => Effect.succeed({ notAfter: -1 }) }
          const use = Effect.gen(function* () {
            const client = yield* AelystClient
            const send = client.create("id:5", { firstName: "Ana" }, { retries: 0 })
            return yield* Effect.flip(Effect.provideService(send, AttemptGate, gate))
          })
          const error = yield* withClient(server, use)
          assert.isTrue(error._tag === "ConnectionError" && error.code === "TOO_LATE")
          assert.strictEqual(error.outcome, "not_sent")
          assert.isEmpty(server.ledger)
        }),
    )
  }

  it.effect("keeps the circuit closed however many attempts are too late", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const gate = { before: () => Effect.succeed({ notAfter: -1 }) }
      const use = Effect.gen(function* () {
        const client = yield* AelystClient
        const send = client.create("id:5", { firstName: "Ana" }, { retries: 0 })
        for (let i = 0; i < 10; i++) {
          yield* Effect.flip(Effect.provideService(send, AttemptGate, gate))
        }
        // at once, since virtual time does not pass
        yield* send
      })
      yield* withClient(server, use)
      assert.strictEqual(server.ledger.length, 1)
    }),
  )

  it.effect("passes a defect of the gate on as a defect", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const thrown = new Error("a bug")
      const before = () => {
        throw thrown
      }
      const use = Effect.gen(function* () {
        const client = yield* AelystClient
        const send = client.create("id:5", { firstName: "Ana" })
        const exit = yield* Effect.exit(Effect.provideService(send, AttemptGate, { before }))
        assert.deepStrictEqual(exit, Exit.die(thrown))
        assert.strictEqual((yield* client.rateLimit).inFlight, 0)
      })
      yield* withClient(server, use)
    }),
  )
})

const run = (gate: Gate, options: RunOptions) => {
  const server = Ledger.make(() => created)
  const source = counted(200)
  return Effect.map(
    Effect.provideService(play(server, source.rows, options), AttemptGate, gate),
    (played) => ({ ...played, sent: server.ledger.length, pulled: source.pulled }),
  )
}

const slow = () => Effect.uninterruptible(Effect.sleep("10 seconds"))

describe("AttemptGate in a run", () => {
  it.effect("stops the run: rows that were pulled end as not_sent, and no more are pulled", () =>
    Effect.gen(function* () {
      let allowed = 0
      const before = () =>
        allowed < 20 ? Effect.sync(() => void (allowed += 1)) : new NotAllowed({})
      const { pulled, results, sent, summary } = yield* run({ before }, { concurrency: 8 })
      assert.strictEqual(summary.stopped, "gate")
      assert.strictEqual(sent, 20)
      assert.strictEqual(summary.created, 20)
      assert.strictEqual(summary.not_sent, results.length - 20)
      assert.isAtMost(pulled, 28)
    }),
  )

  it.effect("starts nothing that it allows after the run has stopped", () =>
    Effect.gen(function* () {
      const server = Ledger.make(() => created)
      const rows = Stream.fromIterable(rowsOf(5))
      const played = yield* Effect.provideService(
        play(server, rows, { deadline: "5 seconds" }),
        AttemptGate,
        { before: slow },
      )
      assert.isEmpty(server.ledger)
      assert.strictEqual(played.summary.not_sent, played.results.length)
    }),
  )
})
