/** Logs without an influence on the call: a logger of the caller's may throw. */
import * as Effect from "effect/Effect"

/** Runs a log statement; a logger that throws changes nothing. */
export const logged = (statement: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchDefect(statement, () => Effect.void)
