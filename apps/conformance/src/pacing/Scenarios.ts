/** The situations that pacing is measured in, and what is measured over many phases of the server's window. */
import type { LimiterKind } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { heavyTailed, type Network, steady } from "./Network.ts"
import { source } from "./Random.ts"
import type { ServerOptions } from "./Server.ts"
import { simulate } from "./Simulation.ts"

/** The networks of the table; figures are promised on the first, the others show that nothing is tuned to it. */
export const networks: ReadonlyArray<Network> = [
  steady(30, 0.2),
  steady(1, 0.2),
  steady(100, 0.1),
  steady(300, 0.05),
  heavyTailed(30),
  heavyTailed(100),
]

/** One situation, for a limiter of any kind at a phase from 0 to 1 of its window. */
export interface Scenario {
  readonly name: string
  readonly total: number
  readonly prior?: { readonly limit: number; readonly windowMs: number }
  readonly server: (kind: LimiterKind, phase: number) => ServerOptions
}

const plain =
  (limit: number, windowMs: number, more: Partial<ServerOptions> = {}): Scenario["server"] =>
  (kind, phase) => ({
    limiter: { kind, limit, windowMs },
    phaseMs: phase * windowMs,
    headers: "always",
    retryAfter: true,
    ...more,
  })

/** When another client sends requests, about this often and unevenly. */
const neighbour = (perSecond: number, seed: number): ReadonlyArray<number> => {
  const random = source(seed)
  const times: Array<number> = []
  for (let at = 0; at < 200_000; at += (1000 / perSecond) * (0.5 + random())) times.push(at)
  return times
}

/** All situations, by name. */
export const scenarios = {
  plain: { name: "10 per 1 s", total: 300, server: plain(10, 1000) },
  uneven: { name: "10 per 1.5 s", total: 300, server: plain(10, 1500) },
  fiveSeconds: { name: "20 per 5 s", total: 300, server: plain(20, 5000) },
  minute: { name: "100 per 60 s", total: 300, server: plain(100, 60_000) },
  changing: {
    name: "limit 10, 4, 20",
    total: 300,
    server: (kind, phase) =>
      plain(10, 1000, {
        changes: [
          { atMs: 7000 + phase * 1000, limit: 4 },
          { atMs: 17_000 + phase * 777, limit: 20 },
        ],
      })(kind, phase),
  },
  neighbour: {
    name: "a neighbour, a third",
    total: 300,
    server: (kind, phase) =>
      plain(10, 1000, { neighbour: neighbour(3.33, phase * 1e6) })(kind, phase),
  },
  headersOn429: {
    name: "headers on 429s only",
    total: 300,
    server: plain(10, 1000, { headers: "on-429" }),
  },
  noHeaders: { name: "no headers", total: 300, server: plain(10, 1000, { headers: "never" }) },
  noRetryAfter: {
    name: "20 per 5 s, no Retry-After",
    total: 300,
    server: plain(20, 5000, { retryAfter: false }),
  },
  priorTooHigh: {
    name: "60 at 10 per 1 s, prior 20",
    total: 60,
    prior: { limit: 20, windowMs: 1000 },
    server: plain(10, 1000),
  },
  priorTooFast: {
    name: "60 at 10 per 1 s, prior 10 per 0.5 s",
    total: 60,
    prior: { limit: 10, windowMs: 500 },
    server: plain(10, 1000),
  },
  priorTooLow: {
    name: "60 at 10 per 1 s, prior 5 per 2 s",
    total: 60,
    prior: { limit: 5, windowMs: 2000 },
    server: plain(10, 1000),
  },
} satisfies Record<string, Scenario>

/** The results of many runs of one cell. */
export interface Cell {
  readonly utilisations: ReadonlyArray<number>
  readonly rateLimited: ReadonlyArray<number>
  readonly median: number
  readonly worst: number
  readonly mostRateLimited: number
}

/** Returns the middle value, the upper one of two. */
export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Runs one cell at evenly spread phases of the server's window, each with other random numbers. */
export const measure = (
  scenario: Scenario,
  kind: LimiterKind,
  concurrency: number,
  network: Network,
  phases: number,
): Cell => {
  const outcomes = Array.from({ length: phases }, (_, index) =>
    simulate({
      server: scenario.server(kind, (index + 0.37) / phases),
      network,
      total: scenario.total,
      concurrency,
      seed: index * 7919 + 13,
      ...(scenario.prior !== undefined && { prior: scenario.prior }),
    }),
  )
  const utilisations = outcomes.map(({ utilisation }) => utilisation)
  const rateLimited = outcomes.map((outcome) => outcome.rateLimited)
  return {
    utilisations,
    rateLimited,
    median: median(utilisations),
    worst: Math.min(...utilisations),
    mostRateLimited: Math.max(...rateLimited),
  }
}
