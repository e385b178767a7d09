/**
 * The last requests with their responses, and the listeners that follow them.
 */
import type { SandboxEvent, SandboxRequest, TimelinePoint } from "./types.ts"

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A request in progress. */
export type Entry = Mutable<SandboxRequest>

/** The most characters of a body that are kept. */
export const MAX_KEPT = 8192

/** Keeps a bounded number of requests and notifies listeners. */
export class RequestLog {
  #entries: Array<Entry> = []
  #nextSeq = 1
  #announced = 0
  readonly #max: number
  readonly #listeners = new Set<(event: SandboxEvent) => void>()

  constructor(max: number) {
    this.#max = max
  }

  /** Keeps a request; `announce` notifies the listeners. */
  add(request: Omit<SandboxRequest, "seq">): Entry {
    const entry: Entry = { seq: this.#nextSeq++, ...request }
    this.#entries.push(entry)
    // trimmed rarely, so that a full log costs nothing per request
    if (this.#entries.length >= this.#max * 2) this.#entries = this.#entries.slice(-this.#max)
    return entry
  }

  /** Notifies the listeners of a request that was just added, once. */
  announce(entry: Entry): void {
    if (entry.seq <= this.#announced) return
    this.#announced = entry.seq
    this.emit({ type: "request", request: entry })
  }

  /** Records how a request ended; only the first end counts. */
  end(entry: Entry, phase: "responded" | "cut" | "gone", at: number, status?: number): void {
    if (entry.phase !== "waiting") return
    entry.phase = phase
    entry.ms = Math.max(0, at - entry.at)
    if (phase === "responded" && status !== undefined) entry.status = status
    this.emit({ type: "response", request: entry })
  }

  /** Lists the requests after a sequence number, oldest first. */
  list(since = 0): ReadonlyArray<SandboxRequest> {
    const kept = this.#entries.slice(-this.#max)
    return kept.filter((entry) => entry.seq > since).map((entry) => ({ ...entry }))
  }

  /** Lists the requests that got a response as points of a plot. */
  timeline(): ReadonlyArray<TimelinePoint> {
    const points: Array<TimelinePoint> = []
    for (const { at, limit, ms, remaining, status } of this.#entries.slice(-this.#max)) {
      if (status === undefined || ms === undefined) continue
      points.push({
        at,
        status,
        ms,
        ...(limit !== undefined && { limit }),
        ...(remaining !== undefined && { remaining }),
      })
    }
    return points
  }

  /** Removes the requests whose identifier contains the query, or all; returns how many. */
  remove(query = ""): number {
    const kept = this.#entries
      .slice(-this.#max)
      .filter((entry) => query !== "" && entry.identifier?.includes(query) !== true)
    const removed = Math.min(this.#entries.length, this.#max) - kept.length
    this.#entries = kept
    return removed
  }

  /** Removes all requests and returns them. */
  clear(): ReadonlyArray<Entry> {
    const removed = this.#entries.slice(-this.#max)
    this.#entries = []
    return removed
  }

  /** Replaces the requests by those that `clear` has returned. */
  restore(entries: ReadonlyArray<Entry>): void {
    this.#entries = [...entries]
  }

  /** Calls the listener with every event; returns a function that stops it. */
  subscribe(listener: (event: SandboxEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Notifies the listeners of an event. What one throws is an uncaught exception, as with an `EventTarget`. */
  emit(event: SandboxEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        // here it would cut the connection of a client that has done nothing wrong
        process.nextTick(() => {
          throw error
        })
      }
    }
  }
}
