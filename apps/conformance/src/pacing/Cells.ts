/** The cells that the pacer is judged by, measured in virtual time, with their goals. */
import {
  blips,
  type Disturbance,
  disturbedKinds,
  leavingNeighbours,
  measureRecovery,
  oddities,
} from "./Disturbances.ts"
import { type Draws, runDraws } from "./Draws.ts"
import {
  fastBuckets,
  type Limit,
  measureLimit,
  plain,
  silent,
  twoLimits,
  unevenWindows,
} from "./Limits.ts"
import { besideNeighbour, fourProcesses, twoProcesses } from "./Sharing.ts"

/** A figure, as measured and as wanted. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly goal: number
  /** Whether less is better, or more. */
  readonly better: "less" | "more"
  readonly format: "ratio" | "count" | "share" | "seconds"
}

/** Figures that are measured together. */
export interface Cell {
  readonly name: string
  readonly figures: ReadonlyArray<Figure>
}

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
const most = (values: ReadonlyArray<number>): number => Math.max(...values)
const least = (values: ReadonlyArray<number>): number => Math.min(...values)

const ratio = (value: number, goal: number): Figure => ({
  name: "time over ideal",
  value,
  goal,
  better: "less",
  format: "ratio",
})
const rateLimits = (value: number, goal: number): Figure => ({
  name: "429s",
  value,
  goal,
  better: "less",
  format: "count",
})
const lostCreates = (value: number): Figure => ({
  name: "lost",
  value,
  goal: 0,
  better: "less",
  format: "count",
})
const share = (name: string, value: number, goal: number): Figure => ({
  name,
  value,
  goal,
  better: "more",
  format: "share",
})

/** Measures the median over ten phases at the worst number in flight, and the most 429s of a run. */
const limitCell = (limit: Limit, ratioGoal: number, rateLimitGoal: number): Cell => {
  const cells = [1, 10, 50].map((concurrency) => measureLimit(limit, concurrency))
  return {
    name: limit.name,
    figures: [
      ratio(most(cells.map(({ median }) => median)), ratioGoal),
      rateLimits(most(cells.map(({ rateLimited }) => rateLimited)), rateLimitGoal),
    ],
  }
}

/** Measures the share of the limit that is used from the tenth window on, in the median of the runs and in the worst. */
const recoveryCells = (
  name: string,
  disturbances: ReadonlyArray<Disturbance>,
  goal: number,
): ReadonlyArray<Cell> =>
  disturbedKinds.map((kind) => {
    const shares = disturbances.flatMap((disturbance) =>
      seeds.map((seed) => measureRecovery(disturbance, kind, seed).share),
    )
    const used = shares.filter((value) => value >= goal).length / shares.length
    return {
      name: `${name}, ${kind}`,
      figures: [share("least share", least(shares), goal), share("runs that reach it", used, 1)],
    }
  })

const fleetCells = (): ReadonlyArray<Cell> => [
  ...disturbedKinds.map((kind) => {
    const runs = seeds.map((seed) => fourProcesses(kind, seed))
    return {
      name: `four processes, nothing shared, ${kind}`,
      figures: [
        ratio(most(runs.map((run) => run.ratio)), 1.15),
        rateLimits(most(runs.map(({ rateLimited }) => rateLimited)), 50),
        share("fairness", least(runs.map(({ fairness }) => fairness)), 0.92),
      ],
    }
  }),
  ...disturbedKinds.map((kind) => {
    const runs = seeds.map((seed) => twoProcesses(kind, seed))
    const gap = most(runs.map(({ gapMs }) => gapMs)) / 1000
    return {
      name: `two processes, one 5 s late, ${kind}`,
      figures: [
        share("least share of 10 s", least(runs.map(({ leastShare }) => leastShare)), 0.4),
        { name: "longest gap", value: gap, goal: 2.5, better: "less", format: "seconds" } as const,
        lostCreates(most(runs.map(({ lost }) => lost))),
      ],
    }
  }),
  ...disturbedKinds.map((kind) => {
    const runs = seeds.map((seed) => besideNeighbour(kind, seed))
    const loses = most(runs.map(({ neighbourLost }) => neighbourLost))
    return {
      name: `next to a neighbour with a third, ${kind}`,
      figures: [
        ratio(most(runs.map((run) => run.ratio)), 1.15),
        rateLimits(most(runs.map(({ rateLimited }) => rateLimited)), 10),
        { name: "it loses", value: loses, goal: 0.1, better: "less", format: "share" } as const,
      ],
    }
  }),
]

const drawCells = ({ few429s, lost, within15, within50 }: Draws): ReadonlyArray<Cell> => [
  {
    name: "1,000 random draws",
    figures: [
      lostCreates(lost),
      share("3 429s at most (undisturbed)", few429s, 0.95),
      share("within 1.15 x ideal", within15, 0.9),
      share("within 1.5 x ideal", within50, 0.99),
    ],
  },
]

/** Measures every cell; takes about 20 s of CPU time. */
export const measureCells = (): {
  readonly cells: ReadonlyArray<Cell>
  readonly draws: Draws
} => {
  const draws = runDraws(1000)
  const cells = [
    ...plain.map((limit) => limitCell(limit, 1.05, 0)),
    ...fastBuckets.map((limit) => limitCell(limit, 1.08, 2)),
    ...unevenWindows.map((limit) => limitCell(limit, 1.08, 2)),
    ...twoLimits.map((limit) => limitCell(limit, 1.05, 3)),
    ...silent.map((limit) => limitCell(limit, 1.07, 4)),
    ...recoveryCells("a neighbour that leaves", leavingNeighbours, 0.95),
    ...recoveryCells("an odd header or a pause, once", blips, 0.95),
    ...recoveryCells("one odd header in 100", oddities.slice(0, -1), 0.97),
    ...recoveryCells("Remaining is always 0", oddities.slice(-1), 0.9),
    ...fleetCells(),
    ...drawCells(draws),
  ]
  return { cells, draws }
}

/** Checks whether a figure reaches its goal. */
export const isReached = ({ better, goal, value }: Figure): boolean =>
  better === "less" ? value <= goal : value >= goal

const formats = {
  ratio: (value: number) => value.toFixed(2),
  count: (value: number) => value.toFixed(0),
  share: (value: number) => `${(100 * value).toFixed(1)} %`,
  seconds: (value: number) => `${value.toFixed(1)} s`,
}

/** Writes a figure with its goal. */
export const format = ({ better, format: kind, goal, value }: Figure): string =>
  `${formats[kind](value)} (${better === "less" ? "<=" : ">="} ${formats[kind](goal)})`
