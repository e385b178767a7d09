/**
 * What a client counts: attempts by outcome, refusals for the rate, and waits by reason. Kept in Effect's metric
 * registry, where any exporter finds them; no metric carries anything of a contact, a token or a URL.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

import type { Outcome } from "./ErrorTable.ts"
import type { Wait } from "./Observer.ts"

/** Names what became of one attempt. */
export type AttemptOutcome = Outcome | "created"

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

const make = () => ({
  attempts: {
    created: attemptsThat("created"),
    not_sent: attemptsThat("not_sent"),
    rejected: attemptsThat("rejected"),
    unknown: attemptsThat("unknown"),
  },
  rateLimited: Metric.counter("aelyst_rate_limited_total", {
    description: "Attempts that were refused for their rate (429)",
    incremental: true,
  }),
  waits: {
    line: waitsFor("line"),
    backoff: waitsFor("backoff"),
    doubt: waitsFor("doubt"),
    settle: waitsFor("settle"),
  },
})

/** Holds the metrics: attempts by outcome, refusals for the rate (W8), waits in milliseconds by reason. */
export const metrics = /* @__PURE__ */ make()

/** Counts one finished attempt. */
export const attempt = (outcome: AttemptOutcome, refused: boolean): Effect.Effect<void> => {
  const counted = Metric.update(metrics.attempts[outcome], 1)
  return refused ? Effect.andThen(counted, Metric.update(metrics.rateLimited, 1)) : counted
}

/** Measures one wait. */
export const wait = (reason: Wait["reason"], ms: number): Effect.Effect<void> =>
  Metric.update(metrics.waits[reason], ms)
