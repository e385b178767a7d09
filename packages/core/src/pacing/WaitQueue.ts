/**
 * The line before the pacer: callers in the order in which they first came, whatever becomes of them in between.
 * Joining at the end, leaving from anywhere and looking at the head take constant time. No Effect inside.
 */

/** One caller's place. `order` never changes: who comes back after a refusal stands where they stood. */
export interface Waiter<A> {
  readonly order: number
  /** When it is too late, on the monotonic clock in milliseconds. */
  readonly deadline: number
  /** When it joined, on the monotonic clock in milliseconds. */
  readonly arrivedAt: number
  /** What it was granted. */
  permit: A | undefined
  /** Set when the wait cannot or could not fit; the caller fails with it. */
  failure: { readonly retryAfterMs?: number } | undefined
  /** Called once when the caller should look again; absent while it is not asleep. */
  wake: (() => void) | undefined
  /** It was woken while it was not asleep. */
  woken: boolean
  queued: boolean
  before: Waiter<A> | undefined
  behind: Waiter<A> | undefined
}

/** Makes a place that is in no line yet. */
export const makeWaiter = <A>(order: number, deadline: number, arrivedAt: number): Waiter<A> => ({
  order,
  deadline,
  arrivedAt,
  permit: undefined,
  failure: undefined,
  wake: undefined,
  woken: false,
  queued: false,
  before: undefined,
  behind: undefined,
})

/** Lets a sleeping caller look again; one that is awake will before it sleeps. */
export const wake = <A>(waiter: Waiter<A> | undefined): void => {
  if (waiter === undefined) return
  const resume = waiter.wake
  waiter.wake = undefined
  if (resume === undefined) waiter.woken = true
  else resume()
}

/** The line itself. */
export class PacerLine<A> {
  /** Who is next. */
  head: Waiter<A> | undefined
  /** How many stand in line. */
  size = 0
  #tail: Waiter<A> | undefined
  readonly #deadlines = new DeadlineHeap<A>()

  /** Puts a caller where its order belongs; wakes a head that is head no more, so that it stops its timer. */
  join(waiter: Waiter<A>): void {
    let before = this.#tail
    if (before !== undefined && before.order > waiter.order) {
      // Only refused callers come back, and few are in front of them: look from the head.
      before = undefined
      let next = this.head
      while (next !== undefined && next.order < waiter.order) {
        before = next
        next = next.behind
      }
    }
    const behind = before === undefined ? this.head : before.behind
    waiter.before = before
    waiter.behind = behind
    waiter.queued = true
    this.size++
    if (behind === undefined) this.#tail = waiter
    else behind.before = waiter
    if (before === undefined) {
      this.head = waiter
      wake(behind)
    } else before.behind = waiter
    if (waiter.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.push(waiter)
  }

  /** Takes a caller out, wherever it stands; a new head is woken. */
  leave(waiter: Waiter<A>): void {
    if (!waiter.queued) return
    waiter.queued = false
    this.size--
    const { before, behind } = waiter
    if (behind === undefined) this.#tail = before
    else behind.before = before
    if (before === undefined) {
      this.head = behind
      wake(behind)
    } else before.behind = behind
    waiter.before = undefined
    waiter.behind = undefined
    if (waiter.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.left(this.size)
  }

  /** The earliest deadline in the line, Infinity without one. */
  nextDeadline(): number {
    return this.#deadlines.earliest()
  }

  /** Takes everybody out whose deadline is not after this time, and wakes them to fail. */
  expire(time: number, failure: { readonly retryAfterMs?: number }): void {
    while (this.#deadlines.earliest() <= time) {
      const late = this.#deadlines.pop()
      if (late === undefined) return
      late.failure = failure
      this.leave(late)
      wake(late)
    }
  }
}

/** A binary heap by deadline. Who left the line is dropped when it comes up, or when too many have left. */
class DeadlineHeap<A> {
  #items: Array<Waiter<A>> = []

  push(waiter: Waiter<A>): void {
    const items = this.#items
    items.push(waiter)
    this.#up(items.length - 1)
  }

  /** Tells that somebody left a line that is now this long; rebuilds when most of the heap is gone. */
  left(size: number): void {
    if (this.#items.length <= 64 || this.#items.length <= 2 * size) return
    this.#items = this.#items
      .filter((item) => item.queued)
      .toSorted((a, b) => a.deadline - b.deadline)
  }

  earliest(): number {
    let top = this.#items[0]
    while (top !== undefined && !top.queued) {
      this.#removeTop()
      top = this.#items[0]
    }
    return top === undefined ? Number.POSITIVE_INFINITY : top.deadline
  }

  pop(): Waiter<A> | undefined {
    const top = this.#items[0]
    if (top !== undefined) this.#removeTop()
    return top
  }

  #removeTop(): void {
    const items = this.#items
    const last = items.pop()
    if (last === undefined || items.length === 0) return
    items[0] = last
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      let least = index
      if (this.#deadline(left) < this.#deadline(least)) least = left
      if (this.#deadline(right) < this.#deadline(least)) least = right
      if (least === index) return
      this.#swap(index, least)
      index = least
    }
  }

  #up(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#deadline(parent) <= this.#deadline(index)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #deadline(index: number): number {
    return this.#items[index]?.deadline ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const items = this.#items
    const first = items[a]
    const second = items[b]
    if (first === undefined || second === undefined) return
    items[a] = second
    items[b] = first
  }
}
