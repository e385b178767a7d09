/**
 * What can be counted of calls: attempts by outcome, refusals for the rate, waits by reason. Nothing is counted until
 * `layer` is provided; it keeps the counts in Effect's metric registry, where any exporter finds them. No metric
 * carries anything of a contact, a token or a URL.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"

import type { Outcome } from "../errors/ErrorTable.ts"
import type { Wait } from "./Hooks.ts"

/** Names what became of one attempt. */
export type AttemptOutcome = Outcome | "created"

/** Counts finished attempts, and measures waits in milliseconds. */
export interface Counters {
  readonly attempt: (outcome: AttemptOutcome, refused: boolean) => Effect.Effect<void>
  readonly wait: (reason: Wait["reason"], ms: number) => Effect.Effect<void>
}

const nothing = () => Effect.void

/** Counts nothing: whoever meets it need not ask it. */
export const uncounted: Counters = { attempt: nothing, wait: nothing }

/** Gives what counts the calls made under it; nothing by default. */
export const Counting = Context.Reference<Counters>("@aelyst/core/Counting", {
  defaultValue: () => uncounted,
})

const attemptsThat = (outcome: AttemptOutcome) =>
  Metric.counter("aelyst_attempts_total", {
    description: "Attempts to create a contact, by what became of them",
    incremental: true,
    attributes: { outcome },
  })

const waitsFor = (reason: Wait["reason"]) =>
  Metric.histogram("aelyst_wait_milliseconds", {
    description: "Waits before attempts and after successes, by reason",
    boundaries: [1, 10, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000],
    attributes: { reason },
  })

const make = (): Counters => {
  const attempts = {
    created: attemptsThat("created"),
    not_sent: attemptsThat("not_sent"),
    rejected: attemptsThat("rejected"),
    unknown: attemptsThat("unknown"),
  }
  const rateLimited = Metric.counter("aelyst_rate_limited_total", {
    description: "Attempts that were refused for their rate (429)",
    incremental: true,
  })
  const waits = {
    queue: waitsFor("queue"),
    backoff: waitsFor("backoff"),
    doubt: waitsFor("doubt"),
    settle: waitsFor("settle"),
  }
  return {
    attempt: (outcome, refused) => {
      const counted = Metric.update(attempts[outcome], 1)
      return refused ? Effect.andThen(counted, Metric.update(rateLimited, 1)) : counted
    },
    wait: (reason, ms) => Metric.update(waits[reason], ms),
  }
}

/**
 * Provides Effect's metrics of the calls made under it: `aelyst_attempts_total` (attribute `outcome`: `created`,
 * `not_sent`, `rejected`, `unknown`), `aelyst_rate_limited_total` (W8) and `aelyst_wait_milliseconds` (attribute
 * `reason`: `queue`, `backoff`, `doubt`, `settle`).
 *
 * It holds where the calls are made, as a tracer does, not where the client is made.
 */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.sync(Counting, make)
