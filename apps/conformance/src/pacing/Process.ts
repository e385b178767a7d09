/** One process of a simulation: its pacer's state machine, and the calls that wait for it. */
import * as Admission from "../../../../packages/core/src/pacing/Admission.ts"
import * as LearnFromResponse from "../../../../packages/core/src/pacing/LearnFromResponse.ts"
import * as PacerState from "../../../../packages/core/src/pacing/PacerState.ts"
import type { SimulatedResponse } from "./Server.ts"

/** The task of a process. Times in milliseconds since the start of the simulation. */
export interface ProcessOptions {
  /** How many creates it makes; Infinity to continue until the simulation ends. */
  readonly total: number
  readonly concurrency: number
  readonly prior?: { readonly limit: number; readonly windowMs: number }
  /** When its first call comes; 0 by default. */
  readonly startMs?: number
  /** When the process pauses: nothing is sent, and no response is read. */
  readonly pauses?: ReadonlyArray<{ readonly atMs: number; readonly forMs: number }>
  /** Whether it tells its pacer how many creates are to come. */
  readonly knowsTotal?: boolean
  /** After how many 429s a call is lost; never by default. */
  readonly attempts?: number
}

/** The world around a process: time, timers, chance and the way to the server. */
export interface Surroundings {
  readonly now: () => number
  readonly at: (atMs: number, run: () => void) => void
  readonly random: () => number
  /** Sends a request; `respond` runs when its response arrives. */
  readonly send: (respond: (response: SimulatedResponse) => void) => void
  readonly trace?: ((line: string) => void) | undefined
}

/** The running process. */
export class Process {
  readonly #options: ProcessOptions
  readonly #world: Surroundings
  readonly #config: PacerState.PacerConfig
  readonly #queue: Array<number> = []
  readonly #rateLimits = new Map<number, number>()
  #started = 0
  #asleepUntil = Number.POSITIVE_INFINITY
  state: PacerState.PacerState
  /** When the successful responses came. */
  readonly done: Array<number> = []
  rateLimited = 0
  lost = 0

  constructor(options: ProcessOptions, world: Surroundings) {
    this.#options = options
    this.#world = world
    this.#config = { prior: options.prior ?? { limit: 10, windowMs: 1000 } }
    this.state = PacerState.make(this.#config)
  }

  /** Begins with its first calls. */
  start(): void {
    const { concurrency, startMs = 0, total } = this.#options
    if (startMs > this.#world.now()) return this.#world.at(startMs, () => this.start())
    while (this.#started < Math.min(concurrency, total)) this.#join(this.#started++)
    this.#pump()
  }

  /** Checks whether every call has ended. */
  get finished(): boolean {
    return this.done.length + this.lost >= this.#options.total
  }

  #join(order: number): void {
    const index = this.#queue.findIndex((other) => other > order)
    this.#queue.splice(index < 0 ? this.#queue.length : index, 0, order)
  }

  /** Runs now, or at the end of the pause. */
  #awake(run: () => void): void {
    const now = this.#world.now()
    const pause = this.#options.pauses?.find(({ atMs, forMs }) => atMs <= now && now < atMs + forMs)
    if (pause === undefined) run()
    else this.#world.at(pause.atMs + pause.forMs, run)
  }

  #respond(id: number, order: number, response: SimulatedResponse): void {
    const { attempts = Number.POSITIVE_INFINITY, total } = this.#options
    const { now, random, trace } = this.#world
    trace?.(
      `${now().toFixed(1)} ${response.rateLimited ? "429" : "ok"} #${order} ${JSON.stringify(response)}`,
    )
    const learned = { ...response, jitter: random() }
    this.state = LearnFromResponse.observe(this.#config, this.state, id, learned, now())
    if (response.rateLimited) {
      this.rateLimited++
      const count = (this.#rateLimits.get(order) ?? 0) + 1
      this.#rateLimits.set(order, count)
      if (count < attempts) return this.#join(order)
      this.lost++
    } else this.done.push(now())
    if (this.#started < total) this.#join(this.#started++)
  }

  #left(order: number): number | undefined {
    const { knowsTotal = false, total } = this.#options
    return knowsTotal ? total - order : undefined
  }

  #pump(): void {
    const { now, send, trace } = this.#world
    while (this.#queue.length > 0) {
      const config = { ...this.#config, left: this.#left(this.#queue[0] ?? 0) }
      const [decision, next] = Admission.decide(config, this.state, now())
      this.state = next
      if (decision._tag === "Wait") return this.#sleep(decision.untilMs)
      this.#asleepUntil = Number.POSITIVE_INFINITY
      const order = this.#queue.shift() ?? 0
      trace?.(`${now().toFixed(1)} send #${order}`)
      send((response) =>
        this.#awake(() => {
          this.#respond(decision.id, order, response)
          this.#pump()
        }),
      )
    }
  }

  #sleep(untilMs: number): void {
    const wakeAt = this.#world.now() + Math.max(1, Math.ceil(untilMs - this.#world.now()))
    if (wakeAt === this.#asleepUntil) return
    this.#asleepUntil = wakeAt
    this.#world.at(wakeAt, () => {
      if (this.#asleepUntil !== wakeAt) return
      this.#asleepUntil = Number.POSITIVE_INFINITY
      this.#awake(() => this.#pump())
    })
  }
}
