import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Random, Redacted, Schedule } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"

import * as AelystClient from "../src/AelystClient.ts"
import { ConfigurationError } from "../src/call/ClientOptions.ts"
import { RateLimitError, UnavailableError } from "../src/errors/AelystError.ts"
import {
  BadRequest,
  InternalError,
  TooManyRequests,
  Unauthorized,
} from "../src/errors/ApiErrors.ts"
import * as RateLimitSchedule from "../src/RateLimitSchedule.ts"
import * as Scripted from "./scripted.ts"
import type { Vector } from "./vectors.ts"
import { rounding, vectors } from "./vectors.ts"

const token = Redacted.make("token-for-tests")

/** Plays a script against a client that never resends, in a program that is repeated by the schedule. */
const play = ({ script, options = {}, call = {}, blind }: Vector) =>
  Effect.gen(function* () {
    const server = Scripted.make(script, { reports: blind !== true })
    const client = yield* AelystClient.make({ ...options, token, retries: 0 }).pipe(
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    const started = yield* Clock.currentTimeMillis
    const { deadline, existing, maxWait, timeout } = call
    const { delivery, retries } = options
    const fiber = yield* client
      .create("email:ana@example.com", { firstName: "Ana" }, { existing, maxWait, timeout })
      .pipe(
        Effect.retry(RateLimitSchedule.make({ deadline, delivery, maxWait, retries })),
        Effect.forkChild,
      )
    yield* TestClock.adjust("10 minutes")
    const exit = yield* Fiber.await(fiber)
    return { exit, sends: server.received.map(({ atMs }) => atMs - started) }
  })

/** Returns the last result of a vector without the doubt that only a single call can remember. */
const lastOf = ({ call, result }: Vector): string =>
  result === "exists_after_doubt"
    ? call?.existing === "accept"
      ? "existed"
      : "BadRequestError"
    : (/ last (\w+)/.exec(result)?.[1] ?? result.split(" ")[0] ?? "")

/** Returns the wait of a schedule after each of the errors, in milliseconds. */
const step = (options: RateLimitSchedule.Options, ...errors: ReadonlyArray<unknown>) =>
  Effect.gen(function* () {
    const next = yield* Schedule.toStep(RateLimitSchedule.make(options))
    const waits: Array<number> = []
    let now = yield* Clock.currentTimeMillis
    for (const error of errors) {
      const exit = yield* Effect.exit(next(now, error))
      if (Exit.isFailure(exit)) return [...waits, "done"]
      const ms = Duration.toMillis(exit.value[1])
      waits.push(ms)
      now += ms
    }
    return waits
  })

describe("RateLimitSchedule", () => {
  for (const vector of vectors) {
    it.effect(`repeats a program as the client resends: ${vector.name}`, () =>
      Effect.gen(function* () {
        const { exit, sends } = yield* play(vector)
        assert.strictEqual(sends.length, vector.sends, `sends at ${sends.join(", ")}`)
        const gaps = sends.slice(1).map((at, i) => at - (sends[i] ?? 0))
        for (const [i, least] of (vector.least ?? []).entries()) {
          assert.isAtLeast(gaps[i] ?? Number.NaN, least, `before repetition ${i + 1}`)
        }
        for (const [i, most] of (vector.most ?? []).entries()) {
          assert.isAtMost(gaps[i] ?? Number.NaN, most + rounding, `before repetition ${i + 1}`)
        }
        const error = Exit.isSuccess(exit) ? undefined : Exit.findErrorOption(exit)
        const ended = error?._tag === "Some" ? error.value._tag : undefined
        const last = Exit.isSuccess(exit) ? exit.value.result : ended
        assert.strictEqual(last, lastOf(vector))
        if (vector.retryAfterMs !== undefined) {
          assert(error?._tag === "Some")
          assert.strictEqual(error.value.retryAfterMs, vector.retryAfterMs)
        }
      }),
    )
  }

  it.effect("ends at an error that is not an AelystError", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* step({}, new Error("of a later step")), ["done"])
    }),
  )

  it.effect("waits for the 429 of a derived client as for a RateLimitError", () =>
    Effect.gen(function* () {
      const options = { retries: 10, deadline: "10 minutes", maxWait: "1 minute" } as const
      const wait = (...errors: ReadonlyArray<unknown>) =>
        Effect.provideService(step(options, ...errors), Random.Random, {
          nextIntUnsafe: () => 0,
          nextDoubleUnsafe: () => 0,
        })
      for (const retryAfter of [2, 0, 1.5, undefined, 61]) {
        const derived = new TooManyRequests(retryAfter === undefined ? {} : { retryAfter })
        const ours = new RateLimitError({
          attempts: [],
          ...(retryAfter !== undefined && { retryAfterMs: retryAfter * 1000 }),
        })
        assert.deepStrictEqual(yield* wait(derived, derived), yield* wait(ours, ours))
      }
      assert.deepStrictEqual(yield* wait(new TooManyRequests({ retryAfter: 2 })), [2_000])
      for (const error of [new BadRequest(), new Unauthorized(), new InternalError()]) {
        assert.deepStrictEqual(yield* wait(error), ["done"])
      }
    }),
  )

  it.effect("waits at least as long as an UnavailableError asks", () =>
    Effect.gen(function* () {
      const error = new UnavailableError({ attempts: [], reason: "circuit", retryAfterMs: 4_000 })
      const [wait] = yield* step({}, error)
      assert.isAtLeast(Number(wait), 4_000)
    }),
  )

  it.effect("begins no wait that ends after the deadline", () =>
    Effect.gen(function* () {
      const error = new RateLimitError({ attempts: [], retryAfterMs: 4_000 })
      const waits = yield* step({ deadline: "10 seconds", retries: 10 }, error, error, error)
      assert.strictEqual(waits.length, 3)
      assert.strictEqual(waits[2], "done")
    }),
  )

  it.effect("counts repetitions from zero each time it is used", () =>
    Effect.gen(function* () {
      const error = new RateLimitError({ attempts: [], retryAfterMs: 100 })
      let runs = 0
      const program = Effect.suspend(() => {
        runs += 1
        return Effect.fail(error)
      })
      const schedule = RateLimitSchedule.make({ retries: 2 })
      for (const _ of [1, 2]) {
        const fiber = yield* Effect.forkChild(Effect.exit(Effect.retry(program, schedule)))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
      }
      assert.strictEqual(runs, 6)
    }),
  )

  it.effect("dies with a ConfigurationError that names the wrong option", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Effect.retry(Effect.fail("any"), RateLimitSchedule.make({ retries: -1 })),
      )
      assert(Exit.isFailure(exit))
      const [reason] = exit.cause.reasons
      assert(reason?._tag === "Die")
      assert.instanceOf(reason.defect, ConfigurationError)
    }),
  )
})
