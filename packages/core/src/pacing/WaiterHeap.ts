/**
 * A binary heap that finds the waiting caller with the least key. A caller that left the queue stays in it until it
 * comes up, or until most callers have left. No Effect inside.
 */
import * as Tuning from "./PacerTuning.ts"

/** What the heap needs to know of a caller. */
export interface HeapEntry {
  /** False once it has left the queue, and with it the heap. */
  readonly queued: boolean
}

/** Orders the queued callers by a number that never changes. */
export class WaiterHeap<Entry extends HeapEntry> {
  readonly #keyOf: (entry: Entry) => number
  #entries: Array<Entry> = []

  constructor(keyOf: (entry: Entry) => number) {
    this.#keyOf = keyOf
  }

  /** Returns the caller with the least key. */
  get first(): Entry | undefined {
    while (this.#entries[0]?.queued === false) this.#removeFirst()
    return this.#entries[0]
  }

  /** Adds a queued caller. */
  push(entry: Entry): void {
    let index = this.#entries.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#key(parent) <= this.#key(index)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  /** Drops callers that have left, if they are most of the heap; `queued` is how many have not. */
  compact(queued: number): void {
    const { length } = this.#entries
    if (length <= Tuning.compactHeapAbove || length <= Tuning.heapSlack * queued) return
    this.#entries = this.#entries
      .filter((entry) => entry.queued)
      .toSorted((a, b) => this.#keyOf(a) - this.#keyOf(b))
  }

  #removeFirst(): void {
    const last = this.#entries.pop()
    if (last === undefined || this.#entries.length === 0) return
    this.#entries[0] = last
    for (let index = 0; ;) {
      const left = 2 * index + 1
      const least = this.#key(left + 1) < this.#key(left) ? left + 1 : left
      if (this.#key(least) >= this.#key(index)) return
      this.#swap(index, least)
      index = least
    }
  }

  #key(index: number): number {
    const entry = this.#entries[index]
    return entry === undefined ? Number.POSITIVE_INFINITY : this.#keyOf(entry)
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#entries[a], this.#entries[b]]
    if (first === undefined || second === undefined) return
    this.#entries[a] = second
    this.#entries[b] = first
  }
}
