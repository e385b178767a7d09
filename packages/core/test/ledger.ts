/** A server in memory that keeps a ledger of the requests it received and the contacts it created, with a fault for each request. */
import type { Duration } from "effect"
import { Clock, Effect, Stream } from "effect"
import type { HttpClientRequest } from "effect/http"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

import { TransportProbe } from "../src/call/TransportProbe.ts"

/** How one request ends. `commits`: the server processed it before the fault. */
export type Fault =
  | { readonly kind: "respond" }
  | { readonly kind: "rateLimit"; readonly retryAfter?: string }
  | {
      readonly kind: "status"
      readonly status: number
      readonly commits: boolean
      readonly retryAfter?: string
    }
  | { readonly kind: "garbage"; readonly text: string; readonly commits: boolean }
  | { readonly kind: "reset"; readonly commits: boolean }
  | { readonly kind: "hang"; readonly commits: boolean }
  | { readonly kind: "stall"; readonly commits: boolean }
  | { readonly kind: "unreachable" }
  | { readonly kind: "blackhole" }

/** How the server treats an identifier that exists: rejects it, merges into it, or creates a second contact. */
export type Existing = "reject" | "merge" | "duplicate"

/** One request as the server saw it. */
export interface Entry {
  readonly key: string
  readonly atMs: number
  readonly fault: Fault
  /** Whether its bytes arrived. */
  readonly arrived: boolean
  /** Whether it created a contact. */
  readonly created: boolean
  /** Whether its response went out whole. */
  readonly answered: boolean
}

interface Reply {
  readonly status: number
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
  /** The body never ends. */
  readonly stalls?: boolean
}

const json = (status: number, message: string, headers?: Reply["headers"]): Reply => ({
  status,
  text: JSON.stringify({ code: status === 200 ? "200" : status, message }),
  ...(headers !== undefined && { headers }),
})

/** Creates a response whose body is ready at once: virtual time does not wait for promises. */
const respond = (
  request: HttpClientRequest.HttpClientRequest,
  { status, text, headers = {}, stalls = false }: Reply,
): HttpClientResponse.HttpClientResponse => {
  const length = stalls ? {} : { "content-length": String(new TextEncoder().encode(text).length) }
  const response = HttpClientResponse.fromWeb(
    request,
    new Response(null, { status, headers: { ...length, ...headers } }),
  )
  const chunk = Stream.make(new TextEncoder().encode(text))
  return Object.create(response, {
    status: { value: status },
    headers: { value: response.headers },
    text: { value: stalls ? Effect.never : Effect.succeed(text) },
    stream: { value: stalls ? Stream.concat(chunk, Stream.never) : chunk },
  })
}

const breaks = (request: HttpClientRequest.HttpClientRequest, code: string) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      cause: Object.assign(new Error("the socket broke"), { code }),
    }),
  })

/** Creates the server; `faultOf` returns the fault of the nth request (from 0) for a key. */
export const make = (
  faultOf: (nth: number, key: string) => Fault,
  options: {
    readonly existing?: Existing
    readonly latencyMs?: number
    /** Whether the transport reports its phase. */
    readonly reports?: boolean
  } = {},
) => {
  const { existing = "reject", latencyMs = 0, reports = true } = options
  const ledger: Array<{ -readonly [Key in keyof Entry]: Entry[Key] }> = []
  const contacts = new Map<string, number>()
  const seen = new Map<string, number>()
  let inFlight = 0
  let mostInFlight = 0

  /** Processes a create and returns the response. */
  const process = (key: string): { readonly response: Reply; readonly created: boolean } => {
    const had = contacts.get(key) ?? 0
    if (had > 0 && existing === "reject") {
      return { response: json(400, "Contact already exists"), created: false }
    }
    const created = had === 0 || existing === "duplicate"
    if (created) contacts.set(key, had + 1)
    return { response: json(200, "Contact added successfully!"), created }
  }

  const client = HttpClient.make((request, url, _signal, fiber) =>
    Effect.gen(function* (): Effect.fn.Return<Reply, HttpClientError.HttpClientError> {
      const probe = fiber.getRef(TransportProbe)
      if (reports) probe.watch()
      const key = decodeURIComponent(url.pathname.split("/").at(-1) ?? "")
      const nth = seen.get(key) ?? 0
      seen.set(key, nth + 1)
      const fault = faultOf(nth, key)
      const arrived = fault.kind !== "unreachable" && fault.kind !== "blackhole"
      const atMs = yield* Clock.currentTimeMillis
      const note = (created: boolean) => {
        const entry = { key, atMs, fault, arrived, created, answered: false }
        ledger.push(entry)
        return entry
      }
      if (!arrived) {
        note(false)
        if (fault.kind === "blackhole") return yield* Effect.never
        return yield* Effect.fail(breaks(request, "ECONNREFUSED"))
      }
      if (reports) {
        if (probe.overdue) return yield* Effect.fail(breaks(request, "TOO_LATE"))
        probe.dispatch()
      }
      // a request that arrived is processed even if the client has stopped waiting
      const commits = !("commits" in fault) || fault.commits
      const done = fault.kind !== "rateLimit" && commits ? process(key) : undefined
      const entry = note(done?.created ?? false)
      if (latencyMs > 0) yield* Effect.sleep(latencyMs)
      if (fault.kind === "hang") return yield* Effect.never
      if (fault.kind === "reset") return yield* Effect.fail(breaks(request, "ECONNRESET"))
      entry.answered = fault.kind !== "stall"
      switch (fault.kind) {
        case "rateLimit":
          return json(429, "Too Many Requests", {
            ...(fault.retryAfter !== undefined && { "retry-after": fault.retryAfter }),
          })
        case "status":
          return json(fault.status, "Unexpected error occurred", {
            ...(fault.retryAfter !== undefined && { "retry-after": fault.retryAfter }),
          })
        case "garbage":
          return { status: 200, text: fault.text }
        case "stall":
          return { status: 200, text: '{"code":', stalls: true }
        default:
          return done?.response ?? json(500, "no")
      }
    }).pipe(
      Effect.map((reply) => respond(request, reply)),
      (send) =>
        Effect.suspend(() => {
          inFlight += 1
          mostInFlight = Math.max(mostInFlight, inFlight)
          return Effect.ensuring(
            send,
            Effect.sync(() => {
              inFlight -= 1
            }),
          )
        }),
    ),
  )
  return {
    client,
    ledger,
    /** How many contacts there are for a key. */
    contacts: (key: string): number => contacts.get(key) ?? 0,
    get inFlight(): number {
      return inFlight
    },
    get mostInFlight(): number {
      return mostInFlight
    },
  }
}

/** Runs all forked fibers up to their first wait, then moves the clock. */
export const advance = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let i = 0; i < 100; i++) yield* Effect.yieldNow
    yield* TestClock.adjust(duration)
    for (let i = 0; i < 100; i++) yield* Effect.yieldNow
  })

/** Creates a generator of numbers in [0, 1) that a seed determines. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Picks one of the values. */
export const pick = <A>(random: () => number, from: readonly [A, ...ReadonlyArray<A>]): A =>
  from[Math.floor(random() * from.length)] ?? from[0]

const faults: ReadonlyArray<(random: () => number) => Fault> = [
  () => ({ kind: "respond" }),
  () => ({ kind: "rateLimit" }),
  (random) => ({
    kind: "rateLimit",
    retryAfter: pick(random, ["0", "1", "2", "1.5", "7", "45", "3600", "-1", "soon"]),
  }),
  (random) => ({
    kind: "status",
    status: pick(random, [500, 502, 503, 504]),
    commits: random() < 0.5,
    ...(random() < 0.3 && { retryAfter: pick(random, ["0", "1", "7", "45", "3600", "soon"]) }),
  }),
  (random) => ({ kind: "status", status: pick(random, [400, 401, 403, 404]), commits: false }),
  (random) => ({ kind: "status", status: pick(random, [408, 302]), commits: random() < 0.5 }),
  (random) => ({
    kind: "garbage",
    text: pick(random, ["", "<html>hello</html>", "null", "[]", '{"code":500}', '{"code":"2']),
    commits: random() < 0.5,
  }),
  (random) => ({ kind: "reset", commits: random() < 0.5 }),
  (random) => ({ kind: "hang", commits: random() < 0.5 }),
  (random) => ({ kind: "stall", commits: random() < 0.5 }),
  () => ({ kind: "unreachable" }),
  () => ({ kind: "blackhole" }),
]

/** Draws a script of one to six faults; every later request gets its regular response. */
export const script = (random: () => number): ReadonlyArray<Fault> =>
  Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
    const draw = faults[Math.floor(random() * faults.length)]
    return draw === undefined ? { kind: "respond" } : draw(random)
  })
