// Draws docs/pictures/import-session.svg, the terminal of an import that is killed and resumed, as it was over time, and
// docs/pictures/import-timeline.svg, the requests of that import, from the record in docs/pictures/import-session.json, which
// scripts/record-import.mjs made. With --check it writes nothing and fails if a picture differs.
import { readFileSync } from "node:fs"

import { writeAll } from "./generated.mjs"
import { label, page } from "./picture.mjs"
import { report } from "./sources.mjs"
import { screen, spans, terminalLook } from "./terminal.mjs"

const recorded = JSON.parse(readFileSync("docs/pictures/import-session.json", "utf8"))
const { columns, killed, output, requests, rows } = recorded
const ours = requests.filter(({ by }) => by === "import")
const rateLimited = ours.filter(({ status }) => status === 429)
const settled = ours.filter(({ result }) => result === "existed")
const resumed = output.find(({ at, text }) => at > killed && text.includes("$ aelyst resume")).at

// the terminal over time

const [step, left, hold] = [20, 16, 3_500]
const speed = 1.5
const timeOf = (at) => Math.round(at / speed)
/** Breaks what is longer than the terminal, as it does. */
const wrapped = (line) =>
  line.length <= columns ? [line] : [line.slice(0, columns), ...wrapped(line.slice(columns))]

const { lines, write } = screen()
const frames = output.map(({ at, text }) => {
  write(text)
  return { at: timeOf(at), lines: lines.flatMap(wrapped) }
})
const end = frames.at(-1).at
const captions = [
  [0, `An import of ${rows} contacts, 10 requests per second`],
  [rateLimited[0].at, "429: another program has used up the limit; the import waits"],
  [rateLimited[0].at + 1_600, "It continues without being asked"],
  [killed, "kill -9, while requests are on their way"],
  [resumed, "Resume: rows that are known to exist cost no request"],
  [settled[0].at - 2_600, "Rows without a response are asked again after a pause"],
  [settled[0].at, `${recorded.created} of ${rows} created, ${recorded.createdTwice} created twice`],
]
const height = Math.max(...frames.map((frame) => frame.lines.length))
const shown = frames.map((frame) => ({
  at: frame.at,
  texts: [
    ...Array.from({ length: height }, (_, row) => frame.lines[row] ?? ""),
    captions.findLast(([at]) => timeOf(at) <= frame.at)[1],
  ],
}))

/** The texts of each line, with the times from which and until which they are shown. */
const spells = Array.from({ length: height + 1 }, (_, row) => {
  const found = []
  for (const { at, texts } of shown) {
    const last = found.at(-1)
    if (last?.text === texts[row]) continue
    if (last !== undefined) last.to = at
    found.push({ row, text: texts[row], from: found.length === 0 ? 0 : at, to: undefined })
  }
  return found.filter(({ text }) => text !== "")
}).flat()

const total = end + hold
const percent = (at) => `${((100 * at) / total).toFixed(2)}%`
const moves = new Map()
/** Returns the name of the animation that shows a text for this time; the last screen needs none after its start. */
const moveOf = ({ from, to }) => {
  const frame = `${from === 0 ? "" : `0%{opacity:0}`}${percent(from)}{opacity:1}${to === undefined ? "" : `${percent(to)}{opacity:0}`}`
  if (!moves.has(frame)) moves.set(frame, `t${moves.size}`)
  return moves.get(frame)
}
const drawn = spells.map((spell) => {
  const { from, row, text, to } = spell
  const isCaption = row === height
  const looks = [
    text.startsWith("$") ? "typed" : isCaption ? "caption" : "",
    to === undefined ? "" : "past",
    from === 0 && to === undefined ? "" : `moves ${moveOf(spell)}`,
  ].filter((look) => look !== "")
  const y = 30 + row * step + (isCaption ? 16 : 0)
  const classes = looks.length === 0 ? "" : ` class="${looks.join(" ")}"`
  return `<text x="${left}" y="${y}"${classes}>${spans(text)}</text>`
})
const width = Math.ceil(columns * 8.45) + 2 * left
const tall = 30 + height * step + 36
const sessionTitle =
  "An import in a terminal: it gets a 429, is killed with kill -9, and is resumed"
const sessionWords = [
  ...captions.map(([, text]) => `${text}.`),
  "At the end the terminal shows:",
  ...frames.at(-1).lines.filter((line) => line.trim() !== ""),
].join(" ")
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
const session = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}" role="img" aria-labelledby="title words">
<title id="title">${escape(sessionTitle)}</title>
<desc id="words">${escape(sessionWords)}</desc>
<style>${terminalLook}
  .caption { font: 14px system-ui, -apple-system, "Segoe UI", Arial, sans-serif; font-weight: 600 }
  .past { opacity: 0 }
  @media (prefers-reduced-motion: no-preference) {
    .moves { animation: ${total}ms step-end infinite }
${[...moves].map(([frame, name]) => `    .${name} { animation-name: ${name} } @keyframes ${name} {${frame}}`).join("\n")}
  }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${tall - 1}" rx="8"/>
<path d="M0.5 ${tall - 36.5}H${width - 0.5}" stroke="#8c959f" stroke-opacity="0.5"/>
${drawn.join("\n")}
<text x="${width - left}" y="${46 + height * step}" class="dim" text-anchor="end" style="font-size: 12px">a recorded run, ${speed} times as fast</text>
</svg>
`

// the requests over time

const bin = 100
const perBin = 6
const [dot, margin, top] = [5, 24, 92]
const last = Math.max(...ours.map(({ at }) => at))
const seconds = Math.ceil((last + 600) / 1_000)
const x = (at) => Math.round((margin + (at / bin) * perBin) * 10) / 10
const kindOf = ({ result, status }) =>
  result === "created" && status === 200
    ? "created"
    : status === 429
      ? "limited"
      : result === "existed"
        ? "existed"
        : "lost"
/** Draws requests as squares that pile up. */
const piles = (list, base, kind) => {
  const heights = new Map()
  return list.map((request) => {
    const slot = Math.floor(request.at / bin)
    const level = heights.get(slot) ?? 0
    heights.set(slot, level + 1)
    return `<rect class="${kind ?? kindOf(request)}" x="${x(slot * bin)}" y="${base - (level + 1) * (dot + 1)}" width="${dot}" height="${dot}"/>`
  })
}
const base = top + 96
const others = requests.filter(({ by }) => by === "other")
const lost = ours.filter((request) => kindOf(request) === "lost")
const created = ours.filter((request) => kindOf(request) === "created")
const wide = margin * 2 + seconds * (1_000 / bin) * perBin
const mark = (at, text, anchor = "start") =>
  `<path d="M${x(at)} 62V${base + 60}" class="mark"/>${label(x(at) + (anchor === "end" ? -6 : 6), 74, text, "soft", anchor)}`
const legend = [
  ["created", `${created.length} created`],
  ["limited", `${rateLimited.length} × 429`],
  ["lost", `${lost.length} cut off by the kill`],
  ["existed", `${settled.length} asked again: exists`],
  ["other", `${others.length} of another program`],
]
let legendX = margin
const legendParts = legend.flatMap(([kind, text]) => {
  const at = legendX
  legendX += 34 + text.length * 6.6
  return [
    `<rect class="${kind}" x="${at}" y="${base + 88}" width="10" height="10"/>`,
    label(at + 16, base + 97, text, "soft"),
  ]
})
const timelineTitle = `The requests of an import of ${rows} contacts that gets a 429, is killed and resumed`
const timeline = page(
  Math.max(wide, Math.ceil(legendX + margin)),
  base + 116,
  timelineTitle,
  [
    label(margin, 30, timelineTitle, "title"),
    label(
      margin,
      48,
      "As the sandbox received them, each a square, at 10 requests per second; numbers are seconds",
      "soft",
    ),
    ...Array.from(
      { length: seconds + 1 },
      (_, second) =>
        `<path d="M${x(second * 1_000)} ${top}V${base + 40}" class="tick"/>${label(x(second * 1_000) + 3, base + 16, String(second), "soft")}`,
    ),
    `<path d="M${margin} ${base}H${x(seconds * 1_000)}" class="axis"/>`,
    ...piles(ours, base - 1),
    ...piles(others, base + 60, "other"),
    mark(killed, "kill -9", "end"),
    mark(resumed, "resume"),
    ...legendParts,
  ],
  {
    description: `${created.length} requests created a contact, ${rateLimited.length} got a 429 after another program had sent ${others.length}, ${lost.length} were cut off by the kill after ${(killed / 1_000).toFixed(1)} seconds. After the resume ${settled.length} rows were found to exist. ${recorded.created} of ${rows} were created, ${recorded.createdTwice} twice.`,
    style: `
  .created { fill: #1a7f37 } .limited { fill: #cf222e } .lost { fill: #9a6700 } .existed { fill: #0969da } .other { fill: #8c959f }
  .axis { stroke: #8c959f } .tick { stroke: #d8dee4 } .mark { stroke: #1f2328; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .created { fill: #3fb950 } .limited { fill: #f85149 } .lost { fill: #d29922 } .existed { fill: #4493f8 } .other { fill: #656c76 }
    .axis { stroke: #656c76 } .tick { stroke: #2a313c } .mark { stroke: #f0f6fc }
  }`,
  },
)

report(
  writeAll(
    new Map([
      ["docs/pictures/import-session.svg", session],
      ["docs/pictures/import-timeline.svg", timeline],
    ]),
  ),
  `the pictures of an import are as its record of ${recorded.date} says`,
)
