/** Shows the rate: how many requests are left in the window, and the last 60 seconds by kind of response. */
import type { SandboxRequest } from "../src/api/types.ts"
import { now } from "./clock.ts"
import { byId, h } from "./dom.ts"

/** How a request ended, as a class of the style sheet. */
export type Kind = "ok" | "rejected" | "rate-limited" | "failed" | "cut" | "waiting"

const kinds: ReadonlyArray<readonly [Kind, string]> = [
  ["ok", "2xx"],
  ["rejected", "4xx"],
  ["rate-limited", "429"],
  ["failed", "5xx"],
  ["cut", "cut"],
]

/** Returns how a request ended. */
export const kindOf = ({ phase, status }: SandboxRequest): Kind => {
  if (phase === "waiting") return "waiting"
  if (phase !== "responded" || status === undefined) return "cut"
  if (status === 429) return "rate-limited"
  return status >= 500 ? "failed" : status >= 300 ? "rejected" : "ok"
}

/** Kinds per second, for the strip; trimmed to the last minute. */
const seconds = new Map<number, Map<Kind, number>>()
let latest: SandboxRequest | undefined
let windowMs: number | undefined

/** Counts a request that has ended. */
export const countIn = (request: SandboxRequest): void => {
  const kind = kindOf(request)
  if (kind === "waiting") return
  const second = Math.floor((request.at + (request.ms ?? 0)) / 1000)
  const counts = seconds.get(second) ?? new Map<Kind, number>()
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
  seconds.set(second, counts)
  if (request.limit !== undefined) latest = request
}

/** Removes all counts. */
export const resetRate = (): void => {
  seconds.clear()
  latest = undefined
}

/** Sets the length of the window, and draws the rate. */
export const setWindow = (ms: number): void => {
  windowMs = ms
  drawRate()
}

/** Draws the gauge and the strip. */
export const drawRate = (): void => {
  const at = now()
  const gauge = byId("gauge")
  if (windowMs !== undefined && latest?.limit !== undefined) {
    const { limit, token } = latest
    const isOver = at - latest.at >= windowMs
    const left = isOver ? limit : (latest.remaining ?? 0)
    gauge.setAttribute("aria-valuemax", String(Math.max(1, limit)))
    gauge.setAttribute("aria-valuenow", String(left))
    gauge.classList.toggle("low", left <= limit / 4)
    gauge.classList.toggle("empty", left === 0)
    byId("gauge-bar").style.width = `${(100 * left) / Math.max(1, limit)}%`
    byId("gauge-text").textContent = `${left} of ${limit} left per ${windowMs / 1000} s (${token})`
  }
  drawStrip(Math.floor(at / 1000))
}

const drawStrip = (last: number): void => {
  let highest = 1
  const sums = new Map<Kind, number>()
  for (const [second, counts] of seconds) {
    if (second <= last - 60) {
      seconds.delete(second)
      continue
    }
    let sum = 0
    for (const [kind, count] of counts) {
      sum += count
      sums.set(kind, (sums.get(kind) ?? 0) + count)
    }
    highest = Math.max(highest, sum)
  }
  const bars: Array<Element> = []
  for (const [second, counts] of seconds) {
    let base = 40
    for (const [kind] of kinds) {
      const height = (38 * (counts.get(kind) ?? 0)) / highest
      if (height === 0) continue
      base -= height
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect")
      bar.setAttribute("class", kind)
      const x = 4 * (59 - Math.min(59, last - second))
      for (const [name, value] of Object.entries({ x, y: base, width: 3.2, height }))
        bar.setAttribute(name, String(value))
      bars.push(bar)
    }
  }
  const strip = byId("strip")
  strip.replaceChildren(...bars)
  const texts = kinds.map(([kind, name]) => `${sums.get(kind) ?? 0} ${name}`)
  const label = `Last 60 seconds: ${texts.join(", ")}`
  if (strip.getAttribute("aria-label") === label) return
  strip.setAttribute("aria-label", label)
  byId("legend").replaceChildren(
    "last 60 s",
    ...kinds.map(([kind], at) => h("span", { class: kind }, `■ ${texts[at] ?? ""}`)),
  )
}
