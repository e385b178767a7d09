/** Processes that share a token and nothing else, and a neighbour at its own rhythm. */
import type { LimiterKind } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { lognormal } from "./Network.ts"
import { source } from "./Random.ts"
import { ideal, type ServerOptions } from "./Server.ts"
import { simulateFleet } from "./Simulation.ts"

const tenPerSecond = (kind: LimiterKind, seed: number): ServerOptions => ({
  limiter: { kind, limit: 10, windowMs: 1000 },
  phaseMs: 1000 * source(seed)(),
  headers: "always",
  retryAfter: true,
})

const network = lognormal(30)

/** Jain's index of fairness: 1 if all have the same, 1/n if one has all. */
export const jain = (shares: ReadonlyArray<number>): number => {
  const sum = shares.reduce((a, b) => a + b, 0)
  return sum ** 2 / (shares.length * shares.reduce((a, b) => a + b * b, 0))
}

/** Lets four processes make 50 creates each. */
export const fourProcesses = (kind: LimiterKind, seed: number) => {
  const server = tenPerSecond(kind, seed)
  const processes = Array.from({ length: 4 }, () => ({ total: 50, concurrency: 10 }))
  const outcome = simulateFleet({ server, network, seed, processes })
  const half = outcome.endMs / 2
  return {
    ratio: outcome.endMs / ideal(server, 200, 40, network.roundTripMs),
    rateLimited: outcome.server.rateLimited.length,
    fairness: jain(outcome.processes.map(({ done }) => done.filter((at) => at < half).length)),
  }
}

const longestGap = (times: ReadonlyArray<number>, fromMs: number, untilMs: number): number =>
  [...times.filter((at) => at > fromMs), untilMs].reduce(
    ({ gap, last }, at) => ({ gap: Math.max(gap, at - last), last: at }),
    { gap: 0, last: fromMs },
  ).gap

const countTen = (times: ReadonlyArray<number>, from: number): number =>
  times.filter((at) => at >= from && at < from + 10_000).length

/** Lets two processes run for 60 s, the second 5 s late; shares are counted once both are there, from 10 s on. */
export const twoProcesses = (kind: LimiterKind, seed: number) => {
  const untilMs = 65_000
  const endless = { total: Number.POSITIVE_INFINITY, concurrency: 10, attempts: 4 }
  const { processes, server } = simulateFleet({
    server: tenPerSecond(kind, seed),
    network,
    seed,
    processes: [endless, { ...endless, startMs: 5000 }],
    untilMs,
  })
  const tens = [1, 2, 3, 4, 5].map((index) => 5000 + index * 10_000)
  const leastShare = Math.min(
    ...tens.map((from) => {
      const counts = processes.map(({ done }) => countTen(done, from))
      return Math.min(...counts) / counts.reduce((a, b) => a + b, 0)
    }),
  )
  return {
    leastShare,
    used: countTen(server.accepted, 15_000) / 100,
    gapMs: Math.max(...processes.map(({ done }) => longestGap(done, 5000, untilMs))),
    rateLimited: server.rateLimited.length,
    lost: processes.reduce((sum, { lost }) => sum + lost, 0),
  }
}

/** Lets one process make 300 creates next to a neighbour that takes a third at its own rhythm. */
export const besideNeighbour = (kind: LimiterKind, seed: number) => {
  const random = source(seed * 31 + 7)
  const neighbour: Array<number> = []
  for (let at = 0; at < 200_000; at += 300 * (0.5 + random())) neighbour.push(at)
  const server = { ...tenPerSecond(kind, seed), neighbour }
  const left = simulateFleet({
    server,
    network,
    seed,
    processes: [{ total: 300, concurrency: 10 }],
  })
  const best = (300 / (10 - 1000 / 300)) * 1000
  return {
    ratio: left.endMs / best,
    rateLimited: left.server.rateLimited.length,
    neighbourLost: 1 - left.server.neighbourAccepted / Math.max(1, left.server.neighbourSent),
  }
}
