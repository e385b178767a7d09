/**
 * The rate-limit schedule as an Effect `Schedule`: what the client does after an error, for programs that are composed of
 * several calls. Both follow `RetryPolicy.next`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

import { defaultDeadlineMs, defaultMaxWaitMs, parse } from "./call/ClientOptions.ts"
import * as RetryPolicy from "./call/RetryPolicy.ts"
import { RateLimitError, isAelystError } from "./errors/AelystError.ts"
import type { Delivery } from "./types.ts"

/** The options of the schedule; their units and ranges are those of the client's options of the same name. */
export interface Options {
  /** The failures that may be repeated. Default `at-most-once`: none in doubt. */
  readonly delivery?: Delivery | undefined
  /** The most repetitions, 0 to 100. Default 3. */
  readonly retries?: number | undefined
  /** The time for all repetitions and waits; a wait that ends later is not begun. Default 60 s, under `natural-key` 120 s. */
  readonly deadline?: Duration.Input | undefined
  /** The longest `Retry-After` that is waited for. Default 60 s. */
  readonly maxWait?: Duration.Input | undefined
  /** The wait before a program in doubt is repeated, at least 1 s. Default 5 s. */
  readonly doubtDelay?: Duration.Input | undefined
}

/**
 * Returns the error that a schedule knows how to follow. `TooManyRequests` of the contract, by which a derived client reports
 * a 429, is recognised by its tag and code, so that the contract stays out of a client's bundle.
 */
const known = (error: unknown): RetryPolicy.CallError | undefined => {
  if (isAelystError(error)) return error._tag === "InvalidContactError" ? undefined : error
  const isRateLimited =
    hasProperty(error, "_tag") &&
    error._tag === "TooManyRequests" &&
    Reflect.get(error, "code") === 429
  if (!isRateLimited) return undefined
  const seconds: unknown = Reflect.get(error, "retryAfter")
  const wait = typeof seconds === "number" && seconds >= 0 && { retryAfterMs: seconds * 1000 }
  return new RateLimitError({ attempts: [], ...wait })
}

/**
 * Creates a schedule for `Effect.retry` that repeats a program as the client repeats a request; its output is the wait.
 *
 * **Details**
 *
 * After a 429 it waits as long as the API asks (`retryAfter`), and at least 1 s, doubling, if the API names no time (D8).
 * After a connection error or an `UnavailableError` it backs off. It never repeats what is in doubt, unless `delivery` is
 * `natural-key`. It ends at the limit of repetitions or of time, and at every error that no repetition can fix: an
 * invalid contact, a rejection, a rejected token, and any error that is not an `AelystError`. The one exception is
 * `TooManyRequests` of `@aelyst/core/contract`, which a derived client fails with: it is waited for as a `RateLimitError` is.
 *
 * **Gotchas**
 *
 * It repeats the whole program: what was created before the failing step is created again, and the API then says that it
 * exists. Create with `existing: "accept"`, so that this is a success. A wrong option is a defect, a `ConfigurationError`.
 *
 * **Example** (Repeat a program that was rate limited)
 *
 * ```ts
 * import { RateLimitError, RateLimitSchedule } from "@aelyst/core"
 * import { Effect } from "effect"
 *
 * let runs = 0
 * const program = Effect.suspend(() => {
 *   runs += 1
 *   return runs === 1
 *     ? Effect.fail(new RateLimitError({ attempts: [], retryAfterMs: 100 }))
 *     : Effect.succeed(`done in run ${runs}`)
 * })
 *
 * const repeated = Effect.retry(program, RateLimitSchedule.make({ retries: 5 }))
 * console.log(await Effect.runPromise(repeated)) // => done in run 2
 * ```
 */
export const make = (options: Options = {}): Schedule.Schedule<Duration.Duration, unknown> =>
  Schedule.fromStep(
    Effect.gen(function* () {
      const config = yield* Effect.orDie(Effect.fromResult(parse(options)))
      const { delivery, doubtDelayMs, retries } = config
      const start = yield* Clock.currentTimeMillis
      const policy: RetryPolicy.RetryPolicy = {
        delivery,
        retries,
        run: false,
        renewsToken: false,
        existing: "error",
        doubtDelayMs,
        maxWaitMs: config.maxWaitMs ?? defaultMaxWaitMs(false),
        deadlineAt: start + (config.deadlineMs ?? defaultDeadlineMs(delivery)),
      }
      let state = RetryPolicy.initial
      return Effect.fnUntraced(function* (now: number, error: unknown) {
        const stop = Cause.done(Duration.zero)
        const failure = known(error)
        if (failure === undefined) return yield* stop
        const random = yield* Random.next
        const event = { _tag: "Failed", error: failure, random, hasBudget: true } as const
        const step = RetryPolicy.next(policy, state, event, now)
        if (step._tag !== "Queue" && step._tag !== "Wait") return yield* stop
        state = step.state
        const wait = Duration.millis(RetryPolicy.waitMs(step, random))
        const output: [Duration.Duration, Duration.Duration] = [wait, wait]
        return output
      })
    }),
  )
