/** A simulated API behind a rate limiter: how it responds at which time, and its ledger. */
import * as Limiter from "../../../../packages/sandbox/src/api/Limiter.ts"

/** How the API behaves. Times are on the server's clock, which starts at `phaseMs`. */
export interface ServerOptions {
  /** A bucket of another rate than its burst per second has `windowMs` = 1000 x burst / rate. */
  readonly limiter: Limiter.LimiterOptions
  /** More limits that hold at once; a response names the one that leaves least, or the first one only. */
  readonly also?: ReadonlyArray<Limiter.LimiterOptions>
  readonly named?: "least" | "first"
  /** The position of an aligned limiter in its window at the start. */
  readonly phaseMs: number
  /** Changes of limit or window, in order of time since the start. */
  readonly changes?: ReadonlyArray<{ readonly atMs: number; readonly limit: number }>
  /** Which responses carry the `X-RateLimit-*` headers. */
  readonly headers: "always" | "on-429" | "never"
  readonly retryAfter: boolean
  /** When another client with the same token sends a request (since the start, ascending). */
  readonly neighbour?: ReadonlyArray<number>
  /** Changes what a response says, by how many there were before, and the time since the start. */
  readonly odd?: (response: SimulatedResponse, count: number, atMs: number) => SimulatedResponse
}

/** The parts of a response that the client sees. */
export interface SimulatedResponse {
  readonly rateLimited: boolean
  readonly limit?: number
  readonly remaining?: number
  readonly retryAfterMs?: number
}

/** Several limits: a request counts only if all of them allow it. */
type State = ReadonlyArray<Limiter.LimiterState>

const take = (
  state: State,
  atMs: number,
  named: "least" | "first",
): { readonly decision: Limiter.Decision; readonly state: State } => {
  const results = state.map((limiter) => Limiter.take(limiter, atMs))
  const decisions = results.map(({ decision }) => decision)
  const rateLimited = decisions.filter(({ allowed }) => !allowed)
  const [first] = decisions
  if (first === undefined) throw new RangeError("a server has a limiter")
  const least =
    rateLimited.length > 0
      ? rateLimited.reduce((a, b) => (b.retryAfterMs > a.retryAfterMs ? b : a))
      : decisions.reduce((a, b) => (b.remaining < a.remaining ? b : a))
  const shown =
    named === "first" ? { ...least, limit: first.limit, remaining: first.remaining } : least
  return {
    decision: shown,
    state: rateLimited.length > 0 ? state : results.map((each) => each.state),
  }
}

/** The running server; `handle` must be called in order of time (since the start). */
export class Server {
  readonly #options: ServerOptions
  #state: State
  #changed = 0
  #neighbourCount = 0
  #handled = 0
  /** When requests were accepted. */
  readonly accepted: Array<number> = []
  /** When requests were rate limited. */
  readonly rateLimited: Array<number> = []
  /** How many requests of the neighbour were accepted, of those that it has sent. */
  neighbourAccepted = 0

  constructor(options: ServerOptions) {
    this.#options = options
    this.#state = [options.limiter, ...(options.also ?? [])].map((limiter) => Limiter.make(limiter))
  }

  /** Returns how many requests the neighbour has sent. */
  get neighbourSent(): number {
    return this.#neighbourCount
  }

  #take(atMs: number) {
    const { named = "least", phaseMs } = this.#options
    return take(this.#state, phaseMs + atMs, named)
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
        this.#state = this.#state.map((limiter, index) =>
          index > 0
            ? limiter
            : Limiter.reconfigure(limiter, { limit: change.limit }, phaseMs + changeAt),
        )
        this.#changed++
      } else {
        const { decision, state } = this.#take(otherAt)
        this.#state = state
        if (decision.allowed) this.neighbourAccepted++
        this.#neighbourCount++
      }
    }
  }

  /** Returns how long a request at this time would have to wait, without making it. */
  waitAt(atMs: number): number {
    this.#advance(atMs)
    return this.#take(atMs).decision.retryAfterMs
  }

  /** Handles one request. */
  handle(atMs: number): SimulatedResponse {
    this.#advance(atMs)
    const { headers, odd = (response) => response, retryAfter } = this.#options
    const { decision, state } = this.#take(atMs)
    this.#state = state
    ;(decision.allowed ? this.accepted : this.rateLimited).push(atMs)
    const named = headers === "always" || (headers === "on-429" && !decision.allowed)
    const response = {
      rateLimited: !decision.allowed,
      ...(named && { limit: decision.limit, remaining: decision.remaining }),
      ...(!decision.allowed &&
        retryAfter && { retryAfterMs: Math.ceil(decision.retryAfterMs / 1000) * 1000 }),
    }
    return odd(response, this.#handled++, atMs)
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
