/** Shows and changes the settings. */
import type { SandboxSettings } from "../src/types.ts"
import { call } from "./admin.ts"
import { attempt, byId, h, toast } from "./dom.ts"
import { setWindow } from "./rate.ts"

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
  ["existing", "Existing contacts"],
  ["processingDelayMs", "Processing delay of a contact, ms"],
  ["lagMs", "Lag before new contacts are seen, ms"],
  ["latencyMs", "Latency, ms or from..to"],
  ["rateLimitHeaders", "X-RateLimit headers"],
  ["retryAfter", "Retry-After"],
]

const readSetting = (name: string, text: string): unknown => {
  if (Object.hasOwn(choices, name)) return text
  const [from = "", to] = text.split("..")
  return to === undefined ? Number(from) : [Number(from), Number(to)]
}

/** Loads and shows the settings. */
export const loadSettings = async (): Promise<void> => {
  const read = await call<Required<SandboxSettings>>("/settings")
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
            await call("/settings", "PATCH", { [name]: readSetting(name, input.value) })
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
  setWindow(read.windowMs)
}
