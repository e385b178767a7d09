/** Shows the requests as a list, newest first, and follows them while they come. */
import type { SandboxRequest } from "../src/api/types.ts"
import { SHOWN, call } from "./admin.ts"
import { connectSnippets } from "./connect.ts"
import { clearDetail, showDetail } from "./detail.ts"
import { buttonOf, byId, h, inputOf, time } from "./dom.ts"
import { kindOf, kinds, reasonOf } from "./kind.ts"
import type { Kind } from "./kind.ts"
import { countIn, drawRate, resetRate, sign } from "./rate.ts"

/** The most requests that are kept and searched. */
const KEPT = 5000

/** By seq, in order of arrival. */
const requests = new Map<number, SandboxRequest>()
const rows = new Map<number, HTMLElement>()
/** Requests that arrived while paused. */
const held = new Map<number, SandboxRequest>()
let received = 0
let selected: number | undefined
let paused = false
let isLoading = false
/** Whether the newest request is shown until another is chosen. */
let following = true
let wanted: Kind | undefined
const search = inputOf("search-requests")

const isWanted = (request: SandboxRequest): boolean => {
  if (wanted !== undefined && kindOf(request) !== wanted) return false
  const { identifier, path, status } = request
  const text = [identifier ?? path, status ?? "", reasonOf(request)].join(" ")
  return text.toLowerCase().includes(search.value.trim().toLowerCase())
}

const rowOf = (request: SandboxRequest): HTMLElement => {
  const kind = kindOf(request)
  const { at, attempt, identifier, ms, path, phase, seq, status } = request
  return h(
    "div",
    {
      role: "option",
      id: `request-${seq}`,
      class: "row",
      "aria-selected": String(seq === selected),
      click: () => choose(seq),
    },
    h("span", { class: `status ${kind}` }, kind === "cut" ? phase : String(status ?? "…")),
    h("bdi", { class: "name", dir: "auto" }, identifier ?? path),
    h("span", { class: "ms" }, ms === undefined ? "" : `${Math.round(ms)} ms`),
    time(at),
    h("span", { class: "reason" }, reasonOf(request)),
    h("span", { class: "attempt" }, attempt === undefined || attempt === 1 ? "" : `#${attempt}`),
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
    if (request === undefined) continue
    rows.get(seq)?.remove()
    rows.delete(seq)
    if (seq === selected) showDetail(request)
    if (!isWanted(request)) continue
    const row = rowOf(request)
    rows.set(seq, row)
    // usually the first: only requests that the page loaded can be older than those that came meanwhile
    list.insertBefore(row, [...list.children].find(({ id }) => seqOf(id) < seq) ?? null)
  }
  changed.clear()
  for (
    let row = list.lastElementChild;
    rows.size > SHOWN && row !== null;
    row = list.lastElementChild
  ) {
    rows.delete(seqOf(row.id))
    row.remove()
  }
  for (const seq of requests.keys()) {
    if (requests.size <= KEPT) break
    requests.delete(seq)
  }
  const newest = list.firstElementChild
  if (following && newest !== null) select(seqOf(newest.id))
  list.hidden = requests.size === 0
  byId("empty").hidden = requests.size > 0
  byId("count-requests").textContent = String(received)
  drawMatching()
  drawRate()
}

const drawMatching = (): void => {
  const counts = new Map<Kind, number>()
  let matching = 0
  for (const request of requests.values()) {
    const kind = kindOf(request)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    if (isWanted(request)) matching++
  }
  const newest = matching > rows.size ? `the newest ${rows.size} of ` : ""
  const all = matching === requests.size ? "" : ` of ${requests.size} match`
  byId("matching").textContent = newest + all === "" ? "" : `${newest}${matching}${all}`
  for (const [kind] of kinds) {
    byId(`kind-${kind}`).textContent = String(counts.get(kind) ?? 0)
  }
}

/** Draws the list again after the filter or the search has changed. */
const filter = (kind?: Kind): void => {
  if (kind !== undefined) wanted = wanted === kind ? undefined : kind
  for (const [one] of kinds)
    byId(`only-${one}`).setAttribute("aria-pressed", String(one === wanted))
  const newest = [...requests.values()].filter(isWanted).slice(-SHOWN).toReversed()
  rows.clear()
  for (const request of newest) rows.set(request.seq, rowOf(request))
  byId("list").replaceChildren(...rows.values())
  drawSoon()
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

/** Updates a request that has ended, unless it was removed meanwhile. */
export const endRequest = (request: SandboxRequest): void => {
  if (!isLoading && !requests.has(request.seq) && !held.has(request.seq)) return
  countIn(request)
  update(request)
  drawSoon()
}

const select = (seq: number): void => {
  const request = requests.get(seq)
  if (request === undefined || seq === selected) return
  rows.get(selected ?? -1)?.setAttribute("aria-selected", "false")
  selected = seq
  rows.get(seq)?.setAttribute("aria-selected", "true")
  byId("list").setAttribute("aria-activedescendant", `request-${seq}`)
  showDetail(request)
}

/** Shows the newest request whenever one arrives, or keeps the one that is shown. */
export const follow = (on: boolean): void => {
  following = on
  byId("newest").setAttribute("aria-pressed", String(on))
  if (on) drawSoon()
}

const choose = (seq: number): void => {
  follow(false)
  select(seq)
  rows.get(seq)?.scrollIntoView({ block: "nearest" })
}

/** Selects the request below (1) or above (-1); the newest is on top. */
export const step = (by: 1 | -1): void => {
  const order = [...byId("list").children].map(({ id }) => seqOf(id))
  const at = order.indexOf(selected ?? -1)
  const next = order[Math.min(order.length - 1, Math.max(0, at + by))]
  if (next !== undefined) choose(next)
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
  changed.clear()
  resetRate()
  isLoading = true
  const { requests: kept, total } = await call<{
    readonly requests: ReadonlyArray<SandboxRequest>
    readonly total: number
  }>(`/requests?limit=${KEPT}`).finally(() => (isLoading = false))
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
    selected = undefined
    byId("list").removeAttribute("aria-activedescendant")
    clearDetail()
    follow(true)
  }
  filter()
}

byId("empty").append(
  h("h2", {}, "No requests yet"),
  h("p", { class: "hint" }, "Requests appear here as they arrive. Paste this into a terminal."),
  ...connectSnippets(),
)
byId("kinds").append(
  ...kinds.map(([kind, name]) => {
    const only = buttonOf("", () => filter(kind), { id: `only-${kind}`, "aria-pressed": "false" })
    only.append(sign(kind), ` ${name} `, h("span", { id: `kind-${kind}`, class: "count" }, "0"))
    return only
  }),
)
search.addEventListener("input", () => filter())
byId("newest").addEventListener("click", () => follow(!following))
// a request that is being read or copied must not change
for (const type of ["pointerdown", "focusin"])
  byId("detail").addEventListener(type, () => follow(false))
