/**
 * Kills one import twenty times at random moments, and records after each kill how many rows the server has created once, and more
 * than once: `node apps/conformance/src/torture/twenty-kills.ts` writes docs/pictures/kills.json, from which
 * `scripts/kill-chart.mjs` draws. The package of the command must be built, and `strace` installed. The command is killed over a server
 * that rejects contacts that exist, and over one that creates whatever it receives; the control, which sends before the intent is
 * recorded, over the latter. With `--check` it kills a smaller import a few times, writes nothing, and fails if that does not go as
 * the picture says.
 */
import { readFileSync, writeFileSync } from "node:fs"

import type { LedgerEntry } from "@aelyst/sandbox"

import type { CampaignOptions } from "./Campaign.ts"
import { runCampaign } from "./Campaign.ts"
import { judge } from "./Judge.ts"
import { drawKills } from "./Kills.ts"
import { startSandbox } from "./SandboxProcess.ts"
import { commandTarget, scriptTarget } from "./Target.ts"
import { identifierOf, kindOf } from "./TortureRows.ts"

const isCheck = process.argv.includes("--check")
const [kills, rows, seed] = isCheck ? [4, 120, 1] : [20, 480, 1]

/** Counts the rows of the import by how often the server has created them. */
const countRows = (ledger: ReadonlyArray<LedgerEntry>) => {
  const created = new Map(ledger.map((entry) => [entry.key, entry.created]))
  const counts = { once: 0, moreOften: 0 }
  for (let number = 1; number <= rows; number += 1) {
    const kind = kindOf(number)
    if (kind === "duplicate" || kind === "invalid") continue
    const times = (created.get(identifierOf(number)) ?? 0) - (kind === "seeded" ? 1 : 0)
    if (times === 1) counts.once += 1
    if (times > 1) counts.moreOften += 1
  }
  return counts
}

const record = async (
  options: Pick<CampaignOptions, "control" | "delivery" | "existing" | "target">,
) => {
  const { delivery, existing, target } = options
  const processes: Array<ReturnType<typeof countRows>> = []
  await using sandbox = await startSandbox({ existing })
  const campaign = await runCampaign(sandbox, {
    ...options,
    doubtDelayMs: 1_000,
    rows,
    killOf: drawKills({ seed, kills, atSyscalls: true }),
    afterProcess: (ledger) => processes.push(countRows(ledger)),
  })
  const problems = judge(campaign)
  console.error(`${target.name}, ${existing}, ${delivery}: ${problems.length} problems`)
  const { kills: killed, summary } = campaign
  return {
    target: target.name,
    existing,
    delivery,
    kills: killed,
    processes,
    summary,
    problems: problems.length,
  }
}

const target = await commandTarget()
const natural = await record({ target, existing: "reject", delivery: "natural-key" })
const once = { existing: "duplicate", delivery: "at-most-once" } as const
const careful = await record({ target, ...once })
const control = await record({
  target: await scriptTarget(),
  control: "intent_after_send",
  ...once,
})
const result = {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  seed,
  rows,
  series: [natural, careful, control],
}
const file = new URL("../../../../docs/pictures/kills.json", import.meta.url)

/** Returns what a reader sees in a series: the share of the rows that exist once in the end, and whether any exists more often. */
const seen = ({ processes, ...series }: (typeof result.series)[number], of: number) => {
  const last = processes.at(-1) ?? { moreOften: 0, once: 0 }
  return {
    ...series,
    share: last.once / of,
    isDoubled: last.moreOften > 0,
    isWrong: series.problems > 0,
  }
}
/** The share may differ by this much: which rows are in flight when a process is killed is chance. */
const mostOff = 0.15

/** Returns the differences between the series and those that were drawn. */
const differences = (): ReadonlyArray<string> => {
  // safe: this program wrote it
  const drawn = JSON.parse(readFileSync(file, "utf8")) as typeof result
  return result.series.flatMap((series, index) => {
    const [now, then] = [
      seen(series, rows),
      drawn.series.map((one) => seen(one, drawn.rows))[index],
    ]
    const isSame =
      now.isDoubled === then?.isDoubled &&
      now.isWrong === then.isWrong &&
      Math.abs(now.share - then.share) <= mostOff
    return isSame ? [] : [`drawn ${JSON.stringify(then)}, now ${JSON.stringify(now)}`]
  })
}

if (isCheck) {
  const problems = differences()
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log(`${kills} kills of ${rows} rows go as the picture says`)
  process.exitCode = problems.length === 0 ? 0 : 1
} else {
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  const isRight = natural.problems + careful.problems === 0 && control.problems > 0
  process.exitCode = isRight ? 0 : 1
}
