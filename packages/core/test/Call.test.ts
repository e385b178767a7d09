import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Redacted, References, Result } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import type { TokenSource } from "../src/call/Call.ts"
import { Call } from "../src/call/Call.ts"
import type { CreateOptions } from "../src/AelystClient.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import { parse, parseCall } from "../src/call/ClientOptions.ts"
import { DeadlineTimer } from "../src/call/DeadlineTimer.ts"
import type { Callbacks } from "../src/call/Hooks.ts"
import { Hooks } from "../src/call/Hooks.ts"
import { Lifetime } from "../src/call/Lifetime.ts"
import { noCounters } from "../src/call/Metrics.ts"
import type { RunScope } from "../src/call/RunScope.ts"
import { CurrentRun } from "../src/call/RunScope.ts"
import * as SharedState from "../src/call/SharedState.ts"
import { validate } from "../src/contact/Contact.ts"

const fixed = Redacted.make("token-for-tests")

const runOf = (scope: Partial<RunScope> = {}): RunScope => ({
  deadlineAt: 3_600_000,
  lifetime: new Lifetime(),
  stopped: () => undefined,
  stopping: Effect.never,
  pause: () => Effect.void,
  holdResend: (wait) => wait,
  ...scope,
})

/** Creates a call at time 0 of the test's clock. */
const make = ({
  client = {},
  options = {},
  run,
  token = fixed,
}: {
  readonly client?: ClientOptions
  readonly options?: CreateOptions
  readonly run?: RunScope
  readonly token?: TokenSource
} = {}) =>
  Effect.gen(function* () {
    const config = Result.getOrThrow(parse(client))
    const state = {
      http: HttpClient.make(() => Effect.never),
      config,
      token,
      sharedState: yield* SharedState.make(config),
      timer: new DeadlineTimer(),
      counters: noCounters,
      lifetime: new Lifetime(),
    }
    const valid = Result.getOrThrow(validate("id:5", { firstName: "Ana" }))
    return yield* Effect.withFiber((fiber) =>
      Effect.sync(() => new Call(state, valid, Result.getOrThrow(parseCall(options)), fiber)),
    )
  }).pipe(Effect.provideService(CurrentRun, run))

const errorOf = <A, E>(exit: Exit.Exit<A, E>): E => {
  const error = Exit.findErrorOption(exit)
  assert(error._tag === "Some")
  return error.value
}

describe("Call's limits", () => {
  it.effect("takes its limits from the client, with the documented defaults", () =>
    Effect.gen(function* () {
      const call = yield* make({ client: { timeout: 3_000, retries: 1 } })
      assert.deepInclude(call, { timeoutMs: 3_000, headers: undefined, run: undefined })
      assert.deepInclude(call.policy, {
        delivery: "at-most-once",
        retries: 1,
        run: false,
        maxWaitMs: 60_000,
        deadlineAt: 60_000,
        doubtDelayMs: 5_000,
      })
    }),
  )

  it.effect("prefers the options of the call to those of the client", () =>
    Effect.gen(function* () {
      const call = yield* make({
        client: {
          deadline: 30_000,
          delivery: "natural-key",
          maxWait: 1,
          retries: 1,
          timeout: 3_000,
        },
        options: {
          deadline: 9_000,
          delivery: "at-most-once",
          headers: { "x-request-id": "7" },
          maxWait: 0,
          retries: 0,
          timeout: 500,
        },
      })
      assert.deepInclude(call, { timeoutMs: 500, headers: { "x-request-id": "7" } })
      assert.deepInclude(call.policy, {
        deadlineAt: 9_000,
        delivery: "at-most-once",
        maxWaitMs: 0,
        retries: 0,
      })
    }),
  )

  it.effect("has a default deadline of 120 s if the call asks for natural-key", () =>
    Effect.gen(function* () {
      const call = yield* make({ options: { delivery: "natural-key" } })
      assert.strictEqual(call.policy.deadlineAt, 120_000)
    }),
  )

  it.effect("ends a row with its run and allows it longer waits", () =>
    Effect.gen(function* () {
      const run = runOf()
      const call = yield* make({ client: { deadline: "1 second" }, run })
      assert.strictEqual(call.run, run)
      assert.deepInclude(call.policy, { deadlineAt: 3_600_000, maxWaitMs: 900_000, run: true })
    }),
  )

  it.effect("renews only a token that comes from an effect", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* make()).policy.renewsToken)
      const call = yield* make({ token: Effect.succeed(fixed) })
      assert.isTrue(call.policy.renewsToken)
    }),
  )
})

describe("Call", () => {
  it.effect("reads its time and its hooks from the fiber that makes it", () =>
    Effect.gen(function* () {
      const callbacks: Callbacks = { onOutcome: () => {} }
      yield* TestClock.adjust("2 seconds")
      const call = yield* Effect.provideService(make(), Hooks, callbacks)
      assert.strictEqual(call.hooks, callbacks)
      assert.strictEqual(call.now, 2_000)
      assert.strictEqual(call.record.idleSince, 2_000)
      assert.strictEqual(call.policy.deadlineAt, 62_000)
    }),
  )

  it.effect("is watched only by a callback for waits and by the debug log", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* make()).isWatched)
      const hooked = Effect.provideService(make(), Hooks, { onWait: () => undefined })
      assert.isTrue((yield* hooked).isWatched)
      const debugged = Effect.provideService(make(), References.MinimumLogLevel, "Debug")
      assert.isTrue((yield* debugged).isWatched)
    }),
  )

  it.effect("continues after an event, or fails if it is the end of the call", () =>
    Effect.gen(function* () {
      const call = yield* make()
      const after = (ms: number) =>
        Effect.gen(() => call.next({ _tag: "CircuitOpen", ms, attempts: [] }))
      assert.deepInclude(yield* after(1_000), { _tag: "Wait", reason: "circuit", ms: 1_000 })
      const failed = errorOf(yield* Effect.exit(after(60_000)))
      assert.deepInclude(failed, { _tag: "UnavailableError", reason: "circuit" })
    }),
  )

  it.effect("counts the time left down to zero", () =>
    Effect.gen(function* () {
      const call = yield* make({ options: { deadline: 1_000 } })
      yield* TestClock.adjust(400)
      assert.strictEqual(call.leftMs, 600)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(call.leftMs, 0)
    }),
  )

  it.effect("fails with the reason, the attempts so far and the wait in full milliseconds", () =>
    Effect.gen(function* () {
      const call = yield* make()
      const attempt = { number: 1, startedAt: 0, durationMs: 1, waitedMs: 0 } as const
      call.record.add({ ...attempt, phase: "connect", cause: "ENOTFOUND" }, "not_sent", 1)
      const error = call.unavailable("circuit", 1_000.2)
      assert.deepInclude(error, { reason: "circuit", outcome: "not_sent" })
      assert.strictEqual(error.attempts.length, 1)
      assert.strictEqual(error.retryAfter && Duration.toMillis(error.retryAfter), 1_001)
      const failed = errorOf(yield* Effect.exit(call.fail("closed")))
      assert.strictEqual(failed.reason, "closed")
      assert.isUndefined(failed.retryAfter)
    }),
  )

  it.effect("ends a wait at its deadline", () =>
    Effect.gen(function* () {
      const call = yield* make({ options: { deadline: 1_000 } })
      const fiber = yield* Effect.forkChild(call.beforeDeadline(Effect.never))
      yield* TestClock.adjust(999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(errorOf(yield* Fiber.await(fiber)).reason, "deadline")
    }),
  )

  it.effect("returns the value of a wait that ends in time", () =>
    Effect.gen(function* () {
      const call = yield* make()
      assert.strictEqual(yield* call.beforeDeadline(Effect.succeed("ready")), "ready")
      assert.strictEqual(yield* call.orStopped(Effect.succeed("ready")), "ready")
    }),
  )

  it.effect("ends a wait when its run stops, with the reason of the run", () =>
    Effect.gen(function* () {
      const stopping = Effect.as(Effect.sleep("3 seconds"), "closed" as const)
      const call = yield* make({ run: runOf({ stopping }) })
      for (const wait of [call.orStopped(Effect.never), call.beforeDeadline(Effect.never)]) {
        const fiber = yield* Effect.forkChild(wait)
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual(errorOf(yield* Fiber.await(fiber)).reason, "closed")
      }
    }),
  )
})
