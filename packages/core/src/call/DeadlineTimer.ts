/**
 * One timer for the deadlines of all attempts: a fiber that sleeps until the earliest, instead of two fibers for each
 * attempt. It runs only while there are deadlines, so it never keeps a process alive.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"

import * as MonotonicClock from "../pacing/MonotonicClock.ts"

/** A deadline: when it is, and what happens then. */
export interface Deadline {
  atMs: number
  /** Called at the deadline; returns the milliseconds to a further one, if there is one. */
  expire: () => number | undefined
}

const never = () => undefined

/** Keeps the deadlines of the attempts in flight. */
export class DeadlineTimer {
  readonly #deadlines = new Set<Deadline>()
  #timer: Fiber.Fiber<void> | undefined
  #dueMs = Number.POSITIVE_INFINITY

  /** Runs an attempt, once, with a deadline in so many milliseconds, which is removed when the attempt ends. */
  within<A, E, R>(
    inMs: number,
    attempt: Effect.Effect<A, E, R>,
    expire: Deadline["expire"],
  ): Effect.Effect<A, E, R> {
    let deadline: Deadline | undefined
    return Effect.onExitPrimitive(
      Effect.withFiber((fiber) => {
        deadline = { atMs: MonotonicClock.millisOf(fiber.getRef(Clock.Clock)) + inMs, expire }
        this.#deadlines.add(deadline)
        if (deadline.atMs >= this.#dueMs) return attempt
        this.#timer?.interruptUnsafe()
        // in the same step: an interruption in between would leave the other deadlines without a timer
        this.#timer = Effect.runForkWith(fiber.context)(this.#watch)
        return attempt
      }),
      () => {
        if (deadline !== undefined) this.#remove(deadline)
        return undefined
      },
    )
  }

  #remove(deadline: Deadline): void {
    this.#deadlines.delete(deadline)
    // V8 chains the former tables of a set: a removed entry can outlive many minor collections, and its request with it
    deadline.expire = never
    if (this.#deadlines.size > 0 || this.#timer === undefined) return
    this.#timer.interruptUnsafe()
    this.#timer = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  /** Sleeps until the earliest deadline, expires those that are due, and continues while any are left. */
  readonly #watch: Effect.Effect<void> = Effect.flatMap(MonotonicClock.nowMillis, (now) => {
    for (const deadline of this.#deadlines) {
      if (deadline.atMs > now) continue
      // it runs code of the transport: an exception there must not stop the other deadlines
      const moreMs = Result.getOrUndefined(Result.try(deadline.expire))
      if (moreMs === undefined) this.#deadlines.delete(deadline)
      else deadline.atMs = now + moreMs
    }
    this.#dueMs = Math.min(...Array.from(this.#deadlines, ({ atMs }) => atMs))
    return this.#dueMs === Number.POSITIVE_INFINITY
      ? Effect.sync(() => {
          this.#timer = undefined
        })
      : Effect.andThen(Effect.sleep(Math.max(1, Math.ceil(this.#dueMs - now))), this.#watch)
  })
}
