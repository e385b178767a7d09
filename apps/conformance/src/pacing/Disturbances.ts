/** Disturbances of a pacer that end, and how much of the limit it uses afterwards. */
import type { LimiterKind } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { lognormal } from "./Network.ts"
import type { ProcessOptions } from "./Process.ts"
import { source } from "./Random.ts"
import type { ServerOptions, SimulatedResponse } from "./Server.ts"
import { simulateFleet } from "./Simulation.ts"

/** The kinds of limiters that disturbances are tried on. */
export const disturbedKinds = [
  "fixed-window-aligned",
  "fixed-window-first-request",
  "sliding-log",
  "token-bucket",
] as const

/** A disturbance: until when it lasts, and what it does to server and process. */
export interface Disturbance {
  readonly name: string
  readonly endMs: number
  readonly server?: Partial<ServerOptions>
  readonly process?: Partial<ProcessOptions>
  /** The requests per second that are allowed after it; 10 by default. */
  readonly perSecond?: number
}

/** Returns when a neighbour sends that takes `count` at the start of each of its seconds. */
export const burstyNeighbour = (
  count: number,
  fromMs: number,
  forMs: number,
): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(forMs / 1000) }, (_, second) =>
    Array.from({ length: count }, (__, index) => fromMs + second * 1000 + index * 3),
  ).flat()

/** A neighbour that takes 1 to 9 of 10 for 2 to 20 s and leaves; met by a fresh pacer and by an established one. */
export const leavingNeighbours: ReadonlyArray<Disturbance> = [200, 20_350].flatMap((fromMs) =>
  [2000, 3000, 5000, 10_000, 20_000].flatMap((forMs) =>
    [1, 3, 5, 7, 9].map((count) => ({
      name: `${count} of 10 for ${forMs / 1000} s from ${fromMs / 1000} s on`,
      endMs: fromMs + forMs,
      server: { neighbour: burstyNeighbour(count, fromMs, forMs) },
    })),
  ),
)

const once =
  (at: number, change: (response: SimulatedResponse) => SimulatedResponse) =>
  (response: SimulatedResponse, count: number): SimulatedResponse =>
    count === at && !response.rateLimited ? change(response) : response

const odds: Record<string, (response: SimulatedResponse) => SimulatedResponse> = {
  "Remaining = Limit": (response) => ({ ...response, remaining: response.limit ?? 10 }),
  "Remaining = 0": (response) => ({ ...response, remaining: 0 }),
  "no Remaining": ({ limit = 10, rateLimited }) => ({ limit, rateLimited }),
  "another limit": (response) => ({ ...response, limit: 120, remaining: 80 }),
}

/** Odd headers and other events, once and over. */
export const blips: ReadonlyArray<Disturbance> = [
  ...Object.entries(odds).flatMap(([name, change]) =>
    [3, 104, 109].map((at) => ({
      name: `${name} once, in response ${at}`,
      endMs: at * 100,
      server: { odd: once(at, change) },
    })),
  ),
  ...[3, 30].map((seconds) => ({
    name: `the process pauses for ${seconds} s`,
    endMs: 15_500 + seconds * 1000,
    process: { pauses: [{ atMs: 15_500, forMs: seconds * 1000 }] },
  })),
  {
    name: "the limit is 3 for 10 s",
    endMs: 25_400,
    server: {
      changes: [
        { atMs: 15_400, limit: 3 },
        { atMs: 25_400, limit: 10 },
      ],
    },
  },
  {
    name: "the limit rises to 30",
    endMs: 15_400,
    server: { changes: [{ atMs: 15_400, limit: 30 }] },
    perSecond: 30,
  },
]

/** One 429 with a long wait in the first window, from a server that names no limit. */
export const longWaits: ReadonlyArray<Disturbance> = [30, 720].flatMap((seconds) =>
  [0, 1, 5].map((at) => ({
    name: `a 429 with Retry-After: ${seconds}, in response ${at}`,
    endMs: 2000 + seconds * 1000,
    server: {
      headers: "never" as const,
      odd: (response: SimulatedResponse, count: number) =>
        count === at ? { rateLimited: true, retryAfterMs: seconds * 1000 } : response,
    },
  })),
)

/** An outage of one to three 429s in a row, from a server that names no limit. */
export const outages: ReadonlyArray<Disturbance> = [3, 30, 720].flatMap((seconds) =>
  [1, 2, 3].flatMap((times) =>
    [0, 2000, 20_000].map((fromMs) => {
      const lastMs = fromMs + (times - 1) * (seconds * 1000 + 500)
      return {
        name: `${times} 429s in a row with Retry-After: ${seconds}, from ${fromMs / 1000} s on`,
        endMs: lastMs + seconds * 1000 + 2000,
        server: {
          headers: "never" as const,
          odd: (response: SimulatedResponse, _count: number, atMs: number) =>
            fromMs <= atMs && atMs <= lastMs + 500
              ? { rateLimited: true, retryAfterMs: seconds * 1000 }
              : response,
        },
      }
    }),
  ),
)

/** Odd headers that never end. */
export const oddities: ReadonlyArray<Disturbance> = [
  ...Object.entries(odds).map(([name, change]) => ({
    name: `${name} in one response of 100`,
    endMs: 0,
    server: {
      odd: (response: SimulatedResponse, count: number) =>
        count % 100 === 57 && !response.rateLimited ? change(response) : response,
    },
  })),
  {
    name: "Remaining is always 0",
    endMs: 0,
    server: { odd: (response) => ({ ...response, remaining: 0 }) },
  },
]

/** Measures which share of the limit is used from the tenth window after the end on, for 30 windows, and the 429s then. */
export const measureRecovery = (
  { endMs, perSecond = 10, process, server }: Disturbance,
  kind: LimiterKind,
  seed = 1,
): { readonly share: number; readonly rateLimited: number } => {
  const fromMs = endMs + 10_000
  const untilMs = fromMs + 30_000
  const outcome = simulateFleet({
    server: {
      limiter: { kind, limit: 10, windowMs: 1000 },
      phaseMs: 1000 * source(seed)(),
      headers: "always",
      retryAfter: true,
      ...server,
    },
    network: lognormal(30),
    seed,
    processes: [{ total: Number.POSITIVE_INFINITY, concurrency: 20, ...process }],
    untilMs,
  })
  const after = (times: ReadonlyArray<number>) => times.filter((at) => at >= fromMs).length
  return {
    share: after(outcome.server.accepted) / (30 * perSecond),
    rateLimited: after(outcome.server.rateLimited),
  }
}
