/**
 * Prints every cell of the pacing simulation as Markdown: `node apps/conformance/src/pacing/table.ts [network]`.
 * A cell is: median share of the ideal (worst of 20 phases) and the most 429s of a run.
 */
import { kinds } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { measure, networks, scenarios } from "./Scenarios.ts"

const percent = (share: number): string => (100 * share).toFixed(1)
const wanted = process.argv[2]

for (const network of networks.filter(
  ({ name }) => wanted === undefined || name.startsWith(wanted),
)) {
  const lines = [
    `### ${network.name}`,
    "",
    "| server | limiter | 1 in flight | 10 in flight | 100 in flight |",
    "| --- | --- | --- | --- | --- |",
  ]
  for (const scenario of Object.values(scenarios)) {
    for (const kind of kinds) {
      const cells = [1, 10, 100].map((concurrency) => {
        const cell = measure(scenario, kind, concurrency, network, 20)
        return `${percent(cell.median)} (${percent(cell.worst)}) [${cell.mostRateLimited}]`
      })
      lines.push(`| ${scenario.name} | ${kind} | ${cells.join(" | ")} |`)
    }
  }
  process.stdout.write(`${lines.join("\n")}\n\n`)
}
