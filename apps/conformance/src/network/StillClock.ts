/**
 * A clock that stands still until it is moved, for calls over real sockets: no deadline can come before the answer that
 * it waits for, however slow the machine is.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** A clock, and what moves it. */
export interface StillClock extends Clock.Clock {
  /** Lets so many milliseconds pass, and whatever is due in them happen in its order. */
  readonly pass: (ms: number) => Effect.Effect<void>
}

// whoever woke goes on, and reads what has arrived, before more time passes
const turn = Effect.promise(async () => {
  for (let n = 0; n < 3; n++) await new Promise<void>((resolve) => setImmediate(resolve))
})

/** Makes a clock that stands at 0. */
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
    pass: (ms) =>
      Effect.suspend(() => {
        const until = now + ms
        const go: Effect.Effect<void> = Effect.suspend(() =>
          wakeNext(until) ? Effect.andThen(turn, go) : Effect.void,
        )
        return Effect.andThen(turn, go)
      }),
  }
}
