/**
 * The queue before the pacer: callers in the order in which they first came, even if they were rate limited in between.
 * Nearly all join at the end and leave from the front, at once; elsewhere it takes microseconds among 10,000.
 */
import * as Effect from "effect/Effect"

/** A wait that cannot or could not fit, and how long it would have been, if known. */
export interface WaitFailure {
  readonly retryAfterMs?: number
}

/** A request that the store has admitted. */
export interface Admitted {
  readonly id: number
  readonly minRoundTripMs: number
}

/** A caller that waits. Times are on the monotonic clock, in milliseconds. */
export class Waiter {
  /** Never changes: a caller that comes back after a 429 keeps its place. */
  readonly order: number
  readonly deadline: number
  readonly arrivedAt: number
  /** Set when it is too late; the caller fails with it. */
  failure: WaitFailure | undefined = undefined
  /** Set when the caller before it had a request of this one admitted, too. */
  admitted: Admitted | undefined = undefined
  /** Wakes the caller; absent while it is not asleep. */
  resume: (() => void) | undefined = undefined
  /** It was woken while it was not asleep. */
  woken = false

  constructor(order: number, deadline: number, arrivedAt: number) {
    this.order = order
    this.deadline = deadline
    this.arrivedAt = arrivedAt
  }

  /** Lets a sleeping caller continue; one that is awake does not fall asleep the next time. */
  wake(): void {
    const { resume } = this
    this.resume = undefined
    if (resume === undefined) this.woken = true
    else resume()
  }
}

/** Holds the callers. */
export class WaitQueue {
  readonly #byOrder: Array<Waiter> = []
  readonly #byDeadline: Array<Waiter> = []

  /** Counts the callers. */
  get size(): number {
    return this.#byOrder.length
  }

  /** Returns the caller whose turn it is. */
  get head(): Waiter | undefined {
    return this.#byOrder[0]
  }

  /** Returns the earliest deadline in the queue; Infinity without one. */
  get nextDeadline(): number {
    return this.#byDeadline[0]?.deadline ?? Number.POSITIVE_INFINITY
  }

  /** Adds a caller at the place of its order; wakes a head that no longer is the head, so that it stops its timer. */
  join(waiter: Waiter): void {
    const { head } = this
    insert(this.#byOrder, waiter, (other) => other.order <= waiter.order)
    insert(this.#byDeadline, waiter, (other) => other.deadline <= waiter.deadline)
    if (this.head !== head) head?.wake()
  }

  /** Takes a caller out, wherever it stands; wakes a new head. */
  leave(waiter: Waiter): void {
    const { head } = this
    remove(this.#byOrder, waiter)
    remove(this.#byDeadline, waiter)
    if (head === waiter) this.head?.wake()
  }

  /** Lets the head leave with a permit that was taken for it; returns false if no caller waits. */
  serveHead(admitted: Admitted): boolean {
    const { head } = this
    if (head === undefined) return false
    head.admitted = admitted
    this.leave(head)
    head.wake()
    return true
  }

  /** Takes out every caller whose deadline is not after this time, and wakes it to fail. */
  expire(time: number, failure: WaitFailure): void {
    while (this.nextDeadline <= time) {
      const [late] = this.#byDeadline
      if (late === undefined) return
      late.failure = failure
      this.leave(late)
      late.wake()
    }
  }
}

/** Sleeps until the caller is woken; then lets the waker finish first, so that the first one served sends first. */
export const asleep = (waiter: Waiter): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    waiter.resume = () => resume(Effect.yieldNow)
    if (waiter.woken) {
      waiter.woken = false
      waiter.wake()
    }
    return Effect.sync(() => {
      waiter.resume = undefined
    })
  })

const insert = (
  sorted: Array<Waiter>,
  waiter: Waiter,
  isAhead: (other: Waiter) => boolean,
): void => {
  sorted.splice(sorted.findLastIndex(isAhead) + 1, 0, waiter)
}

const remove = (waiters: Array<Waiter>, waiter: Waiter): void => {
  const index = waiters.indexOf(waiter)
  if (index >= 0) waiters.splice(index, 1)
}
