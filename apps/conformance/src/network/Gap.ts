/** Waits until an exact time, to a fraction of a millisecond, with the event loop free or blocked. */
import * as Effect from "effect/Effect"

/** How late a timer may be, in milliseconds; the rest of a wait is spent in passes of the event loop. */
const slack = 2

/** Waits with a free event loop until `performance.now()` reaches a time. */
export const until = (at: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    const left = at - performance.now() - slack
    if (left >= 1) await new Promise<void>((resolve) => setTimeout(resolve, left))
    while (performance.now() < at) await new Promise<void>((resolve) => setImmediate(resolve))
  })

/** Blocks the event loop until `performance.now()` reaches a time: no timer fires and no byte is read. */
export const block = (at: number): Effect.Effect<void> =>
  Effect.sync(() => {
    const left = at - performance.now()
    if (left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left)
  })
