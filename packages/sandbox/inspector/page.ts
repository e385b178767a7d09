/**
 * The inspector's script: reads the control API of its own origin, shows what comes over the stream of events, and sends
 * back what people change. Whatever clients sent reaches the page as text alone.
 */
import type { Fault, SandboxContact, SandboxRequest, SandboxSettings } from "../src/types.ts"

const ROOT = "/_sandbox"
/** The most requests and contacts that are shown at once. */
const SHOWN = 300

// --- the document

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`no #${id}`)
  return found
}

type Attributes = Readonly<Record<string, string | boolean | (() => void)>>

/** Makes an element; children that are strings become text, never markup. */
const h = (
  tag: string,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElement => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false) element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

let toasting: ReturnType<typeof setTimeout> | undefined
const toast = (text: string): void => {
  byId("toast").textContent = text
  clearTimeout(toasting)
  toasting = setTimeout(() => (byId("toast").textContent = ""), 2500)
}

// --- the control API

const ask = async <A>(path: string, method = "GET", body?: unknown): Promise<A> => {
  const response = await fetch(ROOT + path, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) {
    const told = typeof answer === "object" && answer !== null && "message" in answer
    throw new Error(told ? String(answer.message) : `answered ${response.status}`)
  }
  // safe: the control API of the same version answers, and its tests hold it to these types
  return answer as A
}

/** Tells what went wrong instead of failing unseen. */
const attempt = (action: () => Promise<unknown>): void => {
  action().catch((error: unknown) => toast(error instanceof Error ? error.message : String(error)))
}

// --- the sandbox's time

let clockKind = "real"
let knownNow = Date.now()
let knownAt = performance.now()
const now = (): number =>
  clockKind === "real" ? knownNow + (performance.now() - knownAt) : knownNow
const setNow = (at: number): void => {
  knownNow = at
  knownAt = performance.now()
}

// --- requests

type Kind = "ok" | "refused" | "limited" | "failed" | "cut" | "waiting"

const kinds: ReadonlyArray<readonly [Kind, string]> = [
  ["ok", "2xx"],
  ["refused", "4xx"],
  ["limited", "429"],
  ["failed", "5xx"],
  ["cut", "cut"],
]

const kindOf = ({ state, status }: SandboxRequest): Kind => {
  if (state === "waiting") return "waiting"
  if (state !== "answered" || status === undefined) return "cut"
  if (status === 429) return "limited"
  return status >= 500 ? "failed" : status >= 300 ? "refused" : "ok"
}

/** By seq, in order of arrival. */
const requests = new Map<number, SandboxRequest>()
let received = 0
let chosen: number | undefined
let paused = false
/** What arrived while paused. */
const held = new Map<number, SandboxRequest>()
const rows = new Map<number, HTMLElement>()
/** Kinds per second, for the strip; cut to the last minute. */
const seconds = new Map<number, Map<Kind, number>>()
let latest: SandboxRequest | undefined
let settings: Required<SandboxSettings> | undefined

const countIn = (request: SandboxRequest): void => {
  const kind = kindOf(request)
  if (kind === "waiting") return
  const second = Math.floor((request.at + (request.ms ?? 0)) / 1000)
  const counts = seconds.get(second) ?? new Map<Kind, number>()
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
  seconds.set(second, counts)
  if (request.limit !== undefined) latest = request
}

const rowOf = (request: SandboxRequest): HTMLElement => {
  const kind = kindOf(request)
  const { attempt: nth, identifier, ms, path, seq, state, status } = request
  const row = h(
    "div",
    {
      role: "option",
      id: `request-${seq}`,
      class: "row",
      "aria-selected": String(seq === chosen),
      click: () => choose(seq),
    },
    h("span", { class: `status ${kind}` }, kind === "cut" ? state : String(status ?? "…")),
    h("span", { class: "name" }, identifier ?? path),
    h("span", { class: "attempt" }, nth === undefined || nth === 1 ? "" : `#${nth}`),
    h("span", { class: "ms" }, ms === undefined ? "" : `${Math.round(ms)} ms`),
  )
  return row
}

const seqOf = (id: string): number => Number(id.slice("request-".length))

const touched = new Set<number>()
let drawing = false

/** Draws what has changed with the next frame, however much comes at once. */
const drawSoon = (): void => {
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    draw()
  })
}

const draw = (): void => {
  const list = byId("list")
  for (const seq of [...touched].toSorted((a, b) => a - b)) {
    const request = requests.get(seq)
    const old = rows.get(seq)
    if (request === undefined) continue
    const row = rowOf(request)
    rows.set(seq, row)
    if (old !== undefined) old.replaceWith(row)
    // mostly the first: only what the page asked for may be older than what came meanwhile
    else list.insertBefore(row, [...list.children].find(({ id }) => seqOf(id) < seq) ?? null)
    if (seq === chosen) showDetail(request)
  }
  touched.clear()
  for (const seq of [...rows.keys()].toSorted((a, b) => a - b)) {
    if (rows.size <= SHOWN) break
    const row = rows.get(seq)
    if (seq === chosen || row === undefined) continue
    row.remove()
    rows.delete(seq)
    requests.delete(seq)
  }
  list.hidden = rows.size === 0
  byId("empty").hidden = rows.size > 0
  byId("count-requests").textContent = String(received)
  drawRate()
}

const take = (request: SandboxRequest): void => {
  if (paused) {
    held.set(request.seq, request)
    byId("pause").textContent = `Resume (${held.size} new)`
    return
  }
  requests.set(request.seq, request)
  touched.add(request.seq)
  drawSoon()
}

const json = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const terms = (entries: ReadonlyArray<readonly [string, string | undefined]>): HTMLElement =>
  h(
    "dl",
    {},
    ...entries.flatMap(([name, value]) =>
      value === undefined ? [] : [h("dt", {}, name), h("dd", {}, value)],
    ),
  )

const showDetail = (request: SandboxRequest): void => {
  const { answer, body, fault, headers, identifier, issues, limit, method, path } = request
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : (value ?? []).join(", ")}`,
  )
  const kind = kindOf(request)
  const time = new Date(request.at).toISOString().slice(11, 23)
  const copies = (["curl", "CLI", "SDK"] as const).map((form) =>
    h("button", { type: "button", click: () => copy(form, request) }, `Copy as ${form}`),
  )
  byId("detail").replaceChildren(
    h(
      "h2",
      {},
      h("span", { class: kind }, `${request.status ?? request.state}`),
      " ",
      h("span", { class: "value" }, identifier ?? path),
    ),
    h("div", { class: "actions" }, ...copies),
    terms([
      ["At", `${time} UTC`],
      ["Took", request.ms === undefined ? undefined : `${Math.round(request.ms)} ms`],
      ["Token", request.token],
      [
        "Attempt",
        request.attempt === undefined ? undefined : `${request.attempt} for this identifier`,
      ],
      ["Result", request.result],
      ["Fault", fault],
      ["Rate", limit === undefined ? undefined : `${request.remaining ?? 0} of ${limit} left`],
      ["Retry-After", request.retryAfter],
      ["State", request.state],
    ]),
    ...(issues === undefined
      ? []
      : [
          h("h2", {}, "What is wrong with it"),
          h(
            "ul",
            { class: "issues" },
            ...issues.map(({ code, path: place, rule, suggestion }) =>
              h(
                "li",
                {},
                `${place.length > 0 ? `${place.join(".")}: ` : ""}${rule} (${code})${suggestion === undefined ? "" : ` — ${suggestion}`}`,
              ),
            ),
          ),
        ]),
    h("h2", {}, "Request"),
    h("pre", {}, `${method} ${path}\n${lines.join("\n")}\n\n${json(body)}`),
    h("h2", {}, "Answer"),
    h("pre", {}, answer === undefined ? "none" : json(answer)),
  )
}

const choose = (seq: number | undefined): void => {
  const before = chosen === undefined ? undefined : rows.get(chosen)
  before?.setAttribute("aria-selected", "false")
  chosen = seq
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

/** Goes down (1) or up (-1); the newest is on top. */
const step = (by: 1 | -1): void => {
  const order = [...rows.keys()].toSorted((a, b) => b - a)
  const at = chosen === undefined ? -1 : order.indexOf(chosen)
  const next = at === -1 ? order[0] : order[Math.min(order.length - 1, Math.max(0, at + by))]
  if (next !== undefined) choose(next)
}

// --- copies

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Writes a request for a terminal, the command or a test. */
const written = (form: "curl" | "CLI" | "SDK", request: SandboxRequest): string => {
  const { body, fault, identifier = "", method, path } = request
  if (form === "curl") {
    return [
      `curl --request ${method} ${quoted(location.origin + path)}`,
      `--header "Authorization: Bearer \${AELYST_TOKEN:-sandbox_ok}"`,
      `--header 'Content-Type: application/json'`,
      `--data ${quoted(body)}`,
    ].join(" \\\n  ")
  }
  const command = `AELYST_BASE_URL=${quoted(`${location.origin}/v1`)} AELYST_TOKEN="\${AELYST_TOKEN:-sandbox_ok}" \\\n  aelyst create`
  if (form === "CLI") return `${command} ${quoted(identifier)} --data ${quoted(body)}`
  const contact = parsed(body)
  return `import assert from "node:assert/strict"
import { test } from "node:test"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"

test("creates the contact", async () => {
  const sandbox = await Sandbox.start()
${isSwitch(fault) ? `  sandbox.fail({ preset: ${JSON.stringify(fault)} })\n` : ""}  const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  const contact = ${contact === undefined ? "{}" : JSON.stringify(contact, null, 2).replaceAll("\n", "\n  ")}
  const { result } = await aelyst.contacts.create(${JSON.stringify(identifier)}, contact)
  assert.equal(result, "created")
  await aelyst.close()
  await sandbox.close()
})
`
}

const copy = (form: "curl" | "CLI" | "SDK", request: SandboxRequest): void =>
  attempt(async () => {
    await navigator.clipboard.writeText(written(form, request))
    toast(`Copied as ${form}`)
  })

// --- the rate

const drawRate = (): void => {
  const at = now()
  const gauge = byId("gauge")
  if (settings !== undefined && latest?.limit !== undefined) {
    const { limit, token } = latest
    const silent = at - latest.at >= settings.windowMs
    const left = silent ? limit : (latest.remaining ?? 0)
    gauge.setAttribute("aria-valuemax", String(Math.max(1, limit)))
    gauge.setAttribute("aria-valuenow", String(left))
    gauge.classList.toggle("low", left <= limit / 4)
    gauge.classList.toggle("empty", left === 0)
    byId("gauge-bar").style.width = `${(100 * left) / Math.max(1, limit)}%`
    byId("gauge-text").textContent =
      `${left} of ${limit} left per ${settings.windowMs / 1000} s (${token})`
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
  const told = kinds.map(([kind, name]) => `${sums.get(kind) ?? 0} ${name}`)
  const label = `Last 60 seconds: ${told.join(", ")}`
  if (strip.getAttribute("aria-label") === label) return
  strip.setAttribute("aria-label", label)
  byId("legend").replaceChildren(
    "last 60 s",
    ...kinds.map(([kind], at) => h("span", { class: kind }, `■ ${told[at] ?? ""}`)),
  )
}

// --- contacts

interface Contacts {
  readonly contacts: ReadonlyArray<SandboxContact>
  readonly total: number
}

const query = (): string => {
  const input = byId("search")
  return input instanceof HTMLInputElement ? input.value : ""
}

const fieldsOf = ({ custom_fields: fields }: SandboxContact): string =>
  (fields ?? []).map(({ name, value }) => `${name}: ${value ?? ""}`).join(", ")

let stateTimer: ReturnType<typeof setTimeout> | undefined

const loadContacts = async (): Promise<void> => {
  const { contacts, total } = await ask<Contacts>(
    `/contacts?limit=${SHOWN}&query=${encodeURIComponent(query())}`,
  )
  const at = now()
  byId("rows").replaceChildren(
    ...contacts.toReversed().map((contact) => {
      const texts = [
        contact.identifier,
        contact.firstName,
        contact.lastName ?? "",
        contact.email ?? "",
        contact.phone ?? "",
        fieldsOf(contact),
        contact.state,
      ]
      return h("tr", {}, ...texts.map((text) => h("td", {}, text)))
    }),
  )
  if (query() === "") byId("count-contacts").textContent = String(total)
  byId("found").textContent =
    total > contacts.length ? `the newest ${contacts.length} of ${total}` : `${total} found`
  clearTimeout(stateTimer)
  const next = contacts
    .filter(({ state }) => state === "processing")
    .reduce((least, { readyAt }) => Math.min(least, readyAt), Infinity)
  if (next < Infinity && clockKind === "real")
    stateTimer = setTimeout(loadContactsSoon, Math.max(50, next - at))
}

let loading = false
let again = false
/** Loads contacts at most one at a time, however many are created meanwhile. */
const loadContactsSoon = (): void => {
  if (loading) {
    again = true
    return
  }
  loading = true
  attempt(async () => {
    try {
      await loadContacts()
      await new Promise((resolve) => setTimeout(resolve, 200))
    } finally {
      loading = false
      if (again) {
        again = false
        loadContactsSoon()
      }
    }
  })
}

/**
 * Writes a cell of CSV that no spreadsheet takes for a formula: what begins like one, after spaces and quotes, gets an
 * apostrophe before it. A phone begins with a plus and gets one too.
 */
const cell = (value: unknown): string => {
  const text = value === undefined ? "" : String(value)
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const safe = /^(?:[\t\r\n\0]|[\s"'\u00A0\u3000]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/.test(text)
    ? `'${text}`
    : text
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return /[",;\r\n\t\0']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const csvOf = (contacts: ReadonlyArray<SandboxContact>): string => {
  const plain = [
    "id",
    "identifier",
    "firstName",
    "lastName",
    "phone",
    "email",
    "language",
    "profilePic",
    "countryCode",
    "state",
  ] as const
  const custom = [
    ...new Set(
      contacts.flatMap(({ custom_fields: fields }) => (fields ?? []).map(({ name }) => name)),
    ),
  ]
  const lines = contacts.map((contact) => {
    const values = new Map(
      (contact.custom_fields ?? []).map(({ name, value }) => [name, value] as const),
    )
    return [...plain.map((name) => contact[name]), ...custom.map((name) => values.get(name))]
  })
  return [[...plain, ...custom], ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("")
}

const download = (type: "csv" | "json"): void =>
  attempt(async () => {
    const { contacts } = await ask<Contacts>(`/contacts?query=${encodeURIComponent(query())}`)
    const text = type === "csv" ? csvOf(contacts) : `${JSON.stringify(contacts, null, 2)}\n`
    const mime = type === "csv" ? "text/csv;charset=utf-8" : "application/json"
    const url = URL.createObjectURL(new Blob([text], { type: mime }))
    const anchor = h("a", { href: url, download: `contacts.${type}` })
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  })

// --- faults

const switches: ReadonlyArray<readonly [preset: string, what: string]> = [
  ["400", "the documented 400"],
  ["401", "the documented 401"],
  ["429", "429 with Retry-After: 1"],
  ["no-headers-429", "429 without its headers"],
  ["500", "500, the contact not created"],
  ["500-after", "500, the contact created"],
  ["503", "503, the contact not created"],
  ["html-502", "a gateway's page with 502"],
  ["drop", "reset after the contact is created"],
  ["drop-before", "reset before it is created"],
  ["stall", "created, but no answer ever comes"],
  ["slow-3s", "the answer 3 s later"],
  ["drip-250ms", "a byte every 250 ms"],
  ["truncate-length", "half of the body, then the end"],
  ["garbage", "bytes that are not HTTP"],
  ["badjson", "a 200 whose JSON is cut"],
  ["portal", "the 200 of a guest network"],
  ["302", "a redirect"],
]

/** Rules have names of their own, which are no presets. */
const isSwitch = (fault: string | undefined): boolean =>
  switches.some(([preset]) => preset === fault)

/** A fault that a switch stands for: the preset and nothing else. */
const isPlain = ({ spec }: Fault, preset: string): boolean =>
  spec.preset === preset && Object.keys(spec).length === 1

const showFaults = (faults: ReadonlyArray<Fault>): void => {
  byId("count-faults").textContent = String(faults.length)
  const focused = document.activeElement?.id
  byId("switches").replaceChildren(
    ...switches.map(([preset, what]) => {
      const on = faults.find((fault) => isPlain(fault, preset))
      return h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            role: "switch",
            id: `fault-${preset}`,
            "aria-checked": String(on !== undefined),
            click: () =>
              attempt(() =>
                on === undefined
                  ? ask("/faults", "POST", { preset })
                  : ask(`/faults?id=${on.id}`, "DELETE"),
              ),
          },
          h("span", { class: "knob" }),
          h("span", {}, h("code", {}, preset), " ", h("span", { class: "what" }, what)),
        ),
      )
    }),
  )
  byId("active").replaceChildren(
    ...faults.map(({ hits, id, left, name, spec }) =>
      h(
        "li",
        {},
        h("code", {}, name),
        h(
          "span",
          { class: "value" },
          [
            spec.match?.identifier === undefined ? "all" : spec.match.identifier,
            spec.match?.token === undefined ? "" : `token ${spec.match.token}`,
            spec.probability === undefined ? "" : `probability ${spec.probability}`,
            left === undefined ? "" : `${left} left`,
            `${hits} hit`,
          ]
            .filter((text) => text !== "")
            .join(" · "),
        ),
        h(
          "button",
          {
            type: "button",
            "aria-label": `Remove the fault ${name}`,
            click: () => attempt(() => ask(`/faults?id=${id}`, "DELETE")),
          },
          "Remove",
        ),
      ),
    ),
  )
  if (focused !== undefined && focused.startsWith("fault-")) byId(focused).focus()
}

const loadFaults = async (): Promise<void> =>
  showFaults((await ask<{ readonly faults: ReadonlyArray<Fault> }>("/faults")).faults)

// --- settings

const choices: Readonly<Record<string, ReadonlyArray<string>>> = {
  limiter: [
    "fixed-window-aligned",
    "fixed-window-first-request",
    "sliding-log",
    "token-bucket",
    "gcra",
  ],
  existing: ["reject", "reject=403", "reject=409", "reject=object", "merge", "duplicate"],
  rateLimitHeaders: ["all", "on-429", "none"],
  retryAfter: ["integer", "fraction", "date", "none"],
}

const labels: ReadonlyArray<readonly [name: keyof SandboxSettings, label: string]> = [
  ["limit", "Requests per window"],
  ["windowMs", "Window, ms"],
  ["limiter", "Limiter"],
  ["existing", "A contact that exists"],
  ["processingDelayMs", "Processing time of a contact, ms"],
  ["lagMs", "Blind to new contacts for, ms"],
  ["latencyMs", "Latency, ms or from..to"],
  ["rateLimitHeaders", "X-RateLimit headers"],
  ["retryAfter", "Retry-After"],
]

const readSetting = (name: string, text: string): unknown => {
  if (Object.hasOwn(choices, name)) return text
  const [from = "", to] = text.split("..")
  return to === undefined ? Number(from) : [Number(from), Number(to)]
}

const loadSettings = async (): Promise<void> => {
  const read = await ask<Required<SandboxSettings>>("/settings")
  settings = read
  byId("settings-form").replaceChildren(
    ...labels.map(([name, label]) => {
      const value = read[name]
      const text = typeof value === "object" ? value.join("..") : String(value)
      const options = choices[name]
      const input =
        options === undefined
          ? h("input", { value: text, inputmode: "numeric", autocomplete: "off" })
          : h(
              "select",
              {},
              ...options.map((option) => h("option", { selected: option === text }, option)),
            )
      input.addEventListener("change", () =>
        attempt(async () => {
          if (!(input instanceof HTMLInputElement || input instanceof HTMLSelectElement)) return
          try {
            await ask("/settings", "PATCH", { [name]: readSetting(name, input.value) })
            toast(`${label}: ${input.value}`)
          } catch (error) {
            input.value = text
            throw error
          }
        }),
      )
      return h("label", {}, label, input)
    }),
  )
  drawRate()
}

// --- everything

interface Health {
  readonly now: number
  readonly clock: string
  readonly contacts: number
}

const loadHealth = async (): Promise<void> => {
  const health = await ask<Health>("/health")
  clockKind = health.clock
  setNow(health.now)
  byId("count-contacts").textContent = String(health.contacts)
}

const loadRequests = async (): Promise<void> => {
  for (const row of rows.values()) row.remove()
  for (const map of [requests, rows, held, seconds]) map.clear()
  latest = undefined
  const { requests: kept, total } = await ask<{
    readonly requests: ReadonlyArray<SandboxRequest>
    readonly total: number
  }>(`/requests?limit=${SHOWN}`)
  const last = kept.at(-1)?.seq ?? 0
  // events may have come before this answer; they are the newer ones
  received = total + [...requests.keys()].filter((seq) => seq > last).length
  for (const request of kept) {
    if (requests.has(request.seq)) continue
    requests.set(request.seq, request)
    touched.add(request.seq)
    countIn(request)
  }
  if (chosen !== undefined && !requests.has(chosen)) {
    choose(undefined)
    byId("detail").replaceChildren(h("p", { class: "hint" }, "Choose a request."))
  }
  drawSoon()
}

const loadAll = async (): Promise<void> => {
  await loadHealth()
  await Promise.all([loadSettings(), loadRequests(), loadFaults()])
  loadContactsSoon()
}

let faultsTimer: ReturnType<typeof setTimeout> | undefined

const requestOf = (data: unknown): SandboxRequest =>
  // safe: the sandbox of the same version writes these events, and its tests hold it to these types
  (data as { readonly request: SandboxRequest }).request

const listen = (): void => {
  const events = new EventSource(`${ROOT}/events`)
  const link = byId("link")
  const on = (type: string, act: (data: unknown) => void) =>
    // safe: events of a stream of its own origin carry text
    events.addEventListener(type, (event) => act(JSON.parse((event as MessageEvent<string>).data)))
  events.addEventListener("open", () => {
    link.textContent = "live"
    link.className = "pill on"
    attempt(loadAll)
  })
  events.addEventListener("error", () => {
    link.textContent = "not reached, trying again"
    link.className = "pill off"
  })
  on("request", (data) => {
    received++
    if (clockKind !== "real") setNow(requestOf(data).at)
    take(requestOf(data))
  })
  on("answer", (data) => {
    const request = requestOf(data)
    countIn(request)
    take(request)
    drawSoon()
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
    if (what === "faults") attempt(loadFaults)
    else if (what === "settings") attempt(loadSettings)
    else if (what === "clock") {
      attempt(async () => {
        await loadHealth()
        drawRate()
      })
      loadContactsSoon()
    } else attempt(loadAll)
  })
}

// --- views and keys

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

const pause = (): void => {
  paused = !paused
  const button = byId("pause")
  button.setAttribute("aria-pressed", String(paused))
  button.textContent = paused ? "Resume" : "Pause"
  if (paused) return
  for (const request of held.values()) take(request)
  held.clear()
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
  "/": () => {
    view("contacts")
    byId("search").focus()
  },
  ...Object.fromEntries(views.map((name, at) => [String(at + 1), () => view(name)])),
}

document.addEventListener("keydown", (event) => {
  const { target } = event
  if (event.ctrlKey || event.metaKey || event.altKey) return
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
byId("reset").addEventListener("click", () =>
  attempt(async () => {
    await ask("/reset", "POST")
    toast("Reset: contacts, requests and counts are gone")
  }),
)
byId("search").addEventListener("input", loadContactsSoon)
byId("export-json").addEventListener("click", () => download("json"))
byId("export-csv").addEventListener("click", () => download("csv"))
byId("rule").addEventListener("submit", (event) => {
  event.preventDefault()
  const form = event.target
  if (!(form instanceof HTMLFormElement)) return
  const data = new FormData(form)
  const text = (name: string) => String(data.get(name) ?? "").trim()
  attempt(async () => {
    await ask("/faults", "POST", {
      preset: text("preset"),
      ...(text("identifier") !== "" && { match: { identifier: text("identifier") } }),
      ...(text("times") !== "" && { times: Number(text("times")) }),
      ...(text("probability") !== "" && { probability: Number(text("probability")) }),
    })
    form.reset()
  })
})

byId("base").textContent = `${location.origin}/v1`
setInterval(drawRate, 500)
listen()
