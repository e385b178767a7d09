/** A sandbox whose responses are held back until the test releases them. */
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

/** Counts, and resolves when a number is reached. */
export class Counter {
  #count = 0
  readonly #watchers: Array<{ readonly count: number; readonly resolve: () => void }> = []

  add(): void {
    this.#count++
    for (const { count, resolve } of this.#watchers) if (this.#count >= count) resolve()
  }

  get count(): number {
    return this.#count
  }

  reached(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count >= count) resolve()
      else this.#watchers.push({ count, resolve })
    })
  }
}

export interface Held {
  readonly sandbox: Sandbox
  /** Resolves when this many requests wait for their response. */
  readonly arrived: (count: number) => Promise<void>
  /** Releases every response, now and from now on. */
  readonly release: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export const hold = async (options: SandboxOptions = {}): Promise<Held> => {
  let open = false
  const waiting = new Counter()
  const sleepers: Array<() => void> = []
  const sandbox = await Sandbox.start({
    ...options,
    latencyMs: 1,
    clock: {
      now: () => Math.floor(performance.timeOrigin + performance.now()),
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          if (open) return resolve()
          signal?.addEventListener("abort", () => resolve(), { once: true })
          sleepers.push(resolve)
          waiting.add()
        }),
    },
  })
  return {
    sandbox,
    arrived: (count) => waiting.reached(count),
    release: () => {
      open = true
      for (const wake of sleepers) wake()
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

/** Runs everything that is ready. */
export const settled = async (): Promise<void> => {
  for (let tick = 0; tick < 20; tick++) await new Promise((resolve) => setImmediate(resolve))
}
