/** How long a call took, beside what the machine is to blame for. */
import * as Effect from "effect/Effect"

/** What a call came to, and when. */
export interface Timed<A> {
  readonly value: A
  /** How long it took, in milliseconds. */
  readonly tookMs: number
  /** By how much a plain timer of the deadline's length was late in this process, in milliseconds. */
  readonly lateMs: number
}

/** Runs a call that ends at a deadline, beside a timer of that length. */
export const timed = <A, E, R>(
  deadlineMs: number,
  call: Effect.Effect<A, E, R>,
): Effect.Effect<Timed<A>, E, R> =>
  Effect.gen(function* () {
    const began = performance.now()
    let lateMs = 0
    const timer = setTimeout(() => {
      lateMs = Math.max(0, performance.now() - began - deadlineMs)
    }, deadlineMs)
    const value = yield* call
    const tookMs = performance.now() - began
    clearTimeout(timer)
    return { value, tookMs, lateMs }
  })
