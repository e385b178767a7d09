import type { Outcome, WaitEvent } from "../types.ts"
/**
 * Counts of calls: attempts by outcome, 429s, waits by reason. Nothing is counted until `layer` is provided; it keeps the
 * counts in Effect's metric registry, where any exporter finds them. No metric carries a contact, a token or a URL.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"

/** The outcome of one attempt. */
export type AttemptOutcome = Outcome | "created"

/** Counts attempts that have ended, and measures waits in milliseconds. */
export interface Counters {
  readonly attempt: (outcome: AttemptOutcome, rateLimited: boolean) => Effect.Effect<void>
  readonly wait: (reason: WaitEvent["reason"], ms: number) => Effect.Effect<void>
}

/** No-op counters; callers may skip them. */
export const noCounters: Counters = { attempt: () => Effect.void, wait: () => Effect.void }

/**
 * The counters of the calls made under it, or by the clients made under it; no-op by default.
 *
 * **Example** (Counters that keep a list)
 *
 * ```ts
 * import { AelystClient, Metrics, layerConfig } from "@aelyst/core"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const outcomes: Array<Metrics.AttemptOutcome> = []
 * const counters: Metrics.Counters = {
 *   ...Metrics.noCounters,
 *   attempt: (outcome) => Effect.sync(() => void outcomes.push(outcome)),
 * }
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   yield* client.create("id:counting-example", { firstName: "Ana" })
 * }).pipe(
 *   Effect.provideService(Metrics.Counting, counters),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * await Effect.runPromise(program)
 * console.log(outcomes) // => [ 'created' ]
 * ```
 */
export const Counting = Context.Reference<Counters>("@aelyst/core/Counting", {
  defaultValue: () => noCounters,
})

const attemptsWith = (outcome: AttemptOutcome) =>
  Metric.counter("aelyst_attempts_total", {
    description: "Attempts to create a contact, by outcome",
    incremental: true,
    attributes: { outcome },
  })

const waitsFor = (reason: WaitEvent["reason"]) =>
  Metric.histogram("aelyst_wait_milliseconds", {
    description: "Waits before attempts and after successes, by reason",
    boundaries: [1, 10, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000],
    attributes: { reason },
  })

const make = (): Counters => {
  const attempts = {
    created: attemptsWith("created"),
    not_sent: attemptsWith("not_sent"),
    rejected: attemptsWith("rejected"),
    unknown: attemptsWith("unknown"),
  }
  const rateLimits = Metric.counter("aelyst_rate_limited_total", {
    description: "Attempts that were rate limited (429)",
    incremental: true,
  })
  const waits = {
    queue: waitsFor("queue"),
    circuit: waitsFor("circuit"),
    budget: waitsFor("budget"),
    backoff: waitsFor("backoff"),
    doubt: waitsFor("doubt"),
    settle: waitsFor("settle"),
  }
  return {
    attempt: (outcome, rateLimited) => {
      const counted = Metric.update(attempts[outcome], 1)
      return rateLimited ? Effect.andThen(counted, Metric.update(rateLimits, 1)) : counted
    },
    wait: (reason, ms) => Metric.update(waits[reason], ms),
  }
}

/**
 * Counts calls in Effect's metrics: `aelyst_attempts_total` (attribute `outcome`: `created`,
 * `not_sent`, `rejected`, `unknown`), `aelyst_rate_limited_total` (W8) and `aelyst_wait_milliseconds` (attribute
 * `reason`: `queue`, `circuit`, `budget`, `backoff`, `doubt`, `settle`).
 *
 * Provide it to the layer of the client, which counts all its calls, or around the calls to count. If both are given, each
 * call is counted once.
 *
 * **Example** (Reading a counter)
 *
 * ```ts
 * import { AelystClient, Metrics, layerConfig } from "@aelyst/core"
 * import { Effect, Layer, Metric } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AelystClient
 *   yield* client.create("id:metrics-example", { firstName: "Ana" })
 *   const all = yield* Metric.snapshot
 *   return all.filter(({ id }) => id.startsWith("aelyst_attempts_total")).length
 * }).pipe(
 *   Effect.provide(Metrics.layer),
 *   Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
 * )
 *
 * console.log((await Effect.runPromise(program)) > 0) // => true
 * ```
 */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.sync(Counting, make)
