/** Shows, explains and changes the settings. */
import type { SandboxSettings } from "../src/types.ts"
import { call } from "./admin.ts"
import { attempt, byId, h, toast } from "./dom.ts"
import { setWindow } from "./rate.ts"

type Choices = Readonly<Record<string, string>>

/** The label of each setting, what it means, and its values if they are words. */
const settings: ReadonlyArray<
  readonly [name: keyof SandboxSettings, label: string, what: string, choices?: Choices]
> = [
  ["limit", "Requests per window", "For each token. 0 rejects every request."],
  ["windowMs", "Window, ms", "1000 is a second. Requests of the current window stay counted."],
  [
    "limiter",
    "Limiter",
    "How requests are counted. A change begins a new count.",
    {
      "fixed-window-aligned": "windows follow the clock",
      "fixed-window-first-request": "the first request begins a window",
      "sliding-log": "counts in every span of a window",
      "token-bucket": "refills evenly, full at first",
      gcra: "a burst, then evenly",
    },
  ],
  [
    "existing",
    "Existing contacts",
    "What a create gets if the contact exists.",
    {
      reject: "400",
      "reject=403": "403",
      "reject=409": "409",
      "reject=object": "400, its message is an object",
      merge: "200, given fields replace old ones",
      duplicate: "200, a second contact",
    },
  ],
  [
    "processingDelayMs",
    "Processing delay of a contact, ms",
    "How long a new contact is “processing”. Contacts that exist keep theirs.",
  ],
  [
    "lagMs",
    "Lag before new contacts are seen, ms",
    "How long a second create does not find a new contact.",
  ],
  ["latencyMs", "Latency, ms or from..to", "Before each response: 20, or 20..200 at random."],
  [
    "rateLimitHeaders",
    "X-RateLimit headers",
    "Which responses have them.",
    { all: "all that are counted", "on-429": "only 429s", none: "none" },
  ],
  [
    "retryAfter",
    "Retry-After",
    "How the limiter's 429s write it.",
    { integer: "2", fraction: "1.5", date: "as a date", none: "not at all" },
  ],
]

type Control = HTMLInputElement | HTMLSelectElement

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join("..") : String(value))

/** Reads the text of a control; throws an error that says what is expected. */
const readSetting = (name: string, label: string, text: string, choices?: Choices): unknown => {
  if (choices !== undefined) return text
  const numbers = text.split("..").map((part) => (part.trim() === "" ? NaN : Number(part)))
  const isRange = name === "latencyMs" && numbers.length === 2
  if (numbers.some(Number.isNaN) || (numbers.length > 1 && !isRange))
    throw new Error(
      `${label}: expected a number${name === "latencyMs" ? " or a range such as 20..200" : ""} (got "${text}")`,
    )
  return isRange ? numbers : numbers[0]
}

const controls = new Map<string, Control>()

const showError = (name: string, text: string): void => {
  byId(`error-${name}`).textContent = text
  controls.get(name)?.setAttribute("aria-invalid", String(text !== ""))
}

const show = (read: Required<SandboxSettings>): void => {
  for (const [name, control] of controls) {
    // what is being typed, or was wrong, stays
    const isInvalid = control.getAttribute("aria-invalid") === "true"
    // safe: the controls are named after the settings
    const text = textOf(read[name as keyof SandboxSettings])
    if (control !== document.activeElement && !isInvalid) control.value = text
  }
  setWindow(read.windowMs)
}

/** Loads and shows the settings. */
export const loadSettings = async (): Promise<void> =>
  show(await call<Required<SandboxSettings>>("/settings"))

byId("settings-form").append(
  ...settings.map(([name, label, what, choices]) => {
    const control =
      choices === undefined
        ? h("input", { autocomplete: "off" })
        : h(
            "select",
            {},
            ...Object.entries(choices).map(([value, meaning]) =>
              h("option", { value }, `${value}: ${meaning}`),
            ),
          )
    control.id = `setting-${name}`
    control.setAttribute("aria-describedby", `about-${name} error-${name}`)
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
      controls.set(name, control)
      control.addEventListener("change", () =>
        attempt(async () => {
          try {
            const value = readSetting(name, label, control.value, choices)
            const read = await call<Required<SandboxSettings>>("/settings", "PATCH", {
              [name]: value,
            })
            showError(name, "")
            show(read)
            toast(`${label}: ${control.value}, from the next request on`)
          } catch (error) {
            const text = error instanceof Error ? error.message : String(error)
            showError(name, text.replace(`\`${name}\``, label))
          }
        }),
      )
    }
    return h(
      "div",
      { class: "setting" },
      h("label", { for: control.id }, label),
      control,
      h("p", { id: `about-${name}`, class: "hint" }, what),
      h("p", { id: `error-${name}`, class: "failed", role: "alert" }),
    )
  }),
)
