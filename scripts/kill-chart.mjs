// Draws docs/pictures/kills.svg: how many rows of an import the server had created once, and more than once, after each of twenty
// kills, from the record in docs/pictures/kills.json, which apps/conformance/src/torture/twenty-kills.ts made. With --check it
// writes nothing and fails if the picture differs.
import { readFileSync } from "node:fs"

import { writeAll } from "./generated.mjs"
import { label, page } from "./picture.mjs"
import { report } from "./sources.mjs"

const { date, rows, series } = JSON.parse(readFileSync("docs/pictures/kills.json", "utf8"))

const [left, top, panelWidth, panelHeight, gap] = [24, 104, 284, 150, 22]
const servers = {
  reject: "An API that rejects contacts that exist",
  duplicate: "An API that creates whatever it receives",
}
const scale = (count) => Math.round((count / rows) * panelHeight * 10) / 10

const panel = ({ delivery, existing, kills, processes, summary, target }, index) => {
  const x = left + index * (panelWidth + gap)
  const base = top + panelHeight
  const step = panelWidth / processes.length
  const { moreOften, once } = processes.at(-1)
  const isControl = target === "script"
  return [
    label(
      x,
      62,
      isControl ? "Control: sends before it records" : `aelyst import, ${delivery}`,
      "title",
    ),
    label(x, 82, servers[existing], "soft"),
    ...processes.flatMap((process, at) => {
      const bar = (count, from, kind) =>
        `<rect class="${kind}" x="${(x + at * step).toFixed(1)}" y="${(base - scale(from + count)).toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${scale(count)}"/>`
      return [
        bar(process.once, 0, "once"),
        ...(process.moreOften > 0 ? [bar(process.moreOften, process.once, "twice")] : []),
      ]
    }),
    `<path d="M${x} ${base}H${x + panelWidth}" class="axis"/>`,
    `<path d="M${x} ${top}H${x + panelWidth}" class="axis" stroke-dasharray="2 4"/>`,
    label(x, top + 16, `${rows} rows`, "soft"),
    label(x, base + 18, `after 1 kill`, "soft"),
    label(x + panelWidth, base + 18, `${kills} kills, and the end`, "soft", "end"),
    label(x, base + 44, `${once} created once, ${moreOften} more often`, "strong"),
    label(
      x,
      base + 62,
      isControl
        ? "because each intent is recorded too late"
        : `${summary.unknown} reported as unknown, for a person to find out`,
      "soft",
    ),
  ]
}

const width = 2 * left + series.length * panelWidth + (series.length - 1) * gap
const title = `An import of ${rows} rows, killed ${series[0].kills} times at random moments and resumed`
const words = series.map(({ delivery, existing, processes, summary, target }) => {
  const { moreOften, once } = processes.at(-1)
  const name = target === "script" ? "A control that sends before it records" : "aelyst import"
  return `${servers[existing]}; ${name}, ${delivery}: ${once} rows created once, ${moreOften} more often, ${summary.unknown} reported as unknown.`
})
const style = `
  .once { fill: #1a7f37 } .twice { fill: #cf222e } .axis { stroke: #8c959f } .strong { font-weight: 600 }
  @media (prefers-color-scheme: dark) { .once { fill: #3fb950 } .twice { fill: #f85149 } .axis { stroke: #656c76 } }`
const height = top + panelHeight + 104
const picture = page(
  width,
  height,
  title,
  [
    label(left, 32, title, "title"),
    ...series.flatMap(panel),
    label(
      left,
      height - 16,
      "Rows in the server's ledger after each process. Green: created once. Red: created more often. Some rows are invalid, duplicates or rejected.",
      "soft",
    ),
  ],
  { description: words.join(" "), style },
)

report(
  writeAll(new Map([["docs/pictures/kills.svg", picture]])),
  `the picture of the kills is as its record of ${date} says`,
)
