/** Time that only moves forward: what deadlines, waits and durations are measured in. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Reads the monotonic clock in milliseconds; its zero means nothing. */
export const nowMillis: Effect.Effect<number> = Clock.clockWith((clock) =>
  Effect.succeed(Number(clock.monotonicTimeNanosUnsafe()) / 1e6),
)
