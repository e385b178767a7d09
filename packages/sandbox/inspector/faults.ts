/** Shows the faults: switches for the usual ones, and rules. */
import type { Fault } from "../src/types.ts"
import { call } from "./admin.ts"
import { attempt, buttonOf, byId, h, plural, isolated } from "./dom.ts"

const switches: ReadonlyArray<readonly [preset: string, what: string]> = [
  ["400", "the documented 400"],
  ["401", "the documented 401"],
  ["429", "429 with Retry-After: 1"],
  ["no-headers-429", "429 without its headers"],
  ["500", "500, the contact not created"],
  ["500-after", "500, the contact created"],
  ["503", "503, the contact not created"],
  ["html-502", "an HTML page with 502"],
  ["drop", "reset after the contact is created"],
  ["drop-before", "reset before the contact is created"],
  ["stall", "created, but no response ever comes"],
  ["slow-3s", "the response 3 s later"],
  ["trickle-250ms", "a byte every 250 ms"],
  ["truncate-length", "half of the body, then the end"],
  ["garbage", "bytes that are not HTTP"],
  ["badjson", "a 200 with incomplete JSON"],
  ["portal", "the 200 of a captive portal"],
  ["302", "a redirect"],
]

/** Checks whether a fault is named as a preset; rules without one have other names. */
export const isPreset = (fault: string | undefined): boolean =>
  fault !== undefined &&
  switches.some(([preset]) => preset === fault || fault.startsWith(`${preset}-`))

/** Checks whether a fault is what a switch adds: the preset and nothing else. */
const isPlain = ({ spec }: Fault, preset: string): boolean =>
  spec.preset === preset && Object.keys(spec).length === 1

const scopeOf = ({ hits, left, spec }: Fault): string =>
  [
    spec.match?.identifier ?? "all",
    spec.match?.token === undefined ? "" : `token ${spec.match.token}`,
    spec.probability === undefined ? "" : `probability ${spec.probability}`,
    left === undefined ? "" : `${left} left`,
    plural(hits, "hit"),
  ]
    .filter((text) => text !== "")
    .join(" · ")

/** Shows in every view which faults can still hit. */
const showAlarm = (faults: ReadonlyArray<Fault>): void => {
  const live = faults.filter(({ left }) => left !== 0)
  const bar = byId("alarm")
  bar.hidden = live.length === 0
  if (bar.hidden) return
  const texts = live.slice(0, 3).map((fault) => isolated(`${fault.name} (${scopeOf(fault)})`))
  bar.replaceChildren(
    h("strong", {}, plural(live.length, "active fault")),
    ...texts,
    ...(live.length > 3 ? [`and ${live.length - 3} more`] : []),
    buttonOf("Remove all", () => attempt(() => call("/faults", "DELETE"))),
  )
}

const showFaults = (faults: ReadonlyArray<Fault>): void => {
  byId("count-faults").textContent = String(faults.length)
  showAlarm(faults)
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
                  ? call("/faults", "POST", { preset })
                  : call(`/faults?id=${on.id}`, "DELETE"),
              ),
          },
          h("span", { class: "knob" }),
          h("span", {}, h("code", {}, preset), " ", h("span", { class: "what" }, what)),
        ),
      )
    }),
  )
  byId("active").replaceChildren(
    ...faults.map((fault) => {
      const { id, name } = fault
      return h(
        "li",
        {},
        h("code", {}, name),
        isolated(scopeOf(fault)),
        h(
          "button",
          {
            type: "button",
            "aria-label": `Remove the fault ${name}`,
            click: () => attempt(() => call(`/faults?id=${id}`, "DELETE")),
          },
          "Remove",
        ),
      )
    }),
  )
  if (focused !== undefined && focused.startsWith("fault-")) byId(focused).focus()
}

/** Loads and shows the active faults. */
export const loadFaults = async (): Promise<void> =>
  showFaults((await call<{ readonly faults: ReadonlyArray<Fault> }>("/faults")).faults)

/** Adds the rule of a form. */
export const addRule = (form: HTMLFormElement): void => {
  const data = new FormData(form)
  const text = (name: string) => String(data.get(name) ?? "").trim()
  attempt(async () => {
    await call("/faults", "POST", {
      preset: text("preset"),
      ...(text("identifier") !== "" && { match: { identifier: text("identifier") } }),
      ...(text("times") !== "" && { times: Number(text("times")) }),
      ...(text("probability") !== "" && { probability: Number(text("probability")) }),
    })
    form.reset()
  })
}
