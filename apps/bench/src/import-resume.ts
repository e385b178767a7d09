/** Stops an import several times and resumes it: when the first request leaves, and whether any row is sent again. */
import { Sandbox } from "@aelyst/sandbox"

import { Office } from "./import-command.ts"
import { table } from "./statistics.ts"

/** How much of the file is done when the run stops. */
const stops = [0.1, 0.5, 0.95]

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const number = (count: number): string => count.toLocaleString("en")

/** Measures and renders the table. */
export const resume = async (rows: number): Promise<string> => {
  await using office = await Office.create(rows)
  await using sandbox = await Sandbox.start({ limit: 1_000_000 })
  const cells: Array<ReadonlyArray<string>> = []
  for (const [at, stop] of [...stops, 1].entries()) {
    const before = new Map(sandbox.ledger().map(({ key, posts }) => [key, posts]))
    const isLast = stop === 1
    const { checkedMs, firstRequestMs } = await office.run(sandbox, {
      args: at === 0 ? Office.importArgs : ["resume", "--yes"],
      ...(!isLast && { stopAfter: Math.ceil(rows * stop) - before.size }),
    })
    const again = sandbox
      .ledger()
      .reduce((sum, { key, posts }) => sum + posts - (before.get(key) ?? posts), 0)
    const total = sandbox.ledger().reduce((sum, { posts }) => sum + posts, 0)
    const earlier = [...before.values()].reduce((sum, posts) => sum + posts, 0)
    cells.push([
      number(before.size),
      seconds(checkedMs),
      seconds(firstRequestMs - checkedMs),
      number(total - earlier),
      number(again),
    ])
  }
  const lost = rows - sandbox.contacts().length
  return [
    table(
      [
        `resume of ${number(rows)} rows, rows done before`,
        "start and check of the file",
        "from there to the first request",
        "requests",
        "requests for rows done before",
      ],
      cells,
    ),
    "",
    `The first line is the start of the run, which also plans its rows. In the end, ${number(lost)} contacts are missing. To reach: a first request within 1 s, and no request for a row that is done.`,
  ].join("\n")
}
