/** Measures every cell of the pacer against simulated servers, in virtual time: the same figures on every machine. */
import type { Figure } from "@aelyst-apps/conformance/pacing/Cells"
import { measureCells } from "@aelyst-apps/conformance/pacing/Cells"

import type { Goal, Measured } from "./results.ts"

const goalOf = (cell: string, { better, format, goal, name, value }: Figure): Goal => {
  const scale = format === "share" ? 100 : 1
  return {
    name: `${cell}: ${name}`,
    value: scale * value,
    [better === "less" ? "atMost" : "atLeast"]: scale * goal,
    ...(format === "share" && { unit: "%" }),
    ...(format === "seconds" && { unit: "s" }),
  }
}

/** Returns every figure with its goal, and a table of the worst random draws. */
export const pacingVirtual = async (): Promise<Measured> => {
  const { cells, draws } = measureCells()
  return {
    goals: cells.flatMap(({ figures, name }) => figures.map((figure) => goalOf(name, figure))),
    blocks: [
      "The slowest ten of the random draws:",
      {
        head: ["server", "time over ideal", "429s"],
        rows: draws.worst.map(({ name, rateLimited, ratio }) => [
          name,
          ratio.toFixed(2),
          `${rateLimited}`,
        ]),
      },
    ],
  }
}
