/**
 * The circuit breaker of one origin: opens after five attempts in a row without a usable answer, and lets one probe
 * through when its time is up. Pure of effects; whoever asks brings the time.
 */

const threshold = 5
const firstMs = 1_000
const capMs = 60_000

/** Lets a request go: freely, or as the one probe. It is handed back with what came of the attempt. */
export type BreakerPermit = { readonly _tag: "Closed" } | { readonly _tag: "Probe" }

/** Says whether a request may go, or not before `retryAfterMs`. */
export type BreakerState = BreakerPermit | { readonly _tag: "Open"; readonly retryAfterMs: number }

const closed: BreakerState = { _tag: "Closed" }

/** Counts failures and keeps the circuit's state; times are monotonic milliseconds. */
export class CircuitBreaker {
  /** When the API last answered anything; never: minus infinity. */
  lastAnswerAt = Number.NEGATIVE_INFINITY
  private failures = 0
  private opened = 0
  private openUntil = 0
  private trial: BreakerPermit | undefined

  /** Tells how the circuit stands, without taking the probe. */
  peek(now: number): BreakerState {
    if (this.opened === 0) return closed
    if (now < this.openUntil) return { _tag: "Open", retryAfterMs: this.openUntil - now }
    // the probe's own deadlines bound this wait; a second is when to look again
    return this.trial === undefined ? { _tag: "Probe" } : { _tag: "Open", retryAfterMs: firstMs }
  }

  /** Asks to let a request go; a pass is to be ended by one of `passed`, `failed` and `released`. */
  enter(now: number): BreakerState {
    const gate = this.peek(now)
    if (gate._tag === "Probe") this.trial = gate
    return gate
  }

  /** Notes that the API answered, whatever it said. */
  recordResponse(now: number): void {
    this.lastAnswerAt = now
  }

  /** Notes a usable answer, a refusal included: it closes the circuit. */
  recordSuccess(): void {
    this.failures = 0
    this.opened = 0
    this.trial = undefined
  }

  /** Notes an attempt that failed to connect, or left and came to no usable answer. */
  recordFailure(now: number, pass: BreakerPermit): void {
    this.failures += 1
    // what was under way when the circuit opened says nothing new; only its probe opens it again, for longer
    if (this.opened === 0 ? this.failures >= threshold : pass === this.trial) {
      this.openUntil = now + Math.min(capMs, firstMs * 2 ** Math.min(this.opened, 10))
      this.opened += 1
    }
    this.release(pass)
  }

  /** Takes a pass back: the attempt was not made, or was aborted. */
  release(pass: BreakerPermit): void {
    if (pass === this.trial) this.trial = undefined
  }
}
