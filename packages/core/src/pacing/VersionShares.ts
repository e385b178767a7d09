/**
 * Shares a limit between two versions of the state, as they run side by side in a rolling deploy. Neither reads the record of
 * the other, so that all processes note in another record, whose shape stays, which version they have.
 */
import { isSealed, seal } from "./SharedRecord.ts"
import type { StoreExchange } from "./StoreExchange.ts"

/** How often a process notes that it is there, in milliseconds; more often at first. */
const intervalMs = 4000
/** How long a note counts, in milliseconds. */
const validMs = 10_000
/** How long a note may take, in milliseconds. */
const replyMs = 250

/** Which version the processes have, and when they were there, by the store's clock. */
type Notes = Readonly<Record<string, readonly [version: string, at: number]>>

/** Notes the versions of the processes that share a limit. */
export class VersionShares {
  readonly #exchange: StoreExchange
  readonly #key: string
  readonly #version: string
  readonly #process: string
  readonly #instances: number
  readonly #startedAt = performance.now()
  #nextAt = 0
  #writes = 0
  #stored = ""
  #notes: Notes = {}
  /** The part of the limit for the processes of this version. */
  share = 1

  constructor(exchange: StoreExchange, key: string, process: string, instances: number) {
    const [, start = "", version = "", hash = ""] = /^(.*):(\d+):(\w+)$/.exec(key) ?? []
    this.#exchange = exchange
    // a key without a version is that of a pacer which the program has made: there is nothing to share
    if (version === "") this.#nextAt = Number.POSITIVE_INFINITY
    this.#key = `${start}:versions:${hash}`
    this.#version = version
    this.#process = process
    this.#instances = instances
  }

  /** Notes that this process is there, if it is time to. Rejects if the store does. */
  async note(storeNow: number): Promise<void> {
    const now = performance.now()
    if (now < this.#nextAt) return
    this.#nextAt = now + Math.min(intervalMs, Math.max(replyMs, now - this.#startedAt))
    // once with the notes that are known, and again if there are newer ones
    for (const attempt of [1, 2]) {
      const notes = this.#with(storeNow)
      const write = seal(`${this.#process}.${this.#writes++}`, JSON.stringify(notes))
      const notAfter = storeNow + replyMs
      const reply = await this.#exchange(this.#key, this.#stored, { ...write, notAfter })
      const stored = reply.matched ? write : reply
      this.#stored = stored.version
      // safe: every version of this package writes this shape
      this.#notes = isSealed(stored) ? (JSON.parse(stored.text) as Notes) : {}
      if (reply.matched || attempt === 2) break
    }
    const versions = Object.values(this.#with(storeNow)).map(([version]) => version)
    const same = versions.filter((version) => version === this.#version).length
    const all = Math.max(this.#instances, versions.length)
    this.share = same === versions.length ? 1 : same / all
  }

  /** Returns the notes that count, with that of this process. */
  #with(storeNow: number): Notes {
    const valid = Object.entries(this.#notes).filter(([, [, at]]) => at > storeNow - validMs)
    return { ...Object.fromEntries(valid), [this.#process]: [this.#version, storeNow] }
  }
}
