/**
 * The circuit breaker of one origin: opens after five attempts in a row without a usable response, and lets one trial
 * request through when its time is up. It has no clock: the caller passes the time.
 */

const threshold = 5
const firstMs = 1_000
const capMs = 60_000

/** Permits one request, either freely or as the trial; it is returned when the attempt has ended. */
export type BreakerPermit = { readonly _tag: "Closed" } | { readonly _tag: "Trial" }

/** The permit of the next request, or the wait until there is one. */
export type BreakerState = BreakerPermit | { readonly _tag: "Open"; readonly retryAfterMs: number }

const closed: BreakerState = { _tag: "Closed" }

/** Counts failures and keeps the circuit's state; times are monotonic milliseconds. */
export class CircuitBreaker {
  /** When the API last responded in any way; minus infinity before the first response. */
  lastResponseAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #timesOpened = 0
  #openUntil = 0
  #trial: BreakerPermit | undefined
  #trialSince: number | undefined
  readonly #waiting = new Set<() => void>()

  /** Returns the state of the circuit, without taking the trial. */
  peek(now: number): BreakerState {
    if (this.#timesOpened === 0) return closed
    if (now < this.#openUntil) return { _tag: "Open", retryAfterMs: this.#openUntil - now }
    if (this.#trial === undefined) return { _tag: "Trial" }
    // a trial that has taken long is expected to take as long again
    return { _tag: "Open", retryAfterMs: Math.max(firstMs, now - (this.#trialSince ?? now)) }
  }

  /**
   * Requests a permit; it must be ended by `recordSuccess`, `recordFailure` or `release`. The caller that holds the trial
   * passes it and keeps it.
   */
  enter(now: number, held?: BreakerPermit): BreakerState {
    if (held !== undefined && held === this.#trial) return held
    const state = this.peek(now)
    if (state._tag === "Trial") {
      this.#trial = state
      this.#trialSince = undefined
    }
    return state
  }

  /** Records that the request of a permit is sent now; until then the trial waits for its turn in the queue. */
  recordSend(now: number, permit: BreakerPermit): void {
    if (permit === this.#trial) this.#trialSince = now
  }

  /** Records that the API responded, whatever the status. */
  recordResponse(now: number): void {
    this.lastResponseAt = now
  }

  /** Records a usable response, a rejection included: it closes the circuit. */
  recordSuccess(): void {
    this.#failures = 0
    this.#timesOpened = 0
    this.#trial = undefined
    this.#wake()
  }

  /** Records an attempt that failed to connect, or left and got no usable response. */
  recordFailure(now: number, permit: BreakerPermit): void {
    this.#failures += 1
    // requests that were in flight when the circuit opened say nothing new; only its trial opens it again, for longer
    const opens = this.#timesOpened === 0 ? this.#failures >= threshold : permit === this.#trial
    if (opens) {
      this.#openUntil = now + Math.min(capMs, firstMs * 2 ** this.#timesOpened)
      this.#timesOpened += 1
    }
    this.release(permit)
  }

  /** Takes back a permit whose attempt was not made or was aborted. */
  release(permit: BreakerPermit): void {
    if (permit !== this.#trial) return
    this.#trial = undefined
    this.#wake()
  }

  /** Calls `wake` once, when the trial has ended or the circuit closes; callers are woken in order. Returns how to stop. */
  onChange(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  #wake(): void {
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of woken) wake()
  }
}
