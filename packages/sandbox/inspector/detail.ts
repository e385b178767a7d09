/** Shows one request in full: its headers and body, its issues, and the response. */
import type { RequestIssue, SandboxRequest } from "../src/api/types.ts"
import { copy, forms } from "./copy.ts"
import { byId, h } from "./dom.ts"
import { kindOf } from "./rate.ts"

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

const issueText = ({ code, path, rule, suggestion }: RequestIssue): string =>
  `${path.length > 0 ? `${path.join(".")}: ` : ""}${rule} (${code})${suggestion === undefined ? "" : ` — ${suggestion}`}`

const issueList = (issues: ReadonlyArray<RequestIssue>): ReadonlyArray<HTMLElement> => [
  h("h2", {}, "Issues"),
  h("ul", { class: "issues" }, ...issues.map((issue) => h("li", {}, issueText(issue)))),
]

/** Shows a request in the right half of the page. */
export const showDetail = (request: SandboxRequest): void => {
  const { attempt, body, fault, headers, identifier, issues, limit, method, ms, path } = request
  const headerTexts = Object.entries(headers).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : (value ?? []).join(", ")}`,
  )
  const time = new Date(request.at).toISOString().slice(11, 23)
  const copies = forms.map((form) =>
    h("button", { type: "button", click: () => copy(form, request) }, `Copy as ${form}`),
  )
  byId("detail").replaceChildren(
    h(
      "h2",
      {},
      h("span", { class: kindOf(request) }, `${request.status ?? request.phase}`),
      " ",
      h("span", { class: "value" }, identifier ?? path),
    ),
    h("div", { class: "actions" }, ...copies),
    terms([
      ["At", `${time} UTC`],
      ["Took", ms === undefined ? undefined : `${Math.round(ms)} ms`],
      ["Token", request.token],
      ["Attempt", attempt === undefined ? undefined : `${attempt} for this identifier`],
      ["Result", request.result],
      ["Fault", fault],
      ["Rate", limit === undefined ? undefined : `${request.remaining ?? 0} of ${limit} left`],
      ["Retry-After", request.retryAfter],
      ["Phase", request.phase],
    ]),
    ...(issues === undefined ? [] : issueList(issues)),
    h("h2", {}, "Request"),
    h("pre", {}, `${method} ${path}\n${headerTexts.join("\n")}\n\n${json(body)}`),
    h("h2", {}, "Response"),
    h("pre", {}, request.response === undefined ? "none" : json(request.response)),
  )
}

/** Shows that no request is selected. */
export const clearDetail = (): void =>
  byId("detail").replaceChildren(h("p", { class: "hint" }, "Select a request."))
