/**
 * Creates contacts in a process of its own, and tells how large it is: to be run by `Child` with `--expose-gc`. Sends a
 * `Size` after every batch, and ends.
 */
import * as Effect from "effect/Effect"

import { input } from "./Child.ts"
import * as Creating from "./Creating.ts"

/** What to create: one batch of identifiers after the other, each batch in order by one client for all. */
export interface Batches {
  readonly baseUrl: string
  readonly batches: ReadonlyArray<ReadonlyArray<string>>
}

/** The process after a batch; sizes are in bytes. */
export interface Size {
  /** What is reachable, on the heap and beside it. */
  readonly live: number
  /** What the process holds of the machine: now, and the most of it while the batch ran. */
  readonly rss: number
  readonly peak: number
  /** What each create came to. */
  readonly came: ReadonlyArray<string>
}

const { baseUrl, batches } = input<Batches>()
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Looks at the size of the process every millisecond; what came in one turn is still there after it. */
const watch = () => {
  let peak = 0
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const timer = setInterval(look, 1)
  return () => {
    look()
    clearInterval(timer)
    return peak
  }
}

const sizeOf = async (peak: number, came: ReadonlyArray<string>): Promise<Size> => {
  for (let n = 0; n < 4; n++) {
    await turn()
    globalThis.gc?.()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { live: heapUsed + external, rss, peak, came }
}

const program = Effect.gen(function* () {
  const client = yield* Creating.make(baseUrl, { retries: 0, clock: "real" })
  for (const identifiers of batches) {
    const came: Array<string> = []
    const peak = watch()
    for (const identifier of identifiers) came.push((yield* client.create(identifier)).to)
    const size = yield* Effect.promise(() => sizeOf(peak(), came))
    yield* Effect.sync(() => process.send?.(size))
  }
})

await Effect.runPromise(Effect.scoped(program))
process.disconnect()
