/**
 * The queue before the pacer: callers in the order in which they first came, even if they were rate limited in between.
 * Joining and leaving take logarithmic time, looking at the head takes constant time. No Effect inside.
 */
import { WaiterHeap } from "./WaiterHeap.ts"

/** Says that the wait cannot or could not fit, and how long it would have been, if known. */
export interface WaitFailure {
  readonly retryAfterMs?: number
}

/** A caller that waits. Times are on the monotonic clock, in milliseconds. */
export class Waiter {
  /** Never changes: a caller that comes back after a 429 stands where it stood. */
  readonly order: number
  readonly deadline: number
  readonly arrivedAt: number
  /** Set when it is too late; the caller fails with it. */
  failure: WaitFailure | undefined = undefined
  /** Lets the caller look again; absent while it is not asleep. */
  resume: (() => void) | undefined = undefined
  /** It was woken while it was not asleep. */
  woken = false
  queued = false

  constructor(order: number, deadline: number, arrivedAt: number) {
    this.order = order
    this.deadline = deadline
    this.arrivedAt = arrivedAt
  }

  /** Lets a sleeping caller look again; one that is awake will look before it sleeps. */
  wake(): void {
    const { resume } = this
    this.resume = undefined
    if (resume === undefined) this.woken = true
    else resume()
  }
}

/** Holds the callers. */
export class WaitQueue {
  readonly #byOrder = new WaiterHeap<Waiter>(({ order }) => order)
  readonly #byDeadline = new WaiterHeap<Waiter>(({ deadline }) => deadline)
  size = 0

  /** Returns the caller whose turn it is. */
  get head(): Waiter | undefined {
    return this.#byOrder.first
  }

  /** Puts a caller where its order belongs; wakes a head that no longer is the head, so that it stops its timer. */
  join(waiter: Waiter): void {
    const { head } = this
    waiter.queued = true
    this.size++
    this.#byOrder.push(waiter)
    if (waiter.deadline !== Number.POSITIVE_INFINITY) this.#byDeadline.push(waiter)
    if (this.head !== head) head?.wake()
  }

  /** Takes a caller out, wherever it stands; wakes a new head. */
  leave(waiter: Waiter): void {
    if (!waiter.queued) return
    const { head } = this
    waiter.queued = false
    this.size--
    this.#byOrder.compact(this.size)
    this.#byDeadline.compact(this.size)
    if (head === waiter) this.head?.wake()
  }

  /** Returns the earliest deadline in the queue; Infinity without one. */
  nextDeadline(): number {
    return this.#byDeadline.first?.deadline ?? Number.POSITIVE_INFINITY
  }

  /** Takes out every caller whose deadline is not after this time, and wakes it to fail. */
  expire(time: number, failure: WaitFailure): void {
    while (this.nextDeadline() <= time) {
      const late = this.#byDeadline.first
      if (late === undefined) return
      late.failure = failure
      this.leave(late)
      late.wake()
    }
  }
}
