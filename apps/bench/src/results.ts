/** Results of the benchmarks, a file in docs/benchmarks for each part; scripts/docs.mjs makes docs/benchmarks.md from them. */
import { circumstancesOf, writeJson } from "@aelyst-apps/conformance/results/Result"
import { cpus } from "node:os"
import { fileURLToPath } from "node:url"

/** A table: the first column is text, the others are figures. */
export interface Table {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** A figure and how small or large it should be, both in the unit. */
export interface Goal {
  readonly name: string
  readonly value: number
  readonly atMost?: number
  readonly atLeast?: number
  readonly unit?: "%" | "ms" | "s"
}

/** Result of a part: tables and paragraphs in Markdown, and the figures that have a goal. */
export interface Measured {
  readonly blocks: ReadonlyArray<Table | string>
  readonly goals?: ReadonlyArray<Goal>
}

const folder = fileURLToPath(new URL("../../../docs/benchmarks/", import.meta.url))

/** Writes the result of a part that began at that time, in milliseconds since 1970. */
export const writeMeasured = (
  part: string,
  { blocks, goals = [] }: Measured,
  began: number,
): void => {
  writeJson(`${folder}${part}.json`, {
    ...circumstancesOf(began),
    cores: cpus().length,
    command: `npm run pnpm -- bench ${part}`,
    // a thousandth is finer than any of them is measured
    goals: goals.map((goal) => ({ ...goal, value: Number(goal.value.toFixed(3)) })),
    blocks,
  })
}
