/** Calls of a pacer against a simulated server, under the test clock. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import * as Pacer from "../src/pacing/Pacer.ts"

export const makePacer = (options: Partial<Parameters<typeof Pacer.make>[0]> = {}) =>
  Pacer.make({ key: "test", store: Pacer.memoryStore(), ...options })

export const ok = (remaining: number, limit = 10): Pacer.PacerObservation => ({
  rateLimited: false,
  limit,
  remaining,
})

/** One call that gets the response of `reply` after 10 ms, and returns how long it waited for its last permit. */
export const call = (pacer: Pacer.Pacer["Service"], reply: () => Pacer.PacerObservation) =>
  Effect.scoped(
    Effect.gen(function* () {
      const ticket = yield* pacer.enter
      for (;;) {
        const permit = yield* ticket.acquire()
        const observation = reply()
        yield* Effect.sleep(10)
        yield* permit.observe(observation)
        if (!observation.rateLimited) return Duration.millis(permit.waitedMs)
      }
    }),
  )

/** A server with a fixed window of 10 per second that starts with the first request. */
export const server = () =>
  Effect.clockWith((clock) =>
    Effect.sync(() => {
      let start = Number.NEGATIVE_INFINITY
      let used = 0
      const sends: Array<number> = []
      return {
        sends,
        reply: (): Pacer.PacerObservation => {
          const now = clock.currentTimeMillisUnsafe()
          sends.push(now)
          if (now >= start + 1000) {
            start = now
            used = 0
          }
          if (used === 10) return { rateLimited: true, limit: 10, remaining: 0, retryAfterMs: 1000 }
          return ok(10 - ++used)
        },
      }
    }),
  )
