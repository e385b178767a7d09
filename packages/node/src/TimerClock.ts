/**
 * The clock of the SDK's calls. Its waits and its time are one source: a wait of 30 s that has ended is 30 s on this
 * clock, also in a test whose fake timers end it early. Without that, a call would wait again and again for a real clock
 * while its timers are faked.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

/** Node.js ends a wait up to about a millisecond early; only a timer that is faked is earlier than this. */
const toleranceNanos = 10_000_000n

const real = Clock.Clock.defaultValue()

/** How far faked timers have advanced the clock of this process. */
let aheadNanos = 0n

const nowNanos = () => real.monotonicTimeNanosUnsafe() + aheadNanos

/** Sleeps, and advances the clock to the end of the wait if its timer fired before. */
const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!Duration.isFinite(duration)) return Effect.never
    const due = nowNanos() + Duration.toNanosUnsafe(duration)
    const catchUp = Effect.sync(() => {
      const early = due - nowNanos()
      if (early > toleranceNanos) aheadNanos += early
    })
    return Effect.andThen(real.sleep(duration), catchUp)
  })

/** The clock of all calls of this process. */
export const clock: Clock.Clock = {
  currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe(),
  currentTimeMillis: real.currentTimeMillis,
  currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe(),
  currentTimeNanos: real.currentTimeNanos,
  monotonicTimeNanosUnsafe: nowNanos,
  monotonicTimeNanos: Effect.sync(nowNanos),
  sleep,
}

// a turn of the event loop is no time: this one stays real
const { clearImmediate, setImmediate } = globalThis

/** Lets fibers take turns by the real event loop, even if a test fakes `setImmediate`. */
export const scheduler: Scheduler.Scheduler = new Scheduler.MixedScheduler("async", (run) => {
  const immediate = setImmediate(run)
  return () => clearImmediate(immediate)
})
