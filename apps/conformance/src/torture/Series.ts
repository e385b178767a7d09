/** Series of campaigns: kills at random moments until there are enough, and a kill at each system call of a short run. */
import type { Campaign, CampaignOptions } from "./Campaign.ts"
import { runCampaign } from "./Campaign.ts"
import { judge } from "./Judge.ts"
import type { Control } from "./Controls.ts"
import { drawKills } from "./Kills.ts"
import type { Kill } from "./KilledProcess.ts"
import type { Target } from "./Target.ts"
import type { SandboxOptions } from "@aelyst/sandbox"
import { startSandbox } from "./SandboxProcess.ts"

/** The API's treatment of a contact that exists, and the delivery of the import. */
export type Mode = Pick<CampaignOptions, "existing" | "delivery">

/** The ways to treat a contact that exists, each with a delivery that keeps its promises there. */
export const modes: ReadonlyArray<Mode> = [
  { existing: "reject", delivery: "natural-key" },
  { existing: "merge", delivery: "natural-key" },
  { existing: "duplicate", delivery: "at-most-once" },
  { existing: "duplicate", delivery: "report-only" },
]

/** The result of a series of campaigns. */
export interface Series extends Mode {
  readonly campaigns: number
  readonly starts: number
  readonly kills: number
  /** Of the kills, those in the first moments of a process: while it starts, plans or recovers. */
  readonly killsAtStart: number
  readonly killsAtSyscall: number
  readonly rows: number
  /** Rows that were settled by asking again. */
  readonly existsAfterDoubt: number
  /** Each begins with the seed, or with the number of the system call. */
  readonly problems: ReadonlyArray<string>
}

// the shortest that the client takes: the sandbox knows a contact at once
const doubtDelayMs = 1_000

const seriesOf = (mode: Mode, ran: ReadonlyArray<readonly [label: string, Campaign]>): Series => {
  const sum = (count: (campaign: Campaign) => number) =>
    ran.reduce((total, [, campaign]) => total + count(campaign), 0)
  return {
    ...mode,
    campaigns: ran.length,
    starts: sum(({ reports }) => reports.length),
    kills: sum(({ kills }) => kills),
    killsAtStart: sum(({ killsAt }) => killsAt.time ?? 0),
    killsAtSyscall: sum(({ killsAt }) => killsAt.syscall ?? 0),
    rows: sum(({ options }) => options.rows),
    existsAfterDoubt: sum(({ summary }) => summary?.exists_after_doubt ?? 0),
    problems: ran.flatMap(([label, campaign]) =>
      judge(campaign).map((problem) => `${label}: ${problem}`),
    ),
  }
}

/** Runs campaigns until so many processes have been killed at random moments. */
export const killAtRandom = async (
  target: Target,
  mode: Mode,
  options: { readonly kills: number; readonly seed: number; readonly atSyscalls: boolean },
): Promise<Series> => {
  await using sandbox = await startSandbox({ existing: mode.existing })
  const ran: Array<readonly [string, Campaign]> = []
  let kills = 0
  for (let seed = options.seed; kills < options.kills; seed += 1) {
    const { atSyscalls } = options
    const most = Math.min(12, options.kills - kills)
    const killOf = drawKills({ seed, kills: most, atSyscalls })
    // a process gets about half as far
    const rows = 40 + 24 * most
    const campaign = await runCampaign(sandbox, {
      ...mode,
      target,
      doubtDelayMs,
      rows,
      killOf,
    })
    kills += campaign.kills
    ran.push([`seed ${seed}`, campaign])
  }
  return seriesOf(mode, ran)
}

/** The campaigns at a time: most of them only wait for a row in doubt. */
const parallel = 4

/**
 * Kills a run of six rows at its first system call on a file, another one at its second, and so on until one ends unharmed.
 */
export const killAtEachSyscall = async (target: Target, mode: Mode): Promise<Series> => {
  const ran: Array<readonly [string, Campaign]> = []
  const runEvery = async (first: number): Promise<void> => {
    await using sandbox = await startSandbox({ existing: mode.existing })
    for (let nth = first; ; nth += parallel) {
      const campaign = await runCampaign(sandbox, {
        ...mode,
        target,
        doubtDelayMs,
        rows: 6,
        killOf: (round) => (round === 0 ? { at: "syscall", nth } : { at: "never" }),
      })
      ran.push([`system call ${nth}`, campaign])
      if (campaign.kills === 0) return
    }
  }
  await Promise.all(Array.from({ length: parallel }, (_, index) => runEvery(index + 1)))
  return seriesOf(mode, ran)
}

/** Runs one import that is not killed but disturbed in another way; returns the problems and the number of 429s. */
export const disturb = async (
  target: Target,
  options: Pick<CampaignOptions, "preload" | "rows"> & {
    readonly freezeMs?: number
    /** Whether its requests in flight may be cut off once. */
    readonly isCut?: boolean
    readonly sandbox?: SandboxOptions
  },
): Promise<{
  readonly problems: ReadonlyArray<string>
  readonly rateLimited: number
  /** The causes of attempts that failed without a response. */
  readonly causes: ReadonlySet<string | undefined>
}> => {
  const { freezeMs, isCut = freezeMs !== undefined, sandbox: settings, ...rest } = options
  const mode = { existing: "reject", delivery: "natural-key" } as const
  await using sandbox = await startSandbox({ existing: mode.existing, ...settings })
  const killOf = (): Kill =>
    freezeMs === undefined ? { at: "never" } : { at: "freeze", requests: 10, ms: freezeMs }
  const campaign = await runCampaign(sandbox, { ...mode, ...rest, target, doubtDelayMs, killOf })
  const rateLimited = campaign.ledger.reduce((sum, { statuses }) => sum + (statuses[429] ?? 0), 0)
  // a request that a frozen process had begun may never arrive, as one of a process that was killed
  return {
    problems: judge({ ...campaign, kills: campaign.kills + Number(isCut) }),
    rateLimited,
    causes: new Set(campaign.attempts.map(({ cause }) => cause)),
  }
}

/** Runs campaigns of the script without a promise until the judge has noticed, three at most; returns what it noticed. */
export const breakPromise = async (
  target: Target,
  control: Control,
): Promise<ReadonlyArray<string>> => {
  const mode = { existing: "reject", delivery: "natural-key" } as const
  // the API does not know a contact for so long that even the shortest wait of the client is too short
  const lagMs = control === "no_doubt_delay" ? 15_000 : 0
  await using sandbox = await startSandbox({ existing: mode.existing, lagMs })
  for (let seed = 1; seed <= 3; seed += 1) {
    const killOf = drawKills({ seed, kills: 4, atSyscalls: false })
    const campaign = await runCampaign(sandbox, {
      ...mode,
      target,
      control,
      doubtDelayMs,
      rows: 160,
      killOf,
    })
    const problems = judge(campaign)
    if (problems.length > 0) return problems
  }
  return []
}
