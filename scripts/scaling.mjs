// Draws docs/pictures/scaling-limit.svg and scaling-database.svg, and fills the tables of docs/scaling.md, from the record of the
// simulation in docs/simulation, which apps/conformance/src/scaling made. With --check it writes nothing and fails if they differ.
import { readFileSync } from "node:fs"

import { filled, table, writeAll } from "./generated.mjs"
import { label, page } from "./picture.mjs"
import { report } from "./sources.mjs"

const read = (name) => JSON.parse(readFileSync(`docs/simulation/${name}.json`, "utf8"))
const database = read("database")
const { cells } = read("scaling")

const valuesOf = (name) => [...new Set(cells.map(({ cell }) => cell[name]))]
const workers = valuesOf("workers").toSorted((a, b) => a - b)
const latencies = valuesOf("latencyMs").toSorted((a, b) => a - b)
const rates = valuesOf("perSecond")
const figuresOf = (perSecond, latencyMs, count) =>
  cells.find(
    ({ cell }) =>
      cell.perSecond === perSecond && cell.latencyMs === latencyMs && cell.workers === count,
  )?.figures

const number = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 })
const percent = (part) => `${Math.round(100 * part)} %`
const workersOf = (count) => `${count} worker${count === 1 ? "" : "s"}`
const style = `
  .axis { stroke: #8c959f; fill: none } .grid { stroke: #d8dee4; fill: none }
  ${workers.map((_, index) => `.w${index} { stroke: ${["#0969da", "#1a7f37", "#bc4c00"][index]}; fill: none; stroke-width: 2 } .f${index} { fill: ${["#0969da", "#1a7f37", "#bc4c00"][index]} }`).join(" ")}
  @media (prefers-color-scheme: dark) { .axis { stroke: #656c76 } .grid { stroke: #2a313c }
  ${workers.map((_, index) => `.w${index} { stroke: ${["#4493f8", "#3fb950", "#f0883e"][index]} } .f${index} { fill: ${["#4493f8", "#3fb950", "#f0883e"][index]} }`).join(" ")} }`

const [left, panelWidth, panelHeight, gap] = [58, 236, 130, 30]
const width = left + latencies.length * (panelWidth + gap)
const legend = (x, y, counts = workers) =>
  counts.flatMap((count, index) => [
    `<rect class="f${index}" x="${x + 120 * index}" y="${y - 9}" width="12" height="10"/>`,
    label(x + 120 * index + 18, y, workersOf(count), "soft"),
  ])

/** Draws one panel: a line for each number of workers over the limits. */
const lines = (latencyMs, column, top, value) => {
  const x0 = left + column * (panelWidth + gap)
  const x = (index) => x0 + 14 + (index * (panelWidth - 28)) / (rates.length - 1)
  const y = (part) => Math.round((top + panelHeight * (1 - part)) * 10) / 10
  return [
    ...[0, 0.5, 1].flatMap((part) => [
      `<path class="${part === 0 ? "axis" : "grid"}" d="M${x0} ${y(part)}H${x0 + panelWidth}"/>`,
      ...(column === 0 ? [label(x0 - 8, y(part) + 4, percent(part), "soft", "end")] : []),
    ]),
    ...rates.map((rate, index) =>
      label(x(index), top + panelHeight + 18, number(rate), "soft", "middle"),
    ),
    ...workers.flatMap((count, kind) => {
      const points = rates.flatMap((rate, index) => {
        const figures = figuresOf(rate, latencyMs, count)
        return figures === undefined ? [] : [`${x(index)} ${y(value(figures))}`]
      })
      return [
        `<path class="w${kind}" d="M${points.join("L")}"/>`,
        ...points.map((point) => {
          const [cx, cy] = point.split(" ")
          return `<circle class="f${kind}" cx="${cx}" cy="${cy}" r="3"/>`
        }),
      ]
    }),
  ]
}

const wordsOf = (name, value) =>
  latencies
    .flatMap((latencyMs) =>
      workers.map((count) => {
        const all = rates.map((rate) => {
          const figures = figuresOf(rate, latencyMs, count)
          return figures === undefined ? "not simulated" : percent(value(figures))
        })
        return `${latencyMs} ms, ${workersOf(count)}: ${all.join(", ")}`
      }),
    )
    .join("; ")
    .replace(/^/, `${name}, for limits of ${rates.map(number).join(", ")} per second. `)

const limitPicture = () => {
  const title = "How much of the limit workers use together, and how evenly"
  const [first, second] = [96, 96 + panelHeight + 66]
  const height = second + panelHeight + 84
  const parts = [
    label(24, 32, title, "title"),
    ...legend(24, 58),
    ...latencies.flatMap((latencyMs, column) => [
      label(
        left + column * (panelWidth + gap),
        first - 14,
        `${latencyMs} ms away: part of the limit in use`,
        "soft",
      ),
      ...lines(latencyMs, column, first, ({ used }) => Math.min(1, used)),
      label(left + column * (panelWidth + gap), second - 14, "evenness", "soft"),
      ...lines(latencyMs, column, second, ({ fairness }) => fairness),
    ]),
    label(
      24,
      height - 36,
      "Along: the limit of the API, per second. The distance is that of the database. Evenness is Jain's index: 100 % if all",
      "soft",
    ),
    label(
      24,
      height - 18,
      "workers create as many contacts, 1 % if one of 100 creates all.",
      "soft",
    ),
  ]
  const description = [
    wordsOf("Part of the limit that is used", ({ used }) => used),
    wordsOf("Evenness", ({ fairness }) => fairness),
  ].join(". ")
  return page(width, height, title, parts, { description, style })
}

const databasePicture = () => {
  const highest = Math.max(...rates)
  const title = `Contacts per second under a limit of ${number(highest)}: what the database allows`
  const top = 96
  const height = top + panelHeight + 84
  const all = latencies.flatMap((latencyMs) =>
    workers.map((count) => figuresOf(highest, latencyMs, count)?.createdPerSecond ?? 0),
  )
  const most = 1000 * Math.ceil(Math.max(...all) / 1000)
  const drawn = workers.filter((count) => figuresOf(highest, latencies[0], count) !== undefined)
  const parts = [label(24, 32, title, "title"), ...legend(24, 58, drawn)]
  for (const [column, latencyMs] of latencies.entries()) {
    const x0 = left + column * (panelWidth + gap)
    const base = top + panelHeight
    parts.push(label(x0, top - 14, `database ${latencyMs} ms away`, "soft"))
    parts.push(`<path class="axis" d="M${x0} ${base}H${x0 + panelWidth}"/>`)
    for (const [index, count] of workers.entries()) {
      const figures = figuresOf(highest, latencyMs, count)
      if (figures === undefined) continue
      const tall = Math.round((figures.createdPerSecond / most) * panelHeight * 10) / 10
      const x = x0 + 20 + index * 72
      parts.push(
        `<rect class="f${index}" x="${x}" y="${base - tall}" width="56" height="${tall}"/>`,
        label(x + 28, base - tall - 5, number(figures.createdPerSecond), "soft", "middle"),
        label(x + 28, base + 17, percent(figures.databaseBusy), "soft", "middle"),
      )
    }
  }
  parts.push(
    label(left - 8, top + panelHeight + 17, "busy", "soft", "end"),
    label(
      24,
      height - 18,
      `Above the bars: contacts per second. Below: how busy the ${database.processors} processors of the database are.`,
      "soft",
    ),
  )
  const description = latencies
    .flatMap((latencyMs) =>
      workers.flatMap((count) => {
        const figures = figuresOf(highest, latencyMs, count)
        if (figures === undefined) return []
        const { createdPerSecond, databaseBusy } = figures
        return `${latencyMs} ms, ${workersOf(count)}: ${number(createdPerSecond)} contacts per second, the database ${percent(databaseBusy)} busy`
      }),
    )
    .join("; ")
  return page(width, height, title, parts, { description, style })
}

const limitTable = () =>
  table(
    ["Limit", "Database", ...workers.map(workersOf)],
    rates.flatMap((rate) =>
      latencies.map((latencyMs) => [
        `${number(rate)}/s`,
        `${latencyMs} ms`,
        ...workers.map((count) => {
          const figures = figuresOf(rate, latencyMs, count)
          if (figures === undefined) return "–"
          const { exchanges, fairness, used } = figures
          return `${percent(used)} · ${fairness.toFixed(2)} · ${exchanges.toFixed(1)}`
        }),
      ]),
    ),
  )

const timesTable = () =>
  table(
    ["Statement", "Processor time"],
    Object.entries(database.ms).map(([name, ms]) => [name, `${ms} ms`]),
  )

const sums = () => {
  const all = cells.map(({ figures }) => figures)
  const sum = (value) => all.reduce((total, figures) => total + value(figures), 0)
  return `In all ${all.length} simulated runs together: ${sum(({ lost }) => lost)} contacts lost, ${sum(({ twice }) => twice)} sent twice, and ${sum(({ later429s, learning429s }) => learning429s + later429s)} responses with status 429.`
}

const file = "docs/scaling.md"
const script = "scripts/scaling.mjs"
let text = readFileSync(file, "utf8")
for (const [name, content] of Object.entries({
  sums: sums(),
  limits: limitTable(),
  times: timesTable(),
})) {
  text = filled(file, text, name, script, content) ?? text
}
report(
  writeAll(
    new Map([
      ["docs/pictures/scaling-limit.svg", limitPicture()],
      ["docs/pictures/scaling-database.svg", databasePicture()],
      [file, text],
    ]),
  ),
  `the pictures and tables of ${cells.length} simulated runs are as their record says`,
)
