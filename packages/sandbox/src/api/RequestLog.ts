/**
 * The last requests and what was answered, and whoever listens to them.
 */
import type { SandboxEvent, SandboxRequest, TimelinePoint } from "../types.ts"

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A request while it is being answered. */
export type Entry = Mutable<SandboxRequest>

/** The most characters of a body that are kept. */
export const MAX_KEPT = 8192

export class RequestLog {
  #entries: Array<Entry> = []
  #nextSeq = 1
  readonly #max: number
  readonly #listeners = new Set<(event: SandboxEvent) => void>()

  constructor(max: number) {
    this.#max = max
  }

  /** Keeps a request and tells the listeners. */
  add(request: Omit<SandboxRequest, "seq">): Entry {
    const entry: Entry = { seq: this.#nextSeq++, ...request }
    this.#entries.push(entry)
    // cut rarely, so that a full log costs nothing per request
    if (this.#entries.length >= this.#max * 2) this.#entries = this.#entries.slice(-this.#max)
    this.emit({ type: "request", request: entry })
    return entry
  }

  /** Marks how a request ended; the first end stands. */
  end(entry: Entry, state: "answered" | "cut" | "gone", at: number, status?: number): void {
    if (entry.state !== "waiting") return
    entry.state = state
    entry.ms = Math.max(0, at - entry.at)
    if (state === "answered" && status !== undefined) entry.status = status
    this.emit({ type: "answer", request: entry })
  }

  /** Lists requests after a sequence number, oldest first. */
  list(since = 0): ReadonlyArray<SandboxRequest> {
    const kept = this.#entries.slice(-this.#max)
    return kept.filter((entry) => entry.seq > since).map((entry) => ({ ...entry }))
  }

  /** Lists the answered requests as points of a plot. */
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

  /** Forgets the requests whose identifier holds the query, or all; returns how many. */
  remove(query = ""): number {
    const kept = this.#entries
      .slice(-this.#max)
      .filter((entry) => query !== "" && entry.identifier?.includes(query) !== true)
    const removed = Math.min(this.#entries.length, this.#max) - kept.length
    this.#entries = kept
    return removed
  }

  /** Calls the listener with everything that happens; returns how to stop it. */
  subscribe(listener: (event: SandboxEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  emit(event: SandboxEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
