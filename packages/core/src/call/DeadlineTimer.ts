/**
 * One timer for the deadlines of all attempts: a fiber that sleeps until the earliest, in place of two fibers for each
 * attempt. It runs only while there are deadlines, so it never keeps a process alive.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"

import * as Monotonic from "../pacing/MonotonicClock.ts"

/** Holds one deadline: when it is, and what happens then. */
export interface Deadline {
  atMs: number
  /** Called at the deadline; gives the milliseconds to a further one, where there is one. */
  expire: () => number | undefined
}

const never = () => undefined

/** Keeps the deadlines of the attempts under way. */
export class DeadlineTimer {
  private readonly deadlines = new Set<Deadline>()
  private timer: Fiber.Fiber<void> | undefined
  private dueMs = Number.POSITIVE_INFINITY

  /** Runs an attempt, once, with a deadline in so many milliseconds, which goes with its end. */
  within<A, E, R>(
    inMs: number,
    attempt: Effect.Effect<A, E, R>,
    expire: Deadline["expire"],
  ): Effect.Effect<A, E, R> {
    let deadline: Deadline | undefined
    return Effect.onExitPrimitive(
      Effect.withFiber((fiber) => {
        deadline = { atMs: Monotonic.millisOf(fiber.getRef(Clock.Clock)) + inMs, expire }
        this.deadlines.add(deadline)
        if (deadline.atMs >= this.dueMs) return attempt
        this.timer?.interruptUnsafe()
        // at one go: an interruption in between would leave the others without a timer
        this.timer = Effect.runForkWith(fiber.context)(this.watch)
        return attempt
      }),
      () => {
        if (deadline !== undefined) this.disarm(deadline)
        return undefined
      },
    )
  }

  /** Removes a deadline. */
  private disarm(deadline: Deadline): void {
    this.deadlines.delete(deadline)
    // V8 chains the former tables of a set: what left it can outlive many minor collections, and its request with it
    deadline.expire = never
    if (this.deadlines.size > 0 || this.timer === undefined) return
    this.timer.interruptUnsafe()
    this.timer = undefined
    this.dueMs = Number.POSITIVE_INFINITY
  }

  /** Sleeps until the earliest deadline, lets what is due expire, and goes on while any are left. */
  private readonly watch: Effect.Effect<void> = Effect.flatMap(Monotonic.nowMillis, (now) => {
    for (const deadline of this.deadlines) {
      if (deadline.atMs > now) continue
      // it runs a transport's own code: what that throws must not take the other deadlines along
      const moreMs = Result.getOrUndefined(Result.try(deadline.expire))
      if (moreMs === undefined) this.deadlines.delete(deadline)
      else deadline.atMs = now + moreMs
    }
    this.dueMs = Math.min(...Array.from(this.deadlines, ({ atMs }) => atMs))
    return this.dueMs === Number.POSITIVE_INFINITY
      ? Effect.sync(() => {
          this.timer = undefined
        })
      : Effect.andThen(Effect.sleep(Math.max(1, Math.ceil(this.dueMs - now))), this.watch)
  })
}
