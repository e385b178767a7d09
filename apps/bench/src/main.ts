/**
 * Runs the benchmarks, writes what each part measured to docs/benchmarks, and makes docs/benchmarks.md from all of these files:
 * `pnpm bench [part …]`, or all parts without a name.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

import { checkSpeed } from "./check.ts"
import { cli } from "./cli.ts"
import { expressOverhead } from "./express.ts"
import { importing, fullSizes } from "./import.ts"
import { memory } from "./memory.ts"
import { outboxCosts } from "./outbox.ts"
import { overhead } from "./overhead.ts"
import { pacing } from "./pacing.ts"
import { pacingVirtual } from "./pacing-virtual.ts"
import type { Measured } from "./results.ts"
import { writeMeasured } from "./results.ts"
import { sandbox } from "./sandbox.ts"
import { shared } from "./shared.ts"
import { size } from "./size.ts"
import { deployOfWorkers, largeImports, sharedImports } from "./workers.ts"
import { xlsx } from "./xlsx.ts"

const parts = {
  cli: () => cli({ rounds: 25 }),
  overhead: () => overhead({ looks: 3, rounds: 24 }),
  express: () => expressOverhead({ rounds: 16 }),
  outbox: () => outboxCosts({ rounds: 9, rows: 3_000 }),
  pacing,
  "pacing-virtual": pacingVirtual,
  shared,
  sandbox: () => sandbox({ rounds: 20, perRound: 5000 }),
  memory: () => memory({ rows: 1_000_000 }),
  size,
  xlsx: () => xlsx({ rows: 100_000, rounds: 5 }),
  check: () => checkSpeed({ rows: 1_000_000 }),
  import: () => importing(fullSizes),
  workers: () => sharedImports({ rows: 100_000, kills: 20, freezes: 2, paced: 300 }),
  "workers-deploy": () => deployOfWorkers(5_000),
  "workers-large": () => largeImports({ few: 10_000, many: 1_000_000 }),
} as const satisfies Record<string, () => Promise<Measured>>
type Part = keyof typeof parts

const isPart = (name: string): name is Part => Object.hasOwn(parts, name)
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !isPart(name))
if (unknown.length > 0) {
  console.error(
    `no such benchmark: ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`,
  )
  process.exit(2)
}
const names = asked.length === 0 ? Object.keys(parts).filter(isPart) : asked.filter(isPart)

for (const name of names) {
  console.error(`running ${name}`)
  const began = Date.now()
  writeMeasured(name, await parts[name](), began)
}
const root = fileURLToPath(new URL("../../..", import.meta.url))
for (const args of [["node_modules/oxfmt/bin/oxfmt", "docs/benchmarks"], ["scripts/docs.mjs"]]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exitCode = 1
}
