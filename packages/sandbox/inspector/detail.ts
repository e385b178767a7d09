/** Shows one request in full: how it ended, the response, then what was sent. */
import type { RequestIssue, SandboxRequest } from "../src/api/types.ts"
import { copy, forms } from "./copy.ts"
import { buttonOf, byId, h, terms, time, isolated } from "./dom.ts"
import { endingOf, kindOf, reasonOf } from "./kind.ts"

const json = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const titles: Readonly<Record<number, string>> = {
  200: "OK",
  302: "Found",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  507: "Insufficient Storage",
}

const message = (
  first: string,
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>,
  body: string,
): HTMLElement => {
  const fields = Object.entries(headers).map(
    ([name, given]) => `${name}: ${typeof given === "string" ? given : (given ?? []).join(", ")}`,
  )
  return h("pre", { dir: "auto" }, [first, ...fields, "", json(body)].join("\n"))
}

const issueText = ({ code, path, rule, suggestion }: RequestIssue): string =>
  `${path.length > 0 ? `${path.join(".")}: ` : ""}${rule} (${code})${suggestion === undefined ? "" : ` — ${suggestion}`}`

const issueList = (issues: ReadonlyArray<RequestIssue>): ReadonlyArray<HTMLElement> => [
  h("h2", {}, "Issues"),
  h("ul", { class: "issues" }, ...issues.map((issue) => isolated(issueText(issue), "li"))),
]

/** Shows a request in the right half of the page. */
export const showDetail = (request: SandboxRequest): void => {
  const { attempt, body, identifier, issues, limit, method, ms, path, phase, response } = request
  const status = request.status ?? phase
  const ending = endingOf(request)
  // without a byte of it there is no status line to show
  const left =
    request.status === undefined
      ? []
      : [
          message(
            `HTTP/1.1 ${request.status} ${titles[request.status] ?? ""}`,
            request.responseHeaders ?? {},
            response ?? "",
          ),
        ]
  byId("detail").replaceChildren(
    h(
      "h2",
      {},
      h("span", { class: kindOf(request) }, `${status}`),
      " ",
      isolated(identifier ?? path),
    ),
    h(
      "div",
      { class: "actions" },
      ...forms.map((form) => buttonOf(`Copy as ${form}`, () => copy(form, request))),
    ),
    terms([
      ["At", time(request.at, true)],
      ["Took", ms === undefined ? undefined : `${Math.round(ms)} ms`],
      ["Reason", reasonOf(request) || undefined],
      ["Token", request.token],
      ["Attempt", attempt === undefined ? undefined : `${attempt} for this identifier`],
      ["Contact", request.result],
      ["Rate", limit === undefined ? undefined : `${request.remaining ?? 0} of ${limit} left`],
    ]),
    ...(issues === undefined ? [] : issueList(issues)),
    h("h2", {}, "Response"),
    ...(ending === undefined ? [] : [h("p", { class: "ending" }, ending)]),
    ...left,
    h("h2", {}, "Request"),
    message(`${method} ${path} HTTP/1.1`, request.headers, body),
  )
}

/** Shows that no request is selected. */
export const clearDetail = (): void =>
  byId("detail").replaceChildren(h("p", { class: "hint" }, "The newest request is shown here."))
