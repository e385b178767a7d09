/**
 * The circuit breaker of one origin: opens after five attempts in a row without a usable answer, and lets one probe
 * through when its time is up. Pure of effects; whoever asks brings the time.
 */

const threshold = 5
const firstMs = 1_000
const capMs = 60_000

/** Says whether a request may go: freely, as the one probe, or not before `retryAfterMs`. */
export type Gate =
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Probe" }
  | { readonly _tag: "Open"; readonly retryAfterMs: number }

/** Counts failures and keeps the circuit's state; times are monotonic milliseconds. */
export class Breaker {
  private failures = 0
  private opened = 0
  private openUntil = 0
  private probing = false

  /** Tells how the circuit stands, without taking the probe. */
  peek(now: number): Gate {
    if (this.opened === 0) return { _tag: "Closed" }
    if (now < this.openUntil) return { _tag: "Open", retryAfterMs: this.openUntil - now }
    // the probe's own deadlines bound this wait; a second is when to look again
    return this.probing ? { _tag: "Open", retryAfterMs: firstMs } : { _tag: "Probe" }
  }

  /** Asks to let a request go; the answer `Probe` takes the probe, to be ended by one of the three methods below. */
  enter(now: number): Gate {
    const gate = this.peek(now)
    if (gate._tag === "Probe") this.probing = true
    return gate
  }

  /** When the API last answered anything; never: minus infinity. */
  lastAnswerAt = Number.NEGATIVE_INFINITY

  /** Notes an answer of the API: it closes the circuit, unless it was a failure of the server's own. */
  answered(now: number, kind: "answer" | "failure"): void {
    this.lastAnswerAt = now
    if (kind === "failure") return this.failed(now)
    this.failures = 0
    this.opened = 0
    this.probing = false
  }

  /** Notes an attempt that was dispatched or failed to connect and came to no usable answer. */
  failed(now: number): void {
    this.failures += 1
    if (this.opened > 0 ? this.probing : this.failures >= threshold) {
      this.openUntil = now + Math.min(capMs, firstMs * 2 ** Math.min(this.opened, 10))
      this.opened += 1
    }
    this.probing = false
  }

  /** Gives the probe back unused: the attempt was not made, or was aborted. */
  released(): void {
    this.probing = false
  }
}
