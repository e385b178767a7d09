/**
 * Draws docs/pictures/pacing.svg: the requests of three clients against five limiters, in virtual time:
 * `node apps/conformance/src/pacing/picture.ts`. With --check it writes nothing and fails if the picture differs. The picture loads
 * nothing and follows the reader's colour scheme.
 */
import { readFileSync, writeFileSync } from "node:fs"

import type { LimiterOptions } from "../../../../packages/sandbox/src/api/Limiter.ts"
import { Agenda } from "./Agenda.ts"
import { steady } from "./Network.ts"
import { source } from "./Random.ts"
import { Server, type ServerOptions } from "./Server.ts"
import { simulateFleet } from "./Simulation.ts"

/** When requests arrived at the server, in milliseconds, and how many contacts were created. */
interface Requests {
  readonly accepted: ReadonlyArray<number>
  readonly rateLimited: ReadonlyArray<number>
}

const total = 60
const network = steady(30, 0.2)
const limiters: ReadonlyArray<readonly [string, LimiterOptions]> = [
  ["fixed window, by the clock", { kind: "fixed-window-aligned", limit: 10, windowMs: 1000 }],
  [
    "fixed window, from the first request",
    { kind: "fixed-window-first-request", limit: 10, windowMs: 1000 },
  ],
  ["sliding log", { kind: "sliding-log", limit: 10, windowMs: 1000 }],
  ["token bucket of 10", { kind: "token-bucket", limit: 10, windowMs: 1000 }],
  ["GCRA, burst of 5", { kind: "gcra", limit: 5, windowMs: 500 }],
]

const serverOf = (limiter: LimiterOptions): ServerOptions => ({
  limiter,
  phaseMs: 400,
  headers: "always",
  retryAfter: true,
})

/** Sends all requests at once; resends each as often after `Retry-After`. */
const naive =
  (retries: number) =>
  (options: ServerOptions): Requests => {
    const server = new Server(options)
    const agenda = new Agenda()
    const random = source(1)
    const send = (atMs: number, left: number): void =>
      agenda.add(atMs + network.way(random), () => {
        const { rateLimited, retryAfterMs = 0 } = server.handle(now)
        const backMs = now + network.way(random)
        if (rateLimited && left > 0) send(backMs + retryAfterMs, left - 1)
      })
    let now = 0
    for (let count = 0; count < total; count++) send(0, retries)
    for (let event = agenda.next(); event !== undefined; event = agenda.next()) {
      now = event.at
      event.run()
    }
    return server
  }

const paced = (options: ServerOptions): Requests => {
  const processes = [{ total, concurrency: total }]
  return simulateFleet({ server: options, network, seed: 1, processes }).server
}

const clients: ReadonlyArray<readonly [string, (options: ServerOptions) => Requests]> = [
  ["fire at once", naive(0)],
  ["retry only: 3 times, after Retry-After", naive(3)],
  ["aelyst, told nothing", paced],
]

const [panelWidth, panelHeight, gap, left, top] = [270, 66, 18, 16, 60]
const seconds = 7
const bins = 140
const x = (atMs: number): number => (atMs / 1000 / seconds) * panelWidth

/** Returns bars of how many requests arrived in each twentieth of a second. */
const bars = (
  times: ReadonlyArray<number>,
  base: number,
  direction: 1 | -1,
  kind: string,
): string => {
  const counts = Array.from({ length: bins }, () => 0)
  for (const at of times) {
    const bin = Math.min(bins - 1, Math.floor((at / 1000 / seconds) * bins))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const width = panelWidth / bins - 0.5
  return counts
    .map((count, bin) => {
      if (count === 0) return ""
      const height = 4 + 2 * Math.min(count, 10)
      const y = direction === 1 ? base - height : base + 1
      return `<rect class="${kind}" x="${((bin * panelWidth) / bins).toFixed(1)}" y="${y}" width="${width}" height="${height}"/>`
    })
    .join("")
}

const panel = ({ accepted, rateLimited }: Requests): string => {
  const base = panelHeight - 32
  const lost = total - accepted.length
  const end = `${(Math.max(...accepted) / 1000).toFixed(1)} s`
  const text = `${accepted.length} created in ${end} · ${rateLimited.length} × 429${lost > 0 ? ` · ${lost} lost` : ""}`
  const ticks = Array.from(
    { length: seconds + 1 },
    (_, second) =>
      `<line class="tick" x1="${x(second * 1000)}" x2="${x(second * 1000)}" y1="8" y2="${base + 24}"/>`,
  ).join("")
  return [
    ticks,
    `<line class="axis" x1="0" x2="${panelWidth}" y1="${base}" y2="${base}"/>`,
    bars(accepted, base, 1, "created"),
    bars(rateLimited, base, -1, "rejected"),
    `<text class="soft" x="${panelWidth}" y="2" text-anchor="end">${text}</text>`,
  ].join("")
}

const title = `${total} creates, sent by three clients to five limiters of 10 per second`
const rowHeight = panelHeight + 34
const width = 2 * left + clients.length * panelWidth + (clients.length - 1) * gap
const height = top + limiters.length * rowHeight + 34
const heads = clients.map(
  ([name], column) =>
    `<text class="head" x="${left + column * (panelWidth + gap)}" y="48">${name}</text>`,
)
const rows = limiters.flatMap(([name, limiter], row) => [
  `<text x="${left}" y="${top + row * rowHeight + 22}">${name}</text>`,
  ...clients.map(
    ([, client], column) =>
      `<g transform="translate(${left + column * (panelWidth + gap)} ${top + row * rowHeight + 38})">${panel(client(serverOf(limiter)))}</g>`,
  ),
])
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<title>${title}</title>
<style>
  .paper { fill: #ffffff; stroke: #d0d7de }
  .created { fill: #1a7f37 }
  .rejected { fill: #cf222e }
  .axis { stroke: #8c959f }
  .tick { stroke: #d8dee4 }
  text { fill: #1f2328; font: 13px system-ui, -apple-system, "Segoe UI", Arial, sans-serif }
  .title { font-size: 15px; font-weight: 600 }
  .head { font-weight: 600 }
  .soft { fill: #59636e; font-size: 12px }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; stroke: #3d444d }
    .created { fill: #3fb950 }
    .rejected { fill: #f85149 }
    .axis { stroke: #656c76 }
    .tick { stroke: #2a313c }
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
  }
</style>
<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}"/>
<text class="title" x="${left}" y="26">${title}</text>
${heads.join("\n")}
${rows.join("\n")}
<text class="soft" x="${left}" y="${height - 14}">Requests in each twentieth of a second, from the first on; lines are seconds. Up, green: created. Down, red: 429. In virtual time, 30 ms away.</text>
</svg>
`
const file = new URL("../../../../docs/pictures/pacing.svg", import.meta.url)
if (!process.argv.includes("--check")) writeFileSync(file, svg)
else if (readFileSync(file, "utf8") !== svg) {
  console.error("docs/pictures/pacing.svg is not what a run draws; run: npm run pnpm -- docs:write")
  process.exitCode = 1
} else console.log("three clients against five limiters send as the picture says")
