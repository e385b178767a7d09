/** Measures the size of core in a browser bundle, the size of the published SDK, and the time to load them. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

import type { Measured } from "./results.ts"
import { median, shuffled } from "./statistics.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

const published = "packages/node/dist/index.js"

const modules = [
  { name: "undici", specifier: "undici" },
  { name: "`@aelyst/core` as its sources", specifier: "@aelyst/core" },
  { name: "`@aelyst/node` as published", specifier: `../../${published}` },
]

/** Loads a module in a fresh process; returns the time of the import only, in milliseconds. */
const load = (specifier: string): number =>
  Number(
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `const began = performance.now()
        await import(${JSON.stringify(specifier)})
        console.log(performance.now() - began)`,
      ],
      { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" },
    ),
  )

/** Measures both. */
export const size = async (): Promise<Measured> => {
  const sizes = execFileSync(process.execPath, ["scripts/size.mjs"], {
    cwd: root,
    encoding: "utf8",
  })
  const times = modules.map(({ specifier }) => ({ specifier, ms: Array.of<number>() }))
  for (let round = -1; round < 15; round++) {
    for (const { ms, specifier } of shuffled(times, Math.random)) {
      const sample = load(specifier)
      // the first round fills the system's caches
      if (round >= 0) ms.push(sample)
    }
  }
  const undici = times[0]?.ms ?? []
  const starts = modules.map(({ name }, at) => [
    name,
    median((times[at]?.ms ?? []).map((ms, round) => ms / (undici[round] ?? Number.NaN))).toFixed(2),
  ])
  return {
    blocks: [
      `\`\`\`text\n${sizes.trim()}\n\`\`\``,
      { head: ["import", "time over that of undici"], rows: starts },
    ],
  }
}
