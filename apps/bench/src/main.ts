/**
 * Runs the benchmarks and writes their tables to docs/benchmarks.md: `pnpm bench [part …]`, or all parts without a name. A part
 * that is not run keeps its table.
 */
import { spawnSync } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { cpus } from "node:os"
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
import { sandbox } from "./sandbox.ts"
import { shared } from "./shared.ts"
import { size } from "./size.ts"
import { xlsx } from "./xlsx.ts"

/** Takes several looks in turn and returns all of them, as they came. */
const looks = async (count: number, look: () => Promise<string>): Promise<string> => {
  const texts: Array<string> = []
  for (let number = 1; number <= count; number++)
    texts.push(`Look ${number} of ${count}:\n\n${await look()}`)
  return texts.join("\n\n")
}

const target = new URL("../../../docs/benchmarks.md", import.meta.url)
const parts = {
  cli: () => cli({ rounds: 25 }),
  overhead: () => looks(3, () => overhead({ rounds: 24 })),
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
} as const
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
  const text = await parts[name]()
  console.log(`\n${text}\n`)
  const page = await readFile(target, "utf8")
  const begin = `<!-- ${name}:begin -->`
  const end = `<!-- ${name}:end -->`
  const machine = `Node ${process.versions.node}, ${cpus().length} cores.`
  const [before = "", rest = ""] = page.split(begin)
  const [, after = ""] = rest.split(end)
  await writeFile(target, `${before}${begin}\n\n${machine}\n\n${text}\n\n${end}${after}`)
}
const oxfmt = fileURLToPath(new URL("../../../node_modules/.bin/oxfmt", import.meta.url))
spawnSync(oxfmt, [fileURLToPath(target)], { shell: process.platform === "win32", stdio: "inherit" })
