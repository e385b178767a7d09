/**
 * The retry budget of one origin: a bucket of 20 resends. A resend costs 1, and a call that succeeds at its first attempt
 * gives 0.1 back. A resend after a 429 costs nothing, since the API asked for it. It has no clock: the caller passes the
 * time, in monotonic milliseconds.
 */

const capacity = 20
const earnings = 0.1
/** The time between two resends that the budget does not pay for. */
const pauseMs = 1_000

/** A resend that is due. Its call must end it with `send` or `release`. */
export interface Resend {
  state: "waiting" | "granted" | "ended"
  isPaid: boolean
  /** Called when it is worth asking again. */
  wake: (() => void) | undefined
}

/** Grants resends in the order in which they were due. */
export class RetryBudget {
  #left = capacity
  /** Rows of runs whose first attempt has not ended: they may earn. */
  #fresh = 0
  #granted = 0
  #sentAt = Number.NEGATIVE_INFINITY
  readonly #waiting = new Set<Resend>()

  /** How many resends are left. */
  get left(): number {
    return Math.floor(this.#left)
  }

  /** Counts a row whose first attempt is to come; `endFresh` is then owed. */
  beginFresh(): void {
    this.#fresh += 1
  }

  /** Records that the first attempt of a row has ended, or will not be made. */
  endFresh(): void {
    this.#fresh -= 1
    this.#wakeFirst()
  }

  /** Adds a tenth of a resend, for a success at the first attempt. */
  earn(): void {
    this.#left = Math.min(capacity, this.#left + earnings)
    this.#wakeFirst()
  }

  /** Adds a resend that is due. */
  enter(): Resend {
    const resend: Resend = { state: "waiting", isPaid: false, wake: undefined }
    this.#waiting.add(resend)
    return resend
  }

  /**
   * Returns 0 if a resend can be sent, and grants it; else the time after which to ask again. Once the budget is spent
   * and no fresh row is left that could earn, one resend is granted each second.
   */
  ask(resend: Resend, now: number): number {
    if (resend.state !== "waiting") return 0
    if (resend !== this.#first) return pauseMs
    resend.isPaid = this.#left >= 1
    const ms = resend.isPaid ? 0 : this.#unpaidMs(now)
    if (ms > 0) return ms
    if (resend.isPaid) this.#left -= 1
    resend.state = "granted"
    this.#granted += 1
    this.#waiting.delete(resend)
    this.#wakeFirst()
    return 0
  }

  /** Records that a resend is sent. */
  send(resend: Resend, now: number): void {
    if (resend.state !== "granted") return
    resend.state = "ended"
    this.#granted -= 1
    this.#sentAt = now
    this.#wakeFirst()
  }

  /** Takes back a resend that was not sent, and what was paid for it. */
  release(resend: Resend): void {
    if (resend.state === "granted") {
      this.#granted -= 1
      if (resend.isPaid) this.#left += 1
    }
    resend.state = "ended"
    this.#waiting.delete(resend)
    this.#wakeFirst()
  }

  get #first(): Resend | undefined {
    return this.#waiting.values().next().value
  }

  #unpaidMs(now: number): number {
    const isQuiet = this.#fresh === 0 && this.#granted === 0
    return isQuiet ? Math.max(0, this.#sentAt + pauseMs - now) : pauseMs
  }

  #wakeFirst(): void {
    this.#first?.wake?.()
  }
}
