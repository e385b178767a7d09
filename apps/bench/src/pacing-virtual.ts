/** Measures every cell of the pacer against simulated servers, in virtual time: the same figures on every machine. */
import { format, isReached, measureCells } from "@aelyst-apps/conformance/pacing/Cells"

import { table } from "./statistics.ts"

/** Returns a table of cells, each figure with its goal in brackets, and one of the worst random draws. */
export const pacingVirtual = async (): Promise<string> => {
  const { cells, draws } = measureCells()
  const figures = cells.flatMap((cell) => cell.figures)
  const missed = figures.filter((figure) => !isReached(figure)).length
  const rows = cells.map((cell) => [
    cell.name,
    ...[0, 1, 2, 3].map((index) => {
      const figure = cell.figures[index]
      if (figure === undefined) return ""
      const text = `${figure.name}: ${format(figure)}`
      return isReached(figure) ? text : `**${text}**`
    }),
  ])
  const worst = draws.worst.map(({ name, rateLimited, ratio }) => [
    name,
    ratio.toFixed(2),
    `${rateLimited}`,
  ])
  return [
    `${figures.length - missed} of ${figures.length} figures reach their goal; the others are bold.`,
    table(["cell", "", "", "", ""], rows),
    "The slowest ten of the random draws:",
    table(["server", "time over ideal", "429s"], worst),
  ].join("\n\n")
}
