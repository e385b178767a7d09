/**
 * Simulates every cell and writes docs/simulation/scaling.json: `node apps/conformance/src/scaling/main.ts`. The figures are the same on
 * every machine. `--only <pattern>` simulates those cells again whose name (`workers/limit/latency`) matches.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"

import { type Simulated, cells, recordFile, recorded, simulateAll } from "./Grid.ts"
import type { Cell } from "./Simulation.ts"

const { values } = parseArgs({ options: { only: { type: "string" } } })
const nameOf = ({ latencyMs, perSecond, workers }: Cell): string =>
  `${workers}/${perSecond ?? "none"}/${latencyMs}`

const only = values.only === undefined ? undefined : new RegExp(`^(${values.only})$`)
const wanted = cells.filter((cell) => only?.test(nameOf(cell)) ?? true)
const done = new Map<string, Simulated>(
  only === undefined ? [] : recorded().map((simulated) => [nameOf(simulated.cell), simulated]),
)
await simulateAll(wanted, (simulated) => {
  done.set(nameOf(simulated.cell), simulated)
  console.log(nameOf(simulated.cell), JSON.stringify(simulated.figures))
  const all = cells.map((cell) => done.get(nameOf(cell))).filter((one) => one !== undefined)
  writeFileSync(recordFile, `${JSON.stringify({ cells: all }, null, 2)}\n`)
})
