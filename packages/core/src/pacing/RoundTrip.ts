/** The shortest round trip that the next request can be expected to make, from those before it. Pure and JSON. */
import type { PacerState } from "./StoredState.ts"
import * as Tuning from "./PacerTuning.ts"

/** The shortest of the last round trips, and by how much others exceed it, in milliseconds. */
export type RoundTrip = PacerState["roundTrip"]

/** Knows nothing. */
export const unknown: RoundTrip = {
  minMs: Number.MAX_SAFE_INTEGER,
  previousMinMs: Number.MAX_SAFE_INTEGER,
  samples: 0,
  excessMs: 0,
}

/** Adds a sample; `limit` is how many responses one burst can have, which come quickest first. */
export const add = (before: RoundTrip, sampleMs: number, limit: number): RoundTrip => {
  const { samples } = before
  const renewal = Math.max(Tuning.minimumSamples, Tuning.minimumWindows * limit)
  const renews = samples > 0 && samples % renewal === 0
  const minMs = renews ? sampleMs : Math.min(before.minMs, sampleMs)
  const previousMinMs = renews ? before.minMs : before.previousMinMs
  const excessMs = sampleMs - Math.min(minMs, previousMinMs)
  return {
    minMs,
    previousMinMs,
    samples: samples + 1,
    excessMs:
      samples < Tuning.excessSamples
        ? (before.excessMs * samples + excessMs) / (samples + 1)
        : before.excessMs + (excessMs - before.excessMs) / Tuning.excessSamples,
  }
}

/** Returns the shortest of the last round trips; 50 ms before the first. */
export const minimum = ({ minMs, previousMinMs, samples }: RoundTrip): number =>
  samples === 0 ? Tuning.assumedRoundTripMs : Math.min(minMs, previousMinMs)

/**
 * Returns a lower bound of a round trip. A request counted at `c` gets its response no earlier than `c` plus the way back,
 * and the next one arrives no earlier than its send plus the way there: the two ways make one round trip.
 */
export const lowerBound = ({ excessMs, minMs, previousMinMs, samples }: RoundTrip): number => {
  if (samples === 0) return 0
  const shortest = Math.min(minMs, previousMinMs)
  const error = Tuning.spreadFactor / Math.sqrt(samples)
  const spread = Math.max(Tuning.leastSpread, Math.min(Tuning.largestSpread, error))
  const fewSamplesMs = (Tuning.fewSamplesShare * shortest) / samples
  return Math.max(0, shortest - (Tuning.roundTripMarginMs + excessMs * spread + fewSamplesMs))
}
