/**
 * A simulated database: every statement crosses the network, waits for a processor of the server, takes its time there,
 * and crosses the network again. A statement on the limit's record waits for the one before it, as its row lock makes it do.
 */
import type { StoreExchange, StoreReply } from "@aelyst/core/shared-store"

import type { VirtualTime } from "./VirtualTime.ts"

/** The measured times of a statement on the server, in milliseconds of one processor. */
export interface ServiceTimes {
  /** How many statements run at a time. */
  readonly processors: number
  readonly ms: Readonly<Record<StatementName, number>>
}

/** The kinds of statements that a worker sends. */
export type StatementName =
  | "limit"
  | "find"
  | "claimable"
  | "claim"
  | "lookup"
  | "payloads"
  | "intent"
  | "outcome"
  | "release"
  | "progress"

/** Lets so many pass at a time, in order. */
export class Slots {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(count: number) {
    this.#free = count
  }

  async hold<A>(use: () => Promise<A>): Promise<A> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await use()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}

/** A worker's connections to the database. */
export class Connections {
  readonly #database: Database
  readonly #slots: Slots

  constructor(database: Database, count: number) {
    this.#database = database
    this.#slots = new Slots(count)
  }

  /** Runs one statement; `run` happens when the server has done its work. */
  statement<A>(name: StatementName, run: () => A): Promise<A> {
    return this.#slots.hold(() => this.#database.serve(name, run))
  }

  /** The one statement of a shared limit. */
  readonly exchange: StoreExchange = (key, expected, write) =>
    this.#slots.hold(() => this.#database.compareAndSet(key, expected, write))
}

/** The server. */
export class Database {
  readonly #time: VirtualTime
  readonly #latencyMs: number
  readonly #service: ServiceTimes
  readonly #processors: Slots
  readonly #locks = new Map<string, Slots>()
  readonly #records = new Map<string, { readonly version: string; readonly text: string }>()
  /** How long its processors have worked, in milliseconds. */
  busyMs = 0
  readonly counts = { statements: 0, exchanges: 0, writes: 0, lost: 0 }

  constructor(time: VirtualTime, latencyMs: number, service: ServiceTimes) {
    this.#time = time
    this.#latencyMs = latencyMs
    this.#service = service
    this.#processors = new Slots(service.processors)
  }

  async #work<A>(name: StatementName, run: () => A): Promise<A> {
    return this.#processors.hold(async () => {
      const ms = this.#service.ms[name]
      await this.#time.sleep(ms)
      this.busyMs += ms
      this.counts.statements++
      return run()
    })
  }

  /** Runs a statement for a client that waits for its result. */
  async serve<A>(name: StatementName, run: () => A): Promise<A> {
    await this.#time.sleep(this.#latencyMs / 2)
    const result = await this.#work(name, run)
    await this.#time.sleep(this.#latencyMs / 2)
    return result
  }

  /** Compares and sets the record of a key. */
  async compareAndSet(...[key, expected, write]: Parameters<StoreExchange>): Promise<StoreReply> {
    await this.#time.sleep(this.#latencyMs / 2)
    const lock = this.#locks.get(key) ?? new Slots(1)
    this.#locks.set(key, lock)
    const step = () =>
      this.#work("limit", (): StoreReply => {
        const { text = "", version = "" } = this.#records.get(key) ?? {}
        const { now } = this.#time
        const matched = version === expected && now <= (write?.notAfter ?? now)
        this.counts.exchanges++
        if (write !== undefined && matched) {
          this.counts.writes++
          this.#records.set(key, { version: write.version, text: write.text })
        } else if (write !== undefined) this.counts.lost++
        return { matched, version, text, now }
      })
    // only a statement that writes locks the row
    const reply = await (write === undefined ? step() : lock.hold(step))
    await this.#time.sleep(this.#latencyMs / 2)
    return reply
  }
}
