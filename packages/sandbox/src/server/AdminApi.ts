/**
 * The control API below `/_sandbox`: what arrived, faults, settings, the clock. The same for every door.
 */
import { AelystApi } from "@aelyst/core/contract"
import * as OpenApi from "effect/http-api/OpenApi"

import * as Answer from "../api/Response.ts"
import { VirtualClock, real } from "../api/Clock.ts"
import { configError, isConfigError, readFault, readSettings } from "../api/Config.ts"
import type { Engine } from "../api/Engine.ts"
import * as InspectorPage from "./InspectorPage.ts"
import type { SandboxEvent } from "../types.ts"

/** A complete request. */
export interface ControlRequest {
  readonly method: string
  readonly target: string
  readonly contentType: string | undefined
  readonly accept: string | undefined
  /** `undefined` where it was longer than allowed. */
  readonly body: string | undefined
}

const ROOT = "/_sandbox"

/** Says whether a target belongs to the control API. */
export const isControl = (target: string): boolean =>
  target.startsWith(ROOT) &&
  (target.length === ROOT.length || /^[/?]$/.test(target[ROOT.length] ?? ""))

/** Opens a stream of events. */
export const FIRST_COMMENT = ": aelyst sandbox\n\n"

/** Writes an event as a server-sent one. */
export const encodeEvent = (event: SandboxEvent): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const ok = (value: unknown, status = 200): Answer.Answer =>
  Answer.of(status, undefined, JSON.stringify(value))

/** The one answer that is not JSON. What clients sent is no part of it: its script asks for that and shows it as text. */
const inspector = (): Answer.Answer => ({
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
  "GET /_sandbox/health",
  "GET /_sandbox/openapi.json",
]

const readClock = (body: unknown): number => {
  const ms =
    typeof body === "object" && body !== null && "advanceMs" in body ? body.advanceMs : undefined
  if (typeof ms !== "number" || !(ms >= 0 && ms <= 31_536_000_000))
    throw configError("Clock: advanceMs is a number of milliseconds, at most a year")
  return ms
}

const readNumber = (query: URLSearchParams, name: string, otherwise: number): number => {
  const number = Number(query.get(name) ?? otherwise)
  if (!(number >= 0)) throw configError(`${name} is a number, 0 or more`)
  return number
}

const clockName = (clock: Engine["clock"]): string =>
  clock === real ? "real" : clock instanceof VirtualClock ? "virtual" : "custom"

type Route = (
  engine: Engine,
  query: URLSearchParams,
  body: unknown,
) => Answer.Answer | "events" | Promise<Answer.Answer>

const routes: Readonly<Record<string, Route>> = {
  "GET ": () => ok({ paths }),
  "GET /health": ({ clock, store }) =>
    ok({ status: "ok", now: clock.now(), clock: clockName(clock), contacts: store.size }),
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
    return engine.heal(id === null ? undefined : Number(id)) || id === null
      ? ok({ faults: engine.faults.list() })
      : Answer.of(404)
  },
  "GET /settings": ({ settings }) => ok(settings),
  "PATCH /settings": (engine, _, body) => {
    engine.configure(readSettings(body))
    return ok(engine.settings)
  },
  "POST /clock": async ({ clock, log }, _, body) => {
    const ms = readClock(body)
    if (!(clock instanceof VirtualClock))
      return ok({ code: 409, message: "The clock is not virtual." }, 409)
    await clock.advance(ms)
    log.emit({ type: "change", what: "clock" })
    return ok({ now: clock.now() })
  },
  "POST /reset": (engine) => {
    engine.reset()
    return ok({ ok: true })
  },
}

const known = new Set(Object.keys(routes).map((route) => route.slice(route.indexOf(" ") + 1)))

/** Answers a request to the control API, or says that a stream of events is wanted. */
export const handle = async (
  engine: Engine,
  { accept, body, contentType, method, target }: ControlRequest,
): Promise<Answer.Answer | "events"> => {
  const mark = target.indexOf("?")
  const path = target.slice(ROOT.length, mark === -1 ? target.length : mark).replace(/\/$/, "")
  const name = `${method} ${path}`
  if (name === "GET " && /\btext\/html\b/i.test(accept ?? "")) return inspector()
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined) return Answer.of(known.has(path) ? 405 : 404)
  if (body === undefined) return Answer.of(413)
  // JSON alone: a form of another site cannot send it unasked
  if (body !== "" && !/^application\/json\b/i.test(contentType ?? "")) return Answer.of(415)
  try {
    const parsed: unknown = body === "" ? {} : JSON.parse(body)
    return await route(engine, new URLSearchParams(mark === -1 ? "" : target.slice(mark)), parsed)
  } catch (error) {
    if (error instanceof SyntaxError)
      return ok({ code: 400, message: "The body is not JSON." }, 400)
    if (isConfigError(error)) return ok({ code: 400, message: error.message }, 400)
    throw error
  }
}
