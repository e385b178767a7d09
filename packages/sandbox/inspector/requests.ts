/** Shows the requests as a list, newest first, and follows them while they come. */
import type { SandboxRequest } from "../src/api/types.ts"
import { SHOWN, call } from "./admin.ts"
import { clearDetail, showDetail } from "./detail.ts"
import { byId, h } from "./dom.ts"
import { countIn, drawRate, kindOf, resetRate } from "./rate.ts"

/** By seq, in order of arrival. */
const requests = new Map<number, SandboxRequest>()
const rows = new Map<number, HTMLElement>()
/** Requests that arrived while paused. */
const held = new Map<number, SandboxRequest>()
let received = 0
let selected: number | undefined
let paused = false

const rowOf = (request: SandboxRequest): HTMLElement => {
  const kind = kindOf(request)
  const { attempt, identifier, ms, path, phase, seq, status } = request
  return h(
    "div",
    {
      role: "option",
      id: `request-${seq}`,
      class: "row",
      "aria-selected": String(seq === selected),
      click: () => select(seq),
    },
    h("span", { class: `status ${kind}` }, kind === "cut" ? phase : String(status ?? "…")),
    h("span", { class: "name" }, identifier ?? path),
    h("span", { class: "attempt" }, attempt === undefined || attempt === 1 ? "" : `#${attempt}`),
    h("span", { class: "ms" }, ms === undefined ? "" : `${Math.round(ms)} ms`),
  )
}

const seqOf = (id: string): number => Number(id.slice("request-".length))

const changed = new Set<number>()
let isDrawing = false

/** Draws all changes with the next frame, however many come at once. */
const drawSoon = (): void => {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(() => {
    isDrawing = false
    draw()
  })
}

const draw = (): void => {
  const list = byId("list")
  for (const seq of [...changed].toSorted((a, b) => a - b)) {
    const request = requests.get(seq)
    const old = rows.get(seq)
    if (request === undefined) continue
    const row = rowOf(request)
    rows.set(seq, row)
    if (old !== undefined) old.replaceWith(row)
    // usually the first: only requests that the page loaded can be older than those that came meanwhile
    else list.insertBefore(row, [...list.children].find(({ id }) => seqOf(id) < seq) ?? null)
    if (seq === selected) showDetail(request)
  }
  changed.clear()
  for (const seq of [...rows.keys()].toSorted((a, b) => a - b)) {
    if (rows.size <= SHOWN) break
    const row = rows.get(seq)
    if (seq === selected || row === undefined) continue
    row.remove()
    rows.delete(seq)
    requests.delete(seq)
  }
  list.hidden = rows.size === 0
  byId("empty").hidden = rows.size > 0
  byId("count-requests").textContent = String(received)
  drawRate()
}

const update = (request: SandboxRequest): void => {
  if (paused) {
    held.set(request.seq, request)
    byId("pause").textContent = `Resume (${held.size} new)`
    return
  }
  requests.set(request.seq, request)
  changed.add(request.seq)
  drawSoon()
}

/** Adds a request that has arrived. */
export const addRequest = (request: SandboxRequest): void => {
  received++
  update(request)
}

/** Updates a request that has ended. */
export const endRequest = (request: SandboxRequest): void => {
  countIn(request)
  update(request)
  drawSoon()
}

const select = (seq: number | undefined): void => {
  const before = selected === undefined ? undefined : rows.get(selected)
  before?.setAttribute("aria-selected", "false")
  selected = seq
  const list = byId("list")
  const row = seq === undefined ? undefined : rows.get(seq)
  const request = seq === undefined ? undefined : requests.get(seq)
  if (row === undefined || request === undefined) {
    list.removeAttribute("aria-activedescendant")
    return
  }
  row.setAttribute("aria-selected", "true")
  list.setAttribute("aria-activedescendant", row.id)
  row.scrollIntoView({ block: "nearest" })
  showDetail(request)
}

/** Selects the request below (1) or above (-1); the newest is on top. */
export const step = (by: 1 | -1): void => {
  const order = [...rows.keys()].toSorted((a, b) => b - a)
  const at = selected === undefined ? -1 : order.indexOf(selected)
  const next = at === -1 ? order[0] : order[Math.min(order.length - 1, Math.max(0, at + by))]
  if (next !== undefined) select(next)
}

/** Pauses the list, or resumes it and adds the requests that have arrived meanwhile. */
export const pause = (): void => {
  paused = !paused
  const button = byId("pause")
  button.setAttribute("aria-pressed", String(paused))
  button.textContent = paused ? "Resume" : "Pause"
  if (paused) return
  for (const request of held.values()) update(request)
  held.clear()
}

/** Loads the newest requests in place of those that are shown. */
export const loadRequests = async (): Promise<void> => {
  for (const row of rows.values()) row.remove()
  for (const map of [requests, rows, held]) map.clear()
  resetRate()
  const { requests: kept, total } = await call<{
    readonly requests: ReadonlyArray<SandboxRequest>
    readonly total: number
  }>(`/requests?limit=${SHOWN}`)
  const last = kept.at(-1)?.seq ?? 0
  // events may have come before this response; they are newer
  received = total + [...requests.keys()].filter((seq) => seq > last).length
  for (const request of kept) {
    if (requests.has(request.seq)) continue
    requests.set(request.seq, request)
    changed.add(request.seq)
    countIn(request)
  }
  if (selected !== undefined && !requests.has(selected)) {
    select(undefined)
    clearDetail()
  }
  drawSoon()
}
