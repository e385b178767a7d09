/**
 * Creates contacts in a separate process, and reports its size. Run by `Child` with `--expose-gc`. Sends a `Size` after every
 * batch, then ends.
 */
import * as Effect from "effect/Effect"

import { input } from "./Child.ts"
import * as Creating from "./Creating.ts"

/** The batches of identifiers to create, in order, all by one client. */
export interface Batches {
  readonly baseUrl: string
  readonly batches: ReadonlyArray<ReadonlyArray<string>>
}

/** The process after a batch; sizes are in bytes. */
export interface Size {
  /** The live memory, on and off the heap. */
  readonly live: number
  /** The resident memory of the process: now, and the maximum during the batch. */
  readonly rss: number
  readonly peak: number
  /** How each create ended. */
  readonly came: ReadonlyArray<string>
}

const { baseUrl, batches } = input<Batches>()
const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Samples the size of the process every millisecond; memory of one pass of the event loop is still held after it. */
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
    await nextTick()
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
