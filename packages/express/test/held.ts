/** A sandbox whose answers are held back until the test lets them go. */
import type { SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

export interface Held {
  readonly sandbox: Sandbox
  /** Resolves when this many requests wait for their answer. */
  readonly arrived: (count: number) => Promise<void>
  /** Lets every answer go, now and from now on. */
  readonly release: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export const hold = async (options: SandboxOptions = {}): Promise<Held> => {
  let open = false
  let waiting = 0
  const sleepers: Array<() => void> = []
  const watchers: Array<{ readonly count: number; readonly tell: () => void }> = []
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
          waiting++
          for (const { count, tell } of watchers) if (waiting >= count) tell()
        }),
    },
  })
  return {
    sandbox,
    arrived: (count) =>
      new Promise((resolve) => {
        if (waiting >= count) resolve()
        else watchers.push({ count, tell: resolve })
      }),
    release: () => {
      open = true
      for (const wake of sleepers) wake()
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

/** Lets everything that is ready happen. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
