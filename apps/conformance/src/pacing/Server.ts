/** A simulated API behind a rate limiter: how it responds at which time, and its ledger. */
import * as Limiter from "../../../../packages/sandbox/src/api/Limiter.ts"

/** How the API behaves. Times are on the server's clock, which starts at `phaseMs`. */
export interface ServerOptions {
  readonly limiter: Limiter.LimiterOptions
  /** The position of an aligned limiter in its window at the start. */
  readonly phaseMs: number
  /** Changes of limit or window, in order of time since the start. */
  readonly changes?: ReadonlyArray<{ readonly atMs: number; readonly limit: number }>
  /** Which responses carry the `X-RateLimit-*` headers. */
  readonly headers: "always" | "on-429" | "never"
  readonly retryAfter: boolean
  /** When another client with the same token sends a request (since the start, ascending). */
  readonly neighbour?: ReadonlyArray<number>
}

/** The parts of a response that the client sees. */
export interface SimulatedResponse {
  readonly rateLimited: boolean
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfterMs?: number
}

/** The running server; `handle` must be called in order of time (since the start). */
export class Server {
  readonly #options: ServerOptions
  #state: Limiter.LimiterState
  #changed = 0
  #neighbourCount = 0
  /** When requests were accepted. */
  readonly accepted: Array<number> = []
  /** When requests were rate limited. */
  readonly rateLimited: Array<number> = []

  constructor(options: ServerOptions) {
    this.#options = options
    this.#state = Limiter.make(options.limiter)
  }

  /** Applies what happened before this time: changes of the limit, requests of the neighbour. */
  #advance(atMs: number): void {
    const { changes = [], neighbour = [], phaseMs } = this.#options
    for (;;) {
      const change = changes[this.#changed]
      const other = neighbour[this.#neighbourCount]
      const changeAt = change?.atMs ?? Number.POSITIVE_INFINITY
      const otherAt = other ?? Number.POSITIVE_INFINITY
      if (Math.min(changeAt, otherAt) > atMs) return
      if (change !== undefined && changeAt <= otherAt) {
        this.#state = Limiter.reconfigure(this.#state, { limit: change.limit }, phaseMs + changeAt)
        this.#changed++
      } else {
        this.#state = Limiter.take(this.#state, phaseMs + otherAt).state
        this.#neighbourCount++
      }
    }
  }

  /** Returns how long a request at this time would have to wait, without making it. */
  waitAt(atMs: number): number {
    this.#advance(atMs)
    return Limiter.take(this.#state, this.#options.phaseMs + atMs).decision.retryAfterMs
  }

  /** Handles one request. */
  handle(atMs: number): SimulatedResponse {
    this.#advance(atMs)
    const { headers, phaseMs, retryAfter } = this.#options
    const { decision, state } = Limiter.take(this.#state, phaseMs + atMs)
    this.#state = state
    ;(decision.allowed ? this.accepted : this.rateLimited).push(atMs)
    const named = headers === "always" || (headers === "on-429" && !decision.allowed)
    return {
      rateLimited: !decision.allowed,
      ...(named && { limit: decision.limit, remaining: decision.remaining }),
      ...(!decision.allowed &&
        retryAfter && { retryAfterMs: Math.ceil(decision.retryAfterMs / 1000) * 1000 }),
    }
  }
}

/**
 * Returns the minimum time in which `total` requests fit, from the first send to the last response, for a client that knows the
 * server's state and has this many in flight on a network without jitter.
 */
export const ideal = (
  options: ServerOptions,
  total: number,
  concurrency: number,
  roundTripMs: number,
): number => {
  const server = new Server(options)
  const arrivals: Array<number> = []
  let now = roundTripMs / 2
  while (arrivals.length < total) {
    const freed = arrivals[arrivals.length - concurrency]
    now = Math.max(now, freed === undefined ? now : freed + roundTripMs)
    const wait = server.waitAt(now)
    if (wait > 0) {
      now += wait
      continue
    }
    server.handle(now)
    arrivals.push(now)
  }
  return now + roundTripMs / 2
}
