/**
 * The inspector's script: loads the state from the admin API, follows the stream of events, and sends
 * back what users change. Whatever clients sent is shown only as text.
 */
import type { SandboxRequest } from "../src/api/types.ts"
import { ROOT } from "./admin.ts"
import { isReal, loadHealth, setNow } from "./clock.ts"
import { connectSnippets } from "./connect.ts"
import { download, loadContactsSoon } from "./contacts.ts"
import { attempt, byId, inputOf } from "./dom.ts"
import { addRule, loadFaults } from "./faults.ts"
import { drawRate } from "./rate.ts"
import { addRequest, endRequest, follow, loadRequests, pause, step } from "./requests.ts"
import { askReset } from "./reset.ts"
import { loadSettings } from "./settings.ts"

const loadAll = async (): Promise<void> => {
  await loadHealth()
  await Promise.all([loadSettings(), loadRequests(), loadFaults()])
  loadContactsSoon()
}

let faultsTimer: ReturnType<typeof setTimeout> | undefined

const requestOf = (data: unknown): SandboxRequest =>
  // safe: a sandbox of the same version writes these events, and its tests hold it to these types
  (data as { readonly request: SandboxRequest }).request

const changes: Readonly<Record<string, () => void>> = {
  faults: () => attempt(loadFaults),
  settings: () => attempt(loadSettings),
  clock: () => {
    attempt(async () => {
      await loadHealth()
      drawRate()
    })
    loadContactsSoon()
  },
}

const listen = (): void => {
  const events = new EventSource(`${ROOT}/events`)
  const link = byId("link")
  const on = (type: string, act: (data: unknown) => void) =>
    // safe: events of a stream of the same origin carry text
    events.addEventListener(type, (event) => act(JSON.parse((event as MessageEvent<string>).data)))
  events.addEventListener("open", () => {
    link.textContent = "live"
    link.className = "pill on"
    attempt(loadAll)
  })
  events.addEventListener("error", () => {
    link.textContent = "disconnected, reconnecting"
    link.className = "pill off"
  })
  on("request", (data) => {
    const request = requestOf(data)
    if (!isReal()) setNow(request.at)
    addRequest(request)
  })
  on("response", (data) => {
    const request = requestOf(data)
    endRequest(request)
    if (request.fault === undefined) return
    // the counts of the faults have changed
    faultsTimer ??= setTimeout(() => {
      faultsTimer = undefined
      attempt(loadFaults)
    }, 200)
  })
  on("contact", loadContactsSoon)
  on("change", (data) => {
    // safe: as in requestOf
    const { what } = data as { readonly what: string }
    const load = Object.hasOwn(changes, what) ? changes[what] : undefined
    if (load === undefined) attempt(loadAll)
    else load()
  })
}

const views = ["requests", "contacts", "faults", "settings"]

const view = (name: string, focus = false): void => {
  for (const one of views) {
    const tab = byId(`tab-${one}`)
    tab.setAttribute("aria-selected", String(one === name))
    tab.tabIndex = one === name ? 0 : -1
    byId(one).hidden = one !== name
    if (focus && one === name) tab.focus()
  }
}

for (const [at, name] of views.entries()) {
  const tab = byId(`tab-${name}`)
  tab.addEventListener("click", () => view(name))
  tab.addEventListener("keydown", ({ key }) => {
    const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0
    const next = views[(at + by + views.length) % views.length]
    if (by !== 0 && next !== undefined) view(next, true)
  })
}

const keys: Readonly<Record<string, () => void>> = {
  j: () => step(1),
  k: () => step(-1),
  p: pause,
  n: () => follow(true),
  "/": () => {
    const name = byId("requests").hidden ? "contacts" : "requests"
    view(name)
    byId(`search-${name}`).focus()
  },
  ...Object.fromEntries(views.map((name, at) => [String(at + 1), () => view(name)])),
}

document.addEventListener("keydown", (event) => {
  const { target } = event
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (document.querySelector("dialog[open]") !== null) return
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return
  const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined
  if (act === undefined) return
  event.preventDefault()
  act()
})

byId("list").addEventListener("keydown", (event) => {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
  if (by === 0) return
  event.preventDefault()
  step(by)
})
byId("pause").addEventListener("click", pause)
byId("reset").addEventListener("click", askReset)
byId("search-contacts").addEventListener("input", loadContactsSoon)
for (const [name, next] of [
  ["requests", "list"],
  ["contacts", "tab-contacts"],
] as const) {
  const search = inputOf(`search-${name}`)
  search.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return
    search.value = ""
    search.dispatchEvent(new Event("input"))
    const target = byId(next)
    if (target.hidden) search.blur()
    else target.focus()
  })
}
byId("connect").append(...connectSnippets())
byId("export-json").addEventListener("click", () => download("json"))
byId("export-csv").addEventListener("click", () => download("csv"))
byId("rule").addEventListener("submit", (event) => {
  event.preventDefault()
  if (event.target instanceof HTMLFormElement) addRule(event.target)
})

byId("base").textContent = `${location.origin}/v1`
setInterval(drawRate, 500)
listen()
