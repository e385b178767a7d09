/** Reads the clock of a store outside of the process by this process's own: no step waits for the store's time. */

/** Knows by how much a store's clock is ahead of this process's, from the times of its replies. */
export class StoreClock {
  /** Milliseconds from this process's monotonic clock to the store's clock; undefined before the first reply. */
  offsetMs: number | undefined
  /** The shortest round trip, in milliseconds. */
  roundTripMs = Number.POSITIVE_INFINITY

  /**
   * Learns from one reply. The store read its clock between the command and its reply: the shorter that took, the
   * better is the middle. A reply that contradicts what is known counts at once: a clock was set.
   */
  learn(askedAt: number, repliedAt: number, storeNow: number): void {
    const tookMs = repliedAt - askedAt
    const offsetMs = this.offsetMs ?? Number.NaN
    const fits = storeNow - repliedAt <= offsetMs && offsetMs <= storeNow - askedAt
    if (fits && tookMs > this.roundTripMs) return
    this.roundTripMs = tookMs
    this.offsetMs = storeNow - (askedAt + repliedAt) / 2
  }
}
