/** Limits that are not "`Limit` per second": what a pacer that is told nothing must find out. */
import {
  kinds,
  type LimiterKind,
  type LimiterOptions,
} from "../../../../packages/sandbox/src/api/Limiter.ts"
import { lognormal } from "./Network.ts"
import type { ServerOptions } from "./Server.ts"
import { simulate, simulateFleet } from "./Simulation.ts"

/** One kind of limit. */
export interface Limit {
  readonly name: string
  readonly server: Omit<ServerOptions, "phaseMs">
}

const always = { headers: "always", retryAfter: true } as const
const limiter = (kind: LimiterKind, limit: number, windowMs: number): LimiterOptions => ({
  kind,
  limit,
  windowMs,
})
const windowKinds = kinds.filter((kind) => kind !== "token-bucket" && kind !== "gcra")

const windows = (limit: number, windowMs: number): ReadonlyArray<Limit> =>
  windowKinds.map((kind) => ({
    name: `${limit} per ${windowMs} ms, ${kind}`,
    server: { limiter: limiter(kind, limit, windowMs), ...always },
  }))

const pair = (
  [first, firstMs]: readonly [number, number],
  [second, secondMs]: readonly [number, number],
): ReadonlyArray<Limit> =>
  (["sliding-log", "fixed-window-aligned"] as const).flatMap((kind) =>
    (["least", "first"] as const).map((named) => ({
      name: `${first} per ${firstMs} ms and ${second} per ${secondMs} ms, ${kind}, ${named}`,
      server: {
        limiter: limiter(kind, first, firstMs),
        also: [limiter(kind, second, secondMs)],
        named,
        ...always,
      },
    })),
  )

/** The limits that the vendor's examples show. */
export const plain: ReadonlyArray<Limit> = kinds.map((kind) => ({
  name: `10 per 1000 ms, ${kind}`,
  server: { limiter: limiter(kind, 10, 1000), ...always },
}))

/** Buckets that refill faster than `Limit` per second. */
export const fastBuckets: ReadonlyArray<Limit> = [
  { name: "GCRA 10/s, burst 5", server: { limiter: limiter("gcra", 5, 500), ...always } },
  { name: "GCRA 10/s, burst 3", server: { limiter: limiter("gcra", 3, 300), ...always } },
  {
    name: "bucket 20/s, burst 10",
    server: { limiter: limiter("token-bucket", 10, 500), ...always },
  },
]

/** Windows below a second, or of no whole seconds. */
export const unevenWindows: ReadonlyArray<Limit> = [
  ...windows(5, 500),
  ...windows(7, 700),
  ...windows(15, 1500),
  ...windows(25, 2500),
]

/** Windows of whole seconds whose rate is not the prior's. */
export const longWindows: ReadonlyArray<Limit> = [
  ...windows(30, 2000),
  ...windows(30, 3000),
  ...windows(30, 5000),
]

/** Two limits at once. */
export const twoLimits: ReadonlyArray<Limit> = [
  ...pair([10, 1000], [120, 20_000]),
  ...pair([5, 1000], [100, 60_000]),
]

/** Servers that send no header. */
export const silent: ReadonlyArray<Limit> = kinds.map((kind) => ({
  name: `no headers, ${kind}`,
  server: { limiter: limiter(kind, 10, 1000), headers: "never", retryAfter: false },
}))

/** Small limits that no header names: the first burst uses them up. */
export const silentSmall: ReadonlyArray<Limit> = (
  [
    [5, 60_000],
    [5, 5000],
    [3, 2000],
  ] as const
).map(([limit, windowMs]) => ({
  name: `${limit} per ${windowMs} ms, no headers`,
  server: { limiter: limiter("sliding-log", limit, windowMs), headers: "never", retryAfter: true },
}))

/** Two limits at once, if every 429 says that nothing remains, whichever of the two it is of. */
export const hiddenLimits: ReadonlyArray<Limit> = pair([10, 1000], [120, 20_000]).map(
  ({ name, server }) => ({
    name: `${name}, a 429 has Remaining: 0`,
    server: {
      ...server,
      odd: (response) => (response.rateLimited ? { ...response, remaining: 0 } : response),
    },
  }),
)

/** Measures the share of the limit that a run uses from its fifth minute on, for twenty minutes, and the 429s per minute. */
export const measureLasting = (
  { server }: Limit,
  concurrency: number,
  seed: number,
): { readonly share: number; readonly perMinute: number } => {
  const [fromMs, untilMs] = [300_000, 1_500_000]
  const outcome = simulateFleet({
    server: { ...server, phaseMs: seed * 1370 },
    network: lognormal(30),
    seed,
    processes: [{ total: Number.POSITIVE_INFINITY, concurrency }],
    untilMs,
  })
  const count = (times: ReadonlyArray<number>) => times.filter((at) => at >= fromMs).length
  const rates = [server.limiter, ...(server.also ?? [])].map((each) => each.limit / each.windowMs)
  return {
    share: count(outcome.server.accepted) / (Math.min(...rates) * (untilMs - fromMs)),
    perMinute: (60_000 * count(outcome.server.rateLimited)) / (untilMs - fromMs),
  }
}

/** The results of one limit over all phases. */
export interface Cell {
  readonly median: number
  readonly worst: number
  readonly rateLimited: number
}

/** Measures the makespan over ideal, and the most 429s, of 300 creates over ten phases. */
export const measureLimit = ({ server }: Limit, concurrency: number, phases = 10): Cell => {
  const outcomes = Array.from({ length: phases }, (_, index) =>
    simulate({
      server: { ...server, phaseMs: ((index + 0.37) / phases) * server.limiter.windowMs },
      network: lognormal(30),
      total: 300,
      concurrency,
      seed: index * 6151 + 3,
    }),
  )
  const ratios = outcomes.map(({ utilisation }) => 1 / utilisation).toSorted((a, b) => a - b)
  return {
    median: ratios[ratios.length >> 1] ?? Number.NaN,
    worst: ratios.at(-1) ?? Number.NaN,
    rateLimited: Math.max(...outcomes.map((outcome) => outcome.rateLimited)),
  }
}
