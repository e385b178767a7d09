/** Stops an import several times and resumes it: when the first request leaves, and whether any row is sent again. */
import { Sandbox } from "@aelyst/sandbox"

import { Office } from "./import-command.ts"
import type { Goal, Measured } from "./results.ts"

/** How much of the file is done when the run stops. */
const stops = [0.1, 0.5, 0.95]

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const number = (count: number): string => count.toLocaleString("en")

/** Measures the start, and each resume. */
export const resume = async (rows: number): Promise<Required<Measured>> => {
  await using office = await Office.create(rows)
  await using sandbox = await Sandbox.start({ limit: 1_000_000 })
  const cells: Array<ReadonlyArray<string>> = []
  const goals: Array<Goal> = []
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
    if (at === 0) continue
    const done = `${number(before.size)} rows done`
    goals.push(
      {
        name: `first request of a resume, ${done}`,
        value: (firstRequestMs - checkedMs) / 1000,
        atMost: 1,
        unit: "s",
      },
      { name: `requests for rows done before, ${done}`, value: again, atMost: 0 },
    )
  }
  const lost = rows - sandbox.contacts().length
  const table = {
    head: [
      `resume of ${number(rows)} rows, rows done before`,
      "start and check of the file",
      "from there to the first request",
      "requests",
      "requests for rows done before",
    ],
    rows: cells,
  }
  return {
    blocks: [table, "The first line is the start of the run, which also plans its rows."],
    goals: [...goals, { name: "contacts that are missing in the end", value: lost, atMost: 0 }],
  }
}
