/** Time that only moves forward, for deadlines, waits and durations. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Reads a clock in monotonic milliseconds; its zero means nothing. */
export const millisOf = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Reads the current clock in monotonic milliseconds. */
export const nowMillis: Effect.Effect<number> = Clock.clockWith((clock) =>
  Effect.succeed(millisOf(clock)),
)

/** Runs an effect with a function that reads the current clock in monotonic milliseconds. */
export const clockWith = <A>(f: (now: () => number) => Effect.Effect<A>): Effect.Effect<A> =>
  Clock.clockWith((clock) => f(() => millisOf(clock)))
