/** Measures the start of the command: a complete run, as a ratio to Node running an empty script. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { Sandbox } from "@aelyst/sandbox"

import { median, shuffled, table } from "./statistics.ts"

const bin = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url))

const runs: ReadonlyArray<readonly [name: string, most: number, args: ReadonlyArray<string>]> = [
  ["bare `node`", 1, ["-e", "0"]],
  ["`--version`", 1.5, [bin, "--version"]],
  ["`--help`", 3.2, [bin, "--help"]],
  ["`create`, against the sandbox", 5, [bin, "create", "id:bench", "--first-name", "Ana"]],
]

/** Runs the commands in turn, in a different order each round, and renders the table of ratios. */
export const cli = async ({ rounds }: { readonly rounds: number }): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), "aelyst-bench-"))
  await using sandbox = await Sandbox.start({ limit: 1_000_000, existing: "merge" })
  const env = {
    HOME: home,
    PATH: process.env["PATH"],
    AELYST_TOKEN: sandbox.tokens.ok,
    AELYST_BASE_URL: sandbox.baseUrl,
    // Node's compile cache
    TMPDIR: home,
  }
  const wall = async (args: ReadonlyArray<string>): Promise<number> => {
    const began = performance.now()
    const child = spawn(process.execPath, args, { env, stdio: "ignore" })
    const [code] = await once(child, "exit")
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`)
    return performance.now() - began
  }
  const times = new Map(runs.map(([name]) => [name, Array.of<number>()]))
  try {
    for (const [, , args] of runs) await wall(args)
    for (let round = 0; round < rounds; round++) {
      for (const [name, , args] of shuffled(runs, Math.random)) {
        times.get(name)?.push(await wall(args))
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  const figures = (name: string) => {
    const all = times.get(name) ?? []
    return { middle: median(all), fastest: Math.min(...all) }
  }
  const [[bareName] = [""]] = runs
  const bare = figures(bareName)
  const rows = runs.slice(1).map(([name, most]) => {
    const { middle, fastest } = figures(name)
    const ratios = [middle / bare.middle, fastest / bare.fastest].map((ratio) => ratio.toFixed(2))
    return [name, ...ratios, most.toFixed(1)]
  })
  return table(["run, time over bare Node", "median", "fastest", "aim, at most"], rows)
}
