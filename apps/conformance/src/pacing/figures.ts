/** Prints how the pacer does on limits, neighbours and blips, as Markdown: `node apps/conformance/src/pacing/figures.ts`. */
import {
  blips,
  disturbedKinds,
  leavingNeighbours,
  measureRecovery,
  oddities,
} from "./Disturbances.ts"
import {
  fastBuckets,
  type Limit,
  measureLimit,
  silent,
  twoLimits,
  unevenWindows,
} from "./Limits.ts"
import { runDraws } from "./Draws.ts"
import { besideNeighbour, fourProcesses, twoProcesses } from "./Sharing.ts"

const print = (...lines: ReadonlyArray<string>) => process.stdout.write(`${lines.join("\n")}\n`)
const row = (...cells: ReadonlyArray<string | number>) => print(`| ${cells.join(" | ")} |`)
const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const wanted = process.argv[2]?.split(",")
const wants = (part: string) => wanted === undefined || wanted.includes(part)
const most = (values: ReadonlyArray<number>) => Math.max(...values)
const least = (values: ReadonlyArray<number>) => Math.min(...values)
const seeds = [1, 2, 3, 4, 5]

const limits = (title: string, list: ReadonlyArray<Limit>) => {
  print("", `### ${title}: makespan over ideal, median (worst) [most 429s]`, "")
  row("limit", "1 in flight", "10", "50")
  row("---", "---", "---", "---")
  for (const limit of list) {
    const cells = [1, 10, 50].map((concurrency) => {
      const { median, rateLimited, worst } = measureLimit(limit, concurrency)
      return `${median.toFixed(3)} (${worst.toFixed(3)}) [${rateLimited}]`
    })
    row(limit.name, ...cells)
  }
}
if (wants("buckets")) limits("Refills", fastBuckets)
if (wants("windows")) limits("Windows", unevenWindows)
if (wants("two")) limits("Two limits", twoLimits)
if (wants("silent")) limits("No headers", silent)

if (wants("blips")) {
  for (const [title, list] of [
    ["A neighbour that leaves", leavingNeighbours],
    ["Blips", blips],
    ["Odd for ever", oddities],
  ] as const) {
    print("", `### ${title}: share of the limit from the tenth window after it on [most 429s]`, "")
    row("what", ...disturbedKinds)
    row("---", ...disturbedKinds.map(() => "---"))
    for (const disturbance of list) {
      const cells = disturbedKinds.map((kind) => {
        const runs = seeds.map((seed) => measureRecovery(disturbance, kind, seed))
        const most429s = most(runs.map(({ rateLimited }) => rateLimited))
        return `${percent(least(runs.map(({ share }) => share)))} [${most429s}]`
      })
      row(disturbance.name, ...cells)
    }
  }
}

if (wants("sharing")) {
  print("", "### Processes that share nothing, the worst of five runs", "")
  row("four x 50 creates", "ratio", "429s", "fairness")
  row("---", "---", "---", "---")
  for (const kind of disturbedKinds) {
    const runs = seeds.map((seed) => fourProcesses(kind, seed))
    row(
      kind,
      most(runs.map(({ ratio }) => ratio)).toFixed(3),
      most(runs.map(({ rateLimited }) => rateLimited)),
      least(runs.map(({ fairness }) => fairness)).toFixed(3),
    )
  }
  print("")
  row("two, one 5 s late, 60 s", "least share of 10 s", "used", "longest gap ms", "429s", "lost")
  row("---", "---", "---", "---", "---", "---")
  for (const kind of disturbedKinds) {
    const runs = seeds.map((seed) => twoProcesses(kind, seed))
    row(
      kind,
      percent(least(runs.map(({ leastShare }) => leastShare))),
      percent(least(runs.map(({ used }) => used))),
      most(runs.map(({ gapMs }) => gapMs)).toFixed(0),
      most(runs.map(({ rateLimited }) => rateLimited)),
      most(runs.map(({ lost }) => lost)),
    )
  }
  print("")
  row("next to a neighbour with a third", "ratio", "429s", "the neighbour loses")
  row("---", "---", "---", "---")
  for (const kind of disturbedKinds) {
    const runs = seeds.map((seed) => besideNeighbour(kind, seed))
    row(
      kind,
      most(runs.map(({ ratio }) => ratio)).toFixed(3),
      most(runs.map(({ rateLimited }) => rateLimited)),
      percent(most(runs.map(({ neighbourLost }) => neighbourLost))),
    )
  }
}

if (wants("draws")) {
  const { few429s, lost, most429s, within15, within50, worst } = runDraws(1000)
  print("", "### 1,000 random draws", "")
  print(`${lost} not finished; 3 429s at most in ${percent(few429s)} of those undisturbed`)
  print(`within 1.15 x ideal: ${percent(within15)}, within 1.5 x ideal: ${percent(within50)}`, "")
  row("worst", "ratio", "429s")
  row("---", "---", "---")
  for (const draw of [...worst, ...most429s]) {
    row(`#${draw.seed} ${draw.name}`, draw.ratio.toFixed(2), draw.rateLimited)
  }
}
