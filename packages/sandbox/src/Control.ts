/**
 * The control API below `/_sandbox`: what arrived, faults, settings, the clock. The same for every door.
 */
import { AelystApi } from "@aelyst/core/contract"
import * as OpenApi from "effect/http-api/OpenApi"

import * as Answer from "./Answer.ts"
import { VirtualClock } from "./Clock.ts"
import { configError, isConfigError, readFault, readSettings } from "./Config.ts"
import type { Engine } from "./Engine.ts"
import type { SandboxEvent } from "./types.ts"

/** A complete request. */
export interface ControlRequest {
  readonly method: string
  readonly target: string
  readonly contentType: string | undefined
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

const paths = [
  "GET /_sandbox/contacts?query=",
  "DELETE /_sandbox/contacts?query=",
  "GET /_sandbox/requests?since=",
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

type Route = (
  engine: Engine,
  query: URLSearchParams,
  body: unknown,
) => Answer.Answer | "events" | Promise<Answer.Answer>

const routes: Readonly<Record<string, Route>> = {
  "GET ": () => ok({ paths }),
  "GET /health": ({ clock, store }) => ok({ status: "ok", now: clock.now(), contacts: store.size }),
  "GET /openapi.json": () => ok({ ...OpenApi.fromApi(AelystApi), servers: [{ url: "/v1" }] }),
  "GET /contacts": ({ clock, store }, query) =>
    ok({ contacts: store.list(clock.now(), query.get("query") ?? "") }),
  "DELETE /contacts": ({ log, store }, query) => {
    const removed = store.remove(query.get("query") ?? "")
    log.emit({ type: "change", what: "removed" })
    return ok({ removed })
  },
  "GET /requests": ({ log }, query) => {
    const since = Number(query.get("since") ?? 0)
    if (!Number.isFinite(since)) throw configError("since is the seq of a request")
    return ok({ requests: log.list(since) })
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
  { body, contentType, method, target }: ControlRequest,
): Promise<Answer.Answer | "events"> => {
  const mark = target.indexOf("?")
  const path = target.slice(ROOT.length, mark === -1 ? target.length : mark).replace(/\/$/, "")
  const name = `${method} ${path}`
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
