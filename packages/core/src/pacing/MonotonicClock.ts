/** Time that only moves forward: what deadlines, waits and durations are measured in. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Reads a clock in monotonic milliseconds; its zero means nothing. */
export const millisOf = (clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Reads the clock at hand in monotonic milliseconds. */
export const nowMillis: Effect.Effect<number> = Clock.clockWith((clock) =>
  Effect.succeed(millisOf(clock)),
)
