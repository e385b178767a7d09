/**
 * The sandbox's clock: real, virtual, or the caller's. Everything that waits or reads the time goes through it.
 */
import type { SandboxClock, SandboxOptions } from "../types.ts"
import { configError } from "./Config.ts"

// a longer setTimeout would fire immediately
const longest = 2 ** 31 - 1

/** Waits with the machine's timers. */
const sleepReal: SandboxClock["sleep"] = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(ms, longest))
    signal?.addEventListener("abort", done, { once: true })
  })

/** Wall-clock time that never steps back, in whole milliseconds. */
export const real: SandboxClock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
  sleep: sleepReal,
}

/** A clock that moves only when it is advanced. */
export class VirtualClock implements SandboxClock {
  #now: number
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()

  /** Starts at 2026-01-01T00:00:00Z by default. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs
  }

  readonly now = (): number => this.#now

  readonly sleep: SandboxClock["sleep"] = (ms, signal) =>
    new Promise((resolve) => {
      if (ms <= 0 || signal?.aborted === true) return resolve()
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal?.removeEventListener("abort", sleeper.wake)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener("abort", sleeper.wake, { once: true })
    })

  /** Advances by `ms`, waking each sleeper at its time and letting it act before the next one. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + Math.max(0, ms)
    for (;;) {
      let next: { readonly at: number; readonly wake: () => void } | undefined
      for (const sleeper of this.#sleepers) {
        if (sleeper.at <= target && (next === undefined || sleeper.at < next.at)) next = sleeper
      }
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#now = Math.max(this.#now, target)
  }
}

/** Creates the clock that the options ask for. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for any other value. */
export const make = (option: SandboxOptions["clock"]): SandboxClock => {
  if (option === undefined || option === "real") return real
  if (option === "virtual") return new VirtualClock()
  if (typeof option === "function") return { now: option, sleep: sleepReal }
  // safe: callers without types may give anything
  const { now, sleep } = Object(option) as Record<keyof SandboxClock, unknown>
  if (typeof now === "function" && typeof sleep === "function") return option
  throw configError(
    "`clock` must be real, virtual, a function that returns the time, or an object with `now` and `sleep`",
  )
}
