/**
 * Servers and networks drawn at random, each from its seed: rates from 0.5 to 200 per second, bursts from 1 to 100,
 * windows from 0.2 to 120 s, latencies from 1 to 300 ms, a third of them with a neighbour for a while.
 */
import { kinds } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { heavyTailed, steady } from "./Network.ts"
import { source } from "./Random.ts"
import { type Run, simulate } from "./Simulation.ts"

/** One draw, and how it went. */
export interface Draw {
  readonly seed: number
  readonly name: string
  readonly disturbed: boolean
  readonly finished: boolean
  /** Makespan over ideal. */
  readonly ratio: number
  readonly rateLimited: number
}

/** Draws a server, a network and a task. */
export const draw = (seed: number): Run & { readonly name: string } => {
  const random = source(seed * 7919 + 17)
  const between = (least: number, most: number) => least * (most / least) ** random()
  const kind = kinds[Math.floor(random() * kinds.length)] ?? "sliding-log"
  const perSecond = between(0.5, 200)
  const isBucket = kind === "token-bucket" || kind === "gcra"
  const burst = Math.round(between(1, 100))
  const windowMs = isBucket ? (1000 * burst) / perSecond : between(200, 120_000)
  const limit = isBucket ? burst : Math.max(1, Math.round((perSecond * windowMs) / 1000))
  const latency = Math.round(between(1, 300))
  const network = random() < 0.5 ? steady(latency, 0.2) : heavyTailed(latency)
  const concurrency = [1, 10, 50][Math.floor(random() * 3)] ?? 10
  const disturbed = seed % 3 === 0
  const gapMs = (windowMs / limit) * 3
  const neighbour = Array.from(
    { length: 30 },
    (_, index) => windowMs + index * gapMs * (0.5 + random()),
  )
  return {
    name: `${kind} ${limit} per ${(windowMs / 1000).toFixed(2)} s, ${network.name}, ${concurrency} in flight`,
    server: {
      limiter: { kind, limit, windowMs },
      phaseMs: random() * windowMs,
      headers: "always",
      retryAfter: true,
      ...(disturbed && { neighbour: neighbour.toSorted((a, b) => a - b) }),
    },
    network,
    total: Math.min(3000, Math.max(100, 10 * limit)),
    concurrency,
    knowsTotal: true,
    seed,
  }
}

/** Runs the draw of a seed. */
export const runDraw = (seed: number): Draw => {
  const run = draw(seed)
  const { rateLimited, utilisation } = simulate(run)
  return {
    seed,
    name: run.name,
    disturbed: run.server.neighbour !== undefined,
    finished: utilisation > 0,
    ratio: 1 / utilisation,
    rateLimited,
  }
}

const share = (list: ReadonlyArray<Draw>, holds: (draw: Draw) => boolean): number =>
  list.filter(holds).length / list.length

/** The results of many draws. */
export interface Draws {
  readonly lost: number
  readonly few429s: number
  readonly within15: number
  readonly within50: number
  readonly worst: ReadonlyArray<Draw>
  readonly most429s: ReadonlyArray<Draw>
}

/** Runs many draws, and counts what is promised. */
export const runDraws = (count: number): Draws => {
  const draws = Array.from({ length: count }, (_, seed) => runDraw(seed))
  const undisturbed = draws.filter(({ disturbed }) => !disturbed)
  return {
    lost: draws.filter(({ finished }) => !finished).length,
    few429s: share(undisturbed, ({ rateLimited }) => rateLimited <= 3),
    within15: share(draws, ({ ratio }) => ratio <= 1.15),
    within50: share(draws, ({ ratio }) => ratio <= 1.5),
    worst: draws.toSorted((a, b) => b.ratio - a.ratio).slice(0, 10),
    most429s: draws.toSorted((a, b) => b.rateLimited - a.rateLimited).slice(0, 10),
  }
}
