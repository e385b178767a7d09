/** The counts of an import as it runs: how many rows ended how, how fast, and what it waits for. */
import type { Hooks, Pacer } from "@aelyst/core"
import type { RunCounts } from "@aelyst/journal"
import * as Duration from "effect/Duration"

import type {
  ImportOutcome,
  ImportProgress,
  ImportStopped,
  ImportSummary,
  ImportWait,
} from "../types.ts"
import type { Moved } from "./SendRows.ts"

/** The rate is an average over the last minute, once there are five seconds to look back on. */
const firstRateMs = 5_000
const sampleMs = 1_000
const maxSamples = 60

/** The counts of a run without rows. */
export const noRows: RunCounts = {
  total: 0,
  created: 0,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 0,
  duplicate: 0,
  rejected: 0,
  unknown: 0,
  not_sent: 0,
  foreign: 0,
  earlier: 0,
  inDoubt: 0,
}

/** Moves rows from those that are left to those that ended, and follows requests and waits. Times are monotonic milliseconds. */
export class Tally {
  readonly #counts: { -readonly [Name in keyof RunCounts]: number }
  /** Rows that this process may send. */
  readonly #most: number
  readonly #earlier: number
  #ended = 0
  #requests = 0
  #rateLimited = 0
  #beganAt: number | undefined
  #endedAt: number | undefined
  /** The newest wait for the circuit, for the processing of rows in doubt, or for the retry budget. */
  #wait: { readonly reason: "circuit" | "doubt" | "budget"; readonly until: number } | undefined
  /** How many rows had ended, at most once a second. */
  readonly #samples: { readonly at: number; readonly ended: number }[] = []
  stopped: ImportStopped | undefined

  /** Takes the counts of the run before its first request, and how many rows are sent at most. */
  constructor(counts: RunCounts, most: number) {
    this.#counts = { ...counts }
    this.#earlier =
      counts.total - counts.invalid - counts.duplicate - counts.not_sent - counts.inDoubt
    this.#most = most
  }

  /** Ready rows that have not ended. */
  get left(): number {
    return this.#counts.not_sent + this.#counts.inDoubt
  }

  begin(now: number): void {
    this.#beganAt = now
    this.#samples.push({ at: now, ended: 0 })
  }

  end(now: number, stopped: ImportStopped): void {
    this.#endedAt ??= now
    this.stopped ??= stopped
  }

  /** Counts a row that no plan has counted. */
  add(outcome: ImportOutcome): void {
    this.#counts[outcome] += 1
    this.#counts.total += 1
  }

  /** Counts a row that was sent, or that the run stopped before. */
  count(outcome: ImportOutcome, { isInDoubt, wasInDoubt }: Moved, now: number): void {
    this.#counts[wasInDoubt ? "unknown" : "not_sent"] -= 1
    this.#counts[outcome] += 1
    this.#counts.inDoubt += Number(isInDoubt) - Number(wasInDoubt)
    if (outcome === "not_sent") return
    this.#ended += 1
    const newest = this.#samples.at(-1)
    if (newest !== undefined && now - newest.at < sampleMs) return
    this.#samples.push({ at: now, ended: this.#ended })
    if (this.#samples.length > maxSamples) this.#samples.shift()
  }

  /** Returns callbacks that follow requests and waits, and call those of the caller. */
  hooks(outer: Hooks.Callbacks, now: () => number): Hooks.Callbacks {
    return {
      ...outer,
      onAttempt: (attempt) => {
        const { phase, rateLimited, status } = attempt
        // one that failed before a byte could leave was no request
        if (phase !== "connect") this.#requests += 1
        if (rateLimited === true) this.#rateLimited += 1
        if (status !== undefined && this.#wait?.reason === "circuit") this.#wait = undefined
        return outer.onAttempt?.(attempt)
      },
      onWait: (wait) => {
        const { ms, reason } = wait
        if (reason === "circuit" || reason === "doubt" || reason === "budget") {
          this.#wait = { reason, until: ms === undefined ? Infinity : now() + ms }
        }
        return outer.onWait?.(wait)
      },
    }
  }

  summary(now: number): ImportSummary {
    const { earlier: _, inDoubt, total, ...counts } = this.#counts
    const began = this.#beganAt ?? now
    return {
      ...counts,
      rows: total,
      earlier: this.#earlier,
      inDoubt,
      ...(this.stopped !== undefined && { stopped: this.stopped }),
      requests: this.#requests,
      rateLimited: this.#rateLimited,
      elapsedMs: Math.round((this.#endedAt ?? now) - began),
    }
  }

  progress(now: number, pacer: Pacer.PacerSnapshot): ImportProgress {
    const isRunning = this.stopped === undefined
    const rate = this.#rate(now)
    const left = this.#most - this.#ended
    const waiting = isRunning ? this.#waiting(now, pacer) : undefined
    return {
      ...this.summary(now),
      ...(rate !== undefined && { perSecond: rate * 1_000 }),
      ...(isRunning &&
        rate !== undefined &&
        rate > 0 &&
        left < Infinity && { etaMs: Math.round(left / rate) }),
      inFlight: pacer.inFlight,
      ...(waiting !== undefined && { waiting }),
      ...(pacer.observedAgo !== undefined && { limit: pacer.limit, remaining: pacer.remaining }),
    }
  }

  /** Rows that ended per millisecond, waits included. */
  #rate(now: number): number | undefined {
    const [oldest] = this.#samples
    if (oldest === undefined || this.#beganAt === undefined) return undefined
    const at = this.#endedAt ?? now
    if (at - this.#beganAt < firstRateMs) return undefined
    return (this.#ended - oldest.ended) / Math.max(1, at - oldest.at)
  }

  #waiting(now: number, pacer: Pacer.PacerSnapshot): ImportWait | undefined {
    if (pacer.opensIn !== undefined) {
      return { reason: "rate_limit", ms: Math.ceil(Duration.toMillis(pacer.opensIn)) }
    }
    if (this.#wait === undefined || this.#wait.until <= now) return undefined
    const { reason, until } = this.#wait
    // while rows in doubt wait, others may be sent
    const isIdle = pacer.inFlight === 0 && pacer.waiting === 0
    if (reason !== "circuit" && !isIdle) return undefined
    return until === Infinity ? { reason } : { reason, ms: Math.ceil(until - now) }
  }
}

/** The counts of an import that has not begun. */
export const noSummary: ImportSummary = new Tally(noRows, 0).summary(0)
