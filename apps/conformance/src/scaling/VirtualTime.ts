/**
 * The time and the chance of a simulated world. While one is in use, this process's timers, clocks and random numbers are its
 * own: nothing waits, and a run is the same on every machine. Code with Effect and code without it see one time.
 */
import { createHash } from "node:crypto"

import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

import { source } from "../pacing/Random.ts"

/** An event that has not happened yet. */
interface Timer {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)

/** A heap: tens of thousands of timers wait at a time. */
class Timers {
  readonly #heap: Array<Timer> = []

  add(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    for (;;) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(timer, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = timer
  }

  next(): Timer | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let index = 0
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]]
      const isRight = right !== undefined && left !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
    return first
  }
}

/** A world with its own time, which starts at 0. */
export class VirtualTime implements Disposable {
  readonly #timers = new Timers()
  readonly #restore: () => void
  readonly #immediate = globalThis.setImmediate
  #order = 0
  #now = 0
  readonly random: () => number
  /** For effects: the same time. */
  readonly clock: Clock.Clock
  /** Continues a fiber before the next event, like a promise. */
  readonly scheduler = new Scheduler.MixedScheduler("async", (run) => {
    let isCancelled = false
    queueMicrotask(() => {
      if (!isCancelled) run()
    })
    return () => {
      isCancelled = true
    }
  })

  constructor(seed: number) {
    this.random = source(seed)
    const millis = () => Math.floor(startedAt + this.#now)
    const nanos = () => BigInt(Math.round(this.#now * 1e6))
    this.clock = {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: () => BigInt(startedAt) * 1_000_000n + nanos(),
      currentTimeNanos: Effect.sync(() => BigInt(startedAt) * 1_000_000n + nanos()),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => {
        const ms = Duration.toMillis(duration)
        return Number.isFinite(ms) ? Effect.promise(() => this.sleep(ms)) : Effect.never
      },
    }
    this.#restore = this.#install(millis)
  }

  /** Returns the milliseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** Runs something at a time. */
  at(at: number, run: () => void): Timer {
    const timer = { at: Math.max(at, this.#now), order: this.#order++, run }
    this.#timers.add(timer)
    return timer
  }

  /** Resolves after a time in milliseconds, fractions included: for the world outside of the processes. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.#now + ms, resolve))
  }

  /** Lets events happen until the time is up. */
  async until(endMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      // promises and fibers first: all of them, before the next event
      await new Promise<void>((resolve) => this.#immediate(resolve))
      if (isOver()) return
      const timer = this.#timers.next()
      if (timer === undefined || timer.at > endMs) {
        if (timer !== undefined) this.#timers.add(timer)
        this.#now = Math.max(this.#now, endMs)
        return
      }
      this.#now = timer.at
      timer.run?.()
    }
  }

  /** Replaces the globals; returns what puts them back. */
  #install(millis: () => number): () => void {
    const { clearTimeout, setTimeout } = globalThis
    const { now: perform } = performance
    const { now: wall } = Date
    const { random } = Math
    const { randomUUID } = crypto
    const { digest } = crypto.subtle
    const hex = () =>
      Math.floor(this.random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0")
    Object.assign(globalThis, {
      // timers of Node count whole milliseconds
      setTimeout: (run: () => void, ms = 0) =>
        this.at(this.#now + Math.max(1, Math.trunc(ms)), () => run()),
      clearTimeout: (timer: Timer | undefined) => {
        if (timer !== undefined) timer.run = undefined
      },
    })
    performance.now = () => this.#now
    Date.now = millis
    Math.random = this.random
    Object.assign(crypto, {
      randomUUID: () => `${hex()}-0000-4000-8000-0000${hex()}`,
    })
    Object.assign(crypto.subtle, {
      // another thread would take real time
      digest: async (_: string, bytes: Uint8Array) =>
        Uint8Array.from(createHash("sha256").update(bytes).digest()).buffer,
    })
    return () => {
      Object.assign(globalThis, { clearTimeout, setTimeout })
      performance.now = perform
      Date.now = wall
      Math.random = random
      Object.assign(crypto, { randomUUID })
      Object.assign(crypto.subtle, { digest })
    }
  }

  /** Restores the time of the process. */
  [Symbol.dispose](): void {
    this.#restore()
  }
}

/** The date at the start. */
const startedAt = Date.UTC(2026, 10, 28)
