/** Imports a file without a limit, with and without a journal, and at 100 per second against every kind of limiter. */
import type { LimiterKind } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { ideal } from "@aelyst-apps/conformance/pacing/Server"

import type { CommandOptions, CommandRun } from "./import-command.ts"
import { Office } from "./import-command.ts"
import { limiterKinds, limiters } from "./limiters.ts"
import type { Goal, Measured } from "./results.ts"
import { median, shuffled } from "./statistics.ts"

const kinds = {
  "with the journal": { args: Office.importArgs },
  "without, as `--stream`": {
    args: Office.importArgs.with(1, "-").concat("--stream"),
    isPiped: true,
  },
} as const satisfies Record<string, CommandOptions>
type Kind = keyof typeof kinds
const isKind = (name: string): name is Kind => Object.hasOwn(kinds, name)

const sendingMs = ({ firstRequestMs, lastResponseMs }: CommandRun) =>
  lastResponseMs - firstRequestMs
const commandMs = ({ endMs }: CommandRun) => endMs

/** Measures how many contacts are created per second if nothing limits them. */
export const unlimited = async (rows: number, rounds: number): Promise<Required<Measured>> => {
  const names = Object.keys(kinds).filter(isKind)
  const samples = new Map(names.map((name) => [name, Array.of<CommandRun>()]))
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names, Math.random)) {
      await using office = await Office.create(rows)
      await using sandbox = await Sandbox.start({ limit: 1_000_000 })
      samples.get(name)?.push(await office.run(sandbox, kinds[name]))
      const created = sandbox.contacts().length
      if (created !== rows) throw new Error(`${name}: ${created} of ${rows} were created`)
    }
  }
  const perSecond = (name: Kind, ms: (run: CommandRun) => number) =>
    median((samples.get(name) ?? []).map((run) => (rows / ms(run)) * 1_000))
  const table = {
    head: [
      `${rows.toLocaleString("en")} rows, no limit`,
      "creates per second, first request to last response",
      "ratio",
      "whole command",
      "ratio",
    ],
    rows: names.map((name) => [
      name,
      ...[sendingMs, commandMs].flatMap((ms) => {
        const ratio = perSecond(name, ms) / perSecond("without, as `--stream`", ms)
        return [perSecond(name, ms).toFixed(0), ratio.toFixed(2)]
      }),
    ]),
  }
  return {
    blocks: [table, `Median of ${rounds} rounds.`],
    goals: [
      {
        name: "creates per second with the journal, no limit",
        value: perSecond("with the journal", sendingMs),
        atLeast: 500,
      },
    ],
  }
}

const rate = { limit: 100, windowMs: 1_000 }
// the default of the command
const concurrency = 32
/** The time of a request to this machine and back. */
const roundTripMs = 1

interface LimitedRun {
  /** The time from the first request to the last response, over that of the ideal. */
  readonly sending: number
  /** The time of the whole command, over that of the ideal. */
  readonly command: number
  readonly lost: number
  readonly rateLimited: number
}

const limitedRun = async (limiter: LimiterKind, rows: number): Promise<LimitedRun> => {
  await using office = await Office.create(rows)
  await using sandbox = await Sandbox.start({ ...rate, limiter })
  const run = await office.run(sandbox, { args: Office.importArgs })
  const ledger = sandbox.ledger()
  const firstAt = Math.min(...ledger.map((entry) => entry.firstAt))
  const best = ideal(
    {
      limiter: { kind: limiter, ...rate },
      phaseMs: firstAt % rate.windowMs,
      headers: "always",
      retryAfter: true,
    },
    rows,
    concurrency,
    roundTripMs,
  )
  return {
    sending: sendingMs(run) / best,
    command: commandMs(run) / best,
    lost: rows - sandbox.contacts().length,
    rateLimited: ledger.reduce((sum, { statuses }) => sum + (statuses[429] ?? 0), 0),
  }
}

const limitedRow = async (
  limiter: LimiterKind,
  rows: number,
  rounds: number,
): Promise<{ readonly cells: ReadonlyArray<string>; readonly goals: ReadonlyArray<Goal> }> => {
  const runs: Array<LimitedRun> = []
  for (let round = 0; round < rounds; round++) runs.push(await limitedRun(limiter, rows))
  const all = (of: (run: LimitedRun) => string) => runs.map(of).join(", ")
  const lost = Math.max(...runs.map((run) => run.lost))
  const rateLimited = Math.max(...runs.map((run) => run.rateLimited))
  const name = limiters[limiter]
  return {
    cells: [
      name,
      all(({ sending }) => sending.toFixed(3)),
      all(({ command }) => command.toFixed(3)),
      String(lost),
      all((run) => String(run.rateLimited)),
    ],
    goals: [
      {
        name: `${name}: first request to last response, over ideal`,
        value: median(runs.map(({ sending }) => sending)),
        atMost: 1.05,
      },
      {
        name: `${name}: whole command, over ideal`,
        value: median(runs.map(({ command }) => command)),
        atMost: 1.1,
      },
      { name: `${name}: lost`, value: lost, atMost: 0 },
      { name: `${name}: 429s`, value: rateLimited, atMost: 2 },
    ],
  }
}

/** Measures an import at 100 per second against each limiter, several times: where in a window it begins is chance. */
export const limited = async (rows: number, rounds: number): Promise<Required<Measured>> => {
  const measured: Array<Awaited<ReturnType<typeof limitedRow>>> = []
  for (const limiter of limiterKinds) measured.push(await limitedRow(limiter, rows, rounds))
  const table = {
    head: [
      `${rows.toLocaleString("en")} rows at 100 per second`,
      "first request to last response, over ideal",
      "whole command, over ideal",
      "lost",
      "429s",
    ],
    rows: measured.map(({ cells }) => cells),
  }
  return {
    blocks: [
      table,
      "Every run as it came; the goals are for the median. The ideal is a client that knows the state of the server.",
    ],
    goals: measured.flatMap(({ goals }) => goals),
  }
}
