/**
 * The admin API below `/_sandbox`: contacts, requests, faults, settings, the clock. Served by the HTTP server and the
 * fetch handler alike.
 */
import { AelystApi } from "@aelyst/core/contract"
import * as OpenApi from "effect/http-api/OpenApi"

import * as ApiResponse from "../api/Response.ts"
import { VirtualClock, real } from "../api/Clock.ts"
import { configError, isConfigError, isRecord, readFault, readSettings } from "../api/Config.ts"
import type { Engine } from "../api/Engine.ts"
import * as InspectorPage from "./InspectorPage.ts"
import type { SandboxEvent } from "../api/types.ts"
import { MAX_BODY } from "../api/Validation.ts"

/** A complete request. */
export interface AdminRequest {
  readonly method: string
  readonly target: string
  readonly contentType: string | undefined
  readonly accept: string | undefined
  /** `undefined` if it was longer than allowed. */
  readonly body: string | undefined
}

const ROOT = "/_sandbox"

/** Checks whether a target belongs to the admin API. */
export const isAdminRequest = (target: string): boolean =>
  target.startsWith(ROOT) &&
  (target.length === ROOT.length || /^[/?]$/.test(target[ROOT.length] ?? ""))

/** The first bytes of a stream of events. */
export const FIRST_COMMENT = ": aelyst sandbox\n\n"

/** Encodes an event as a server-sent event. */
export const encodeEvent = (event: SandboxEvent): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const ok = (value: unknown, status = 200): ApiResponse.ApiResponse =>
  ApiResponse.make(status, undefined, JSON.stringify(value))

const fail = (code: number, message: string): ApiResponse.ApiResponse => ok({ code, message }, code)

/** The only response that is not JSON. It contains nothing that clients sent: its script loads that and shows it as text. */
const inspector = (): ApiResponse.ApiResponse => ({
  status: 200,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": InspectorPage.policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    vary: "accept",
  },
  body: InspectorPage.page,
})

const paths = [
  "GET /_sandbox/contacts?query=&limit=",
  "DELETE /_sandbox/contacts?query=",
  "GET /_sandbox/requests?since=&limit=",
  "DELETE /_sandbox/requests?query=",
  "GET /_sandbox/ledger",
  "GET /_sandbox/timeline",
  "GET /_sandbox/events",
  "GET /_sandbox/faults",
  "POST /_sandbox/faults",
  "DELETE /_sandbox/faults?id=",
  "GET /_sandbox/settings",
  "PATCH /_sandbox/settings",
  "POST /_sandbox/clock",
  "POST /_sandbox/reset",
  "POST /_sandbox/undo",
  "DELETE /_sandbox/undo",
  "GET /_sandbox/health",
  "GET /_sandbox/openapi.json",
]

const readClock = (body: unknown): number => {
  const ms = isRecord(body) ? body["advanceMs"] : undefined
  if (typeof ms !== "number" || !(ms >= 0 && ms <= 31_536_000_000))
    throw configError(
      "`advanceMs` must be a number of milliseconds between 0 and 31,536,000,000 (a year)",
    )
  return ms
}

const readNumber = (query: URLSearchParams, name: string, fallback: number): number => {
  const number = Number(query.get(name) ?? fallback)
  if (!(number >= 0)) throw configError(`\`${name}\` must be a number, 0 or more`)
  return number
}

const clockName = (clock: Engine["clock"]): string =>
  clock === real ? "real" : clock instanceof VirtualClock ? "virtual" : "custom"

type Route = (
  engine: Engine,
  query: URLSearchParams,
  body: unknown,
) => ApiResponse.ApiResponse | "events" | Promise<ApiResponse.ApiResponse>

const routes: Readonly<Record<string, Route>> = {
  "GET ": () => ok({ paths }),
  "GET /health": ({ clock, resets, store }) =>
    ok({
      status: "ok",
      now: clock.now(),
      clock: clockName(clock),
      contacts: store.size,
      undoable: resets.undoable,
    }),
  "GET /openapi.json": () => ok({ ...OpenApi.fromApi(AelystApi), servers: [{ url: "/v1" }] }),
  "GET /contacts": ({ clock, store }, query) =>
    ok(store.page(clock.now(), query.get("query") ?? "", readNumber(query, "limit", Infinity))),
  "DELETE /contacts": ({ log, store }, query) => {
    const removed = store.remove(query.get("query") ?? "")
    log.emit({ type: "change", what: "removed" })
    return ok({ removed })
  },
  "GET /requests": ({ log }, query) => {
    const requests = log.list(readNumber(query, "since", 0))
    const limit = readNumber(query, "limit", Infinity)
    return ok({
      requests: requests.length > limit ? requests.slice(requests.length - limit) : requests,
      total: requests.length,
    })
  },
  "DELETE /requests": ({ log }, query) => {
    const removed = log.remove(query.get("query") ?? "")
    log.emit({ type: "change", what: "removed" })
    return ok({ removed })
  },
  "GET /ledger": ({ store }) => ok({ ledger: store.ledger() }),
  "GET /timeline": ({ log }) => ok({ timeline: log.timeline() }),
  "GET /events": () => "events",
  "GET /faults": ({ faults }) => ok({ faults: faults.list() }),
  "POST /faults": (engine, _, body) =>
    ok(engine.fail(typeof body === "string" ? body : readFault(body)), 201),
  "DELETE /faults": (engine, query) => {
    const id = query.get("id")
    return engine.clearFaults(id === null ? undefined : Number(id)) || id === null
      ? ok({ faults: engine.faults.list() })
      : fail(404, "No fault has this id: GET /_sandbox/faults lists them.")
  },
  "GET /settings": ({ settings }) => ok(settings),
  "PATCH /settings": (engine, _, body) => {
    engine.configure(readSettings(body))
    return ok(engine.settings)
  },
  "POST /clock": async ({ clock, log }, _, body) => {
    const ms = readClock(body)
    if (!(clock instanceof VirtualClock))
      return fail(409, "The clock is not virtual: start the sandbox with --clock virtual.")
    await clock.advance(ms)
    log.emit({ type: "change", what: "clock" })
    return ok({ now: clock.now() })
  },
  "POST /reset": (engine, _, body) => {
    engine.reset(isRecord(body) && body["undoable"] === true)
    return ok({ ok: true })
  },
  "POST /undo": ({ resets }) =>
    resets.undo() ? ok({ ok: true }) : fail(409, "There is no reset to undo."),
  "DELETE /undo": ({ resets }) => {
    resets.forget()
    return ok({ ok: true })
  },
}

const known = new Set(Object.keys(routes).map((route) => route.slice(route.indexOf(" ") + 1)))

/** Handles a request to the admin API; returns `events` if the client asks for the stream of events. */
export const handle = async (
  engine: Engine,
  { accept, body, contentType, method, target }: AdminRequest,
): Promise<ApiResponse.ApiResponse | "events"> => {
  const mark = target.indexOf("?")
  const path = target.slice(ROOT.length, mark === -1 ? target.length : mark).replace(/\/$/, "")
  const name = `${method} ${path}`
  if (name === "GET " && /\btext\/html\b/i.test(accept ?? "")) return inspector()
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined)
    return known.has(path)
      ? fail(405, "Method not allowed: GET /_sandbox lists the requests.")
      : fail(404, "Not found: GET /_sandbox lists the requests.")
  if (body === undefined) return fail(413, `The body must be at most ${MAX_BODY} bytes.`)
  // only JSON: a form on another site cannot send it without being allowed to
  if (body !== "" && !/^application\/json\b/i.test(contentType ?? ""))
    return fail(415, "The body must be JSON, with Content-Type: application/json.")
  try {
    const parsed: unknown = body === "" ? {} : JSON.parse(body)
    return await route(engine, new URLSearchParams(mark === -1 ? "" : target.slice(mark)), parsed)
  } catch (error) {
    if (error instanceof SyntaxError) return fail(400, "The body must be JSON.")
    if (isConfigError(error)) return fail(400, error.message)
    throw error
  }
}
