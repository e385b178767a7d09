/** Judges a campaign by the server's ledger: whether every row is accounted for, and nothing was lost, doubled or taken back. */
import type { Campaign, Report } from "./Campaign.ts"
import { concurrency } from "./Campaign.ts"
import { identifierOf, kindOf } from "./TortureRows.ts"

const expected: Readonly<Record<ReturnType<typeof kindOf>, ReadonlyArray<string>>> = {
  new: ["created", "exists_after_doubt", "unknown"],
  // the API does not say that it exists unless it rejects it
  seeded: ["existed", "exists_after_doubt", "created", "unknown"],
  rejected: ["rejected", "unknown"],
  invalid: ["invalid"],
  duplicate: ["duplicate"],
}

/** Returns whether a report may be followed by another one: unknown rows are asked about, all others have ended. */
const mayChange = ({ outcome }: Report): boolean => outcome === "unknown" || outcome === "not_sent"

/** Returns what is wrong with a campaign; nothing if all promises were kept. */
export const judge = (campaign: Campaign): ReadonlyArray<string> => {
  const { attempts, damage, exitCode, kills, ledger, options, reports, summary } = campaign
  const { delivery, existing, rows } = options
  const problems: string[] = [...damage]
  const check = (isRight: boolean, problem: string) => {
    if (!isRight) problems.push(problem)
  }

  // 9: every row has ended, some of them badly
  check(
    exitCode === 0 || exitCode === 9,
    `it ended with ${exitCode} after ${reports.length} starts`,
  )
  const last = new Map<number, Report>()
  for (const [round, reported] of reports.entries()) {
    const seen = new Set<number>()
    for (const report of reported) {
      const { outcome, row: number } = report
      check(!seen.has(number), `row ${number} was reported twice by process ${round}`)
      seen.add(number)
      const before = last.get(number)
      const isKept = before === undefined || before.outcome === outcome || mayChange(before)
      check(isKept, `row ${number} was reported ${before?.outcome}, then ${outcome}`)
      last.set(number, report)
    }
  }

  const entries = new Map(ledger.map((entry) => [entry.key, entry]))
  const intents = new Map<number, number>()
  for (const { attempt, phase, row } of attempts) {
    // an end without an attempt has an entry, too, and an attempt that failed in this phase is no request
    if (attempt > 0 && phase !== "connect") intents.set(row, (intents.get(row) ?? 0) + 1)
  }
  let inDoubt = 0
  for (let number = 1; number <= rows; number += 1) {
    const kind = kindOf(number)
    const outcome = last.get(number)?.outcome
    const at = `row ${number} (${kind})`
    check(outcome !== undefined && expected[kind].includes(outcome), `${at} ended ${outcome}`)
    if (kind === "duplicate" || kind === "invalid") continue
    const seeds = kind === "seeded" ? 1 : 0
    const entry = entries.get(identifierOf(number))
    const posts = (entry?.posts ?? 0) - seeds
    const created = (entry?.created ?? 0) - seeds
    const noted = intents.get(number) ?? 0
    if (outcome === "exists_after_doubt") inDoubt += 1
    check(posts <= noted, `${at}: ${posts} requests, ${noted} of them in the journal`)
    if (kills === 0) check(posts === noted, `${at}: ${posts} requests, ${noted} in the journal`)
    if (delivery !== "natural-key") check(created <= 1, `${at} was created ${created} times`)
    if (existing === "duplicate") continue
    check(created <= 1 - seeds, `${at} was created ${created} times`)
    if (kind === "new" && outcome !== "unknown") check(created === 1, `${at} was not created`)
    if (kind === "rejected") check(created === 0, `${at} was created`)
    // a rejection does not tell the outcome of an attempt before it
    if (delivery === "natural-key" && kind !== "rejected") {
      check(outcome !== "unknown", `${at} was not settled`)
    }
  }
  // each kill, and each response that the faults lose, leaves a row in doubt at most
  const lost = ledger.reduce(
    (sum, { statuses }) => sum + (statuses[0] ?? 0) + (statuses[500] ?? 0),
    0,
  )
  const mostInDoubt = kills * concurrency + lost
  check(inDoubt <= mostInDoubt, `${inDoubt} rows in doubt after ${kills} kills`)

  check(summary?.rows === rows, `the summary counts ${summary?.rows} rows`)
  if (summary !== undefined) {
    const { created, duplicate, existed, exists_after_doubt, invalid } = summary
    const ended = created + existed + exists_after_doubt + invalid + duplicate
    const sum = ended + summary.rejected + summary.unknown + summary.not_sent
    check(sum === rows, `the summary adds up to ${sum}`)
    for (const outcome of [
      "created",
      "existed",
      "exists_after_doubt",
      "invalid",
      "duplicate",
      "rejected",
      "unknown",
    ] as const) {
      const count = [...last.values()].filter((report) => report.outcome === outcome).length
      check(
        summary[outcome] === count,
        `the summary says ${summary[outcome]} ${outcome}, of ${count}`,
      )
    }
  }
  return problems
}
