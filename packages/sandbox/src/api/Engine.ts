/**
 * Decides what each request gets: a request in, a decision out, the time read from the clock. It opens no socket and
 * never waits; the server sends the response when it is due.
 */
import * as Result from "effect/Result"

import * as ApiResponse from "./Response.ts"
import * as Clock from "./Clock.ts"
import { isConfigError, readOptions, readSettings } from "./Config.ts"
import { DataFile } from "./DataFile.ts"
import * as Fault from "./Fault.ts"
import * as Limiter from "./Limiter.ts"
import * as Random from "./Random.ts"
import { MAX_KEPT, RequestLog } from "./RequestLog.ts"
import { Resets } from "./Resets.ts"
import type { Entry } from "./RequestLog.ts"
import { ContactStore } from "./ContactStore.ts"
import * as Tokens from "./Tokens.ts"
import type { RequestIssue } from "./types.ts"
import type {
  Fault as ActiveFault,
  FaultSpec,
  LimitOptions,
  SandboxClock,
  SandboxOptions,
  SandboxSettings,
} from "../types.ts"
import * as Validation from "./Validation.ts"

/** A complete request. */
export interface Incoming {
  readonly method: string
  /** Path and query as on the request line. */
  readonly target: string
  /** By lower-case name. */
  readonly headers: SandboxHeaders
  /** Whether `authorization` was given more than once. */
  readonly ambiguous: boolean
  /** `undefined` if it was longer than allowed. */
  readonly body: string | undefined
}

type SandboxHeaders = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** The response to a request, and how to send it. */
export interface Decision {
  readonly entry: Entry
  readonly response: ApiResponse.ApiResponse
  /** How long to wait before sending it. */
  readonly delayMs: number
  /** The fault that changes how it is sent. */
  readonly fault: FaultSpec | undefined
}

const defaults = {
  limit: 10,
  windowMs: 1000,
  limiter: "fixed-window-aligned",
  existing: "reject",
  processingDelayMs: 0,
  lagMs: 0,
  latencyMs: 0,
  rateLimitHeaders: "all",
  retryAfter: "integer",
} as const satisfies SandboxSettings

const single = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" || value === undefined ? value : value.join(", ")

/** The state of one sandbox, and its decisions. */
export class Engine {
  readonly clock: SandboxClock
  readonly store: ContactStore
  readonly log: RequestLog
  readonly faults: Fault.Faults
  readonly resets = new Resets(this)
  #settings: Required<SandboxSettings>
  readonly #maxContacts: number
  readonly #seed: number
  readonly #decodePlus: boolean
  readonly #read: Validation.Reader
  readonly #tokens: ReadonlyArray<Tokens.Token>
  readonly #limiters = new Map<string, Limiter.LimiterState>()
  /** Calls per token, for the flaky one. */
  readonly #calls = new Map<string, number>()
  #random: () => number

  constructor(options: SandboxOptions) {
    this.#settings = { ...defaults, ...readOptions(options) }
    this.clock = Clock.make(options.clock)
    const maxRequests = options.maxRequests ?? 5000
    this.log = new RequestLog(maxRequests)
    this.#maxContacts = options.maxContacts ?? 1_000_000
    this.#seed = options.seed ?? 1
    this.#decodePlus = options.decodePlus ?? false
    this.#random = Random.make(this.#seed)
    this.faults = new Fault.Faults(this.#seed, options.faults ?? [])
    this.#read = Validation.makeReader(options.fields)
    for (const limits of Object.values(options.extraTokens ?? {})) readSettings(limits)
    this.#tokens = Tokens.makeTable(options.extraTokens)
    // last, so that an invalid option does not leave a file open
    this.store = new ContactStore(
      options.data === undefined ? undefined : new DataFile(options.data),
      maxRequests,
    )
  }

  /** The current settings. */
  get settings(): Required<SandboxSettings> {
    return this.#settings
  }

  /** Changes settings while running; requests that the limiters allowed still count, unless their kind changes. */
  configure(change: SandboxSettings): void {
    this.#settings = { ...this.#settings, ...readSettings(change) }
    const now = this.clock.now()
    for (const token of this.#tokens) {
      const state = this.#limiters.get(token.name)
      if (state === undefined) continue
      const limits = this.#limitsOf(token.limits)
      if (limits.kind === state.kind)
        this.#limiters.set(token.name, Limiter.reconfigure(state, limits, now))
      else this.#limiters.delete(token.name)
    }
    this.log.emit({ type: "change", what: "settings" })
  }

  /** Removes contacts, requests, ledger, counts and faults added later; keeps settings and the clock. */
  reset(isUndoable = false): void {
    this.resets.reset(isUndoable)
    this.#limiters.clear()
    this.#calls.clear()
    this.#random = Random.make(this.#seed)
    this.log.emit({ type: "change", what: "reset" })
  }

  #limitsOf(own: LimitOptions | undefined): Limiter.LimiterOptions {
    const { limit, limiter, windowMs } = { ...this.#settings, ...own }
    return { kind: limiter, limit, windowMs }
  }

  /** Receives a complete request and decides. A contact is created now, whenever the response is sent. */
  receive(incoming: Incoming): Decision {
    const at = this.clock.now()
    const segment = Validation.route(incoming.method, incoming.target, this.#decodePlus)
    const named = typeof segment === "string" ? Validation.readIdentifier(segment) : undefined
    const key = named !== undefined && Result.isSuccess(named) ? named.success.key : undefined
    const token = incoming.ambiguous
      ? "unknown"
      : Tokens.find(this.#tokens, single(incoming.headers["authorization"]))
    const { authorization: _, ...headers } = incoming.headers
    const entry = this.log.add({
      at,
      method: incoming.method,
      path: incoming.target,
      ...(typeof segment === "string" && { identifier: segment }),
      ...(key !== undefined && { key, attempt: this.store.receive(key, at) }),
      token: typeof token === "string" ? token : token.name,
      headers,
      body: (incoming.body ?? "").slice(0, MAX_KEPT),
      phase: "waiting",
    })
    if (segment === undefined) {
      const trapped = incoming.target.startsWith(Fault.REDIRECT_TRAP)
      return this.#decide(entry, ApiResponse.make(trapped ? 200 : 404))
    }
    if (typeof token === "string" || token.rejected === true)
      return this.#decide(entry, ApiResponse.make(401))
    const rateLimited = this.#limit(entry, token, at)
    if (rateLimited !== undefined) return this.#decide(entry, rateLimited, token)
    let hit: Fault.Hit | undefined
    try {
      hit = this.faults.take({
        identifier: typeof segment === "string" ? segment : undefined,
        key,
        token: token.name,
        header: single(incoming.headers["x-sandbox"]),
      })
    } catch (error) {
      if (!isConfigError(error)) throw error
      entry.issues = [{ path: ["x-sandbox"], code: "FAULT_INVALID", rule: error.message }]
      return this.#decide(entry, ApiResponse.make(400), token)
    }
    if (token.everyThirdFails === true) {
      const calls = (this.#calls.get(token.name) ?? 0) + 1
      this.#calls.set(token.name, calls)
      if (calls % 3 === 0) hit ??= { name: token.name, spec: { status: 500 } }
    }
    if (hit !== undefined) entry.fault = hit.name
    const spec = hit?.spec
    const delivery = spec && Fault.deliveryOf(spec)
    if (delivery !== undefined) entry.delivery = delivery
    this.log.announce(entry)
    const normal =
      spec === undefined || Fault.commits(spec)
        ? this.#create(entry, incoming, named, at)
        : ApiResponse.make(200)
    return this.#decide(entry, Fault.applyFault(normal, spec), token, spec)
  }

  /** Records how a request ended; only the first end counts. */
  end(entry: Entry, phase: "responded" | "cut" | "gone", status?: number): void {
    this.log.end(entry, phase, this.clock.now(), status)
  }

  /** Adds a fault. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if it is invalid. */
  fail(fault: FaultSpec | string): ActiveFault {
    const added = this.faults.add(fault)
    this.log.emit({ type: "change", what: "faults" })
    return added
  }

  /** Removes one fault, or all; returns whether there was one. */
  clearFaults(id?: number): boolean {
    const removed = this.faults.remove(id)
    this.log.emit({ type: "change", what: "faults" })
    return removed
  }

  #limit(entry: Entry, token: Tokens.Token, at: number): ApiResponse.ApiResponse | undefined {
    const state = this.#limiters.get(token.name) ?? Limiter.make(this.#limitsOf(token.limits))
    const decided = Limiter.take(state, at)
    this.#limiters.set(token.name, decided.state)
    const { allowed, limit, remaining, retryAfterMs } = decided.decision
    entry.limit = limit
    entry.remaining = remaining
    if (allowed) return undefined
    const retryAfter = ApiResponse.formatRetryAfter(this.#settings.retryAfter, retryAfterMs, at)
    return ApiResponse.make(429, retryAfter === undefined ? {} : { "retry-after": retryAfter })
  }

  /** Handles a request as the documented API does, without faults. */
  #create(
    entry: Entry,
    incoming: Incoming,
    named: Validation.Named | undefined,
    at: number,
  ): ApiResponse.ApiResponse {
    const reject = (issues: ReadonlyArray<RequestIssue>) => {
      entry.issues = issues
      return ApiResponse.make(400)
    }
    if (named === undefined)
      return reject([
        {
          path: ["identifier"],
          code: "PATH_INVALID",
          rule: "The path must be percent-encoded UTF-8",
        },
      ])
    if (!Validation.isJson(single(incoming.headers["content-type"]))) return ApiResponse.make(415)
    if (incoming.body === undefined) return ApiResponse.make(413)
    if (Result.isFailure(named)) return reject(named.failure)
    const payload = this.#read(incoming.body)
    if (Result.isFailure(payload)) return reject(payload.failure)
    const { existing, lagMs, processingDelayMs } = this.#settings
    const { identifier, key } = named.success
    const result = this.store.commit(identifier, key, payload.success, at, {
      existing,
      lagMs,
      processingDelayMs,
      maxContacts: this.#maxContacts,
    })
    if (result === "full") return ApiResponse.make(507)
    entry.result = result
    if (result === "existed") return ApiResponse.exists(existing)
    this.log.emit({ type: "contact", contact: { identifier, key } })
    return ApiResponse.make(200)
  }

  #decide(
    entry: Entry,
    response: ApiResponse.ApiResponse,
    token?: Tokens.Token,
    fault?: FaultSpec,
  ): Decision {
    const { latencyMs, rateLimitHeaders } = this.#settings
    if (fault?.status === 429) entry.remaining = 0
    const shown =
      rateLimitHeaders === "all" || (rateLimitHeaders === "on-429" && response.status === 429)
    const headers =
      entry.limit === undefined || !shown || fault?.rateLimitHeaders === false
        ? response.headers
        : {
            "x-ratelimit-limit": String(entry.limit),
            "x-ratelimit-remaining": String(entry.remaining ?? 0),
            ...response.headers,
          }
    if (typeof response.body === "string") entry.response = response.body.slice(0, MAX_KEPT)
    entry.responseHeaders = headers
    const decided = Fault.isCut(entry.delivery) ? 0 : response.status
    if (entry.key !== undefined) this.store.decide(entry.key, decided)
    if (headers["retry-after"] !== undefined) entry.retryAfter = headers["retry-after"]
    this.log.announce(entry)
    const latency =
      typeof latencyMs === "number"
        ? latencyMs
        : latencyMs[0] + this.#random() * (latencyMs[1] - latencyMs[0])
    return {
      entry,
      response: { ...response, headers },
      delayMs: latency + (token?.delayMs ?? 0) + (fault?.delayMs ?? 0),
      fault,
    }
  }
}
