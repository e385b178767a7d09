// Makes the sentence of the README about the cost of a create from docs/benchmarks.md: the medians of all looks.
import { readFileSync } from "node:fs"

const page = "docs/benchmarks.md"
const column = "CPU, 32 in flight"

const cellsOf = (row) =>
  row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Returns the median of a client's figures in the column, one of each look. */
const medianOf = (rows, client) => {
  const at = cellsOf(rows.find((row) => row.includes(column)) ?? "").indexOf(column)
  const figures = rows
    .map(cellsOf)
    .filter(([name]) => name === client)
    .map((cells) => Number(cells[at]))
    .toSorted((a, b) => a - b)
  if (figures.length === 0 || figures.some(Number.isNaN))
    throw new Error(`${page} has no figures of ${client}`)
  return figures[(figures.length - 1) >> 1].toFixed(1)
}

/** Returns the sentence. */
export const benchmarkSentence = () => {
  const text = readFileSync(page, "utf8")
  const [, overhead = ""] = /<!-- overhead:begin -->([^]*)<!-- overhead:end -->/.exec(text) ?? []
  const rows = overhead.split("\n").filter((row) => row.startsWith("|"))
  const times = (client) => medianOf(rows, client)
  return `A create with \`@aelyst/node\` takes ${times("@aelyst/node")} times the CPU time of raw undici, with 32 in flight; the global \`fetch\` takes ${times("global fetch")}, got ${times("got")} and axios ${times("axios")}.`
}
