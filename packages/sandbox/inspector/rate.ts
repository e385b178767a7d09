/** Shows the rate: how many requests are left in the window, and the last 60 seconds by kind of response. */
import type { SandboxRequest } from "../src/api/types.ts"
import { now } from "./clock.ts"
import { byId } from "./dom.ts"
import { kindOf, kinds } from "./kind.ts"
import type { Kind } from "./kind.ts"

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

const svg = (tag: string, attributes: Readonly<Record<string, number | string>>): Element => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}

/** Draws a block in the colour of a kind, with marks that differ from those of the other kinds. */
const block = (
  kind: Kind,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Element => {
  const { height, width, x, y } = box
  const group = svg("g", { class: kind })
  group.append(svg("rect", { ...box, class: kind }))
  const marks: Array<string> = []
  const step = kind === "rejected" ? 3 : kind === "rate-limited" ? 6 : 0
  if (step > 0)
    for (let at = y + step; at < y + height; at += step) marks.push(`M${x} ${at}h${width}`)
  if (kind === "failed") marks.push(`M${x + width / 2} ${y}v${height}`)
  if (marks.length > 0) group.append(svg("path", { class: "mark", d: marks.join("") }))
  return group
}

/** Draws the sign of a kind, as the strip marks it. */
export const sign = (kind: Kind): Element => {
  const element = svg("svg", { width: 10, height: 10, viewBox: "0 0 10 10", "aria-hidden": "true" })
  element.append(block(kind, { x: 0, y: 0, width: 10, height: 10 }))
  return element
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
      bars.push(
        block(kind, { x: 4 * (59 - Math.min(59, last - second)), y: base, width: 3.2, height }),
      )
    }
  }
  const label = `Last 60 seconds: ${kinds.map(([kind, name]) => `${sums.get(kind) ?? 0} ${name}`).join(", ")}`
  const strip = byId("strip")
  strip.setAttribute("aria-label", label)
  const title = svg("title", {})
  title.textContent = label
  strip.replaceChildren(title, ...bars)
}
