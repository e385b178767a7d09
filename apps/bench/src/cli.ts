/** Measures the start of the command: a complete run, as a ratio to Node running an empty script. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { Sandbox } from "@aelyst/sandbox"

import { columns, rowText } from "./check-rows.ts"
import type { Measured } from "./results.ts"
import { median, shuffled } from "./statistics.ts"

const bin = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url))

const runs: ReadonlyArray<readonly [name: string, most: number, args: ReadonlyArray<string>]> = [
  ["bare `node`", 1, ["-e", "0"]],
  ["`--version`", 1.5, [bin, "--version"]],
  ["`--help`", 3.2, [bin, "--help"]],
  ["`create`, against the sandbox", 5, [bin, "create", "id:bench", "--first-name", "Ana"]],
  ["`import --check` of 100 rows", 8, [bin, "import", "contacts.csv", "--check"]],
]

// one of 50 rows is not valid, on purpose
const rows = Array.from({ length: 102 }, (_, row) => row).filter((row) => row % 50 !== 49)
const contacts = [`${columns.join(",")}\n`, ...rows.map(rowText)].join("")

/** Runs the commands in turn, in a different order each round, and returns the ratios. */
export const cli = async ({ rounds }: { readonly rounds: number }): Promise<Measured> => {
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
    const child = spawn(process.execPath, args, { cwd: home, env, stdio: "ignore" })
    const [code] = await once(child, "exit")
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`)
    return performance.now() - began
  }
  const times = new Map(runs.map(([name]) => [name, Array.of<number>()]))
  try {
    await writeFile(join(home, "contacts.csv"), contacts)
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
  const ratios = runs.slice(1).map(([name, most]) => {
    const { middle, fastest } = figures(name)
    return { name, most, middle: middle / bare.middle, fastest: fastest / bare.fastest }
  })
  return {
    blocks: [
      {
        head: ["run, time over bare Node", "median", "fastest"],
        rows: ratios.map(({ fastest, middle, name }) => [
          name,
          middle.toFixed(2),
          fastest.toFixed(2),
        ]),
      },
    ],
    goals: ratios.map(({ middle, most, name }) => ({
      name: `${name}, median`,
      value: middle,
      atMost: most,
    })),
  }
}
