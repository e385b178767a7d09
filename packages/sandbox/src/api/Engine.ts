/**
 * Decides what a request gets: a request in, a decision out, the time passed in by the clock. It opens no socket and
 * waits for nothing; the doors send what is decided, when it is due.
 */
import * as Result from "effect/Result"

import * as Answer from "./Response.ts"
import * as Clock from "./Clock.ts"
import { isConfigError, readOptions, readSettings } from "./Config.ts"
import { DataFile } from "./DataFile.ts"
import * as Fault from "./Fault.ts"
import * as Limiter from "./Limiter.ts"
import * as Random from "./Random.ts"
import * as Replies from "./Replies.ts"
import { MAX_KEPT, RequestLog } from "./RequestLog.ts"
import type { Entry } from "./RequestLog.ts"
import { Store } from "./ContactStore.ts"
import * as Tokens from "./Tokens.ts"
import type {
  Fault as Described,
  FaultSpec,
  LimitOptions,
  RequestIssue,
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
  /** `undefined` where it was longer than allowed. */
  readonly body: string | undefined
}

type SandboxHeaders = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What a request gets. */
export interface Decision {
  readonly entry: Entry
  readonly answer: Answer.Answer
  /** How long to wait before it leaves. */
  readonly delayMs: number
  /** How it leaves, where a fault bends that. */
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

const isJson = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/json(?:$|[ ;])/i.test(contentType.trim())

const cuts = new Set(["drop", "fin", "stall", "garbage"])

export class Engine {
  readonly clock: SandboxClock
  readonly store: Store
  readonly log: RequestLog
  readonly faults: Fault.Faults
  #settings: Required<SandboxSettings>
  readonly #maxContacts: number
  readonly #seed: number
  readonly #read: Validation.Reader
  readonly #tokens: ReadonlyArray<Tokens.Token>
  readonly #limiters = new Map<string, Limiter.LimiterState>()
  /** Calls per token, for the flaky one. */
  readonly #calls = new Map<string, number>()
  #random: () => number

  constructor(options: SandboxOptions) {
    this.#settings = { ...defaults, ...readOptions(options) }
    this.clock = Clock.make(options.clock)
    this.log = new RequestLog(options.maxRequests ?? 5000)
    this.#maxContacts = options.maxContacts ?? 1_000_000
    this.#seed = options.seed ?? 1
    this.#random = Random.make(this.#seed)
    this.faults = new Fault.Faults(this.#seed, options.faults ?? [])
    this.#read = Validation.makeReader(options.fields)
    for (const limits of Object.values(options.extraTokens ?? {})) readSettings(limits)
    this.#tokens = Tokens.makeTable(options.extraTokens)
    // last, so that no option that makes no sense leaves a file open
    this.store = new Store(options.data === undefined ? undefined : new DataFile(options.data))
  }

  get settings(): Required<SandboxSettings> {
    return this.#settings
  }

  /** Changes settings while running; what the limiters let in before still counts, unless their kind changes. */
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

  /** Forgets contacts, requests, ledger, counts and later faults; settings and the clock stay. */
  reset(): void {
    this.store.clear()
    this.log.remove()
    this.faults.reset()
    this.#limiters.clear()
    this.#calls.clear()
    this.#random = Random.make(this.#seed)
    this.log.emit({ type: "change", what: "reset" })
  }

  #limitsOf(own: LimitOptions | undefined): Limiter.LimiterOptions {
    const { limit, limiter, windowMs } = { ...this.#settings, ...own }
    return { kind: limiter, limit, windowMs }
  }

  /** Receives a complete request and decides. Whatever is created is created now, whenever the answer leaves. */
  receive(incoming: Incoming): Decision {
    const at = this.clock.now()
    const segment = Validation.route(incoming.method, incoming.target)
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
      state: "waiting",
    })
    if (segment === undefined) {
      const trapped = incoming.target.startsWith(Replies.REDIRECT_TRAP)
      return this.#decide(entry, Answer.of(trapped ? 200 : 404))
    }
    if (typeof token === "string" || token.refused === true)
      return this.#decide(entry, Answer.of(401))
    const refused = this.#limit(entry, token, at)
    if (refused !== undefined) return this.#decide(entry, refused, token)
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
      return this.#decide(entry, Answer.of(400), token)
    }
    if (token.everyThirdFails === true) {
      const calls = (this.#calls.get(token.name) ?? 0) + 1
      this.#calls.set(token.name, calls)
      if (calls % 3 === 0) hit ??= { name: token.name, spec: { status: 500 } }
    }
    if (hit !== undefined) entry.fault = hit.name
    const spec = hit?.spec
    const honest =
      spec === undefined || Fault.commits(spec)
        ? this.#create(entry, incoming, named, at)
        : Answer.of(200)
    return this.#decide(entry, Replies.bend(honest, spec), token, spec)
  }

  /** Notes how a request ended; the first end stands. */
  end(entry: Entry, state: "answered" | "cut" | "gone", status?: number): void {
    this.log.end(entry, state, this.clock.now(), status)
  }

  /** Adds a fault. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for one that makes no sense. */
  fail(fault: FaultSpec | string): Described {
    const added = this.faults.add(fault)
    this.log.emit({ type: "change", what: "faults" })
    return added
  }

  /** Removes one fault, or all; says whether there was one. */
  heal(id?: number): boolean {
    const removed = this.faults.remove(id)
    this.log.emit({ type: "change", what: "faults" })
    return removed
  }

  #limit(entry: Entry, token: Tokens.Token, at: number): Answer.Answer | undefined {
    const state = this.#limiters.get(token.name) ?? Limiter.make(this.#limitsOf(token.limits))
    const taken = Limiter.take(state, at)
    this.#limiters.set(token.name, taken.state)
    const { allowed, limit, remaining, retryAfterMs } = taken.decision
    entry.limit = limit
    entry.remaining = remaining
    if (allowed) return undefined
    const retryAfter = Replies.formatRetryAfter(this.#settings.retryAfter, retryAfterMs, at)
    return Answer.of(429, retryAfter === undefined ? {} : { "retry-after": retryAfter })
  }

  /** What an honest server does with a request that it let in. */
  #create(
    entry: Entry,
    incoming: Incoming,
    named: Validation.Named | undefined,
    at: number,
  ): Answer.Answer {
    const refuse = (issues: ReadonlyArray<RequestIssue>) => {
      entry.issues = issues
      return Answer.of(400)
    }
    if (named === undefined)
      return refuse([
        { path: ["identifier"], code: "PATH_INVALID", rule: "The path is percent-encoded UTF-8" },
      ])
    if (!isJson(single(incoming.headers["content-type"]))) return Answer.of(415)
    if (incoming.body === undefined) return Answer.of(413)
    if (Result.isFailure(named)) return refuse(named.failure)
    const payload = this.#read(incoming.body)
    if (Result.isFailure(payload)) return refuse(payload.failure)
    const { existing, lagMs, processingDelayMs } = this.#settings
    const { identifier, key } = named.success
    const result = this.store.commit(identifier, key, payload.success, at, {
      existing,
      lagMs,
      processingDelayMs,
      maxContacts: this.#maxContacts,
    })
    if (result === "full") return Answer.of(507)
    entry.result = result
    if (result === "existed") return Replies.rejection(existing)
    this.log.emit({ type: "contact", contact: { identifier, key } })
    return Answer.of(200)
  }

  #decide(entry: Entry, answer: Answer.Answer, token?: Tokens.Token, fault?: FaultSpec): Decision {
    const { latencyMs, rateLimitHeaders } = this.#settings
    if (fault?.status === 429) entry.remaining = 0
    const shown =
      rateLimitHeaders === "all" || (rateLimitHeaders === "on-429" && answer.status === 429)
    const headers =
      entry.limit === undefined || !shown || fault?.rateLimitHeaders === false
        ? answer.headers
        : {
            "x-ratelimit-limit": String(entry.limit),
            "x-ratelimit-remaining": String(entry.remaining ?? 0),
            ...answer.headers,
          }
    const cut =
      fault?.raw !== undefined || (fault?.delivery !== undefined && cuts.has(fault.delivery))
    if (entry.key !== undefined) this.store.decide(entry.key, cut ? 0 : answer.status)
    if (typeof answer.body === "string") entry.answer = answer.body.slice(0, MAX_KEPT)
    if (headers["retry-after"] !== undefined) entry.retryAfter = headers["retry-after"]
    const latency =
      typeof latencyMs === "number"
        ? latencyMs
        : latencyMs[0] + this.#random() * (latencyMs[1] - latencyMs[0])
    return {
      entry,
      answer: { ...answer, headers },
      delayMs: latency + (token?.delayMs ?? 0) + (fault?.delayMs ?? 0),
      fault,
    }
  }
}
