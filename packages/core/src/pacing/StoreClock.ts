/** Reads the clock of a store outside of the process by this process's own: no step waits for the store's time. */

/** Knows by how much a store's clock is ahead of this process's, from the times of its answers. */
export class StoreClock {
  /** Milliseconds from this process's monotonic clock to the store's clock; undefined before the first answer. */
  offsetMs: number | undefined
  #shortestMs = Number.POSITIVE_INFINITY

  /**
   * Learns from one answer. The store read its clock between the question and the answer: the shorter that took, the
   * better is the middle. An answer that contradicts what is known means that a clock was set: it counts at once.
   */
  learn(askedAt: number, answeredAt: number, storeNow: number): void {
    const tookMs = answeredAt - askedAt
    const offsetMs = this.offsetMs ?? Number.NaN
    const fits = storeNow - answeredAt <= offsetMs && offsetMs <= storeNow - askedAt
    if (fits && tookMs > this.#shortestMs) return
    this.#shortestMs = tookMs
    this.offsetMs = storeNow - (askedAt + answeredAt) / 2
  }
}
