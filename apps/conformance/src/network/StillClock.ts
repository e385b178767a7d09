/**
 * A clock that moves only when a test moves it, for calls over real sockets: even on a slow machine, no deadline passes
 * before the response arrives.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** A clock, and the function that moves it. */
export interface StillClock extends Clock.Clock {
  /** Advances the clock by milliseconds, and runs everything due in that time, in order. */
  readonly advance: (ms: number) => Effect.Effect<void>
}

// code that woke up continues, and reads what has arrived, before the clock moves again
const settle = Effect.promise(async () => {
  for (let n = 0; n < 3; n++) await new Promise<void>((resolve) => setImmediate(resolve))
})

/** Creates a clock at 0. */
export const make = (): StillClock => {
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()
  let now = 0
  const nanos = () => BigInt(Math.round(now * 1e6))
  const wakeNext = (until: number): boolean => {
    let next: { readonly at: number; readonly wake: () => void } | undefined
    for (const sleeper of sleepers) {
      if (sleeper.at <= until && sleeper.at < (next?.at ?? Infinity)) next = sleeper
    }
    now = Math.max(now, next?.at ?? until)
    if (next === undefined) return false
    sleepers.delete(next)
    next.wake()
    return true
  }
  return {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const sleeper = {
          at: now + Duration.toMillis(duration),
          wake: () => resume(Effect.void),
        }
        sleepers.add(sleeper)
        return Effect.sync(() => void sleepers.delete(sleeper))
      }),
    advance: (ms) =>
      Effect.suspend(() => {
        const until = now + ms
        const go: Effect.Effect<void> = Effect.suspend(() =>
          wakeNext(until) ? Effect.andThen(settle, go) : Effect.void,
        )
        return Effect.andThen(settle, go)
      }),
  }
}
